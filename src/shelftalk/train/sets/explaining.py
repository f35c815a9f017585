"""The task explain: a fact becomes a statement under the frames that serve. Only wordings that the checker passes."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from shelftalk.explain.guide import pattern, speaks
from shelftalk.explain.job import ExplainJob, Point
from shelftalk.explain.phrase import statements
from shelftalk.explain.select import points_of
from shelftalk.explain.write import Writer
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import Settings
from shelftalk.train.sets.example import Example, Judged
from shelftalk.train.sets.scribe import Scribe

PICKS = 3


def explain(
    judged: Sequence[Judged], scribe: Scribe, prompts: PromptLibrary, settings: Settings, seed: int, left_out: Counter[str]
) -> Iterator[Example]:  # fmt: skip
    """One example a point of a pick's reason: the record's own statement, where the grammar can write it and the claim
    made of it passes the checker; `left_out` counts the others."""
    guided = settings.explain.model_copy(update={"guided": True, "mode": "model"})
    writer = Writer(lambda: scribe, prompts.get(guided.prompt), guided, remember=0)
    for one in judged:
        good = [i for i, grade in (one.grades or {}).items() if grade >= 2 and i in one.shop.products]
        if not good:
            continue
        chooser = random.Random(f"{seed} explain {one.id}")
        picks = tuple(one.shop.products[i] for i in chooser.sample(good, min(PICKS, len(good))))
        job = ExplainJob(one.request.request, one.shop.read(one.request), picks)
        for product, points in zip(picks, points_of(job, one.shop.facets, guided.claims), strict=True):
            for n, point in enumerate(points):
                answer = wording(point)
                if answer is None:
                    left_out["explain: the record's wording is none that the grammar writes"] += 1
                    continue
                scribe.replies = [answer]
                said = writer.word([point])[0]
                asked, scribe.replies = scribe.take(), []
                if said.text is None or said.tries != 1:
                    left_out["explain: the claim does not pass the checker"] += 1
                    continue
                yield Example(
                    "explain", asked[0].prompt, answer, one.source, one.group, one.split,
                    f"{one.id}/explain/{product.id}/{n}", one.id, one.request.request, tags=(point.kind,),
                )  # fmt: skip


def wording(point: Point) -> str | None:
    """The statement and its citation as JSON, worded by turns as the record words it; None where the grammar has no such
    frame."""
    if not speaks(point):
        return None
    cited = f" [{', '.join(str(i) for i, _ in enumerate(point.facts, 1))}]"
    frame = re.compile(pattern(point))
    able = [text for s in statements(point) if frame.fullmatch(text := s + cited)]
    return json.dumps(able[(point.variant % 3) % len(able)], ensure_ascii=False) if able else None

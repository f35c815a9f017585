"""The task suits: a question and a product, yes or no, in the prompt that judges it in service."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Suits
from shelftalk.settings import Settings
from shelftalk.train.sets.example import Judged, TrainingExample
from shelftalk.train.sets.hostile import hostile_title
from shelftalk.train.sets.scribe import Scribe


def suits(
    judged: Sequence[Judged], scribe: Scribe, prompts: PromptLibrary, settings: Settings, seed: int, hostile: float
) -> Iterator[TrainingExample]:
    """One example a verdict; a share of the listings carry a hostile line, which changes no verdict."""
    judge = Suits(scribe, prompts, settings.rank.suits_prompt)
    for one in judged:
        pairs = [(i, verdict) for i, verdict in (one.verdicts or {}).items() if i in one.shop.products]
        chooser = random.Random(f"{seed} suits {one.id}")
        attacked = [chooser.random() < hostile for _ in pairs]
        products = [one.shop.products[i] for i, _ in pairs]
        shown = [hostile_title(p, chooser) if a else p for p, a in zip(products, attacked, strict=True)]
        judge.judge([(one.request.request, product) for product in shown])
        for (product_id, verdict), attack, asked in zip(pairs, attacked, scribe.take(), strict=True):
            yield TrainingExample(
                "suits", asked.prompt, "yes" if verdict else "no", one.source, one.group, one.split,
                one.id if len(pairs) == 1 else f"{one.id}/{product_id}", one.id, one.request.request, asked.labels,
                tuple(float((label == "yes") == verdict) for label in asked.labels),
                tags=("hostile",) if attack else (), then=(one.why or {}).get(product_id, ""),
            )  # fmt: skip

"""The task understand: a request becomes the JSON of its gold intent, in the prompt and under the schema that serve."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from shelftalk.prompts import PromptLibrary
from shelftalk.settings import Settings
from shelftalk.train.sets.example import Judged, TrainingExample
from shelftalk.train.sets.scribe import Scribe
from shelftalk.train.sets.shop import Shop
from shelftalk.understand import Understander
from shelftalk.understand.model import parse, target
from shelftalk.values import Constraint, Intent, Prompt


def understand(
    judged: Sequence[Judged], scribe: Scribe, prompts: PromptLibrary, settings: Settings, left_out: Counter[str]
) -> Iterator[TrainingExample]:
    """One example a gold intent that the model could write; `left_out` counts the others by what stands in the way."""
    from jsonschema import Draft202012Validator

    asking = settings.understand.model_copy(update={"mode": "model"})
    shops: dict[int, Understander] = {}
    for one in judged:
        gold = _written(one)
        if gold is None:
            left_out["understand: the gold answer cannot be said in the catalogue's fields and values"] += 1
            continue
        if id(one.shop) not in shops:
            shops[id(one.shop)] = _asker(one.shop, scribe, prompts, asking)
        asker, answer = shops[id(one.shop)], target(gold)
        scribe.replies = [answer]
        asker.understand(one.request)
        questions, scribe.replies = scribe.take(), []
        if not questions:
            left_out["understand: the rule-based parser sees no request for a product, so no model is asked"] += 1
            continue
        asked = questions[0]
        schema = asked.decoding.schema if asked.decoding else None
        if schema is None or not Draft202012Validator(schema).is_valid(json.loads(answer)):
            left_out["understand: the grammar of the request does not let the gold answer be written"] += 1
            continue
        if not _shown(gold, asked.prompt, one):
            left_out["understand: a field of the gold answer is not shown in the prompt"] += 1
            continue
        written = parse(answer, asker.rules.index)
        if set(written.constraints) != set(gold.constraints) or written.sort != gold.sort:
            left_out["understand: the gold answer is not read as it is meant"] += 1
            continue
        yield TrainingExample(
            "understand", asked.prompt, answer, one.source, one.group, one.split, f"{one.id}/understand", one.id,
            one.request.request, tags=_tags(one, gold),
        )  # fmt: skip


def _shown(gold: Intent, prompt: Prompt, one: Judged) -> bool:
    """Whether each field is described in the prompt or stands in its hints: what is not, a model could only guess."""
    text = "\n".join(m.content for m in prompt.messages)
    hinted = {c.field for c in one.shop.read(one.request).constraints}
    return all(c.field in hinted or f"- {c.field} (" in text for c in gold.constraints)


def _asker(shop: Shop, scribe: Scribe, prompts: PromptLibrary, asking: Any) -> Understander:
    return Understander(shop.facets, scribe, prompts, asking, shop.products.get)


def _written(one: Judged) -> Intent | None:
    """The gold intent as the model should write it: what the rule-based parser found in the hints' order first, then the rest; whole
    numbers as whole numbers; the number wanted as the rule-based parser has it where the gold says none."""
    if one.intent is None:
        return None
    if not one.intent.shopping:
        return Intent()
    hints = one.shop.read(one.request)
    gold = [replace(c, value=_plain(c)) for c in one.intent.constraints]
    order = {(c.field, c.operator, _plain(c)): i for i, c in enumerate(hints.constraints)}
    gold.sort(key=lambda c: order.get((c.field, c.operator, c.value), len(order)))
    return Intent(tuple(gold), one.intent.sort, one.intent.limit or hints.limit)


def _plain(constraint: Constraint) -> Any:
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    whole = tuple(int(v) if isinstance(v, float) and v.is_integer() else v for v in values)
    return whole if isinstance(constraint.value, tuple) else whole[0]


def _tags(one: Judged, gold: Intent) -> tuple[str, ...]:
    found = []
    if one.intent is not None and not one.intent.shopping:
        found.append("no shopping")
    if one.grades is not None and not any(one.grades.values()) and gold.constraints:
        found.append("nothing fits")
    if one.request.history:
        found.append("later turn")
    return tuple(found)

"""Whether reasons are true, and whether they speak to the request: by the independent check of evaluate/faithfulness.

With the statements S of an answer, its picks P and the wishes W (fields that the request wants something of, limits or sorts
by, without the category): precision is the share of S without a fault; recall the share of pairs (pick, wish) where the record holds the
wish's field that a faultless statement about that pick cites; coverage the share of W that any statement cites.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.faithfulness import CatalogProducts, CheckedStatement, ReadAnswer, read
from shelftalk.evaluate.metrics.base import Metric, MetricContext, register
from shelftalk.values import Evidence, plain

_RUN = 3  # words; runs of three words in common are wording in common


def _of(figure: Callable[[ReadAnswer], float | None]) -> Callable[..., float | None]:
    """The metric of a figure of one answer; does not apply where nothing was picked."""

    def value(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
        if outcome.answer is None or not outcome.answer.get("picks"):
            return None
        return figure(_reading(case, outcome.answer, context))

    return value


_READ: WeakKeyDictionary[MetricContext, tuple[Mapping[str, Any], Case, ReadAnswer]] = WeakKeyDictionary()
_SHOPS: WeakKeyDictionary[MetricContext, dict[str, CatalogProducts]] = WeakKeyDictionary()


def _reading(case: Case, answer: Mapping[str, Any], context: MetricContext) -> ReadAnswer:
    """The answer taken apart, once for all figures of it."""
    last = _READ.get(context)
    if last is None or last[0] is not answer or last[1] is not case:
        shop = _shop(context, case.catalog)
        overlay = {p.id: p for p in case.overlay}
        if overlay:
            shop = CatalogProducts([p for p in shop.products if p.id not in overlay] + list(case.overlay))
        found = read(answer, lambda i: overlay.get(i) or context.products(case.catalog, i), shop)
        last = _READ[context] = (answer, case, found)
    return last[2]


def _shop(context: MetricContext, catalog: str) -> CatalogProducts:
    """The catalogue's products, read once a context."""
    made = _SHOPS.setdefault(context, {})
    if catalog not in made:
        made[catalog] = CatalogProducts(list(context.catalogue(catalog)) if context.catalogue is not None else ())
    return made[catalog]


def _precision(reading: ReadAnswer) -> float | None:
    said = reading.statements
    return sum(not s.faults for s in said) / len(said) if said else None


def _recall(reading: ReadAnswer) -> float | None:
    due = {(p.id, wish) for p in reading.products for wish in reading.wishes if p.value(wish) is not None}
    told = {(s.product_id, field) for s in reading.statements if not s.faults for field in s.fields}
    return len(due & told) / len(due) if due else None


def _coverage(reading: ReadAnswer) -> float | None:
    wishes = set(reading.wishes)
    cited = {field for s in reading.statements for field in s.fields}
    return len(wishes & cited) / len(wishes) if wishes else None


def _used(reading: ReadAnswer) -> float | None:
    shown = [_tells(s, e) for s in reading.statements for e in s.evidence]
    return sum(shown) / len(shown) if shown else None


def _tells(statement: CheckedStatement, evidence: Evidence) -> bool:
    """Whether the statement's text holds the evidence's value, or, for a yes or no, a word of its field."""
    words = set(_words(statement.text))
    value = evidence.value
    if isinstance(value, bool):
        return bool(words & set(_words(evidence.field)))
    held = value if isinstance(value, tuple) else (value,)
    return any(set(_words(str(plain(v)))) <= words for v in held) or bool(words & set(_words(evidence.field)))


def _repetition(reading: ReadAnswer) -> float | None:
    runs = [_runs(reason) for reason in reading.reasons if reason]
    if len(runs) < 2 or not any(runs[1:]):
        return None
    seen: set[tuple[str, ...]] = set()
    again = total = 0
    for place, mine in enumerate(runs):
        if place:
            again += len(mine & seen)
            total += len(mine)
        seen |= mine
    return again / total if total else None


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _words(text)
    return set(zip(*(itertools.islice(words, i, None) for i in range(_RUN)), strict=False))


def _words(text: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).replace("_", " ")
    numbers = re.sub(r"(?<=\d)[,.]0+\b|(?<=\d),(?=\d{3}\b)", "", spaced)
    return re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", numbers.lower())


register(Metric("faithfulness_precision", "share of the statements about picks that the record proves", per_case=_of(_precision)))  # fmt: skip
register(Metric("faithfulness_recall", "share of what the record holds on the request's wishes that is told truly, pick by pick", per_case=_of(_recall)))  # fmt: skip
register(Metric("faithfulness_coverage", "share of the request's wishes that a statement speaks to", per_case=_of(_coverage)))  # fmt: skip
register(Metric("evidence_used", "share of the evidence cited that its statement tells", per_case=_of(_used)))
register(Metric("repetition", "share of the three-word runs of later reasons that an earlier reason of the answer holds", "lower", per_case=_of(_repetition)))  # fmt: skip

"""Whether wishes are met, read and answered: where the picks stand among their kind in what was wished, the criteria read, and
the fields that their reasons cite.

A wish's case carries its gold criteria (`meta["criteria"]`), the words of wishes that no field answers (`meta["none"]`) and
its kind. With the products P of the kind (those that carry it among their categories) and for each gold criterion a score
s in 0..1 (a number: the share of the others that it beats, ties half, and .25 where the record lacks it; yes, no or a named
value: 1 where met, else 0), the utility of a product is the mean of s weighted by importance (mild .5, plain 1, above all 2),
and its standing the share of the other products of P whose utility is lower, ties counted half. Limits play no part in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, register, shown
from shelftalk.values import Product

_WEIGHTS = {1: 0.5, 2: 1.0, 3: 2.0}
_MISSING = 0.25
_KINDS: WeakKeyDictionary[MetricContext, dict[str, dict[str, list[Product]]]] = WeakKeyDictionary()


def products_of_kind(context: MetricContext, catalog: str, kind: str) -> list[Product]:
    """The products of a kind, by the name of one of their categories; the catalogue is read once a context."""
    made = _KINDS.setdefault(context, {})
    if catalog not in made:
        made[catalog] = {}
        for product in context.catalogue(catalog) if context.catalogue is not None else ():
            for category in product.categories:
                made[catalog].setdefault(category.casefold(), []).append(product)
    return made[catalog].get(kind.casefold(), [])


def standings(products: Sequence[Product], criteria: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The standing of each product in what the criteria want, by id."""
    scored = [(_scores(products, c), _WEIGHTS.get(c.get("importance", 2), 1.0)) for c in criteria]
    total = sum(weight for _, weight in scored)
    utility = [sum(weight * scores[i] for scores, weight in scored) / total for i in range(len(products))]
    return {p.id: place for p, place in zip(products, _beaten([round(u, 12) for u in utility]), strict=True)}


def _scores(products: Sequence[Product], criterion: Mapping[str, Any]) -> list[float]:
    values = [p.value(criterion["field"]) for p in products]
    if criterion["want"] in ("low", "high"):
        sign = 1 if criterion["want"] == "high" else -1
        numbers = [None if (n := _number(v)) is None else sign * n for v in values]
        places = iter(_beaten([n for n in numbers if n is not None]))
        return [_MISSING if n is None else next(places) for n in numbers]
    return [float(_meets(value, criterion)) for value in values]


def _beaten(numbers: Sequence[float]) -> list[float]:
    """For each number the share of the others that are smaller, ties counted half; .5 for one alone."""
    rising = sorted(numbers)
    others = len(rising) - 1
    if others < 1:
        return [0.5] * len(rising)
    return [(lo + (bisect_right(rising, n) - lo - 1) / 2) / others for n in numbers for lo in (bisect_left(rising, n),)]


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, (bool, tuple, list)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _meets(value: Any, criterion: Mapping[str, Any]) -> bool:
    if value is None:
        return False
    held = {_text(v) for v in (value if isinstance(value, (tuple, list)) else (value,))}
    return bool((_text(criterion["value"]) in held) == (criterion["want"] == "is"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value).strip().casefold()
    return {"true": "yes", "false": "no"}.get(text, text)


# Where the picks stand ---------------------------------------------------------------------------------------------------


def _places(case: Case, context: MetricContext) -> dict[str, float]:
    """The standing of each product of the case's kind; empty where nothing was wished of a field, or nothing is known."""
    criteria, kind = case.meta.get("criteria"), case.meta.get("kind")
    if not criteria or not kind:
        return {}
    return standings(products_of_kind(context, case.catalog, str(kind)), criteria)


def _standing(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    places = _places(case, context)
    if not places:
        return None
    ids = shown(outcome, k)
    return sum(places.get(i, 0.0) for i in ids) / len(ids) if ids else 0.0


def _best(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    places = sorted(_places(case, context).values(), reverse=True)[:k]
    return sum(places) / len(places) if places else None


def _random(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return _best(case, outcome, context, None)


# How the wishes were read ------------------------------------------------------------------------------------------------


def _read(outcome: Outcome) -> list[Mapping[str, Any]]:
    intent = (outcome.answer or {}).get("intent") or {}
    return list(intent.get("criteria") or ())


def _limits(outcome: Outcome) -> list[tuple[str, str, Any]]:
    """What limits and the superlative of the intent ask for, as criteria would say it."""
    intent = (outcome.answer or {}).get("intent") or {}
    wants = {"<": "low", "<=": "low", ">": "high", ">=": "high", "=": "is", "!=": "not"}
    found = [_want(c["field"], wants[c["operator"]], c["value"]) for c in intent.get("constraints") or () if c["operator"] in wants]  # fmt: skip
    if sort := intent.get("sort"):
        found.append(_want(sort["field"], "low" if sort["direction"] == "asc" else "high", None))
    return found


def _want(field: str, want: str, value: Any) -> tuple[str, str, Any]:
    """A criterion to compare: without the prefix of attributes, "not yes" as "is no"."""
    bare = field.removeprefix("attributes.").casefold()
    if want in ("low", "high"):
        return bare, want, None
    text = _text(value)
    if want == "not" and text in ("yes", "no"):
        return bare, "is", "no" if text == "yes" else "yes"
    return bare, want, text


def _of(criterion: Mapping[str, Any]) -> tuple[str, str, Any]:
    return _want(criterion["field"], criterion["want"], criterion.get("value"))


def _field_right(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    """A limit or a superlative that says the same counts as well: the criterion is then not written beside it."""
    gold = [_of(c) for c in case.meta.get("criteria") or ()]
    if not gold:
        return None
    held = {*map(_of, _read(outcome)), *_limits(outcome)}
    return sum(want in held for want in gold) / len(gold)


def _none_right(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    """A criterion is read from the wish with which its words share most; those without words tell nothing."""
    none = [str(words) for words in case.meta.get("none") or ()]
    if not none:
        return None
    if outcome.answer is None:
        return 0.0
    other = [str(c["words"]) for c in case.meta.get("criteria") or ()]
    taken = {_nearest(str(c.get("words") or ""), [*none, *other]) for c in _read(outcome)}
    return sum(i not in taken for i in range(len(none))) / len(none)


def _nearest(words: str, wishes: Sequence[str]) -> int | None:
    mine = _bag(words)
    shared = [len(mine & _bag(wish)) / max(1, len(mine | _bag(wish))) for wish in wishes]
    best = max(shared, default=0.0)
    return shared.index(best) if best > 0 else None


def _bag(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9']+", text.lower().replace("’", "'")))


def _invented(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    if "criteria" not in case.meta or outcome.answer is None:
        return None
    gold, read = {_of(c) for c in case.meta["criteria"]}, _read(outcome)
    return sum(_of(c) not in gold for c in read) / len(read) if read else 0.0


# Whether the reasons answer the wishes ---------------------------------------------------------------------------------------


def _wish_told(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    """Over the pairs of a pick and a wish whose field its record holds, the share with a claim that cites that field."""
    wished = {str(c["field"]).removeprefix("attributes.") for c in case.meta.get("criteria") or ()}
    if not wished:
        return None
    if outcome.answer is None:
        return 0.0
    due = told = 0
    for pick in outcome.answer.get("picks") or ():
        product = context.products(case.catalog, str(pick["product_id"]))
        held = {f for f in wished if product is not None and product.value(f) is not None}
        cited = {str(e["field"]).removeprefix("attributes.") for c in pick.get("claims") or () for e in c["evidence"]}
        due, told = due + len(held), told + len(held & cited)
    return told / due if due else None


register(Metric("standing", "share of their kind's other products that those shown beat in what was wished; another kind counts 0", per_case=_standing, cut=True))  # fmt: skip
register(Metric("standing_best", "the same of the k best products there are", "neither", per_case=_best, cut=True))
register(Metric("standing_random", "the same of the kind's products on average", "neither", per_case=_random))
register(Metric("field_right", "share of the wishes that a field answers which are read with that field and the right way", per_case=_field_right))  # fmt: skip
register(Metric("wish_told", "share of the wishes that a pick's record can answer which a claim with that field answers, over the picks", per_case=_wish_told))  # fmt: skip
register(Metric("none_right", "share of the wishes that no field answers from which no criterion is read", per_case=_none_right))  # fmt: skip
register(Metric("invented", "share of the criteria read that nobody wished; 0 where none is read", "lower", per_case=_invented))  # fmt: skip

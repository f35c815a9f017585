"""Which field an amount speaks of: by currency, unit, the words around it and the range of the field's values."""

from __future__ import annotations

import re
from functools import lru_cache

from shelftalk.understand.rules.amounts import Amount, scaled
from shelftalk.understand.rules.index import Field, Index, named
from shelftalk.understand.rules.lexicon import ALSO_CALLED, CONCEPTS, NAME_NOISE
from shelftalk.understand.rules.nearby import PRICE_WORDS, around, following, implied
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import stem
from shelftalk.words.units import HINTS, Unit, convert, siblings


def in_unit(known: Field, value: float, amount: Amount) -> float:
    """The value in the field's own unit; where the field names none, in the sibling unit that its values are in."""
    if amount.unit is None:
        return value
    if known.unit is not None:
        turned = convert(value, amount.unit, known.unit)
        return value if turned is None else turned
    bounds = known.bounds()
    if bounds is None or within(value, bounds, 3.0):
        return value
    for other in siblings(amount.unit):
        turned = convert(value, amount.unit, other)
        if turned is not None and within(turned, bounds, 1.0) and _usual(other):
            return turned
    return value


def _usual(other: Unit) -> bool:
    return other.name in (
        "in",
        "cm",
        "mm",
        "m",
        "ft",
        "yd",
        "g",
        "kg",
        "oz",
        "lb",
        "ml",
        "l",
        "h",
        "min",
        "gb",
        "tb",
        "mah",
        "ah",
        "w",
        "year",
        "month",
        "day",
        "cup",
        "floz",
    )


def within(value: float, bounds: tuple[float, float], slack: float) -> bool:
    return bounds[0] / slack <= value <= bounds[1] * slack if bounds[0] >= 0 else bounds[0] <= value <= bounds[1]


def field_of(
    text: Text, index: Index, amount: Amount, operator: str | None, begins: int, ordering: frozenset[int]
) -> Field | None:
    """The field an amount speaks of: by currency, unit, the words around it and the range of its values."""
    if amount.number.value > 1e9:
        return None
    if amount.money or _for_so_much(text, amount, index):
        return index.fields.get("price")
    first, last = amount.number.first, amount.last
    if _sterling(text, index, amount):
        return index.fields.get("price")
    scored: list[tuple[float, Field]] = []
    near, far = around(text, first, last, begins, ordering)
    near |= implied(text.low[begins : text.tokens[first].start])
    price_words = bool(PRICE_WORDS & near)
    after = following(text, last)
    beside = frozenset(t.stem for t in (*text.tokens[max(0, first - 2) : first], *text.tokens[last + 1 : last + 3]))
    for known in index.fields.values():
        score = _score(known, amount, near, far, price_words, operator, frozenset(after), beside)
        if score is not None and after:
            if known.kind == "money":
                score -= 1.5 if amount.unit is None and after[0] not in PRICE_WORDS else 0.0
            elif (share := named(known, frozenset(after))) >= 0.3:
                score += 1.0 * share
        if score is not None:
            scored.append((score, known))
    scored.sort(key=lambda s: -s[0])
    if not scored:
        return None
    top, known = scored[0]
    if top < 1.0:
        return None
    bounds = known.bounds()
    if (
        bounds is not None
        and known.kind != "money"
        and amount.unit is not None
        and not within(in_unit(known, scaled(amount), amount), bounds, 25.0)
    ):
        return None  # eight years are no battery life
    return known


def _for_so_much(text: Text, amount: Amount, index: Index) -> bool:
    """Whether a bare number is what one would pay: "2 phones for 300 each"."""
    known = index.fields.get("price")
    bounds = known.bounds() if known else None
    if (
        bounds is None
        or amount.unit is not None
        or not amount.number.digits
        or not bounds[0] <= amount.number.value <= 3 * bounds[1]
    ):
        return False
    lead = text.low[max(0, text.tokens[amount.number.first].start - 8) : text.tokens[amount.number.first].start]
    tail = text.low[text.tokens[amount.last].end :]
    return (
        bool(
            re.search(r"\b(?:for|at) $", lead)
            and re.match(r"\s*(?:each|total|apiece|in total|all in|max|tops)\b|\s*[.!?,]|\s*$", tail)
        )
        and amount.number.value >= 5
    )


def _sterling(text: Text, index: Index, amount: Amount) -> bool:
    """Whether "pounds" are money here: the shop's currency, or no weight in the catalogue comes near."""
    if amount.unit is None or amount.unit.name != "lb" or text.tokens[amount.last].low not in ("pound", "pounds"):
        return False
    if re.search(r"weigh|heav|light|load|lift|mass|bag\b|capacity", text.low):
        return False
    masses = [
        k
        for k in index.fields.values()
        if k.number and ((k.unit and k.unit.dimension == "mass") or "mass" in _measures(k))
    ]
    fits = [k for k in masses if (b := k.bounds()) and within(in_unit(k, scaled(amount), amount), b, 1.2)]
    return index.facets.currency == "GBP" or not fits


def _score(  # noqa: C901, PLR0912
    known: Field,
    amount: Amount,
    near: frozenset[str],
    far: frozenset[str],
    price_words: bool,
    operator: str | None,
    after: frozenset[str],
    beside: frozenset[str],
) -> float | None:
    given = amount.unit
    if known.kind == "money":
        if given is not None and not (given.name == "lb" and price_words):
            return None
        base = 2.0 if price_words else 0.0
        if known.field != "price":
            base = 2.2 * named(known, near) if named(known, near) >= 0.99 else -1.0
        elif (operator not in (None, "=") or amount.opened) and given is None:
            base += 1.0
        bounds = known.bounds()
        if (
            not price_words
            and bounds
            and scaled(amount) >= 0
            and scaled(amount) < 0.5 * bounds[0]
            and (not amount.number.digits or scaled(amount) < 0.2 * bounds[0])
        ):
            return None  # "a tent for at least three" speaks of no price
        return base
    if not known.number and not known.numeric_values:
        return None
    if not known.trusted and named(known, near) < 0.99:
        return None
    score = 0.0
    if given is not None:
        measures = _measures(known)
        if known.unit is None and measures and given.dimension not in measures:
            return None
        if known.unit is not None:
            if known.unit.dimension != given.dimension and {known.unit.dimension, given.dimension} != {
                "celsius",
                "fahrenheit",
            }:
                return None
            score += 2.0 + 0.3 * (known.unit.name == given.name)
        else:
            hints = {stem(w) for w in HINTS.get(given.dimension, "").split()}
            shared = len(hints & set(known.name))
            if shared:
                score += 1.0 + 0.2 * min(shared, 2)
            elif not (named(known, near) >= 0.6):
                return None
    name_near, name_far = named(known, near), named(known, far)
    if name_near >= 0.5:
        score += 1.5 * name_near + 0.1 * len(near & set(known.name))
    elif name_far >= 0.5:
        score += 0.6 * name_far
    head = known.name[-1]
    headed = bool(after) and (head in after or bool(CONCEPTS.get(head, frozenset()) & after)) and head not in NAME_NOISE
    if given is None and name_near < 0.75 and not headed:
        return None
    called = set(known.name).union(*(ALSO_CALLED.get(w, frozenset()) for w in known.name))
    if given is None and operator is None and not headed and not beside & called:
        return None
    if headed and given is None:
        score += 0.8
    bounds = known.bounds()
    if bounds is not None:
        value = in_unit(known, scaled(amount), amount)
        if within(value, bounds, 1.0):
            score += 0.4
        elif not within(value, bounds, 4.0):
            score -= 0.8
    if known.numeric_values and not known.number:
        if scaled(amount) in known.numeric_values:
            score += 0.2
        else:
            return None
    return score


@lru_cache(maxsize=4096)
def _hinted(name: tuple[str, ...]) -> frozenset[str]:
    return frozenset(d for d, hints in HINTS.items() if {stem(w) for w in hints.split()} & set(name))


def _measures(known: Field) -> frozenset[str]:
    """The dimensions that the words of a field's name go with; empty where they tell nothing."""
    return _hinted(known.name)

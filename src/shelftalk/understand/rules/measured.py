"""Which field an amount speaks of: by currency, unit, the words around it and the range of the field's values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from shelftalk.understand.rules.amounts import ParsedAmount, scaled
from shelftalk.understand.rules.index import Field, Index, named
from shelftalk.understand.rules.lexicon import ALSO_CALLED, CONCEPTS, NAME_NOISE
from shelftalk.understand.rules.nearby import PRICE_WORDS, around, following, implied
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import bag, stem
from shelftalk.words.units import HINTS, convert, siblings


def in_unit(known: Field, value: float, amount: ParsedAmount) -> float:
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
        if turned is not None and within(turned, bounds, 1.0) and other.name in _USUAL:
            return turned
    return value


# Units in which values without one are likely to be.
_USUAL = bag("in cm mm m ft yd g kg oz lb ml l h min gb tb mah ah w year month day cup floz")


def within(value: float, bounds: tuple[float, float], slack: float) -> bool:
    return bounds[0] / slack <= value <= bounds[1] * slack if bounds[0] >= 0 else bounds[0] <= value <= bounds[1]


def field_of(
    text: Text, index: Index, amount: ParsedAmount, operator: str | None, begins: int, ordering: frozenset[int]
) -> Field | None:
    """The field an amount speaks of: by currency, unit, the words around it and the range of its values."""
    if amount.number.value > 1e9:
        return None
    if amount.money:
        return index.fields.get("price")
    first, last = amount.number.first, amount.last
    if _sterling(text, index, amount):
        return index.fields.get("price")
    scored: list[tuple[float, Field]] = []
    ahead = _named_ahead(text, index, first, last)
    near, far = around(text, first, last, begins, ordering | ahead)
    comparing = _comparing(text, index, begins, first)
    near |= implied(comparing)
    after = [] if ahead else following(text, last)
    behind = () if ahead else text.tokens[last + 1 : last + 3]
    beside = frozenset(t.stem for t in (*text.tokens[max(0, first - 2) : first], *behind))
    seen = _Around(amount, near, far, frozenset(after), beside, operator, implied(comparing, most=99))
    for known in index.fields.values():
        score = _score(known, seen)
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


def _comparing(text: Text, index: Index, begins: int, first: int) -> str:
    """The words that compare, as far as they say of what: "stronger than SPF 30" names its field, whatever else may be strong."""
    names_its_own = first and any(k.number and k.name == (text.tokens[first - 1].stem,) for k in index.fields.values())
    return "" if names_its_own else text.low[begins : text.tokens[first].start]


def _named_ahead(text: Text, index: Index, first: int, last: int) -> frozenset[int]:
    """The word behind an amount that belongs to the next one, where each has its name before it: "waist 32 length 30"."""
    nxt = text.tokens[last + 1 : last + 3]
    if not first or len(nxt) < 2 or not nxt[1].numeric or any(t.hard or t.comma for t in nxt):
        return frozenset()
    lead, numbers = text.tokens[first - 1].stem, [k for k in index.fields.values() if k.number and k.kind != "money"]
    named_both = all(any(word in k.known for k in numbers) for word in (lead, nxt[0].stem))
    return frozenset((last + 1,)) if named_both else frozenset()


def _sterling(text: Text, index: Index, amount: ParsedAmount) -> bool:
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


@dataclass(frozen=True, slots=True)
class _Around:
    """An amount with the stems near it, in its sentence, right behind it and right beside it, and how and by what it is compared."""

    amount: ParsedAmount
    near: frozenset[str]
    far: frozenset[str]
    after: frozenset[str]
    beside: frozenset[str]
    operator: str | None
    compared: frozenset[str]  # words for what a comparative speaks of

    @property
    def priced(self) -> bool:
        """Whether a word of price stands near."""
        return bool(PRICE_WORDS & self.near)


def _score(known: Field, seen: _Around) -> float | None:
    """How well the amount goes with a field; None where it cannot."""
    if known.kind == "money":
        return _score_of_money(known, seen)
    if not known.number and not known.numeric_values:
        return None
    if not known.trusted and named(known, seen.near | _said_by_unit(known, seen)) < 0.99:
        return None
    measured = _score_of_unit(known, seen)
    called = _score_of_name(known, seen)
    if measured is None or called is None:
        return None
    score = measured + called
    bounds = known.bounds()
    if bounds is not None:
        value = in_unit(known, scaled(seen.amount), seen.amount)
        score += 0.4 if within(value, bounds, 1.0) else -0.8 if not within(value, bounds, 4.0) else 0.0
    if known.numeric_values and not known.number:
        return score + 0.2 if scaled(seen.amount) in known.numeric_values else None
    return score


def _said_by_unit(known: Field, seen: _Around) -> frozenset[str]:
    """The words of a field's name that the unit says, where all the others are said: of a "15 inch laptop" inches are the size."""
    given, unit = seen.amount.unit, known.unit
    if given is None or unit is None or given.dimension != unit.dimension:
        return frozenset()
    hints = frozenset(stem(w) for w in HINTS.get(given.dimension, "").split())
    own = {w for w in known.name if w not in hints and w not in NAME_NOISE}
    return hints if own and own <= seen.near else frozenset()


def _score_of_money(known: Field, seen: _Around) -> float | None:
    amount, given = seen.amount, seen.amount.unit
    if given is not None and not (given.name == "lb" and seen.priced):
        return None
    if seen.compared and not seen.compared & PRICE_WORDS:
        return None  # "bigger than 43" speaks of no price, whether or not there is a field for it
    base = 2.0 if seen.priced else 0.0
    if known.field != "price":
        base = 2.2 * named(known, seen.near) if named(known, seen.near) >= 0.99 else -1.0
    elif (seen.operator not in (None, "=") or amount.opened) and given is None:
        base += 1.0
    bounds, value = known.bounds(), scaled(amount)
    small = bounds is not None and 0 <= value < (0.5 if not amount.number.digits else 0.2) * bounds[0]
    return None if small and not seen.priced else base  # "a tent for at least three" speaks of no price


def _score_of_unit(known: Field, seen: _Around) -> float | None:
    """What the unit of the amount says for a field; None where the field measures something else."""
    given, measures = seen.amount.unit, _measures(known)
    if given is None:
        return 0.0
    if known.unit is not None:
        temperatures = {known.unit.dimension, given.dimension} == {"celsius", "fahrenheit"}
        same = known.unit.dimension == given.dimension
        return 2.0 + 0.3 * (known.unit.name == given.name) if same or temperatures else None
    if measures and given.dimension not in measures:
        return None
    shared = len({stem(w) for w in HINTS.get(given.dimension, "").split()} & set(known.name))
    if shared:
        return 1.0 + 0.2 * min(shared, 2)
    return 0.0 if named(known, seen.near) >= 0.6 else None


def _score_of_name(known: Field, seen: _Around) -> float | None:
    """What the words around the amount say for a field; a number without a unit needs words of the field's name."""
    near, far = named(known, seen.near), named(known, seen.far)
    score = 1.5 * near + 0.1 * len(seen.near & set(known.name)) if near >= 0.5 else 0.6 * far if far >= 0.5 else 0.0
    head = known.name[-1]
    spoken = bool(seen.after) and (head in seen.after or bool(CONCEPTS.get(head, frozenset()) & seen.after))
    headed = spoken and head not in NAME_NOISE
    if seen.amount.unit is not None:
        return score
    called = set(known.name).union(*(ALSO_CALLED.get(w, frozenset()) for w in known.name))
    if not headed and (near < 0.75 or (seen.operator is None and not seen.beside & called)):
        return None
    return score + 0.8 * headed


@lru_cache(maxsize=4096)
def _hinted(name: tuple[str, ...]) -> frozenset[str]:
    return frozenset(d for d, hints in HINTS.items() if {stem(w) for w in hints.split()} & set(name))


def _measures(known: Field) -> frozenset[str]:
    """The dimensions that the words of a field's name go with; empty where they tell nothing."""
    return _hinted(known.name)

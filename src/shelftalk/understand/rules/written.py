"""Measures that a catalogue keeps as text: "1/2 in", "8 x 10 ft", "3-6 months", "9V", and the sides of a thing in fields of their own.

A request's measure is held against those values by number and unit, not by spelling: "a 3/4 inch elbow" is "3/4 in", "2 by 4" is
"2x4", "4 months" lies in "3-6 months", "32x34" is a waist of 32 and an inseam of 34.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from shelftalk.understand.rules.amounts import ParsedAmount, scaled
from shelftalk.understand.rules.index import Field, Index, named
from shelftalk.understand.rules.measures import NUMBER, Measure, sides
from shelftalk.understand.rules.nearby import around
from shelftalk.understand.rules.quantities import compared_here
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Scalar
from shelftalk.words.units import Unit, convert

_SIDES = re.compile(
    rf"(?<![\w./])(?:[w](?=\d))?{NUMBER}(?: ?(?:feet|foot|ft|inch(?:es)?|in|cm|mm|m|yd)\b|\"|')?"
    rf"(?: ?(?:x|×|\*|by) ?l?{NUMBER}(?: ?(?:feet|foot|ft|inch(?:es)?|in|cm|mm|m|yd)\b|\"|')?){{1,2}}(?![\w/])"
)
_LEGS = re.compile(r"(?<![\w./])(?:w ?(\d\d)[ ,/x-]*l ?(\d\d)|(\d\d)/(\d\d))(?![\w/])")
# The fields that hold two sides, in the order in which they are said.
_PAIRS = (("waist", "inseam"), ("waist", "length"), ("width", "height"), ("width", "length"), ("width", "depth"), ("length", "width"))  # fmt: skip
_CLOSE = 0.01


def measured_as_written(
    text: Text, index: Index, spoken: Sequence[ParsedAmount], negative: Sequence[bool], taken: Collection[int],
    category: str | None, likely: frozenset[str] = frozenset(),
) -> tuple[list[Constraint], set[int]]:  # fmt: skip
    """The limits that a request's measures make on values that are measures in text, and the tokens they were read from. `likely` are the
    categories that the other words of the request speak of."""
    fields = [k for k in index.fields.values() if k.written and k.carried(category)]
    out: list[Constraint] = []
    used: set[int] = set()
    for match in (*_SIDES.finditer(text.low), *_LEGS.finditer(text.low)):
        first, last = text.at(match.start()), text.at(match.end()) - 1
        tokens = set(range(first, last + 1))
        if tokens & ({*taken} | used):
            continue
        told = _told_sides(match)
        found = _like(fields, told, likely) or _apart(index, told, category)
        if found:
            said = text.text[match.start() : match.end()].strip()
            out += [_limit(field, values, said, negative[first]) for field, values in found]
            used |= tokens
    for amount in spoken:
        tokens = set(range(amount.number.first, amount.last + 1))
        if amount.unit is None or amount.money or tokens & ({*taken} | used):
            continue
        limit = _of_amount(text, index, fields, amount, negative, category, likely)
        if limit is not None:
            out.append(limit)
            used |= tokens
    return out, used


def sides_said(text: Text, index: Index) -> set[int]:
    """The tokens of a waist and an inseam said by their letters: the "L" of "W32 L34" is no size."""
    if not any("waist" in known.name for known in index.fields.values()):
        return set()
    spans = [(text.at(m.start()), text.at(m.end())) for m in _LEGS.finditer(text.low)]
    return {i for first, end in spans for i in range(first, end)}


def _told_sides(match: re.Match[str]) -> Measure:
    if match.re is _LEGS:
        return Measure(tuple(float(n) for n in match.groups() if n), None)
    return sides(match.group().strip()) or Measure((), None)


def _like(fields: Sequence[Field], told: Measure, likely: frozenset[str]) -> list[tuple[str, list[Scalar]]]:
    """The field with values that are the sides told, in any order, and those values."""
    if len(told.numbers) < 2:
        return []
    found = []
    for known in fields:
        values = [v for v, m in known.written if m.to is None and _same_sides(m, told)]
        if values:
            found.append((bool(likely & known.within), known.facet.count, known.field, values))
    best = max(found, key=lambda f: f[:2], default=None)
    return [(best[2], best[3])] if best else []


def _same_sides(held: Measure, told: Measure) -> bool:
    if len(held.numbers) != len(told.numbers):
        return False
    turned = [_in(n, told.unit, held.unit) for n in told.numbers]
    return all(
        t is not None and _close(t, h) for t, h in zip(sorted(map(_zero, turned)), sorted(held.numbers), strict=True)
    )


def _zero(number: float | None) -> float:
    return -1.0 if number is None else number


def _apart(index: Index, told: Measure, category: str | None) -> list[tuple[str, list[Scalar]]]:
    """The number fields that hold the two sides told, each with its side: a waist and an inseam."""
    if len(told.numbers) != 2:
        return []
    fields = [k for k in index.fields.values() if k.kind == "number" and k.carried(category) and k.within]
    for names in _PAIRS:
        pair = [next((k for k in fields if k.name[-1:] == (n,) or k.name == (n,)), None) for n in names]
        if any(k is None for k in pair):
            continue
        out: list[tuple[str, list[Scalar]]] = []
        for known, number in zip(pair, told.numbers, strict=True):
            value = _in(number, told.unit, known.unit) if known else None
            bounds = known.bounds() if known else None
            if known is not None and value is not None and bounds and bounds[0] / 2 <= value <= 2 * bounds[1]:
                out.append((known.field, [int(value) if value.is_integer() else value]))
        if len(out) == 2:
            return out
    return []


def _of_amount(
    text: Text, index: Index, fields: Sequence[Field], amount: ParsedAmount, negative: Sequence[bool], category: str | None,
    likely: frozenset[str],
) -> Constraint | None:  # fmt: skip
    """The limit of one amount with a unit on the text field that holds such a measure; none where a number field answers it."""
    operator, begins = compared_here(text, index, amount)
    first, last = amount.number.first, amount.last
    near, _ = around(text, first, last, begins)
    scored = []
    for known in fields:
        values = [v for v, m in known.written if _answers(m, amount, operator)]
        if values:
            scored.append((bool(likely & known.within), named(known, near), known.facet.count, known.field, values))
    if not scored:
        return None
    best = max(scored, key=lambda s: s[:3])
    exact = operator in (None, "=") and amount.low is None
    if _answered_by_number(index, amount, near, category, best[1] if exact else None):
        return None
    return _limit(best[3], best[4], text.text[begins : text.tokens[last].end], exact and negative[first])


def _answered_by_number(
    index: Index, amount: ParsedAmount, near: frozenset[str], category: str | None, called: float | None
) -> bool:
    """Whether a field of numbers measures what the amount does: any that the kind named has, or one that is named; where a text says
    the very amount, one that is better named than the text's field (`called`)."""
    for known in index.fields.values():
        unit = known.unit
        if known.kind != "number" or unit is None or amount.unit is None or unit.dimension != amount.unit.dimension:
            continue
        if not known.carried(category):
            continue
        if named(known, near) > called if called is not None else category is not None or named(known, near) >= 0.5:
            return True
    return False


def _answers(held: Measure, amount: ParsedAmount, operator: str | None) -> bool:
    """Whether a value keeps the limit of an amount: the same measure, a range that holds it, or one on the right side of it."""
    if held.unit is None or amount.unit is None or len(held.numbers) != 1:
        return False
    value, low = (_in(v, amount.unit, held.unit) if v is not None else None for v in (scaled(amount), amount.low))
    if value is None:
        return False
    least, most = held.numbers[0], held.to if held.to is not None else held.numbers[0]
    if low is not None:
        return _close(low, least) and _close(value, most) if held.to is not None else low <= least <= value
    if operator in ("<", "<="):
        return most < value or (operator == "<=" and _close(most, value))
    if operator in (">", ">="):
        return least > value or (operator == ">=" and _close(least, value))
    return least <= value <= most or _close(least, value) or _close(most, value)


def _in(value: float, given: Unit | None, wanted: Unit | None) -> float | None:
    if given is None or wanted is None or given.name == wanted.name:
        return value
    return convert(value, given, wanted)


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= _CLOSE * max(abs(a), abs(b))


def _limit(field: str, values: Sequence[Scalar], said: str, off: bool) -> Constraint:
    if len(values) == 1:
        return Constraint(field, "!=" if off else "=", values[0], said)
    return Constraint(field, "not in" if off else "in", tuple(values), said)

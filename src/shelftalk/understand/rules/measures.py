"""Values that are measures: "1 1/2 in", "5 x 7 ft", "3-6 months", "9V", as numbers with their unit. It knows no request and no catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from shelftalk.text import clean
from shelftalk.words.units import Unit, unit_of

NUMBER = r"\d+(?:\.\d+)?(?:(?:[ -]\d+)?/\d+)?"
_UNIT = r"[a-z]+|\"|''|'"
_SIDE = re.compile(rf"({NUMBER})[ -]?({_UNIT})?")
_VALUE = re.compile(rf"{NUMBER} ?(?:{_UNIT})?(?: ?(?:x|×|\*|by) ?{NUMBER} ?(?:{_UNIT})?)*")
_RANGE = re.compile(rf"({NUMBER}) ?({_UNIT})? ?(?:-|to) ?({NUMBER}) ?({_UNIT})?")
_SPLIT = re.compile(r" ?(?:[x×*]|\bby\b) ?(?=\d)")
_MARKS = {'"': "in", "''": "in", "'": "ft"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, the sides of a thing, or a range up to `to`; `unit` None where none is written."""

    numbers: tuple[float, ...]
    unit: Unit | None
    to: float | None = None


@lru_cache(maxsize=16_384)
def measure(text: str) -> Measure | None:
    """What a value says where all of it is a measure: "1 1/2 in", "5 x 7 ft", "3-6 months"; None for any other text."""
    low = clean(text).lower().strip().rstrip(".")
    if (found := _RANGE.fullmatch(low)) is not None and not re.fullmatch(NUMBER, low):
        unit = _unit(found[4])
        return Measure((_number(found[1]),), unit, _number(found[3])) if unit is not None else None
    if not _VALUE.fullmatch(low):
        return None
    return sides(low)


def sides(low: str) -> Measure | None:
    """The measure that text in lower case says, side by side ("5 ft x 7 ft"); None for any other."""
    parts = [_SIDE.fullmatch(part.strip(" wl")) for part in _SPLIT.split(low)]
    if not all(parts):
        return None
    units = [_unit(part[2]) for part in parts if part and part[2]]
    if any(u is None for u in units) or len({u.name for u in units if u}) > 1:
        return None
    return Measure(tuple(_number(part[1]) for part in parts if part), units[-1] if units else None)


def _unit(spelling: str | None) -> Unit | None:
    return unit_of(_MARKS.get(spelling, spelling)) if spelling else None


def _number(text: str) -> float:
    """The number that digits say: "1 1/2" and "1-1/2" are 1.5."""
    whole, _, fraction = text.replace("-", " ").rpartition(" ")
    top, _, bottom = fraction.partition("/")
    part = float(top) / float(bottom) if bottom and float(bottom) else float(top)
    return float(whole) + part if whole else part

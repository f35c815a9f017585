"""Units that requests, records and sentences write (units.toml): what they measure, how they convert, how they are spelt."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, its size in the dimension's base unit, and how it is written after 1 and after other numbers."""

    name: str
    dimension: str
    factor: float
    one: str = ""
    many: str = ""


def _load() -> tuple[dict[str, Unit], dict[str, Unit], dict[str, str], frozenset[str]]:
    table = tomllib.loads((Path(__file__).parent / "units.toml").read_text(encoding="utf-8"))
    said: dict[str, Unit] = {}
    written: dict[str, Unit] = {}
    for dimension, units in table["units"].items():
        for name, row in units.items():
            unit = Unit(name, dimension, row["factor"], row.get("one", name), row.get("many", name))
            spellings = (*row.get("said", "").split(), name)
            for spelling in (*spellings, *row.get("written", ()), unit.one.lower(), unit.many.lower()):
                written.setdefault(spelling, unit)
            if not row.get("record"):
                for spelling in spellings:
                    said.setdefault(spelling, unit)
    for spelling in table["asked"]:
        written.pop(spelling, None)
    return said, written, table["hints"], frozenset(table["short"])


# By spelling: what a request may say, and what a record or a sentence may; the attribute words that go with a dimension; the
# spellings that are also ordinary words or letters, which count only right behind a number in digits ("5 in", "5m", "60 w").
UNITS, WRITTEN, HINTS, SHORT = _load()
_OTHERWISE = {"hours": "h", "fluidounce": "floz", "fluidounces": "floz"}
_ENDING = re.compile(r"^(?P<stem>.+?)[ _-]+(?:\(?in[ _-]+)?\(?(?P<unit>[A-Za-z%°\"]+)\)?$")


def unit(name: str | None) -> Unit | None:
    """The unit of a field, by a spelling that a request may use ("hours", "GB", "fl oz", "°F"), or None."""
    if not name:
        return None
    key = name.lower().strip().strip("°.").replace(" ", "").replace("-", "").replace("(s)", "")
    return UNITS.get(_OTHERWISE.get(key, key))


def unit_of(spelling: str | None) -> Unit | None:
    """The unit that a record or a sentence writes so, whatever the case, or None."""
    return WRITTEN.get(spelling.strip().lower()) if spelling else None


def split_unit(name: str) -> tuple[str, str | None]:
    """A field's name without the unit it ends in, and that unit's spelling: "weight_g" gives ("weight", "g")."""
    match = _ENDING.match(name.strip())
    if match and unit_of(match["unit"]):
        return match["stem"], match["unit"]
    return name, None


def convert(value: float, given: Unit, wanted: Unit) -> float | None:
    """The value in the wanted unit; None where the two measure different things."""
    if given.dimension != wanted.dimension:
        if (given.dimension, wanted.dimension) == ("celsius", "fahrenheit"):
            return value * 9 / 5 + 32
        if (given.dimension, wanted.dimension) == ("fahrenheit", "celsius"):
            return (value - 32) * 5 / 9
        return None
    if given.name == wanted.name:
        return value
    return tidy(value * given.factor / wanted.factor)


def tidy(value: float) -> float:
    """The value with at most six significant digits, so that 1.1 lb is 498.952 g and not its binary tail."""
    return float(f"{value:.6g}")


def scalar(value: float) -> int | float:
    """The value as a whole number where it is one."""
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def siblings(given: Unit) -> list[Unit]:
    """The other units of the same dimension, nearest in size first."""
    others = {u.name: u for u in UNITS.values() if u.dimension == given.dimension and u.name != given.name}
    return sorted(others.values(), key=lambda u: abs(u.factor - given.factor))


def same_quantity(a: float, unit_a: Unit | None, b: float, unit_b: Unit | None) -> bool:
    """Whether two amounts are equal after conversion; amounts of different dimensions never are."""
    if (unit_a is None) != (unit_b is None):
        return False
    if unit_a is None or unit_b is None:
        return close(a, b)
    return unit_a.dimension == unit_b.dimension and close(a * unit_a.factor, b * unit_b.factor)


def close(a: float, b: float) -> bool:
    """Equal but for binary rounding (one part in a million): 0.1 + 0.2 is 0.3, 30 is not 30.1."""
    return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))

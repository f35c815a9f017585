"""The same amount in another unit: inches as centimetres, kilograms as pounds, hours as minutes.

Where the new number is a short decimal it is exact (1 in = 2.54 cm, 1 lb = 0.45359237 kg, 1 oz = 28.349523125 g: the
international yard and pound agreement of 1959). Where it is not, it is made only for a limit and rounded at three
decimals to the side that lets the same products through: down for "less than" and "at least", up for "at most" and
"more than". The change is below a thousandth of the new unit; a catalogue that holds whole grams or tenths of a
centimetre cannot tell it.
"""

from __future__ import annotations

import random
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

__all__ = ["EXACT", "convert", "other_units"]

# unit as written -> (unit to write, how many of it)
EXACT: dict[str, tuple[tuple[str, Decimal], ...]] = {
    "cm": (("mm", Decimal(10)), ("inches", 1 / Decimal("2.54"))),
    "mm": (("cm", Decimal("0.1")),),
    "m": (("cm", Decimal(100)), ("feet", 1 / Decimal("0.3048"))),
    "inch": (("cm", Decimal("2.54")),),
    "foot": (("cm", Decimal("30.48")),),
    "kg": (("g", Decimal(1000)), ("lb", 1 / Decimal("0.45359237"))),
    "g": (("kg", Decimal("0.001")), ("oz", 1 / Decimal("28.349523125"))),
    "lb": (("kg", Decimal("0.45359237")),),
    "oz": (("g", Decimal("28.349523125")),),
    "l": (("ml", Decimal(1000)),),
    "ml": (("l", Decimal("0.001")),),
    "hour": (("minutes", Decimal(60)),),
}
_SPELT = {
    "cm": "cm|centimet(?:re|er)s?", "mm": "mm|millimet(?:re|er)s?", "m": "m|met(?:re|er)s?", "inch": "inch(?:es)?|in(?=\\s*(?:laptop|screen|blade))|\"|”",
    "foot": "ft|foot|feet", "kg": "kg|kgs|kilos?|kilograms?", "g": "g|gr|grams?", "lb": "lbs?|pounds(?= (?:in weight|or more|or less|heavy))",
    "oz": "oz|ounces?", "l": "l|lit(?:re|er)s?", "ml": "ml|millilit(?:re|er)s?", "hour": "h|hrs?|hours?",
}  # fmt: skip
_COUNT = "one two three four five six seven eight nine ten eleven twelve"
_WORDS = {word: n for n, word in enumerate(_COUNT.split(), start=1)}
_AMOUNT = re.compile(
    r"(?P<number>(?<![\w.,/])\d+(?:\.\d+)?|\b(?:" + "|".join(_WORDS) + r"))(?P<gap>[\s-]?)(?:"
    + "|".join(f"(?P<{unit}>{pattern})" for unit, pattern in _SPELT.items())
    + r")(?![\w'])",
    re.IGNORECASE,
)  # fmt: skip
_DOWN = re.compile(
    r"\b(?:less than|under|below|lighter than|shorter than|smaller than|at least|a minimum of|not below)\s+$", re.I
)
_UP = re.compile(
    r"\b(?:more than|over|above|longer than|heavier than|at most|at the most|up to|a maximum of)\s+$", re.I
)
# The other end of a range carries no unit of its own, so a range stays as it is.
_RANGE = re.compile(r"\d[\d.,]*\s*(?:and|to|or|-|–|x|by)\s*$", re.I)
_MOST = 4  # decimals of a number that may be written


def other_units(text: str, rng: random.Random) -> str | None:
    """The text with every amount that can be written in another unit written so; None where there is none."""
    changed, end = [], 0
    for found in _AMOUNT.finditer(text):
        unit = next(u for u in _SPELT if found[u])
        number = Decimal(_WORDS[n]) if (n := found["number"].lower()) in _WORDS else Decimal(n)
        written = convert(number, unit, _side(text[: found.start()], text[found.end() :]), rng)
        if written is None or _RANGE.search(text[: found.start()]):
            continue
        joint = "-" if found["gap"] == "-" else " "
        changed.append(text[end : found.start()] + written[0] + joint + _word(written[1], joint))
        end = found.end()
    return "".join(changed) + text[end:] if changed else None


def convert(number: Decimal, unit: str, side: str | None, rng: random.Random) -> tuple[str, str] | None:
    """The number and the unit to write in its place; `side` says how a limit may be rounded ("down", "up", None: not)."""
    ways = []
    for other, factor in EXACT[unit]:
        product = (number * factor).normalize()
        decimals = -int(product.as_tuple().exponent)
        if decimals <= _MOST and Decimal("0.01") <= product < 100_000:
            ways.append((f"{product:f}", other))
        elif side is not None:
            rounding = ROUND_FLOOR if side == "down" else ROUND_CEILING
            ways.append((f"{product.quantize(Decimal('0.001'), rounding).normalize():f}", other))
    return rng.choice(ways) if ways else None


def _side(before: str, after: str) -> str | None:
    if re.match(r"\s+or (?:more|longer|heavier|larger|above)\b", after):
        return "down"
    if re.match(r"\s+or (?:less|shorter|lighter|smaller|below)\b|\s+at (?:the )?most\b", after):
        return "up"
    return "down" if _DOWN.search(before) else "up" if _UP.search(before) else None


def _word(unit: str, joint: str) -> str:
    return {"inches": "inch", "minutes": "minute"}.get(unit, unit) if joint == "-" else unit

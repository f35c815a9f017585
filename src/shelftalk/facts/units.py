"""Units that records and sentences carry: their spellings, their dimension, and the factor to one base unit.

It knows no product. Factors are those of the SI brochure (9th edition) and of NIST Handbook 44 for inch, pound, ounce
and gallon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: how it is written after 1 and after other numbers, what it measures, and its size in the base unit."""

    one: str
    many: str
    dimension: str
    factor: float


def _unit(one: str, many: str, dimension: str, factor: float, *spellings: str) -> dict[str, Unit]:
    unit = Unit(one, many, dimension, factor)
    return {spelling.lower(): unit for spelling in (one, many, *spellings)}


UNITS: dict[str, Unit] = {
    **_unit("ms", "ms", "time", 0.001, "millisecond", "milliseconds", "msec"),
    **_unit("second", "seconds", "time", 1, "s", "sec", "secs"),
    **_unit("minute", "minutes", "time", 60, "min", "mins"),
    **_unit("hour", "hours", "time", 3600, "h", "hr", "hrs"),
    **_unit("day", "days", "time", 86400),
    **_unit("week", "weeks", "time", 604800),
    **_unit("month", "months", "calendar", 1),
    **_unit("year", "years", "calendar", 12, "yr", "yrs"),
    **_unit("mg", "mg", "mass", 0.001, "milligram", "milligrams"),
    **_unit("g", "g", "mass", 1, "gram", "grams", "gramme", "grammes", "gr"),
    **_unit("kg", "kg", "mass", 1000, "kilogram", "kilograms", "kilo", "kilos", "kgs"),
    **_unit("lb", "lb", "mass", 453.59237, "lbs", "pound", "pounds"),
    **_unit("oz", "oz", "mass", 28.349523125, "ounce", "ounces"),
    **_unit("mm", "mm", "length", 0.001, "millimeter", "millimeters", "millimetre", "millimetres"),
    **_unit("cm", "cm", "length", 0.01, "centimeter", "centimeters", "centimetre", "centimetres"),
    **_unit("m", "m", "length", 1, "meter", "meters", "metre", "metres"),
    **_unit("km", "km", "length", 1000, "kilometer", "kilometers", "kilometre", "kilometres"),
    **_unit("inch", "inches", "length", 0.0254, "in", '"'),
    **_unit("foot", "feet", "length", 0.3048, "ft"),
    **_unit("mile", "miles", "length", 1609.344, "mi"),
    **_unit("ml", "ml", "volume", 0.001, "milliliter", "milliliters", "millilitre", "millilitres"),
    **_unit("cl", "cl", "volume", 0.01),
    **_unit("litre", "litres", "volume", 1, "l", "liter", "liters", "ltr"),
    **_unit("gallon", "gallons", "volume", 3.785411784, "gal"),
    **_unit("cup", "cups", "cups", 1),
    **_unit("W", "W", "power", 1, "watt", "watts"),
    **_unit("kW", "kW", "power", 1000, "kilowatt", "kilowatts"),
    **_unit("V", "V", "voltage", 1, "volt", "volts"),
    **_unit("A", "A", "current", 1, "amp", "amps", "ampere", "amperes"),
    **_unit("mAh", "mAh", "charge", 1, "milliamp hours"),
    **_unit("Ah", "Ah", "charge", 1000),
    **_unit("Wh", "Wh", "energy", 1),
    **_unit("kWh", "kWh", "energy", 1000),
    **_unit("kB", "kB", "data", 1e3, "kilobyte", "kilobytes"),
    **_unit("MB", "MB", "data", 1e6, "megabyte", "megabytes"),
    **_unit("GB", "GB", "data", 1e9, "gigabyte", "gigabytes", "gig", "gigs"),
    **_unit("TB", "TB", "data", 1e12, "terabyte", "terabytes"),
    **_unit("Hz", "Hz", "frequency", 1, "hertz"),
    **_unit("kHz", "kHz", "frequency", 1e3),
    **_unit("MHz", "MHz", "frequency", 1e6),
    **_unit("GHz", "GHz", "frequency", 1e9),
    **_unit("dB", "dB", "level", 1, "decibel", "decibels", "dba"),
    **_unit("lumen", "lumens", "light", 1, "lm"),
    **_unit("K", "K", "colour temperature", 1, "kelvin", "kelvins"),
    **_unit("°C", "°C", "celsius", 1, "celsius", "deg c"),
    **_unit("°F", "°F", "fahrenheit", 1, "fahrenheit", "deg f"),
    **_unit("%", "%", "share", 1, "percent", "pct", "per cent"),
    **_unit("megapixel", "megapixels", "pixels", 1, "mp", "mpx"),
    **_unit("dpi", "dpi", "resolution", 1),
    **_unit("rpm", "rpm", "rotation", 1),
    **_unit("bar", "bar", "pressure", 1),
    **_unit("psi", "psi", "pressure", 0.0689476),
    **_unit("piece", "pieces", "pieces", 1, "pcs", "pc"),
    **_unit("person", "people", "people", 1, "persons"),
}

# A one-letter or ambiguous ending is a unit only where the record's value is a number, which the caller knows.
_CURRENCY = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
CURRENCY_WORDS = {
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP",
    "usd": "USD", "eur": "EUR", "gbp": "GBP", "jpy": "JPY", "inr": "INR", "cad": "CAD", "aud": "AUD", "chf": "CHF",
    "yen": "JPY", "rupees": "INR", "cents": "cents", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN",
}  # fmt: skip


def unit_of(spelling: str | None) -> Unit | None:
    """The unit of that spelling, whatever its case, or None."""
    return UNITS.get(spelling.strip().lower()) if spelling else None


def currency_of(sign: str) -> str | None:
    """The ISO 4217 code of a sign ("$") or word ("euros"), or None."""
    return _CURRENCY.get(sign) or CURRENCY_WORDS.get(sign.lower())


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


_ENDING = re.compile(r"^(?P<stem>.+?)[ _-]+(?:\(?in[ _-]+)?\(?(?P<unit>[A-Za-z%°\"]+)\)?$")


def split_unit(name: str) -> tuple[str, str | None]:
    """A field's name without the unit it ends in, and that unit's spelling: "weight_g" gives ("weight", "g")."""
    match = _ENDING.match(name.strip())
    if match and unit_of(match["unit"]):
        return match["stem"], match["unit"]
    return name, None

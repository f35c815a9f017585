"""Amounts with a unit become numbers in the unit wanted, exactly: "1.2 kg" is 1200 in g."""

from __future__ import annotations

import re
from decimal import Decimal

# The dimension of each unit and its size in the dimension's base unit (exact by definition; NIST SP 811).
_UNITS: dict[str, tuple[str, str]] = {
    "mg": ("mass", "0.001"), "g": ("mass", "1"), "kg": ("mass", "1000"), "oz": ("mass", "28.349523125"),
    "lb": ("mass", "453.59237"), "mm": ("length", "0.001"), "cm": ("length", "0.01"), "m": ("length", "1"),
    "km": ("length", "1000"), "in": ("length", "0.0254"), "ft": ("length", "0.3048"), "yd": ("length", "0.9144"),
    "ml": ("volume", "0.001"), "cl": ("volume", "0.01"), "l": ("volume", "1"), "s": ("time", "1"), "min": ("time", "60"),
    "h": ("time", "3600"), "d": ("time", "86400"), "w": ("power", "1"), "kw": ("power", "1000"),
    "mb": ("data", "1"), "gb": ("data", "1000"), "tb": ("data", "1000000"), "mah": ("charge", "1"), "ah": ("charge", "1000"),
}  # fmt: skip
_NAMES = {
    "gram": "g", "kilogram": "kg", "kilo": "kg", "kgs": "kg", "ounce": "oz", "pound": "lb", "lbs": "lb", "inch": "in",
    "inches": "in", '"': "in", "”": "in", "foot": "ft", "feet": "ft", "'": "ft", "yard": "yd", "millimeter": "mm",
    "millimetre": "mm", "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m", "liter": "l", "litre": "l",
    "milliliter": "ml", "millilitre": "ml", "second": "s", "sec": "s", "minute": "min", "hour": "h", "hr": "h", "hrs": "h",
    "day": "d", "watt": "w",
}  # fmt: skip
_AMOUNT = re.compile(r"\s*([+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*([^\d\s]*)\s*", re.ASCII)


def known(unit: str) -> bool:
    """Whether a unit can be converted."""
    return _symbol(unit) in _UNITS


def convert(text: str, wanted: str) -> Decimal:
    """The amount that a text states, in the unit wanted; an amount without a unit is in it already. ValueError otherwise."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("not one amount with a unit")
    amount, unit = Decimal(match[1].replace(",", ".")), _symbol(match[2])
    if not unit or unit == _symbol(wanted):
        return amount
    if unit not in _UNITS:
        raise ValueError(f"{match[2]!r} is no known unit")
    dimension, size = _UNITS[unit]
    into, base = _UNITS[_symbol(wanted)]
    if dimension != into:
        raise ValueError(f"{match[2]} measures {dimension}, {wanted} measures {into}")
    return (amount * Decimal(size) / Decimal(base)).normalize() + 0


def _symbol(unit: str) -> str:
    unit = unit.strip().lower().rstrip(".")
    return _NAMES.get(unit) or _NAMES.get(unit.removesuffix("s")) or unit

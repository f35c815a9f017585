"""Single values of a record of what a shopper did: texts, moments, amounts. Each reader returns the value or raises BadEvent."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_AMOUNT = 10**12
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
_ZONE = re.compile(r"\s+(?:UTC|GMT|Z)$|\s+(?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
_EPOCH = re.compile(r"-?\d{9,19}(?:\.\d{1,9})?")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Below each bound a moment counted from 1970 is in seconds, milliseconds, microseconds; above in nanoseconds.
_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6))
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class BadEvent(Exception):
    """A record that is no interaction: `reason` for programs, `field` at fault, and in words why."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.field = reason, field


def text(name: str, value: Any, most: int) -> str:
    """A text of at most so many characters; "" where there is none. A whole number is taken as its digits."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadEvent("bad_text", name, f"{name} must be a text, not {kind(value)}")
    if len(value) > most:
        raise BadEvent("too_long", name, f"{name} has {len(value)} characters; {most} are taken")
    if _NO_TEXT.search(value):
        raise BadEvent("bad_text", name, f"{name} holds a character that is no text (broken encoding?)")
    return value


def moment(name: str, value: Any, zone: tzinfo) -> datetime:
    """A moment in UTC: ISO 8601 (also with a blank before the offset, or "UTC"), or a number counted from 1970 in seconds, milli-,
    micro- or nanoseconds. One without an offset is in `zone`."""
    try:
        found = _moment(value)
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, InvalidOperation) as error:
        told = "write one like 2026-05-31T14:00:00Z, or seconds since 1970"
        raise BadEvent("bad_time", name, f"{name} {str(value)[:40]!r} is no moment; {told}") from error
    if found < _EARLIEST:
        raise BadEvent("bad_time", name, f"{name} {str(value)[:40]!r} is before 1971")
    return found


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        value = value.strip()
        if not _EPOCH.fullmatch(value):
            return datetime.fromisoformat(_ZONE.sub(lambda m: "+00:00" if m[0].strip() else "", value))
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("no moment")
    count = Decimal(str(value))  # exact, where a float holds no microseconds of today
    unit = next((unit for bound, unit in _UNITS if abs(count) < bound), 10**9)
    return _FIRST + timedelta(microseconds=int(count * 1_000_000 / unit))


def amount(name: str, value: Any) -> Decimal | None:
    """A number that is not negative, None where there is none; BadEvent for what is none, infinite, negative or over 10^12."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise BadEvent("bad_number", name, f"{name} must be a number, not {kind(value)}")
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise BadEvent("bad_number", name, f"{name} {str(value)[:40]!r} is no number") from error
    if not found.is_finite():
        raise BadEvent("bad_number", name, f"{name} {str(value)[:40]!r} is no number")
    if found < 0:
        raise BadEvent("negative", name, f"{name} is {str(value)[:40]}; negative values are not taken")
    if found > MOST_AMOUNT:
        raise BadEvent("bad_number", name, f"{name} {str(value)[:40]} is over 10^12")
    return found


def price(name: str, value: Any) -> Decimal | None:
    """A price, of at most nine decimals."""
    found = amount(name, value)
    if found is None:
        return None
    exponent = found.as_tuple().exponent
    return round(found, 9).normalize() if isinstance(exponent, int) and exponent < -9 else found


def number(name: str, value: Any) -> float | None:
    """A quantity, rating or duration."""
    found = amount(name, value)
    return None if found is None or math.isnan(found) else float(found)


def currency(name: str, value: Any) -> str | None:
    """An ISO 4217 code's form: three letters."""
    code = text(name, value, 10).strip().upper()
    if code and not _CURRENCY.fullmatch(code):
        raise BadEvent("bad_currency", name, f"{name} {code!r} is no ISO 4217 code, such as EUR")
    return code or None


def kind(value: object) -> str:
    """What a value of JSON is, for a message."""
    names = {
        "bool": "yes or no", "list": "a list", "dict": "an object", "float": "a fraction", "Decimal": "a fraction", "int": "a number",
        "str": "a text", "NoneType": "nothing",
    }  # fmt: skip
    return names.get(type(value).__name__, f"a {type(value).__name__}")

"""Numbers as people write them, with a decimal point or comma and marks between thousands, become exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = re.compile(r"[+-]?\d[\d.,'’ \u00a0\u202f]*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\D\d{3})+", re.ASCII)


def exact(text: str, mark: str | None = None) -> Decimal | None:
    """The number that a text is, None where it is none. `mark` is the decimal mark; without one the last of both marks is it, a mark
    that stands twice parts thousands, and so does a single comma before exactly three digits."""
    flat = re.sub(r"[\s'’\u00a0\u202f]+(?=\d)", "", text.strip())
    mark = mark or _mark(flat)
    other = "," if mark == "." else "."
    whole, _, part = flat.partition(mark)
    if other in whole and not _GROUPED.fullmatch(whole):
        return None
    plain = whole.replace(other, "") + (f".{part}" if part else "")
    return Decimal(plain) if _NUMBER.fullmatch(plain) and len(plain) < 400 else None


def with_point(text: str, mark: str | None) -> str:
    """The text with its numbers written with a decimal point and no mark between thousands, where `mark` is the decimal mark; as it is
    without one."""
    if mark is None:
        return text

    def rewritten(match: re.Match[str]) -> str:
        digits = match[0].rstrip(" .,'’\u00a0\u202f")
        number = exact(digits, mark)
        return match[0] if number is None else f"{number:f}{match[0][len(digits) :]}"

    return _DIGITS.sub(rewritten, text)


def _mark(text: str) -> str:
    comma, dot = text.rfind(","), text.rfind(".")
    if comma < 0 or dot < 0:
        mark = "," if comma >= 0 else "."
        thousands = text.count(mark) > 1 or (
            mark == "," and _GROUPED.fullmatch(text) and not text.lstrip("+-").startswith("0")
        )
        return ("." if mark == "," else ",") if thousands else mark
    return "," if comma > dot else "."

"""Prices as feeds write them become exact decimals. No binary float takes part: a float that a file format forces on us
(a Parquet double) enters by its shortest decimal text, which is what the shop wrote.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from shelftalk.catalog.currencies import CURRENCIES, currencies_of, decimal_comma, decimals
from shelftalk.text import clean

__all__ = ["CURRENCIES", "Marks", "kind", "parse_currency", "parse_money"]

_PLAIN = re.compile(r"\d{1,15}(?:\.\d{1,18})?", re.ASCII)
_DIGITS = re.compile(r"\d(?:[\d.,' ]*\d)?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*", re.ASCII)
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_RANGE = re.compile(r"\d\s*(?:-|–|—|to|bis|à|\.\.+|/)\s*\D{0,4}\d", re.IGNORECASE)
# "129.-", "129,--", "129:-", "500/-", "500/=" and "12." have no decimals.
_NONE_BEHIND = re.compile(r"(?:[.,:]\s?[-–—]{1,2}|\s?[-–—]{2})(?=\s|$|[^\s\d-])|/[-=]|[.,](?=\s|$)")
_NOTE = re.compile(r"\s*[*†‡]+$")  # that refers to a note at the foot of the page
_SPELLING = str.maketrans({"٫": ".", "٬": ",", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "−": "-"})
_LIMIT = Decimal(10) ** 15
_PLACES = 18


def parse_money(
    value: Any, currency: str | None = None, marks: Marks | None = None
) -> tuple[Decimal, str | None, tuple[str, ...]]:
    """The exact amount, the currency it names (ISO 4217; None where it names none, or a sign of several), and the codes it
    could mean. `currency` is the one that is known from elsewhere.

    Takes an int, a Decimal, a float (by its shortest decimal text) or a text such as "19.99 USD", "Rs. 1,29,900",
    "$1,299.00" or "1.299,00 €", in any digits. One separator with exactly three digits behind it and one to three before is
    a point or a group: as the other prices of the feed have it (`marks`), else as many decimals as the currency has. A dot
    groups where the currency named beside the amount has fewer than three, or the one that is known none; a comma groups,
    unless prices of that currency have three decimals behind a comma. ValueError says why anything else cannot be a price.
    """
    if isinstance(value, str):
        return _from_text(value, currency, marks)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"a price must be a number or a text, not {kind(value)}")
    amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if isinstance(value, float) and 0 < value < 1:
        near = amount.quantize(Decimal(1).scaleb(-_PLACES))
        amount = amount if near == amount else near  # a binary fraction is not exact so far down
    return _checked(amount), None, ()


def parse_currency(text: str) -> str | None:
    """The ISO 4217 code that a text names, by code in any case, by a sign or by a name that means one; None where it names
    none, or where several are as likely."""
    return next(iter(currencies_of(text)), "") or None


def kind(value: Any) -> str:
    """What a JSON value is, in a reader's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    names = {"str": "text", "dict": "an object", "list": "a list", "tuple": "a list"}
    return names.get(type(value).__name__, type(value).__name__)


def _checked(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValueError("not a number")
    if amount < 0:
        raise ValueError("a price cannot be negative")
    if amount >= _LIMIT:
        raise ValueError("too large for a price (15 digits before the point at most)")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int):
        if exponent < -_PLACES:
            raise ValueError(f"too many decimal places for a price ({_PLACES} at most)")
        if exponent > 0:
            amount = amount.quantize(Decimal(1))
    return abs(amount)


def _from_text(text: str, currency: str | None, marks: Marks | None) -> tuple[Decimal, str | None, tuple[str, ...]]:
    if _PLAIN.fullmatch(text) and (text[-4:-3] != "." or (currency is None and marks is None)):
        return Decimal(text), None, ()
    if any(c.isdigit() and not c.isdecimal() for c in text):
        raise ValueError("raised digits")  # "12⁹⁹" is not 1299
    flat = _NOTE.sub("", clean(html.unescape(text) if "&" in text else text))
    flat = "".join(str(unicodedata.decimal(c, c)) for c in flat).translate(_SPELLING)
    _refuse(flat)
    before, digits, after = _parts(flat)
    if not _DIGITS.fullmatch(digits.removeprefix(".")):
        if "e" in flat.lower():
            try:
                return _checked(Decimal(flat)), None, ()
            except InvalidOperation:
                pass
        raise ValueError("not a single amount with a currency")
    said = [side for side in (before.strip(), after.strip()) if side]
    codes = _currencies(*said)
    amount = _amount(digits, codes or ((currency,) if currency else ()), bool(said), marks)
    return _checked(amount), (codes[0] or None) if codes else None, codes


def _refuse(flat: str) -> None:
    """ValueError, with the reason, for what is clearly no price."""
    if not flat:
        raise ValueError("no price given")
    if not any("0" <= c <= "9" for c in flat):
        raise ValueError("not a number")
    if flat[0] in "-(" or re.match(r"\D{0,5}-\s*\d", flat):
        raise ValueError("a price cannot be negative")
    if _RANGE.search(flat):
        raise ValueError("a range, not one price")


def _parts(flat: str) -> tuple[str, str, str]:
    """What stands before the amount, the amount, and what stands behind it."""
    places = [i for i, c in enumerate(flat) if "0" <= c <= "9"]
    before, digits, after = flat[: places[0]], flat[places[0] : places[-1] + 1], flat[places[-1] + 1 :]
    if split := re.fullmatch(r"(\d+)\s?([€£])\s?(\d\d)", digits):  # "12€99"
        return before + split[2], f"{split[1]}.{split[3]}", after
    if before.endswith((".", ",")):
        name = before[:-1]
        # The dot of "Rs.99" is the name's, that of "$.99" the amount's.
        if not name or name[-1].isspace() or unicodedata.category(name[-1]) == "Sc":
            return name, "." + digits, after
    return before, digits, _NONE_BEHIND.sub("", after, count=1) if _NONE_BEHIND.match(after) else after


def _currencies(*said: str) -> tuple[str, ...]:
    """The codes that the signs and words around an amount may stand for, the likeliest first."""
    codes: tuple[str, ...] = ()
    words = [word for side in said for word in ([side] if currencies_of(side) else side.split())]
    for word in words:
        found = currencies_of(word)
        if not found:
            raise ValueError(f"{word!r} is no currency")
        if codes and not (set(found) & set(codes)) - {""}:
            raise ValueError("two currencies")
        codes = found if not codes or len(found) < len(codes) else codes
    return codes


def _amount(digits: str, codes: tuple[str, ...], named: bool, marks: Marks | None) -> Decimal:
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        point = max(comma, dot)
    elif digits.count(",") + digits.count(".") == 1:
        point = max(comma, dot)
        if (
            len(digits) - point - 1 == 3
            and 0 < point <= 3
            and digits[0] != "0"
            and _groups(digits[point], codes, named, marks)
        ):
            point = -1
    else:
        point = -1
    whole, part = (digits, "") if point < 0 else (digits[:point], digits[point + 1 :])
    if whole and not whole.isdigit() and not _GROUPED.fullmatch(whole) and not _INDIAN.fullmatch(whole):
        raise ValueError("digits are not grouped as a number")
    if part and not part.isdigit():
        raise ValueError("digits are not grouped as a number")
    return Decimal(re.sub(r"\D", "", whole) + ("." + part if part else "") or "0")


def _groups(separator: str, codes: tuple[str, ...], named: bool, marks: Marks | None) -> bool:
    """Whether a single separator before exactly three digits groups them."""
    known = [code for code in codes if code]
    places = max(map(decimals, known), default=None)
    decimal = marks.decimal if marks is not None else None
    if decimal is not None and decimal != separator:
        return True
    if separator == ",":
        return places is None or places < 3 or (decimal is None and not all(map(decimal_comma, known)))
    return decimal is None and places is not None and places < 3 and (named or places == 0)


_THREE_BEHIND = re.compile(r"(?<![\d.,'])[1-9]\d{0,2}\.\d{3}(?![\d.,'])")
_MARKED = re.compile(r"\d(?:[\d.,]*\d)?", re.ASCII)


class Marks:
    """What the prices of a feed show of its decimal mark. `prices` gives some of them, and is asked once, when a price is met
    that can be read in two ways; `told` hears how such a price was read."""

    def __init__(self, prices: Callable[[], Iterable[Any]], told: Callable[[str], None] | None = None) -> None:
        self._prices, self._told = prices, told

    @cached_property
    def decimal(self) -> str | None:
        """The decimal mark of the feed's prices; None where none shows it, or some show one and some the other."""
        shown = {mark for price in self._prices() if isinstance(price, str) and (mark := _shown(price))}
        return shown.pop() if len(shown) == 1 else None

    def tell(self, text: Any, amount: Decimal, code: str | None) -> None:
        """Tells how a dot before exactly three digits was read, where the currency has one or two decimals."""
        if self._told is None or not isinstance(text, str) or decimals(code or "") in (0, 3):
            return
        if code is None or not _THREE_BEHIND.search(text):
            return
        if amount == amount.to_integral_value() and amount >= 1000:
            self._told("prices with three digits behind a dot, read as thousands")
        else:
            self._told("prices with three digits behind a dot, read as decimals")


def _shown(text: str) -> str | None:
    """The decimal mark that one price shows: "12,99" and "1.299,00" a comma, "1.299" neither."""
    match = _MARKED.search(text)
    held = re.sub(r"\d", "", match.group()) if match else ""
    if match is None or not held:
        return None
    last = held[-1]
    behind = match.group().rpartition(last)[2]
    if len(set(held)) > 1:
        return last
    if len(held) > 1:  # one mark several times groups
        return "." if last == "," else ","
    before = match.group().partition(last)[0]
    decimal = len(behind) != 3 or len(before) > 3 or before.startswith("0")
    return last if decimal else None

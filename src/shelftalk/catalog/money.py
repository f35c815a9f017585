"""Prices as feeds write them become exact decimals. No binary float takes part: a float that a file format forces on us
(a Parquet double) enters by its shortest decimal text, which is what the shop wrote.

Currency codes are those of ISO 4217 in use.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from shelftalk.words.money import PRICE_SIGNS

_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES "
    "VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)  # fmt: skip
CURRENCIES = frozenset(_CODES.split())
_SYMBOLS = {symbol: tuple(codes) for symbol, codes in PRICE_SIGNS.items()}
_BY_FOLD = {symbol.lower(): codes for symbol, codes in _SYMBOLS.items()}

_PLAIN = re.compile(r"\d{1,15}(?:\.\d{1,18})?", re.ASCII)
_PRICE = re.compile(
    r"(?P<before>[^\d.,+\-]*?)\s*(?P<number>[.,]?\d(?:[\d.,'’ ]*\d)?)\s*(?P<after>[^\d]*)", re.DOTALL | re.ASCII
)
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’ ])\d{3})(?:\1\d{3})*", re.ASCII)
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_RANGE = re.compile(r"\d\s*(?:-|–|—|to|bis|à|\.\.+|/)\s*\D{0,4}\d", re.IGNORECASE)
_LIMIT = Decimal(10) ** 15
_PLACES = 18


def parse_money(value: Any) -> tuple[Decimal, str | None, tuple[str, ...]]:
    """The exact amount, the currency it names (ISO 4217; None where it names none), and the codes it could mean.

    Takes an int, a Decimal, a float (by its shortest decimal text) or a text such as "19.99 USD", "USD 19.99",
    "$1,299.00" or "1.299,00 €". A single dot is the decimal point, as every feed standard has it; a single comma is a
    decimal comma unless exactly three digits follow it. ValueError says why anything else cannot be a price.
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"a price must be a number or a text, not {kind(value)}")
    amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if isinstance(value, float) and 0 < value < 1:
        near = amount.quantize(Decimal(1).scaleb(-_PLACES))
        amount = amount if near == amount else near  # a binary fraction is not exact so far down
    return _checked(amount), None, ()


def parse_currency(text: str) -> str | None:
    """The ISO 4217 code that a text names, by code in any case or by a symbol that means one; None where it names none."""
    text = text.strip()
    if (code := text.upper()) in CURRENCIES:
        return code
    return (_BY_FOLD.get(text.lower()) or ("",))[0] or None


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


def _from_text(text: str) -> tuple[Decimal, str | None, tuple[str, ...]]:
    if _PLAIN.fullmatch(text):
        return Decimal(text), None, ()
    flat = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ").strip()
    _refuse(flat)
    match = _PRICE.fullmatch(flat)
    if match is None or not flat.isprintable():
        if "e" in flat.lower():
            try:
                return _checked(Decimal(flat)), None, ()
            except InvalidOperation:
                pass
        raise ValueError("not a single amount with a currency")
    codes = _currencies(match["before"].strip(), match["after"].strip())
    return _checked(_amount(match["number"])), (codes[0] or None) if codes else None, codes


def _refuse(flat: str) -> None:
    """ValueError, with the reason, for what is clearly no price."""
    if not flat:
        raise ValueError("no price given")
    if not any("0" <= c <= "9" for c in flat):
        raise ValueError("not a number")
    if flat[0] in "-−(" or re.match(r"\D{0,4}[-−]\s*\d", flat):
        raise ValueError("a price cannot be negative")
    if _RANGE.search(flat):
        raise ValueError("a range, not one price")


def _currencies(*said: str) -> tuple[str, ...]:
    """The codes that the signs and words around an amount may stand for, the likeliest first."""
    codes: tuple[str, ...] = ()
    for word in filter(None, said):
        found = (word.upper(),) if word.upper() in CURRENCIES else _BY_FOLD.get(word.lower())
        if found is None:
            raise ValueError(f"{word!r} is no currency")
        if codes and not set(found) & set(codes):
            raise ValueError("two currencies")
        codes = found if not codes or len(found) < len(codes) else codes
    return codes


def _amount(digits: str) -> Decimal:
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        point = max(comma, dot)
    elif dot >= 0:
        point = dot if digits.count(".") == 1 else -1
    elif comma >= 0 and digits.count(",") == 1:
        point = -1 if len(digits) - comma - 1 == 3 and digits[0] not in "0," else comma
    else:
        point = -1
    whole, part = (digits, "") if point < 0 else (digits[:point], digits[point + 1 :])
    if whole and not whole.isdigit() and not _GROUPED.fullmatch(whole) and not _INDIAN.fullmatch(whole):
        raise ValueError("digits are not grouped as a number")
    if part and not part.isdigit():
        raise ValueError("digits are not grouped as a number")
    return Decimal(re.sub(r"\D", "", whole) + ("." + part if part else "") or "0")

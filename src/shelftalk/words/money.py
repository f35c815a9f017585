"""Currencies as requests and sentences write them: ISO codes and CLDR's English names through Babel, signs, and currencies.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from shelftalk.words.units import WRITTEN

_TABLE = tomllib.loads((Path(__file__).parent / "currencies.toml").read_text(encoding="utf-8"))
_LOWER, _AMBIGUOUS = frozenset(_TABLE["lower"].split()), frozenset(_TABLE["ambiguous"].split())
# The codes that a sign beside a price in a feed may mean.
PRICE_SIGNS: dict[str, list[str]] = _TABLE["prices"]
# The signs of Unicode's category Sc that stand for a currency in use.
_SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee", "₺": "lira", "₽": "ruble", "₩": "won",
          "₫": "dong", "₪": "shekel", "₴": "hryvnia", "₦": "naira", "₱": "peso", "฿": "baht"}  # fmt: skip
# Names that a request is likely to slip in.
COMMON_NAMES = frozenset(
    [
        "dollar",
        "dollars",
        "buck",
        "bucks",
        "euro",
        "euros",
        "quid",
        "francs",
        "kronor",
        "rupees",
        "pesos",
        "zloty",
        "lira",
    ]
)
SIGN = r"[$£¥฿₠-₿]"


@cache
def _names() -> dict[str, frozenset[str]]:
    """The currencies that a name, an abbreviation or a code in lower case may mean. Names stand whole ("swiss francs") and by
    their last word ("francs")."""
    from babel.core import get_global
    from babel.numbers import get_currency_name

    tender = get_global("territory_currencies").values()
    found: dict[str, set[str]] = {}
    for code in sorted({row[0] for rows in tender for row in rows if row[2] is None and row[3]}):
        for count in (1, 2):
            name = get_currency_name(code, count, "en").lower()
            for said in {name, name.rsplit(maxsplit=1)[-1], code.lower()}:
                found.setdefault(said, set()).add(code)
    for table in ("short", "names"):
        for said, codes in _TABLE[table].items():
            found.setdefault(said, set()).update(codes)
    return {said: frozenset(codes) for said, codes in found.items()}


def codes_of(word: str) -> frozenset[str]:
    """The ISO 4217 codes that a sign ("$"), a code or an English name ("kronor") may mean; empty for any other word."""
    low = word.lower()
    return _names().get(_SIGNS.get(low, low), frozenset())


def currency_of(word: str) -> str | None:
    """The code that a sign, a code or a name most likely means ("$" is USD), "cents" for cents, None for any other word."""
    if word.lower() in ("cent", "cents"):
        return "cents"
    if word.lower() in WRITTEN and word.lower() not in ("pound", "pounds"):
        return None
    if word.upper() != word and (word.lower() in _AMBIGUOUS - {"pound", "pounds"} or _code_alone(word)):
        return None
    codes = codes_of(word)
    return next((code for code in _TABLE["main"] if code in codes), min(codes, default=None))


def _code_alone(word: str) -> bool:
    """Whether the word is a currency's code and no name of one, and too much of a word to be read in lower case."""
    low = word.lower()
    return len(low) == 3 and low not in _LOWER and codes_of(low) == {low.upper()}


@cache
def _behind() -> re.Pattern[str]:
    names = (n for n in _names() if n not in _AMBIGUOUS and not (len(n) == 3 and n.upper() in _names()[n]))
    short = "|".join(sorted(map(re.escape, (*names, *_LOWER)), key=len, reverse=True))
    codes = "|".join(sorted(c.upper() for c in _names() if len(c) == 3 and c.upper() in _names()[c]))
    return re.compile(rf"(?:(?i:{short})|{codes})(?!\w)|{SIGN}|/-")


def behind(text: str, at: int) -> int | None:
    """Where a currency that is written at the offset ends; None where none is."""
    match = _behind().match(text, at)
    return match.end() if match else None


# Before a number: a sign, a code in capitals or one of those read in lower case, or an abbreviation.
BEFORE = rf"(?:{SIGN}|\b(?i:{'|'.join(sorted((*map(re.escape, _TABLE['short']), *_LOWER), key=len, reverse=True))})\.?|\b(?-i:[A-Z]{{3}})(?=\s?\d))"
_BEFORE = re.compile(rf"{BEFORE}\s*$")


def before(text: str) -> int | None:
    """Where the currency begins that the text ends with; None where it ends with none."""
    match = _BEFORE.search(text)
    if match is None:
        return None
    word = match.group().strip().rstrip(".")
    return match.start() if codes_of(word) or word in _SIGNS else None

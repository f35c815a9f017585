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
SIGN = r"[$£¥฿৳₠-₿]"


def _in_force() -> frozenset[str]:
    from babel.core import get_global

    return frozenset(
        r[0] for rows in get_global("territory_currencies").values() for r in rows if r[2] is None and r[3]
    )


# The codes of ISO 4217 that are tender somewhere.
_TENDER = _in_force()


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
    for sign, codes in PRICE_SIGNS.items():
        if sign[:-1].isalpha() and sign.endswith("$"):  # "CA$"
            found.setdefault(sign.lower(), set()).update(codes)
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


def in_thousandths(word: str, own: tuple[str, ...]) -> bool:
    """Whether amounts beside that sign, code or name have three decimals, as dinars and the rial of Oman have."""
    from babel.numbers import get_currency_precision

    codes = codes_of(word) & set(own) or codes_of(word) or set(own)
    return any(get_currency_precision(code) == 3 for code in codes)


def _code_alone(word: str) -> bool:
    """Whether the word is a currency's code and no name of one, and too much of a word to be read in lower case."""
    low = word.lower()
    return len(low) == 3 and low not in _LOWER and codes_of(low) == {low.upper()}


_FEW = 6  # countries: a currency of more of them is called so everywhere


@cache
def own_words(code: str) -> frozenset[str]:
    """What the customers of a shop with prices in that currency call it, in lower case: the sign of its countries ("R", "RM", "৳"), and the
    names that are other words elsewhere ("rand", "shillings")."""
    from babel.core import Locale, UnknownLocaleError, get_global
    from babel.languages import get_official_languages
    from babel.numbers import get_currency_name, get_currency_symbol

    tender = get_global("territory_currencies")
    countries = [t for t, rows in tender.items() if any(r[0] == code and r[2] is None and r[3] for r in rows)]
    found = {code, *_TABLE["own"].get(code, "").split()}
    found |= {said for table in ("short", "names") for said, codes in _TABLE[table].items() if code in codes}
    found |= {get_currency_name(code, count, "en").rsplit(maxsplit=1)[-1] for count in (1, 2)}
    for country in countries if len(countries) <= _FEW else ():
        for language in {*get_official_languages(country, regional=True, de_facto=True), "en"}:
            try:
                found.add(get_currency_symbol(code, Locale.parse(f"{language}_{country}")))
            except (UnknownLocaleError, ValueError):
                continue
    return frozenset(w for said in found if (w := said.lower().strip("\u200e\u200f. ")))


@cache
def _own(codes: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of what stands before a number and behind one where prices are in these currencies."""
    from babel.numbers import get_currency_name

    words = {w for code in codes for w in own_words(code)}
    long = (
        "|".join(sorted((re.escape(w) for w in words if len(w) > 1 or not w.isascii()), key=len, reverse=True))
        or "(?!)"
    )
    short = "|".join(re.escape(w.upper()) for w in words if len(w) == 1) or "(?!)"
    of = "|".join(
        re.escape(n[0]) for c in codes if len(n := get_currency_name(c, 2, "en").lower().rsplit(maxsplit=1)) > 1
    )
    return (
        re.compile(rf"(?:(?<!\w)(?i:{long})\.?|(?<!\w)(?:{short}))\s*$"),
        re.compile(rf"(?i:(?:(?:{of or '(?!)'})\s)?(?:{long}))(?!\w)"),
    )


@cache
def _behind() -> re.Pattern[str]:
    names = (n for n in _names() if n not in _AMBIGUOUS and not (len(n) == 3 and n.upper() in _names()[n]))
    short = "|".join(sorted(map(re.escape, (*names, *_LOWER)), key=len, reverse=True))
    codes = "|".join(sorted(c.upper() for c in _names() if len(c) == 3 and c.upper() in _names()[c]))
    return re.compile(rf"(?:(?i:{short})|{codes})(?!\w)|{SIGN}|/[-=]|[.,:]-(?!\w)")  # "50/-", "120.-", "99:-"


def behind(text: str, at: int, own: tuple[str, ...] = ()) -> int | None:
    """Where a currency that is written at the offset ends; None where none is. `own` are the codes of the shop's own currencies."""
    match = _behind().match(text, at) or (_own(own)[1].match(text, at) if own else None)
    return match.end() if match else None


# Before a number: a sign, a code in capitals or one of those read in lower case, or an abbreviation.
_LETTERED = "|".join(
    sorted((re.escape(s) for s in PRICE_SIGNS if s[:-1].isalpha() and s.endswith("$")), key=len, reverse=True)
)
BEFORE = rf"(?:(?<!\w)(?i:{_LETTERED})|{SIGN}|\b(?i:{'|'.join(sorted((*map(re.escape, _TABLE['short']), *_LOWER), key=len, reverse=True))})\.?|\b(?-i:{'|'.join(sorted(_TENDER))})(?![A-Za-z]))"
_BEFORE = re.compile(rf"{BEFORE}\s*$")


def before(text: str, own: tuple[str, ...] = ()) -> int | None:
    """Where the currency begins that the text ends with; None where it ends with none. `own` are the codes of the shop's own
    currencies."""
    if own and (mine := _own(own)[0].search(text)) is not None:
        return mine.start()
    match = _BEFORE.search(text)
    if match is None:
        return None
    word = match.group().strip().rstrip(".")
    return match.start() if codes_of(word) or word in _SIGNS else None

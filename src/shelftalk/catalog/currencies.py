"""What stands beside an amount in a feed, as currencies: ISO 4217 codes, signs, abbreviations and names.

Source: CLDR through Babel, for every currency in use and every official language of where it is tender (words/cldr.json, which
scripts/currencies.py writes); words/currencies.toml adds what shops write besides.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from shelftalk.text import clean
from shelftalk.words.money import PRICE_SIGNS, codes_of
from shelftalk.words.units import WRITTEN

_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES "
    "VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)  # fmt: skip
CURRENCIES = frozenset(_CODES.split())
_NO_LETTERS = re.compile("[. '’‘ʻʼ\u0307]")  # the dot above is what is left of a Turkish capital


def fold(word: str) -> str:
    """A sign or name without case, dots, blanks, apostrophes and invisible marks: "Rs.", "RS" and "rs" are one."""
    return _NO_LETTERS.sub("", clean(word).casefold()).replace("ı", "i")


_SIGNS = {fold(sign): tuple(codes) for sign, codes in PRICE_SIGNS.items()}


def currencies_of(word: str) -> tuple[str, ...]:
    """The codes that a code, sign or name may stand for, empty for any other word. The first is meant where nothing else
    tells; it is "" where several are as likely.

    A code may have a sign of its own at its end ("AUD$"), and a word no accents ("zl", "VNĐ"). One Latin letter is a sign as it is
    written alone: "5 P" may be pula, "99p" are pence.
    """
    word = word.strip(" :")
    upper = word.strip(" .").upper()
    if upper in CURRENCIES:
        return (upper,)
    if upper[:3] in CURRENCIES and upper[3:] in _SIGNS and upper[:3] in _SIGNS[upper[3:]]:
        return (upper[:3],)
    if len(word) == 1 and word.isascii() and word.islower():
        return ()
    found = _meant(word) or _meant(word.strip(" .")) or _cldr()["bare"].get(bare(word), ())
    return found or ((bare(word).upper(),) if bare(word).upper() in CURRENCIES else ())


def bare(word: str) -> str:
    """A folded word without accents, and with d and l for đ and ł."""
    letters = unicodedata.normalize("NFKD", fold(word).replace("đ", "d").replace("ł", "l"))
    return "".join(c for c in letters if not unicodedata.combining(c))


def _meant(word: str) -> tuple[str, ...]:
    key = fold(word)
    if key in WRITTEN and key not in _SIGNS and word.strip() not in _cldr()["words"]:
        return ()  # "5 kg" is a weight, whatever CLDR says of the Caribbean guilder; "5 KM" are marks
    found = _SIGNS.get(key) or tuple(sorted(codes_of(clean(word).lower()))) or _cldr()["folded"].get(key, ())
    return found if len(found) < 2 or key in _SIGNS else ("", *found)


def decimals(code: str) -> int:
    """How many decimals prices of a currency have in daily use: 0 for JPY, and for IDR and SEK, whose small coins are gone."""
    return int(_cldr()["decimals"].get(code, 2))


def decimal_comma(code: str) -> bool:
    """Whether every official language of where a currency is tender writes a decimal comma."""
    return code in _cldr()["comma"].split()


@cache
def _cldr() -> dict[str, Any]:
    """The file's three tables (scripts/currencies.py), `folded`: the codes of each folded sign or name, and `bare`: the codes of those that
    have an accent, without it."""
    held: dict[str, Any] = json.loads((files("shelftalk.words") / "cldr.json").read_text(encoding="utf-8"))
    folded: dict[str, set[str]] = {}
    for word, codes in held["words"].items():
        folded.setdefault(fold(word), set()).update(codes.split())
    plain = {
        bare(word): tuple(sorted(codes)) for word, codes in folded.items() if bare(word) != word and word.isalpha()
    }
    plain |= {bare(word): codes for word, codes in _SIGNS.items() if bare(word) != word and word.isalpha()}
    return {
        **held,
        "folded": {word: tuple(sorted(codes)) for word, codes in folded.items()},
        "bare": {word: codes for word, codes in plain.items() if len(word) > 1},
    }

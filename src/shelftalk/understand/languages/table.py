"""One language's words of languages.yaml, compiled: what stands around its numbers, how it compares, how it denies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from shelftalk.understand.languages.compared import Comparators, any_of
from shelftalk.words.money import PRICE_SIGNS

__all__ = ["KNOWN_MONEY", "SAYS", "SCALES", "Rules", "marks", "rules", "tables"]

SAYS = {"lt": "under", "le": "at most", "gt": "over", "ge": "at least", "near": "around"}
_SIGNS = {sign: PRICE_SIGNS[sign][0] for sign in "€$£¥₩₺₽₹₴"}
# Currencies that the rules for English take as they stand, with a note where the prices are in another; the others are no limit then.
KNOWN_MONEY = {"EUR": "euros", "USD": "dollars", "GBP": "gbp"}
# Units that are written the same in most languages; "a" and "v" are words in some.
_INTERNATIONAL = frozenset(
    [
        "kg",
        "g",
        "mg",
        "cm",
        "mm",
        "m",
        "km",
        "l",
        "ml",
        "cl",
        "w",
        "kw",
        "mah",
        "wh",
        "kwh",
        "h",
        "min",
        "lm",
        "db",
        "hz",
        "khz",
        "gb",
        "tb",
        "mb",
        "lumen",
        "watt",
        "%",
    ]
)
SCALES = {"万": 10_000, "千": 1000, "만": 10_000, "천": 1000, "억": 100_000_000}
_DIGITS = r"\d{1,3}(?:[ .,'\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)?"
_UNSPACED = ("zh", "ja", "ko")


class Rules:
    """One language's words of languages.yaml, compiled."""

    def __init__(self, code: str, found: Mapping[str, Any]) -> None:
        self.code, self.name = code, str(found["name"])
        self.decimal: str = found["decimal"]
        self.spaced = code not in _UNSPACED
        self.numbers: Mapping[str, int] = found["numbers"]
        self.probe: tuple[str, ...] = tuple(found["probe"])
        self.stop = frozenset(str(found["stop"]).split())
        self.counted = {
            **{w: ("money", e) for w, e in {**found["money"], **_SIGNS}.items()},
            **{w: ("", e) for w, e in found["units"].items()},
            **dict.fromkeys(found["people"], ("people", "people")),
            **dict.fromkeys(found["age"], ("age", "years")),
        }
        # Turkish hangs its cases on a unit ("avrodan", "liraya"), and the unspaced write on
        end = r"(?!\w)" if self.spaced and code != "tr" else ""
        whole = r"(?!\w)" if self.spaced else ""
        start, alone = (r"(?<![\w.,])", r"(?<!\w)") if self.spaced else ("", "")
        letter = r"[^\W\d_]" if self.spaced else "[a-z]"
        units = rf"(?:{any_of(self.counted)}){end}|(?:{any_of(_INTERNATIONAL)})(?!{letter})"
        self.amount = re.compile(
            rf"(?P<sign>[{''.join(_SIGNS)}]\s?)?(?:{start}(?P<digits>{_DIGITS})|{alone}(?P<word>{any_of(self.numbers)}){whole})"
            rf"(?P<scale>[{''.join(SCALES)}])?(?:[\s-]?(?P<unit>{units}))?"
        )
        self.either = re.compile(rf"\s?{found['or']}\s?")
        self.compared = Comparators(
            {op: found.get(op) or [] for op in SAYS},
            {op: found.get(f"after_{op}") or [] for op in SAYS},
            tables("compare.yaml").get(code, {}),
            self.spaced,
        )
        self.pairs = [
            (self._led([a]) if a else None, re.compile(rf"\s*{re.escape(b)}\s*")) for a, b in found["between"]
        ]
        self.people = self._led(found["for"])
        self.size = self._led(found["size"])
        self.size_after = self._followed(found.get("after_size") or [])
        self.denials: tuple[str, ...] = tuple(found["without"])
        self.denials_after: tuple[str, ...] = tuple(found.get("without_after") or ())
        self.without = re.compile(self._phrase(found["without"]) or r"(?!)")
        self.without_after = self._followed(found.get("without_after") or [])
        self.cheapest = re.compile(self._phrase(found["cheapest"]) or r"(?!)")

    def compares(self, text: str, amount: re.Match[str], word: re.Match[str]) -> bool:
        """Whether what looks like a number is the comparator of the amount right before it."""
        behind = self.compared.behind(text[amount.end() :]) if not word["unit"] else None
        return behind is not None and amount.end() + behind.end == word.end()

    def _phrase(self, phrases: Sequence[str]) -> str:
        if not phrases:
            return ""
        return rf"(?<!\w)(?:{any_of(phrases)})(?!\w)" if self.spaced else f"(?:{any_of(phrases)})"

    def _led(self, phrases: Sequence[str]) -> re.Pattern[str] | None:
        """The phrases right before an amount."""
        start = r"(?<!\w)" if self.spaced else ""
        return re.compile(rf"{start}(?:{any_of(phrases)})[\s:]*$") if phrases else None

    def _followed(self, phrases: Sequence[str]) -> re.Pattern[str] | None:
        """The phrases right behind an amount."""
        end = r"(?!\w)" if self.spaced else ""
        return re.compile(rf"\s?['’]?(?:{any_of(phrases)}){end}") if phrases else None


@lru_cache(maxsize=4)
def tables(name: str = "languages.yaml") -> dict[str, dict[str, Any]]:
    """A table by language."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / name).read_text("utf-8"))
    return found


# What of the tables are words of the language itself; its names for units and currencies are those of others too.
_TELLING = (
    "lt",
    "le",
    "gt",
    "ge",
    "near",
    "for",
    "people",
    "size",
    "numbers",
    "without",
    "without_after",
    "cheapest",
    "up",
    "down",
    "not",
    "big",
    "small",
)


@lru_cache(maxsize=32)
def marks(code: str) -> frozenset[str]:
    """The words of the tables by which a language may be told: those around its numbers, its denials and its short words."""
    found = {**tables().get(code, {}), **tables("compare.yaml").get(code, {})}
    phrases = [*(p for key in _TELLING for p in found.get(key) or ()), str(found.get("stop", ""))]
    return frozenset(w for phrase in phrases for w in re.findall(r"[^\W\d_]+", phrase))


@lru_cache(maxsize=32)
def rules(code: str) -> Rules | None:
    """The rules for a language; None where there are none."""
    found = tables().get(code)
    return Rules(code, found) if found else None

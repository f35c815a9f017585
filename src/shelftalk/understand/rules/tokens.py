"""A request cut into words and numbers, each with where it stands, its stem and what separates it from the one before.

It knows nothing of catalogues: the rule-based parser's finders all walk this one list.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from shelftalk.text import clean
from shelftalk.words.stems import LONGEST, stem

_TOKEN = re.compile(
    r"\d+(?:,\d{2})+,\d{3}(?:\.\d+)?|\d+(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|(?<![^\W\d_])\.\d+|\d+|[^\W\d_]+(?:'[^\W\d_]+)?",
    re.UNICODE,
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"})  # fmt: skip
# "1.299,00", "1.000" beside a euro sign, "99,95" beside a currency or a unit.
_EURO = r"(?:€|eur\b|euros?\b|kr\b|sek\b|dkk\b|nok\b|kronor\b|kroner\b|zł|pln\b|kč|czk\b|tl\b|₺|try\b|brl\b|reais\b)"
_MEASURE = rf"(?:{_EURO}|\$|£|(?:kg|g|cm|mm|m|l|ml|km|w|kwh|litres?|liters?|inch(?:es)?)\b)"
_CONTINENTAL = re.compile(
    rf"(?<![\d.,])\d{{1,3}}(?:\.\d{{3}})+,\d{{1,2}}(?!\d)"
    rf"|(?<![\d.,])\d{{1,3}}(?:\.\d{{3}})+(?![\d,.]\d)(?=\s?{_EURO})|(?:(?<=€)|(?<=€ ))\d{{1,3}}(?:\.\d{{3}})+(?![\d,.]\d)"
    rf"|(?<![\d.,])\d+,\d{{1,2}}(?!\d)(?=\s?{_MEASURE})|(?:(?<=[€$£])|(?<=[€$£] ))\d+,\d{{1,2}}(?!\d)",
    re.IGNORECASE,
)
_SWAP = str.maketrans({",": ".", ".": ","})
_HARD = re.compile(r"[.;!?](?:[\s\"')]|$)|[:\n]")
_ABBREVIATIONS = frozenset(
    (
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "vs",
        "no",
        "oz",
        "lb",
        "lbs",
        "ft",
        "in",
        "fl",
        "approx",
        "max",
        "min",
        "rs",
        "fr",
        "kr",
    )
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word or number: `start` and `end` are offsets in the cleaned text, `gap` is the text before it, `written` is the
    word as the shopper wrote it where it was set right."""

    text: str
    low: str
    stem: str
    start: int
    end: int
    gap: str
    written: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it is written in digits."""
        return self.text[0].isdigit() or self.text[0] == "."

    @property
    def hard(self) -> bool:
        """Whether a sentence ended before it."""
        return bool(_HARD.search(self.gap))

    @property
    def comma(self) -> bool:
        """Whether a comma stands before it."""
        return "," in self.gap

    @property
    def aside(self) -> bool:
        """Whether a dash or bracket stands before it."""
        return " - " in self.gap or "(" in self.gap or ")" in self.gap or "--" in self.gap


@dataclass(frozen=True, slots=True)
class Text:
    """A request as the finders see it: the cleaned text, the same in lower case, its tokens, and the codes of the currencies that the
    shop's prices are in."""

    text: str
    low: str
    tokens: tuple[Token, ...]
    own: tuple[str, ...] = ()
    stems: frozenset[str] = field(init=False, repr=False, compare=False)  # of all its words

    def __post_init__(self) -> None:
        object.__setattr__(self, "stems", frozenset(t.stem for t in self.tokens))

    def span(self, first: int, last: int) -> str:
        """The words of the request from token `first` to token `last`, inclusive."""
        return self.text[self.tokens[first].start : self.tokens[last].end]

    def at(self, offset: int) -> int:
        """The index of the first token that starts at or after that offset."""
        low, high = 0, len(self.tokens)
        while low < high:
            middle = (low + high) // 2
            if self.tokens[middle].start < offset:
                low = middle + 1
            else:
                high = middle
        return low


def _point(text: str) -> str:
    """The text with amounts of the continent ("99,95 €", "€1.000") written with a decimal point; no offset moves."""
    return _CONTINENTAL.sub(lambda m: m.group().translate(_SWAP), text)


_VULGAR = re.compile("[¼½¾⅐-⅞]")


def _fraction(match: re.Match[str]) -> str:
    """The sign of a fraction in digits, apart from the number before it: "10½" is 10 1/2."""
    apart = match.start() and match.string[match.start() - 1].isdigit()
    return f"{' ' if apart else ''}{unicodedata.normalize('NFKC', match.group()).replace(chr(0x2044), '/')}"


def tokenise(raw: str, own: tuple[str, ...] = ()) -> Text:
    """The request cleaned (NFKC, no invisible characters, plain quotes and dashes) and cut into tokens."""
    text = _point(clean(_VULGAR.sub(_fraction, raw).translate(_QUOTES)).translate(_QUOTES))
    tokens, last, previous = [], 0, ""
    for match in _TOKEN.finditer(text):
        word, gap = match.group(), text[last : match.start()]
        low = word.lower()
        if gap.startswith(". ") and previous in _ABBREVIATIONS:
            gap = gap[1:]
        tokens.append(Token(word, low, low if word[0].isdigit() else stem(low), match.start(), match.end(), gap))
        last, previous = match.end(), low
    low_text = text.lower()
    return Text(
        text,
        low_text if len(low_text) == len(text) else "".join(c.lower()[:1] or c for c in text),
        tuple(tokens),
        own,
    )


def words(text: str) -> tuple[str, ...]:
    """The lower-case words and numbers of a name or value: "Black & Decker" is ("black", "decker")."""
    return _words(text) if len(text) <= LONGEST else _words.__wrapped__(text)


@lru_cache(maxsize=16_384)
def _words(text: str) -> tuple[str, ...]:
    return tuple(t.low.removesuffix("'s").replace(",", "") for t in tokenise(text).tokens if t.low != "and")


def stems(text: str) -> tuple[str, ...]:
    """The stems of the words of a name or value."""
    return _stems_of(text) if len(text) <= LONGEST else _stems_of.__wrapped__(text)


@lru_cache(maxsize=16_384)
def _stems_of(text: str) -> tuple[str, ...]:
    return tuple(w if w[0].isdigit() else stem(w) for w in words(text))

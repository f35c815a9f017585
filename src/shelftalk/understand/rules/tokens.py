"""A request cut into words and numbers, each with where it stands, its stem and what separates it from the one before.

It knows nothing of catalogues: the rule-based parser's finders all walk this one list.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from shelftalk.text import clean
from shelftalk.words import money as currencies
from shelftalk.words.stems import LONGEST, stem

_TOKEN = re.compile(
    r"\d+(?:,\d{2})+,\d{3}(?:\.\d+)?|\d+(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|(?<![^\W\d_])\.\d+|\d+|[^\W\d_]+(?:'[^\W\d_]+)?",
    re.UNICODE,
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"})  # fmt: skip
# "1.299,00" on its own, "1.000" and "99,95" beside a currency, "1,5" beside a unit.
_GROUPED = re.compile(
    r"(?<![\d.,'])\d{1,3}(?:(?:\.\d{3})+|(?: \d{3})+|(?:'\d{3})+)(?:,\d{1,2}|(?<=[ ']\d{3})\.\d{1,2})?(?!\d|[.,']\d)"
)
_COMMA = re.compile(r"(?<![\d.,])\d+,\d{1,2}(?!\d)")
_MEASURE = re.compile(r"\s?(?:kg|g|cm|mm|m|l|ml|km|w|kwh|litres?|liters?|inch(?:es)?)\b", re.IGNORECASE)
# Units so small that nobody tells a thousandth of one: "20.000 mAh".
_COUNTED = re.compile(r"\s?(?:mah|lm|lumens?|mm|ml|g|grams?|btu|rpm)\b", re.IGNORECASE)
# Before and behind an amount that can be nothing else: "under 2 500".
_LIMITED = re.compile(
    r"\b(?:under|below|over|above|than|up to|most|least|max\.?|min\.?|maximum|minimum)(?: of)? $", re.IGNORECASE
)
_DONE = re.compile(r"\s*(?:[.,;!?](?!\d)|$)| (?:please|thanks|if|but|and|or|in|with|for|that)\b", re.IGNORECASE)
_SWAP = str.maketrans({",": ".", ".": ",", " ": ",", "'": ","})
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
    numbered: frozenset[str] = frozenset()  # stems of words that a number may be glued to: "SPF30"
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


def _point(text: str, own: tuple[str, ...]) -> str:
    """The text with amounts as other countries write them ("99,95 €", "€1.000", "1 000 zł", "1'000 CHF") in English; no offset
    moves. Where one amount beside a currency has its thousands apart by a sign, all have."""
    grouped = list(_GROUPED.finditer(text))
    signs = {_sign(m) for m in grouped if _sign(m) == "'" or _beside_money(text, m, own)}
    signs |= {
        " " for m in grouped if _sign(m) == " " and _LIMITED.search(text[: m.start()]) and _DONE.match(text, m.end())
    }
    for match in grouped:
        counted = _sign(match) == "." and _COUNTED.match(text, match.end())
        if _sign(match) in signs or "," in match.group() or counted:
            english = match.group()
            english = english[:-3].translate(_SWAP) + english[-3:] if english[-3] == "." else english.translate(_SWAP)
            text = text[: match.start()] + english + text[match.end() :]
    for match in list(_COMMA.finditer(text)):
        if _MEASURE.match(text, match.end()) or _beside_money(text, match, own):
            text = text[: match.start()] + match.group().translate(_SWAP) + text[match.end() :]
    return text


def _sign(match: re.Match[str]) -> str:
    """The sign between the thousands of an amount."""
    return next(c for c in match.group() if not c.isdigit())


def _beside_money(text: str, match: re.Match[str], own: tuple[str, ...]) -> bool:
    """Whether a currency stands beside the amount; a dot before three digits is a decimal point in those of a thousand parts."""
    start = match.end() + (text[match.end() : match.end() + 1] == " ")
    end = currencies.behind(text, start, own)
    begin = currencies.before(text[: match.start()], own)
    if end is None and begin is None:
        return False
    said = text[start:end] if end is not None else text[begin : match.start()]
    return match.re is _COMMA or not currencies.in_thousandths(said.strip(" ."), own)


_VULGAR = re.compile("[¼½¾⅐-⅞]")


def _fraction(match: re.Match[str]) -> str:
    """The sign of a fraction in digits, apart from the number before it: "10½" is 10 1/2."""
    apart = match.start() and match.string[match.start() - 1].isdigit()
    return f"{' ' if apart else ''}{unicodedata.normalize('NFKC', match.group()).replace(chr(0x2044), '/')}"


def tokenise(raw: str, own: tuple[str, ...] = (), numbered: frozenset[str] = frozenset()) -> Text:
    """The request cleaned (NFKC, no invisible characters, plain quotes and dashes) and cut into tokens. Its text stays as the shopper
    wrote it, its lower-case text and tokens have amounts in English."""
    text = clean(_VULGAR.sub(_fraction, raw).translate(_QUOTES)).translate(_QUOTES)
    english = _point(text, own)
    tokens, last, previous = [], 0, ""
    for match in _TOKEN.finditer(english):
        word, gap = match.group(), english[last : match.start()]
        low = word.lower()
        if gap.startswith(". ") and previous in _ABBREVIATIONS:
            gap = gap[1:]
        tokens.append(Token(word, low, low if word[0].isdigit() else stem(low), match.start(), match.end(), gap))
        last, previous = match.end(), low
    low_text = english.lower()
    return Text(
        text,
        low_text if len(low_text) == len(text) else "".join(c.lower()[:1] or c for c in english),
        tuple(tokens),
        own,
        numbered,
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

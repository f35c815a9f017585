"""A sentence read against facts: which stretches are values, names, amounts and set phrases, and which are bare words.

It judges nothing; check.py does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from shelftalk.explain import lexicon
from shelftalk.explain.job import Point
from shelftalk.explain.phrase import wanted
from shelftalk.facts.facts import Fact
from shelftalk.facts.units import CURRENCY_WORDS, Unit, currency_of, unit_of
from shelftalk.text import clean

_TOKEN = re.compile(
    r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])-?\d+(?:\.\d+)?|\d+(?:\.\d+)?"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)?|[$€£¥₹%°\"+#&]"
)
_NOT_UNITS = frozenset({"in", "a", '"', "bar"})
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip

Key = str | float
ItemKind = Literal[
    "value", "name", "wanted", "amount", "compare", "asked", "contrast", "among", "origin", "word", "quote"
]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign; `amount` is set for numbers."""

    text: str
    key: Key
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a sentence and what it is: `text` in lower case, and the fact, amount or relation it carries."""

    kind: ItemKind
    text: str
    fact: Fact | None = None
    amount: float | None = None
    unit: Unit | None = None
    currency: str | None = None
    relation: str | None = None


# Small: within one answer the same texts are read again and again, between answers hardly.
@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text; spelled numbers from two to twelve count as numbers, a unit after a number has one key."""
    out: list[Token] = []
    for match in _TOKEN.finditer(clean(text).replace("’", "'").replace("“", '"').replace("”", '"')):
        raw = match.group()
        low = raw.lower()
        digits = raw.replace(",", "").lstrip("-")
        if digits[:1].isdigit():
            out.append(Token(low, float(raw.replace(",", "")), float(raw.replace(",", ""))))
        elif low in lexicon.NUMBER_WORDS:
            out.append(Token(low, lexicon.NUMBER_WORDS[low], lexicon.NUMBER_WORDS[low]))
        else:
            unit = unit_of(low) if out and out[-1].amount is not None and low not in _NOT_UNITS else None
            out.append(Token(low, unit.one if unit else _key(low)))
    return tuple(out)


def _key(word: str) -> str:
    """A word without a plural's s, so that "discs" is "disc"; words that only look plural stay."""
    word = {"&": "and"}.get(word, word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def keys(text: str) -> tuple[Key, ...]:
    """What two texts must share, in order, to say the same."""
    return tuple(t.key for t in tokens(text))


def spellings(fact: Fact) -> Iterator[tuple[Key, ...]]:
    """The ways in which a text, list or date value may be written out."""
    for part in fact.parts:
        if fact.kind == "date":
            yield from _dates(part)
            continue
        yield keys(part)
        bare = re.sub(r"\s*\([^()]*\)", "", part).strip()
        if bare and bare != part:
            yield keys(bare)


def _dates(iso: str) -> Iterator[tuple[Key, ...]]:
    day = date.fromisoformat(iso)
    month = _MONTHS[day.month - 1]
    for text in (
        iso,
        f"{day.day} {month} {day.year}",
        f"{month} {day.day} {day.year}",
        f"{month} {day.year}",
        str(day.year),
    ):
        yield keys(text)  # fmt: skip


def read(text: str, point: Point) -> list[Item]:
    """The sentence as items, from left to right; the longest reading wins at each place, values before the rest."""
    stream = tokens(text)
    options = [*_patterns(point)]
    items: list[Item] = []
    i = 0
    while i < len(stream):
        item, length = _longest(stream, i, options) or _amount(stream, i) or (_word(stream[i]), 1)
        items.append(item)
        i += length
    return items


def _patterns(point: Point) -> Iterator[tuple[tuple[Key, ...], Item]]:
    for fact in point.facts:
        for spelled in spellings(fact):
            yield spelled, Item("value", " ".join(map(str, spelled)), fact)
        yield keys(fact.name), Item("name", fact.name.lower(), fact)
    if point.constraint is not None:
        for value in wanted(point.constraint):
            if isinstance(value, str) and value.strip().lower() not in ("yes", "no", "true", "false"):
                yield keys(value), Item("wanted", value.lower())
    yield from _FIXED


def _fixed() -> Iterator[tuple[tuple[Key, ...], Item]]:
    def each(phrases: Iterable[str], kind: ItemKind) -> Iterator[tuple[tuple[Key, ...], Item]]:
        for phrase in phrases:
            yield keys(phrase), Item(kind, phrase, relation=lexicon.COMPARATORS.get(phrase))

    yield from each(lexicon.COMPARATORS, "compare")
    yield from each(lexicon.ASKED, "asked")
    yield from each(lexicon.CONTRAST, "contrast")
    yield from each(lexicon.AMONG, "among")
    yield from each(lexicon.ORIGINS, "origin")
    yield from each(lexicon.SET_PHRASES, "word")


_FIXED = tuple(_fixed())


def _longest(
    stream: Sequence[Token], start: int, options: Sequence[tuple[tuple[Key, ...], Item]]
) -> tuple[Item, int] | None:
    best: tuple[Item, int] | None = None
    for pattern, item in options:
        size = len(pattern)
        if size and (best is None or size > best[1]) and tuple(t.key for t in stream[start : start + size]) == pattern:
            best = (item, size)
    if best and best[0].kind == "compare" and best[0].text.startswith("not "):
        behind = _longest(stream, start + 1, options)
        if behind and behind[0].kind in ("wanted", "value") and behind[1] > 1:  # "not over-ear" is no comparison
            return None
    return best


def _amount(stream: Sequence[Token], i: int) -> tuple[Item, int] | None:
    """A number with the currency or unit around it."""
    token = stream[i]
    sign = currency_of(token.text) if token.text in "$€£¥₹" else None
    if sign and i + 1 < len(stream) and stream[i + 1].amount is not None:
        return Item("amount", stream[i + 1].text, amount=stream[i + 1].amount, currency=sign), 2
    if token.amount is None:
        return None
    after = stream[i + 1].text if i + 1 < len(stream) else ""
    if after in CURRENCY_WORDS and after != "pounds":
        return Item("amount", token.text, amount=token.amount, currency=currency_of(after)), 2
    if after == "°" and i + 2 < len(stream) and stream[i + 2].text in ("c", "f"):
        return Item("amount", token.text, amount=token.amount, unit=unit_of("°" + stream[i + 2].text)), 3
    unit = unit_of(after) if after and after not in _NOT_UNITS else None
    return Item(
        "amount", f"{token.text} {after}" if unit else token.text, amount=token.amount, unit=unit
    ), 2 if unit else 1


def _word(token: Token) -> Item:
    return Item("quote" if token.text == '"' else "word", token.text)

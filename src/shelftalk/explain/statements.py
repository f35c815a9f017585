"""What a model wrote, as statements: sentences with the numbers of the facts that they cite. It judges nothing; check.py does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from shelftalk.words.money import SIGN
from shelftalk.words.numbers import number_word
from shelftalk.words.stems import stem
from shelftalk.words.units import unit_of

__all__ = ["Statement", "StatementToken", "clauses", "statements", "tokens"]

_CITED = re.compile(r"\s*\[\s*(\d{1,2}(?:\s*,\s*\d{1,2})*)\s*\]")
_END = re.compile(r"[.!?]+[\"'’”)]*(?:\s*\[[\d,\s]+\])*(?=\s|$)")
_TOKEN = re.compile(
    rf"[^\W\d_]+\d\w*|\d+[^\W\d_]\w*|(?<![\w.])\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)|(?<![\w.])-?\d+(?:[.,]\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?|[%°\"]|{SIGN}|[,;:.!?()—–]"
)
_NUMBER = re.compile(r"-?\d[\d.,]*")
_JOINED = re.compile(r"(\d)([A-Za-z]+)\b")  # "330m" is "330 m"
_PAUSE = frozenset(",;:.!?()—–")
# Words that begin a clause of its own.
_TURNS = frozenset(
    {"but", "though", "although", "while", "yet", "so", "which", "because", "since", "whereas", "and", "as"}
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One or more sentences that rest on the same facts: `text` without the citations, `cited` the numbers in order."""

    text: str
    cited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StatementToken:
    """One word, number or sign in lower case; `amount` is set for numbers, `name` tells a word that is written large."""

    text: str
    stem: str
    amount: float | None = None
    large: bool = False


def statements(written: str) -> list[Statement]:
    """The statements of a text, in order. A sentence that cites nothing belongs to the one before it, or where none is
    before it to the one after; a text that cites nothing at all has one statement without citations."""
    found: list[Statement] = []
    open_ = ""
    for sentence in _sentences(" ".join(written.split())):
        numbers = tuple(dict.fromkeys(int(n) for m in _CITED.finditer(sentence) for n in m[1].split(",")))
        text = re.sub(r"\s+([.,;:!?])", r"\1", _CITED.sub("", sentence)).strip()
        if not text:
            if found and numbers:
                last = found.pop()
                found.append(Statement(last.text, tuple(dict.fromkeys((*last.cited, *numbers)))))
            continue
        if numbers:
            found.append(Statement(f"{open_} {text}".strip(), numbers))
            open_ = ""
        elif found:
            last = found.pop()
            found.append(Statement(f"{last.text} {text}", last.cited))
        else:
            open_ = f"{open_} {text}".strip()
    return found or ([Statement(open_, ())] if open_ else [])


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(text):
        after = text[match.end() :].lstrip()
        if not after or after[0].isupper() or after[0].isdigit() or after[0] in "\"'‘“[":
            yield text[start : match.end()].strip()
            start = match.end()
    if text[start:].strip():
        yield text[start:].strip()


@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[StatementToken, ...]:
    """The tokens of a text; number words are numbers ("six" is 6, "half" 0.5), hyphens part words."""
    out: list[StatementToken] = []
    text = _JOINED.sub(lambda m: f"{m[1]} {m[2]}" if unit_of(m[2]) else m[0], text.replace("’", "'"))
    for match in _TOKEN.finditer(text):
        raw = match.group()
        low = raw.lower()
        if _NUMBER.fullmatch(raw):
            number = raw.replace(",", "") if re.search(r",\d{3}", raw) else raw.replace(",", ".")
            out.append(StatementToken(low, low, float(number)))
        else:
            large = raw[0].isupper() and bool(out) and out[-1].text not in (".", "!", "?", ":", '"')
            out.append(StatementToken(low, stem(low), number_word(low), large))
    return tuple(out)


def clauses(text: str) -> Iterator[tuple[StatementToken, ...]]:
    """The clauses of a text: what stands between punctuation marks and turning words."""
    part: list[StatementToken] = []
    for token in tokens(text):
        if token.text in _PAUSE or token.text in _TURNS:
            if part:
                yield tuple(part)
            part = []
        else:
            part.append(token)
    if part:
        yield tuple(part)

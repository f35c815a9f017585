"""Catalogue values named in a request: exact, plural, hyphenated, partial, glued, by root or by synonym."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.lexicon import COMMON, VALUE_SYNONYMS
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.support import choose, heads_the_request
from shelftalk.understand.rules.tokens import Text, Token, stems
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER
from shelftalk.words.units import SHORT, UNITS

_TIMES = {"double": 2, "triple": 3, "quadruple": 4}
_JOIN = re.compile(r"^(?:[\s\-&'/+.]|\s&\s){0,3}$")


def mentions(text: Text, index: Index, taken: frozenset[int] = frozenset()) -> list[Mention]:
    """The values the request names, each with its field chosen, in order; tokens in `taken` are left alone."""
    found = _matches(text, index, taken)
    kept = []
    for mention in found:
        best = choose(text, index, mention, found)
        if best is not None:
            mention.field, mention.value = best.field, best
            kept.append(mention)
    return kept


def _matches(text: Text, index: Index, taken: frozenset[int]) -> list[Mention]:
    found: list[Mention] = []
    i, tokens = 0, text.tokens
    while i < len(tokens):
        hit = None
        if i not in taken and not _a_unit(text, index, i) and not _a_part(text, index, i):
            for n in range(_reach(text, index, taken, i), 0, -1):
                tried = _lookup(text, index, i, i + n - 1)
                if tried and (hit is None or any(v.exact for v in tried.candidates)):
                    hit = tried
                if hit and any(v.exact for v in hit.candidates):
                    break
        if hit:
            found.append(hit)
            i = hit.last + 1
        else:
            i += 1
    return found


def _a_unit(text: Text, index: Index, i: int) -> bool:
    """Whether the word is the unit of the number before it: the "l" of "40l", the "volt" of "9 volt", the "l" of "40 l" where
    something holds about 40 litres."""
    token = text.tokens[i]
    if not i or not text.tokens[i - 1].numeric or token.low not in UNITS:
        return False
    if token.gap == "" or (token.gap in (" ", "-") and token.low not in SHORT):
        return True
    number, measure = float(text.tokens[i - 1].low.replace(",", "")), UNITS[token.low]
    held = [k.bounds() for k in index.fields.values() if k.kind == "number" and k.unit == measure]
    return token.gap == " " and any(b is not None and b[0] <= number <= b[1] for b in held)


def _a_part(text: Text, index: Index, i: int) -> bool:
    """Whether the word is a letter that ends another word: the "c" of "type-c" is no size."""
    token = text.tokens[i]
    if len(token.low) > 1 or token.gap != "-" or not i or token.numeric:
        return False
    return text.tokens[i - 1].text.isalpha() and text.tokens[i - 1].stem not in index.by_name


def _reach(text: Text, index: Index, taken: frozenset[int], i: int) -> int:
    """How many tokens from i on may be one value: as long as they are joined, free, and some value begins so."""
    tokens = text.tokens
    most = min(max(2, index.starts.get(tokens[i].stem, 1) + 1, _said().get(tokens[i].stem, 1)), len(tokens) - i)
    n = 1
    while n < most and i + n not in taken and _JOIN.match(tokens[i + n].gap):
        n += 1
    return n


@lru_cache(maxsize=1)
def _said() -> dict[str, int]:
    """The length of the longest synonym that begins with a stem."""
    out: dict[str, int] = {}
    for key in _synonyms():
        out[key[0]] = max(out.get(key[0], 1), len(key))
    return out


def _lookup(text: Text, index: Index, first: int, last: int) -> Mention | None:
    """The values that these tokens name: as they stand, as a synonym, glued together, or by one telling word."""
    tokens = text.tokens[first : last + 1]
    key = tuple(t.stem for t in tokens if t.low != "and")
    if not key or "and" in (tokens[0].low, tokens[-1].low):
        return None
    if len(tokens) == 1 and tokens[0].numeric and len(tokens[0].text) < 4:
        return None
    exact = index.values.get(key) or (index.values.get(_without_articles(tokens)) if len(tokens) > 2 else None)
    if exact:
        return Mention(first, last, list(exact), "exact")
    for synonym in _synonyms().get(key, ()) if len(tokens) <= 3 else ():
        if held := index.values.get(stems(synonym)):
            return Mention(first, last, list(held), "synonym")
    if any(t.numeric for t in tokens):
        return None
    times = _TIMES.get(tokens[0].low, 0) if len(tokens) == 2 and len(tokens[1].low) == 1 else 0
    if times and (held := index.values.get((tokens[1].low * times,))):
        return Mention(first, last, list(held), "synonym")  # "double A" is AA
    if (
        len(tokens) == 2
        and len(joined := tokens[0].low + tokens[1].low) >= 6
        and (glued := index.values.get((stem(joined),)))
    ):
        return Mention(first, last, list(glued), "exact")
    return _by_one_word(text, index, first) if len(tokens) == 1 else None


def _by_one_word(text: Text, index: Index, at: int) -> Mention | None:
    """The value that one of its words tells: the last of a category's name, or one that no other value has."""
    word = text.tokens[at]
    if len(word.low) < 3:
        return None
    head = index.heads.get(word.stem)
    if head is not None and (word.low not in COMMON | FILLER or heads_the_request(text, at)):
        return Mention(at, at, [head], "head")
    if word.low in FILLER:
        return None
    partial = index.partial.get(word.stem)
    return Mention(at, at, list(partial), "partial") if partial else None


def _without_articles(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The stems without the articles inside: "in the ear" names what a catalogue calls "in-ear"."""
    return tuple(t.stem for n, t in enumerate(tokens) if t.low != "and" and (n == 0 or t.low not in ("the", "a", "an")))


@lru_cache(maxsize=1)
def _synonyms() -> dict[tuple[str, ...], tuple[str, ...]]:
    out: dict[tuple[str, ...], tuple[str, ...]] = {}
    for said, means in VALUE_SYNONYMS.items():
        out[stems(said)] = tuple(dict.fromkeys((*out.get(stems(said), ()), *means)))
    return out


__all__ = ["Mention", "mentions"]

"""Catalogue values named in a request: exact, plural, hyphenated, partial, glued, by root or by synonym."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shelftalk.understand.rules.index import Index, Value
from shelftalk.understand.rules.lexicon import COMMON, VALUE_SYNONYMS
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.support import choose
from shelftalk.understand.rules.tokens import Text, Token, stems
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER
from shelftalk.words.units import SHORT, UNITS

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
        if i not in taken and not _a_unit(text, i):
            for n in range(_reach(text, index, taken, i), 0, -1):
                tried = _lookup(text, index, i, i + n - 1)
                if tried and (hit is None or any(v.exact for v in tried.candidates)):
                    hit = tried
                if hit and any(v.exact for v in hit.candidates) and not _swallows_noun(text, index, hit):
                    break
        if hit:
            found.append(hit)
            i = hit.last + 1
        else:
            i += 1
    return found


def _a_unit(text: Text, i: int) -> bool:
    """Whether the word is the unit of the number before it: the "l" of "40l", the "volt" of "9 volt"."""
    token = text.tokens[i]
    if not i or not text.tokens[i - 1].numeric or token.low not in UNITS:
        return False
    return token.gap == "" or (token.gap in (" ", "-") and token.low not in SHORT)


def _swallows_noun(text: Text, index: Index, hit: Mention) -> bool:
    """Whether a brand's match took in the product's own noun, in lower case, while a shorter brand is there too:
    "American Weigh scales" where both American Weigh and American Weigh Scales are brands."""
    last = text.tokens[hit.last]
    if hit.last == hit.first or last.stem not in index.nouns or not last.text.islower() or text.text.islower():
        return False
    if not all(index.fields[v.field].brand and not str(v.value).split()[-1].islower() for v in hit.candidates):
        return False
    shorter = tuple(t.stem for t in text.tokens[hit.first : hit.last])
    return any(v.exact and index.fields[v.field].brand for v in index.values.get(shorter, ()))


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


def _lookup(text: Text, index: Index, first: int, last: int) -> Mention | None:  # noqa: C901, PLR0912
    tokens = text.tokens[first : last + 1]
    key = tuple(t.stem for t in tokens if t.low != "and")
    if not key or tokens[-1].low == "and" or (tokens[0].low == "and"):
        return None
    single = len(tokens) == 1
    if single and tokens[0].numeric and len(tokens[0].text) < 4:
        return None
    exact = index.values.get(key) or (index.values.get(_without_articles(tokens)) if len(tokens) > 2 else None)
    if exact:
        return Mention(first, last, list(exact), "exact")
    if len(tokens) <= 3:
        for synonym in _synonyms().get(key, ()):
            held = index.values.get(stems(synonym))
            if held:
                return Mention(first, last, list(held), "synonym")
    if len(tokens) == 2 and not tokens[0].numeric and not tokens[1].numeric:
        glued = index.values.get((stem(tokens[0].low + tokens[1].low),))
        if glued and len(tokens[0].low + tokens[1].low) >= 6:
            return Mention(first, last, list(glued), "exact")
    if not single or tokens[0].numeric:
        return None
    word = tokens[0]
    if word.low in FILLER or len(word.low) < 3:
        return None
    head = index.heads.get(word.stem)
    if head is not None and word.low not in COMMON:
        return Mention(first, last, [head], "head")
    partial = index.partial.get(word.stem)
    if partial:
        return Mention(first, last, list(partial), "partial")
    derived = _derived(word.low, index)
    if derived:
        return Mention(first, last, derived, "derived")
    return None


def _without_articles(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The stems without the articles inside: "in the ear" names what a catalogue calls "in-ear"."""
    return tuple(t.stem for n, t in enumerate(tokens) if t.low != "and" and (n == 0 or t.low not in ("the", "a", "an")))


@lru_cache(maxsize=1)
def _synonyms() -> dict[tuple[str, ...], tuple[str, ...]]:
    out: dict[tuple[str, ...], tuple[str, ...]] = {}
    for said, means in VALUE_SYNONYMS.items():
        out[stems(said)] = tuple(dict.fromkeys((*out.get(stems(said), ()), *means)))
    return out


_SUFFIXES = (
    "ity",
    "er",
    "ers",
    "ed",
    "ic",
    "al",
    "able",
    "ible",
    "matic",
    "matically",
    "ally",
    "y",
    "ness",
    "ing",
    "n",
    "en",
    "ion",
)


def _derived(word: str, index: Index) -> list[Value]:
    """Values whose word is made from the same root: elastic and elasticity, auto and automatic."""
    if word in COMMON or len(word) < 4:
        return []
    held = index.derived.get(word)
    if held is None:
        held = _roots(word, index)
        if len(index.derived) < 20_000:
            index.derived[word] = held
    return held


def _roots(word: str, index: Index) -> list[Value]:
    root = stem(word)
    out: list[Value] = []
    for suffix in _SUFFIXES:
        for candidate in (
            root + suffix,
            root.removesuffix(suffix) if root.endswith(suffix) else "",
            word.removesuffix(suffix) if word.endswith(suffix) else "",
        ):
            if len(candidate) >= 4 and candidate != word and candidate not in COMMON:
                out += [v for v in index.values.get((stem(candidate),), ()) if v not in out]
    return out


__all__ = ["Mention", "mentions"]

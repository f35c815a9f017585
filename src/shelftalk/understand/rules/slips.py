"""Misspelt words of limits set right by where they stand: "at lesat 8", "50 eurso", "les than 20", "undr 30".

These words belong to no catalogue, and a limit is lost without them, so the place decides: a unit or currency stands behind
a number, a comparison before one, "least" and "most" behind "at". Only words one slip away from such a word are touched.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.numbers import numbers
from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.understand.rules.vocabulary import ordinary
from shelftalk.values import Intent
from shelftalk.words import money as currencies
from shelftalk.words.money import COMMON_NAMES
from shelftalk.words.stems import bag
from shelftalk.words.units import UNITS

_COMPARISONS = bag("under below over above between within around least most than maximum minimum about beneath")
_DEGREES = bag(
    "less more fewer cheaper lower higher smaller larger bigger lighter heavier longer shorter greater wider narrower"
)
_SHORTEST = 4


@lru_cache(maxsize=1)
def _measures() -> frozenset[str]:
    return frozenset(w for w in {*UNITS, *COMMON_NAMES} if len(w) >= _SHORTEST)


def set_right(text: Text, index: Index) -> tuple[Text, dict[str, str]]:
    """The text with such words set right, and what each of them was: {"euros": "eurso"}; the text itself without any."""
    found: dict[str, str] = {}
    counted = numbers(text)
    behind, before = {n.last + 1 for n in counted}, {n.first - 1 for n in counted}
    out, last = [], 0
    for i, token in enumerate(text.tokens):
        near = _meant(text, index, i, behind, before)
        if near is not None:
            found[near] = token.text
            out += [text.text[last : token.start], near]
            last = token.end
    return (tokenise("".join([*out, text.text[last:]]), text.own, text.numbered), found) if found else (text, {})


def _meant(text: Text, index: Index, i: int, behind: Set[int], before: Set[int]) -> str | None:
    """The word of a limit that token i is a slip of, by its place beside a number; None for any other word."""
    token, lead = text.tokens[i], text.tokens[i - 1].low if i else ""
    word = token.low
    if len(word) < 3 or not word.isalpha() or token.hard:
        return None
    if lead == "at" and i in before:
        return _nearest(word, bag("least most"))
    if lead in _DEGREES and i in before:
        return _nearest(word, bag("than"))
    if text.tokens[i + 1 : i + 2] and text.tokens[i + 1].low in ("than", "then", "thn", "tahn"):
        return None if ordinary(word) else _nearest(word, _DEGREES)
    if len(word) < _SHORTEST or ordinary(word) or word in COMMON or token.stem in index.vocabulary_stems:
        return None
    if i in behind and currencies.behind(text.text, token.start, text.own) is not None:
        return None  # "1000 kroner" where the shop's are kroner
    if i in behind and "/" not in token.gap:
        return _nearest(word, _measures())
    near = _nearest(word, _COMPARISONS) if i in before else None
    return near if len(word) > _SHORTEST or near == "under" else None  # "blow a hundred" is no "below"


def _nearest(word: str, known: frozenset[str]) -> str | None:
    """The one word of those that is one slip away; None where the word is one of them, or several are as near."""
    if word in known or word in UNITS:
        return None
    near = [
        w
        for w in known
        if abs(len(w) - len(word)) <= 1 and w[0] == word[0] and OSA.distance(word, w, score_cutoff=1) <= 1
    ]
    kinds = {(UNITS[w].name if w in UNITS else w.removesuffix("s")) for w in near}
    return max(near, key=lambda w: (len(w) == len(word), w[-1] == word[-1], w)) if len(kinds) == 1 else None


def as_written(intent: Intent, slips: dict[str, str]) -> Intent:
    """The intent with the request's own words back in its spans and wishes."""

    def back(said: str) -> str:
        for right, written in slips.items():
            said = re.sub(rf"(?<!\w){re.escape(right)}(?!\w)", written.replace("\\", r"\\"), said)
        return said

    sort = intent.sort
    return replace(
        intent,
        constraints=tuple(replace(c, span=back(c.span)) for c in intent.constraints),
        sort=replace(sort, span=back(sort.span)) if sort else None,
        preferences=tuple(back(p) for p in intent.preferences),
    )

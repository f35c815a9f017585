"""Misspelt words of limits set right by where they stand: "at lesat 8", "50 eurso", "les than 20", "undr 30".

These words belong to no catalogue, and a limit is lost without them, so the place decides: a unit or currency stands behind
a number, a comparison before one, "least" and "most" behind "at". Only words one slip away from such a word are touched.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.numbers import numbers
from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.understand.rules.vocabulary import ordinary
from shelftalk.values import Intent
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


def set_right(text: Text, index: Index) -> tuple[Text, dict[str, str]]:  # noqa: C901, PLR0912
    """The text with such words set right, and what each of them was: {"euros": "eurso"}; the text itself without any."""
    behind = {n.last + 1 for n in numbers(text)}
    before = {n.first - 1 for n in numbers(text)}
    tokens, found = text.tokens, {}
    cuts: list[tuple[int, int, str]] = []
    for i, token in enumerate(tokens):
        word = token.low
        if len(word) < 3 or not word.isalpha() or token.hard:
            continue
        after_at = i > 0 and tokens[i - 1].low == "at" and i in before
        than_next = i + 1 < len(tokens) and tokens[i + 1].low in ("than", "then", "thn", "tahn")
        if after_at:
            near = _nearest(word, bag("least most"))
        elif i in before and i and tokens[i - 1].low in _DEGREES:
            near = _nearest(word, bag("than"))
        elif than_next:
            near = None if ordinary(word) else _nearest(word, _DEGREES)
        elif len(word) < _SHORTEST or ordinary(word) or word in COMMON or token.stem in index.vocabulary_stems:
            continue
        elif i in behind and "/" not in token.gap:
            near = _nearest(word, _measures())
        elif i in before:
            near = _nearest(word, _COMPARISONS)
            if len(word) == _SHORTEST and near != "under":
                near = None  # "blow a hundred" is no "below"
        else:
            continue
        if near is not None:
            found[near] = token.text
            cuts.append((token.start, token.end, near))
    if not cuts:
        return text, {}
    out, last = [], 0
    for start, end, word in cuts:
        out += [text.text[last:start], word]
        last = end
    return tokenise("".join([*out, text.text[last:]])), found


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

"""Words and their stems: how a request, a record and a sentence are compared. English, by the Snowball stemmer."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


_STOP = listed(
    "a an and any anything are as at be best big but buy by can cheap could do does for from get give good great have has "
    "he help her high him his how i i'd i'm if in into is it its just kind like looking low make me more most much "
    "must my need needs nice not of on one or our please product recommend she should show small so some someone "
    "something suggest than that the their them there these they thing this those to too top under up us use used "
    "very want wants was we what when where which who will with without would you your around about over less "
    "least below above between max maximum min minimum price cost costs dollars usd eur budget gift present right new"
)


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def stem(word: str) -> str:
    """The stem of one word: "running" and "runs" give "run"."""
    return _stem(word) if len(word) <= 80 else word.lower()


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word.lower()))


def words(text: str) -> list[str]:
    """The words of a text in lower case; hyphens and slashes part words."""
    return [w.lower().replace("’", "'") for w in WORD.findall(text)]


def stems(text: str) -> set[str]:
    """The stems of all words of a text."""
    return {stem(w) for w in words(text)}


def content_stems(text: str) -> list[tuple[str, str]]:
    """(stem, word) of the words that carry meaning, in order, each stem once; numbers are left out."""
    found: dict[str, str] = {}
    for word in words(text):
        if word not in _STOP and len(word) > 1 and not word[0].isdigit():
            found.setdefault(stem(word), word)
    return list(found.items())

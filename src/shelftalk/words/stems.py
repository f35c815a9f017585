"""Words and their stems: how a request, a record and a sentence are compared. English, by the Snowball stemmer."""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import Any

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
LONGEST = 80  # characters of a text that is remembered: names and values repeat, what shoppers write does not
# Snowball folds these together with words of another meaning, or leaves their plurals apart.
_KEEP = {w: w for w in ("used", "wireless", "cordless", "glasses", "training", "lens", "lenses", "gas", "bus", "scissors", "news", "new")} | {
    "bras": "bra", "knives": "knife", "shelves": "shelf", "mice": "mouse", "men": "man", "women": "woman", "children": "child",
    "teeth": "tooth", "feet": "foot",
}  # fmt: skip


class _Stemmer(threading.local):
    """A stemmer for each thread: one at work holds the word that it stems, and two threads would cut each other's."""

    def __init__(self) -> None:
        self.own: Any = snowballstemmer.stemmer("english")


_stemmer = _Stemmer()


@lru_cache(maxsize=32_768)
def _stem(word: str) -> str:
    word = word.lower().removesuffix("'s").removesuffix("'")
    kept = _KEEP.get(word)
    return kept if kept is not None else str(_stemmer.own.stemWord(word))


def stem(word: str) -> str:
    """The Snowball stem of a word ("running" and "runs" give "run"), with a possessive 's taken off first."""
    return _stem(word) if len(word) <= LONGEST else word.lower()


def bag(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


def stemmed(text: str) -> frozenset[str]:
    """The stems of the words of a list written as one text."""
    return frozenset(stem(word) for word in text.split())


def words(text: str) -> list[str]:
    """The words of a text in lower case; hyphens and slashes part words."""
    return [w.lower().replace("’", "'") for w in WORD.findall(text)]


def stems(text: str) -> set[str]:
    """The stems of all words of a text."""
    return {stem(w) for w in words(text)}

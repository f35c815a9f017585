"""What retrieval searches for: the text of an intent, and what stays the same while its limits are given up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shelftalk.catalog.words import content_words
from shelftalk.retrieve.exclude import Unwanted
from shelftalk.text import clean, shorten
from shelftalk.values import Candidate, Constraint, Intent
from shelftalk.words.stems import stems
from shelftalk.words.stop import NAMELESS, STOP_WORDS

if TYPE_CHECKING:
    import numpy as np

__all__ = ["QUERY_LENGTH", "Lean", "Search", "all_read", "names_something", "query_text"]

QUERY_LENGTH = 1_000
Lean = Callable[[Sequence[Candidate]], Sequence[Candidate]]
# A request that leaves the kind open says so in its query; there is nothing to search for in it.
_OPENING = re.compile(r"\b(?:something|anything)\b", re.I)
_WORD = re.compile(r"\w+")


def query_text(intent: Intent) -> str:
    """The text to search with: the intent's query, and the preferences that it does not hold already; "" for none."""
    query = _OPENING.sub(" ", clean(intent.query))
    for preference in intent.preferences:
        if (wish := clean(preference)) and wish.lower() not in query.lower():
            query = f"{query} {wish}"
    query = shorten(query.strip(), QUERY_LENGTH)
    return query if any(c.isalnum() for c in query) else ""


@dataclass(frozen=True, slots=True)
class Search:
    """What stays the same while constraints are given up."""

    intent: Intent
    text: str
    vector: np.ndarray | None
    excluded_ids: tuple[str, ...]
    unwanted: Unwanted
    k: int  # how many are looked at, so that what is in stock can come first
    wanted: int
    given: bool = False  # the candidates are given: none is added to them
    said: str = ""  # what the shopper said, where it is known
    words: str | None = None  # of a request in another language, those that a text in English may hold
    held: tuple[Constraint, ...] = ()  # limits beside the intent's that are never given up
    lean: Lean | None = None  # what orders candidates by more than the request
    more: tuple[str, ...] = ()  # ids of products that may be candidates too where they keep the limits

    @property
    def foreign(self) -> bool:
        """Whether the text is in another language than English: nothing is read out of its words."""
        return self.words is not None

    @property
    def full_text(self) -> str:
        """The text that full-text search looks for."""
        return self.text if self.words is None else self.words


def names_something(search: Search) -> bool:
    """Whether words are left that may name a kind of thing, once the words of constraints and superlative are taken out."""
    intent = search.intent
    spans = [c.span for c in intent.constraints] + ([intent.sort.span] if intent.sort else [])
    read = set(_WORD.findall(" ".join(spans).lower()))
    words = _WORD.findall(content_words(search.text).lower())
    return any(w not in read and w not in NAMELESS and w not in STOP_WORDS and not w.isdigit() for w in words)


def all_read(search: Search) -> bool:
    """Whether no word that is searched for is left beside those of the kinds, the limits and the criteria."""
    intent = search.intent
    said = [
        intent.kind,
        *intent.named_kinds,
        *(c.words for c in intent.criteria),
        *(c.span for c in intent.constraints),
    ]
    return not stems(content_words(search.text)) - stems(" ".join(said))

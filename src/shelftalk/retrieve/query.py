"""The text that retrieval searches for."""

from __future__ import annotations

import re

from shelftalk.text import clean, shorten
from shelftalk.values import Intent

__all__ = ["QUERY_LENGTH", "query_text"]

QUERY_LENGTH = 1_000
# A request that leaves the kind open says so in its query; there is nothing to search for in it.
_OPENING = re.compile(r"\b(?:something|anything)\b", re.I)


def query_text(intent: Intent) -> str:
    """The text to search with: the intent's query, and the preferences that it does not hold already; "" for none."""
    query = _OPENING.sub(" ", clean(intent.query))
    for preference in intent.preferences:
        if (wish := clean(preference)) and wish.lower() not in query.lower():
            query = f"{query} {wish}"
    query = shorten(query.strip(), QUERY_LENGTH)
    return query if any(c.isalnum() for c in query) else ""

"""Ids as tokens of a TREC file, whose columns white space parts."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["token"]

_SPACE = re.compile(r"\s")
# What a white space is written as, and what that itself is written as ("%2520", and so on): both have to be told apart.
_WRITTEN = re.compile(
    "%(?:25)*(?:" + "|".join(quote(c)[1:] for c in map(chr, range(0x3001)) if c.isspace()) + ")", re.IGNORECASE
)


def token(text: str) -> str:
    """The id without white space, which stands as %20 and the like (RFC 3986); two ids never become one."""
    if not _SPACE.search(text) and not _WRITTEN.search(text):
        return text
    return "".join(quote(c) if c.isspace() or c == "%" else c for c in text)

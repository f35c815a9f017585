"""The words of a request that full-text search looks for: the ones that say something about a product."""

from __future__ import annotations

import re

from shelftalk.text import clean
from shelftalk.words.stop import STOP_WORDS

_WORD = re.compile(r"[^\s]+")


def content_words(text: str) -> str:
    """The text's words in order without stop words; all of them where nothing else would be left."""
    words = _WORD.findall(clean(text))
    kept = [w for w in words if w.lower().strip(".,;:!?\"'()") not in STOP_WORDS]
    return " ".join(kept or words)

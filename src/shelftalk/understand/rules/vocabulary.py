"""Whether a word is ordinary English: the guard against "correcting" what was spelt right."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    lines = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def ordinary(word: str) -> bool:
    """Whether the lower-case word is common English as it is, or with a plain ending taken off."""
    known = _words()
    if word in known:
        return True
    return any(
        word.endswith(ending) and (word.removesuffix(ending) in known or word.removesuffix(ending) + "e" in known)
        for ending in ("s", "es", "ed", "ing", "er", "ly", "y", "est", "able", "ness")
        if len(word) - len(ending) >= 4
    )

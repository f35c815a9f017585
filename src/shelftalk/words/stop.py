"""Stop words, by what they are good for; the lists stand in stop.txt."""

from __future__ import annotations

from pathlib import Path

from shelftalk.words.stems import stem, words


def _sections() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    at: set[str] = set()
    for line in (Path(__file__).parent / "stop.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            at = found.setdefault(line.strip("[] "), set())
        elif not line.startswith("#"):
            at.update(line.split())
    return {name: frozenset(held) for name, held in found.items()}


_LISTS = _sections()
FUNCTION = _LISTS["grammar"]  # alone they name nothing
STOP_WORDS = FUNCTION | _LISTS["asking"]  # full-text search leaves them out
_TALK = _LISTS["talk"] | _LISTS["asking"]
# Contractions are also written without their apostrophe ("thats"); these are other words then.
_OTHERWISE = frozenset(("hed", "hell", "id", "ill", "its", "lets", "shed", "shell", "wed", "well", "were", "wont"))
_RUN_TOGETHER = frozenset(w.replace("'", "") for w in _TALK if "'" in w) - _OTHERWISE
FILLER = STOP_WORDS | _LISTS["judging"] | _LISTS["talk"] | _RUN_TOGETHER  # they carry no search meaning
NAMELESS = _LISTS["unnamed"]  # they name no kind of thing
_EMPTY = STOP_WORDS | _LISTS["judging"] | _LISTS["limits"]


def content_stems(text: str) -> list[tuple[str, str]]:
    """(stem, word) of the words that say what a text is about, in order, each stem once; numbers are left out."""
    found: dict[str, str] = {}
    for word in words(text):
        if word not in _EMPTY and len(word) > 1 and not word[0].isdigit():
            found.setdefault(stem(word), word)
    return list(found.items())

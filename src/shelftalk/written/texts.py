"""Reads the texts of the written set (data/wishes/texts): what a shopper said, the sentence of a description that answers it, and
sentences that do not.

A tenth of the kinds, by the hash of their names, is dev: what is measured there is meaning and no kind that was learnt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shelftalk.errors import FeedError
from shelftalk.resources import resource
from shelftalk.written.parse import HELD

__all__ = ["WrittenText", "read_texts"]

_DEV = 0.1


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A request for a kind, the sentence that answers it, and sentences about other products of the kind that do not."""

    request: str
    kind: str
    answer: str
    others: tuple[str, ...]
    split: Literal["train", "dev"]


def read_texts(folder: Path | None = None) -> tuple[WrittenText, ...]:
    """The texts of a folder's files (by default the bundled ones). FeedError names the file and line that is not in the format."""
    folder = folder or resource("data/wishes/texts")
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise FeedError(f"{folder}: holds no *.txt; see data/wishes/README.md for the format")
    return tuple(text for file in files for text in _texts(file))


def _texts(file: Path) -> list[WrittenText]:  # noqa: C901
    found: list[WrittenText] = []
    kind = request = answer = ""
    others: list[str] = []

    def end() -> None:
        nonlocal request, answer, others
        if request and not (answer and others):
            raise ValueError(f"the request {request!r} lacks a sentence that answers it (+) or one that does not (-)")
        if request:
            found.append(WrittenText(request, kind, answer, tuple(others), _split(kind)))
        request, answer, others = "", "", []

    number, line = 0, ""
    try:
        for number, raw in enumerate([*file.read_text("utf-8").splitlines(), ""], 1):  # noqa: B007 - told where it fails
            line = raw.strip()
            mark, _, said = line.partition(" ")
            if not line or mark == "=":
                end()
            if mark == "=":
                kind = said
                if kind in HELD:
                    raise ValueError(f"{kind} is held back from training")
            elif mark == "?" and kind and said and not request:
                request = said
            elif mark == "+" and request and said and not answer:
                answer = said
            elif mark == "-" and request and said:
                others.append(said)
            elif line and not line.startswith("#"):
                raise ValueError("not in the format")
    except (ValueError, UnicodeDecodeError) as error:
        raise FeedError(f"{file}, line {number}: {error}: {line[:100]}") from error
    return found


def _split(kind: str) -> Literal["train", "dev"]:
    place = int.from_bytes(hashlib.sha256(kind.casefold().encode()).digest()[:4], "big") / 2**32
    return "dev" if place < _DEV else "train"

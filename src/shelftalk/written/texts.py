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


def _texts(file: Path) -> list[WrittenText]:
    block = _Block()
    found: list[WrittenText] = []
    number, line = 0, ""
    try:
        for number, raw in enumerate([*file.read_text("utf-8-sig").splitlines(), ""], 1):  # noqa: B007 - told where it fails
            line = raw.strip()
            if not line or line.partition(" ")[0] == "=":
                found += block.ended()
            if line and not line.startswith("#"):
                block.add(line)
    except (ValueError, UnicodeDecodeError) as error:
        raise FeedError(f"{file}, line {number}: {error}: {line[:100]}") from error
    return found


class _Block:
    """The lines of one request, under the kind that was named last."""

    def __init__(self) -> None:
        self._kind = self._request = self._answer = ""
        self._others: list[str] = []

    def add(self, line: str) -> None:
        """A line with its mark: "=" a kind, "?" a request, "+" its answer, "-" a sentence that does not answer it."""
        mark, _, said = line.partition(" ")
        if mark == "=":
            self._kind = said
            if said in HELD:
                raise ValueError(f"{said} is held back from training")
        elif mark == "?" and self._kind and said and not self._request:
            self._request = said
        elif mark == "+" and self._request and said and not self._answer:
            self._answer = said
        elif mark == "-" and self._request and said:
            self._others.append(said)
        else:
            raise ValueError("not in the format")

    def ended(self) -> list[WrittenText]:
        """The request, if there is one; ValueError where it lacks a sentence."""
        request, answer, others = self._request, self._answer, tuple(self._others)
        self._request, self._answer, self._others = "", "", []
        if request and not (answer and others):
            raise ValueError(f"the request {request!r} lacks a sentence that answers it (+) or one that does not (-)")
        return [WrittenText(request, self._kind, answer, others, _split(self._kind))] if request else []


def _split(kind: str) -> Literal["train", "dev"]:
    place = int.from_bytes(hashlib.sha256(kind.casefold().encode()).digest()[:4], "big") / 2**32
    return "dev" if place < _DEV else "train"

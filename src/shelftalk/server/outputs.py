"""Files in which commands named persons (HOME/outputs.json): win-back lists, predictions, exported interactions, logged lists.

A line is a person's where it is of that user, or where one of its texts is what they wrote, word for word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from shelftalk.catalog.files import making
from shelftalk.privacy.keepers import Person, Removed
from shelftalk.remembered import Remembered
from shelftalk.resumable import partial_of
from shelftalk.server.training_sets import wrote

Kind = Literal["win-back list", "predictions", "interactions", "logged lists"]
_USERS = ("user", "unit", "user_id", "customer_id")
_ERASED = b'{"error": "erased"}\n'  # in the place of a prediction: those lines are told apart by their places


def remember(path: Path, kind: Kind, home: Path) -> None:
    """Puts a file down, before it is written."""
    _files(home).add(str(path.resolve()), kind)


class Outputs:
    """The keeper of what commands wrote from a home folder; `also` are files of JSON Lines that stand elsewhere."""

    name = "files"

    def __init__(self, home: Path, also: Sequence[Path] = ()) -> None:
        self._home, self._also = home, {path.resolve() for path in also}

    def export(self, person: Person) -> list[dict[str, Any]]:
        """Their lines, each with the file that holds it."""
        return [
            {"file": str(path), **row}
            for path in self._paths()
            if path.is_file()
            for _, row in _lines(path)
            if row is not None and _is_of(row, person)
        ]

    def erase(self, person: Person) -> Removed:
        """Takes their lines out of every file that is still there."""
        counts: dict[str, int] = {}
        left: list[str] = []
        for path in self._paths():
            if partial_of(path).exists():
                left.append(f"{partial_of(path)}: being written, or cut: finish or delete it, then erase again")
            if not path.is_file():
                if not partial_of(path).exists():
                    _files(self._home).drop(str(path))
                continue
            gone, unread = _erase(path, person)
            if gone:
                counts[str(path)] = gone
                left.append(f"{path}: copies of it are not known here; take their lines out with --also FILE")
            if unread:
                left.append(f"{path}: {unread} lines are not JSON and were passed over")
        return Removed(counts, tuple(left))

    def _paths(self) -> list[Path]:
        known = [Path(path) for path in _files(self._home).all()]
        return [*known, *sorted(self._also.difference(known))]


def _files(home: Path) -> Remembered:
    return Remembered(home, "outputs.json", "files", "files that name persons")


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
    """(line, what it holds); None for a line that holds no object."""
    with path.open("rb") as file:
        for line in file:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield line, row if isinstance(row, dict) else None


def _is_of(row: dict[str, Any], person: Person) -> bool:
    return not person.names.isdisjoint(str(row.get(name, "")) for name in _USERS) or wrote(row, person)


def _erase(path: Path, person: Person) -> tuple[int, int]:
    """How many lines were theirs, and how many that are not blank hold no object. The file is there whole, before or after."""
    gone = unread = 0
    for line, row in _lines(path):
        gone += row is not None and _is_of(row, person)
        unread += row is None and bool(line.strip())
    if gone:
        with making(path) as made, made.open("wb") as out:
            for line, row in _lines(path):
                if row is None or not _is_of(row, person):
                    out.write(line)
                elif "predictor" in row:
                    out.write(_ERASED)
    return gone, unread

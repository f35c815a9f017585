"""Which training sets were made on this machine (HOME/training-sets.json), so that a person's rows can be taken out of them again.

A row is a person's where one of its texts is an id of his (or has it as a part: "interactions/u_.../K1"), or is what he wrote, word for
word. A row that somebody else asked in the same words goes too: it cannot be told whose it was.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shelftalk.catalog.files import replacing
from shelftalk.privacy.keepers import Person, Removed
from shelftalk.remembered import Remembered
from shelftalk.text import clean

CARD = "card.json"


def remember(out: Path, home: Path) -> None:
    """Adds a set: a folder of `shelftalk train data`, or a JSON Lines file."""
    _sets(home).add(str(out.resolve()), datetime.now(UTC).isoformat(timespec="seconds"))


def remembered(home: Path) -> dict[Path, str]:
    """The sets that were made, and when."""
    return {Path(path): when for path, when in _sets(home).all().items()}


class TrainingSets:
    """The keeper of a home folder's training sets. `adapters` gives (name, when it was made) of what was tuned here."""

    name = "training sets"

    def __init__(self, home: Path, adapters: Callable[[], list[tuple[str, str]]] = list) -> None:
        self._home, self._adapters = home, adapters

    def export(self, person: Person) -> list[dict[str, Any]]:
        """His rows, each with the set that holds it."""
        return [
            {"set": str(path), **row} for path in remembered(self._home) for _, row in _rows(path) if is_of(row, person)
        ]

    def erase(self, person: Person) -> Removed:
        """Takes his rows out of every set that is still there, and names the adapters that were trained while they were in."""
        counts: dict[str, int] = {}
        left: list[str] = []
        for path, when in remembered(self._home).items():
            if not path.exists():
                _sets(self._home).drop(str(path))
            elif gone := _erase(path, person):
                counts[str(path)] = gone
                left += [
                    f"{name}, tuned {made[:10]}, may have learnt from {gone} rows of {path}; tune it anew from the set as it is now"
                    for name, made in self._adapters()
                    if made >= when
                ]
        return Removed(counts, tuple(left))


def is_of(row: Mapping[str, Any], person: Person) -> bool:
    """Whether a row is that person's."""
    named = any(not person.names.isdisjoint([cell, *cell.replace(" ", "/").split("/")]) for cell in _cells(row) if cell)
    return named or wrote(row, person)


def wrote(row: Mapping[str, Any], person: Person) -> bool:
    """Whether one of a row's texts is what that person wrote, word for word."""
    texts = {_plain(text) for text in person.texts} - {""}
    return bool(texts) and any(_plain(cell) in texts for cell in _cells(row))


def _plain(text: str) -> str:
    return clean(text).casefold()


def _cells(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _cells(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _cells(inner)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(split or file, row) of a set."""
    if (path / CARD).is_file():
        import datasets

        for split, rows in datasets.load_from_disk(path).items():
            for row in rows:
                yield str(split), dict(row)
    for file in _lines_files(path):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield file.name, json.loads(line)


def _lines_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.glob("*.jsonl"))


def _erase(path: Path, person: Person) -> int:
    gone = 0
    for file in _lines_files(path):
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.strip() or not is_of(json.loads(line), person)]
        if len(kept) < len(lines):
            gone += len(lines) - len(kept)
            with replacing(file) as out:
                out.writelines(f"{line}\n" for line in kept)
    if (path / CARD).is_file():
        gone += _erase_folder(path, person)
    return gone


def _erase_folder(path: Path, person: Person) -> int:
    """Writes the folder anew without his rows; it is there whole, before or after."""
    import datasets

    datasets.disable_progress_bars()
    held = datasets.load_from_disk(path, keep_in_memory=True)
    parts = {
        split: rows.select([n for n, row in enumerate(rows) if not is_of(row, person)]) for split, rows in held.items()
    }
    gone = sum(len(rows) - len(parts[split]) for split, rows in held.items())
    if not gone:
        return 0
    partial, old = path.with_name(f".{path.name}.partial"), path.with_name(f".{path.name}.old")
    shutil.rmtree(partial, ignore_errors=True)
    datasets.DatasetDict({split: rows for split, rows in parts.items() if len(rows)}).save_to_disk(partial)
    for extra in path.iterdir():
        if extra.is_file() and not (partial / extra.name).exists():
            shutil.copy2(extra, partial / extra.name)
    card = json.loads((partial / CARD).read_text(encoding="utf-8"))
    card["erased_rows"] = card.get("erased_rows", 0) + gone
    (partial / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(old, ignore_errors=True)
    path.rename(old)
    partial.rename(path)
    shutil.rmtree(old)
    return gone


def _sets(home: Path) -> Remembered:
    return Remembered(home, "training-sets.json", "sets", "training sets")

"""When products came into a catalogue: a file beside the table with the ids that were added after its first day.

    FOLDER/added.jsonl      {"first": DAY}, then {"day": DAY, "ids": [...]} for each write that added some (days in UTC)

What the first day brought is no news to a shop: it is its opening load. A catalogue that was made before this file was kept begins
it with its next write. It knows no table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from shelftalk.catalog import files

NAME = "added.jsonl"
KEEP_DAYS = 400  # older lines are dropped when the catalogue is tidied


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def note(folder: Path, ids: Sequence[str], opening: bool) -> None:
    """Writes down that the products were added today; `opening` says that the catalogue was empty before. Called by the one writer."""
    path, day = folder / NAME, today().isoformat()
    lines = [] if path.exists() else [{"first": day if opening else ""}]
    first = lines[0]["first"] if lines else _first(path)
    if ids and first != day:
        lines.append({"day": day, "ids": list(ids)})  # type: ignore[dict-item]
    if not lines:
        return
    with files.storage(path), path.open("ab+") as out:
        out.seek(max(0, out.seek(0, 2) - 1))
        torn = out.read(1) not in (b"", b"\n")  # a crash cut the last line short
        told = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        out.write(f"{chr(10) if torn else ''}{told}".encode())


def read(folder: Path) -> Mapping[str, date]:
    """The day on which each product was added that came after the first day; the first one where it came more than once. The file is read
    once for each change of it."""
    try:
        stamp = (folder / NAME).stat()
    except OSError:
        return {}
    return _read(folder / NAME, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, changed: int, size: int) -> dict[str, date]:
    found: dict[str, date] = {}
    for line in _lines(path):
        day = _day(line.get("day"))
        if day is not None:
            for product_id in line.get("ids", ()):
                found.setdefault(str(product_id), day)
    return found


def tidy(folder: Path) -> None:
    """Drops what is older than KEEP_DAYS and folds the lines of a day into one."""
    path, oldest = folder / NAME, today() - timedelta(days=KEEP_DAYS)
    lines = list(_lines(path))
    if len(lines) < 3:
        return
    days: dict[str, list[str]] = {}
    for product_id, day in read(folder).items():
        if day >= oldest:
            days.setdefault(day.isoformat(), []).append(product_id)
    kept = [{"first": _first(path)}, *({"day": day, "ids": ids} for day, ids in sorted(days.items()))]
    files.write_atomic(path, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in kept))


def _first(path: Path) -> str:
    return next((str(line["first"]) for line in _lines(path) if "first" in line), "")


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _lines(path: Path) -> Iterator[Mapping[str, list[str]]]:
    """The lines that can be read; one that a crash cut short is passed over."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line

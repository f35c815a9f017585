"""The raw rows of a file of events: CSV, JSON Lines (or one JSON array) and Parquet, plain, gzipped or zipped, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shelftalk.catalog.readers import columnar, jsonlines, tabular
from shelftalk.catalog.readers.files import Source, beginning, head

Container = Literal["csv", "jsonl", "parquet"]
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in its file: the line it begins on, its values by column; or, where `problem` says what is wrong with it,
    none."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """A record for EventParser, or what became of a row instead: `reason` and `message` say why it is none. `skipped` are rows that are
    well-formed and no interactions (a returned order); the others are at fault. `mark` tells alike records apart that are several; `code` is
    what a reason is counted by besides (the code of a charge), where there are few."""

    line: int
    record: Mapping[str, Any] = field(default_factory=dict)
    mark: str = ""
    reason: str = ""
    message: str = ""
    skipped: bool = False
    code: str = ""


def skip(line: int, reason: str, message: str, code: str = "") -> EventRow:
    """A row that is no interaction and is not at fault for it."""
    return EventRow(line, reason=reason, message=message, skipped=True, code=code)


def bad(line: int, message: str, reason: str = "bad_row") -> EventRow:
    """A row that cannot be used."""
    return EventRow(line, reason=reason, message=message)


def container(path: Path) -> Container:
    """How a file holds its rows, by its first bytes. FeedError where it cannot be read."""
    source = Source(path)
    if head(source, 4) == b"PAR1":
        return "parquet"
    return "jsonl" if beginning(source, 4096)[:1] in ("{", "[") else "csv"


def raw_rows(path: Path, form: Container, progress: Callable[[int], None] | None = None) -> Iterator[RawRow]:
    """The rows of a file, with names of columns as they stand there; FeedError where it cannot be read at all.

    `progress` is told the bytes read. Empty cells of a CSV file are left out.
    """
    source = Source(path, progress)
    if form == "csv":
        found = tabular.table(Source(path))
        for record in found.records(source):
            if record.problem:
                yield RawRow(record.line, _NOTHING, record.problem)
            else:
                cells = zip(found.header, record.cells, strict=False)
                yield RawRow(record.line, {name: cell.strip() for name, cell in cells if cell.strip()})
        return
    for row in jsonlines.objects(source) if form == "jsonl" else columnar.records(source):
        line = row.line or 0
        yield RawRow(line, _NOTHING, row.error.reason) if row.error else RawRow(line, row.record)

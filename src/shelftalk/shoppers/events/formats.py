"""The formats of files of events, told by their content or named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shelftalk.errors import FeedError, UsageError
from shelftalk.shoppers.events import ga4, shopify, uci
from shelftalk.shoppers.events.mapped import mapped
from shelftalk.shoppers.events.raw import Container, EventRow, RawRow, container, raw_rows

Reader = Callable[[Iterator[RawRow]], Iterator[EventRow]]
LAYOUTS: dict[str, Reader] = {"ga4": ga4.read, "shopify": shopify.read, "uci": uci.read}
PLAIN: tuple[Container, ...] = ("csv", "jsonl", "parquet")
FORMATS = (*PLAIN, *LAYOUTS)
_COLUMNS = {"ga4": ga4.COLUMNS, "shopify": shopify.COLUMNS, "uci": uci.COLUMNS}


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file with its format; `mapping` and `kind` are for the plain formats, whose columns are named."""

    path: Path
    format: str
    form: Container

    def rows(
        self, mapping: Mapping[str, str], kind: str | None, progress: Callable[[int], None] | None = None
    ) -> Iterator[EventRow]:
        """The records of the file, and what became of the other rows. FeedError where it cannot be read at all."""
        rows = raw_rows(self.path, self.form, progress)
        if self.format in LAYOUTS:
            return LAYOUTS[self.format](rows)
        return mapped(rows, mapping, kind)


def event_file(path: Path, format: str = "auto") -> EventFile:
    """The file with the format that its content shows, or that is named. FeedError where it cannot be read, UsageError for a format
    that is not known or that the file is not in."""
    if format not in ("auto", *FORMATS):
        raise UsageError(f"--format {format!r} is not known; there is: auto, {', '.join(FORMATS)}")
    form = container(path)
    if format in PLAIN and format != form:
        raise UsageError(f"{path} is {form} and not {format}; leave --format out")
    if format in LAYOUTS:
        return EventFile(path, format, form)
    return EventFile(path, form if format in PLAIN else _layout(path, form) or form, form)


def _layout(path: Path, form: Container) -> str | None:
    """The layout whose columns the first row has that can be read."""
    try:
        columns = next((set(raw.values) for raw in islice(raw_rows(path, form), 100) if not raw.problem), set())
    except FeedError:
        return None  # told when the file is read
    names = {name: {name} | {name.lower()} | {uci.name(name)} for name in columns}
    held = {each for all_of in names.values() for each in all_of}
    return next((layout for layout, wanted in _COLUMNS.items() if held.issuperset(wanted)), None)

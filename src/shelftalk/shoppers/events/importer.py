"""Files of events into the store: streamed in batches, every row accounted for, and safe to run again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from shelftalk.errors import StorageError
from shelftalk.shoppers.events.fields import BadEvent
from shelftalk.shoppers.events.formats import event_file
from shelftalk.shoppers.events.parse import EventParser
from shelftalk.shoppers.events.raw import EventRow
from shelftalk.values import Interaction

BATCH = 1000
FIRST_LINES = 5


class Sink(Protocol):
    """Where interactions go."""

    def put(self, interactions: Sequence[Interaction]) -> list[bool]:
        """Whether each was new, once all are stored."""
        ...


@dataclass(frozen=True, slots=True)
class Left:
    """Rows that were left out for one reason: how many, the first of them (FILE:LINE), what was wrong with the first, and how many of each
    code where rows have one."""

    count: int
    first: tuple[str, ...]
    message: str
    codes: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        told = {"count": self.count, "first": list(self.first), "message": self.message}
        return {**told, "codes": dict(self.codes.most_common())} if self.codes else told


@dataclass(slots=True)
class EventReport:
    """What became of the rows. `read` rows made `accepted` + `duplicates` + rejected and skipped ones (a row of GA4 may hold several
    items, each counted); `anonymous` of the accepted name no user."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    anonymous: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Left] = field(default_factory=dict)
    skipped: dict[str, Left] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rejects(self) -> int:
        """How many rows were at fault."""
        return sum(left.count for left in self.rejected.values())

    @property
    def skips(self) -> int:
        """How many rows were well-formed and no interactions."""
        return sum(left.count for left in self.skipped.values())

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        left = {
            name: {r: one.to_dict() for r, one in of.items()}
            for name, of in (("rejected", self.rejected), ("skipped", self.skipped))
        }
        return {
            "read": self.read, "accepted": self.accepted, "duplicates": self.duplicates, "anonymous": self.anonymous,
            "kinds": dict(self.kinds.most_common()), **left, "formats": self.formats, "seconds": round(self.seconds, 2),
        }  # fmt: skip


def import_events(
    files: Sequence[Path],
    sink: Sink,
    parser: EventParser,
    *,
    format: str = "auto",
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
    known: Callable[[Iterable[str]], set[str]] | None = None,
    rejects: TextIO | None = None,
    progress: Callable[[EventReport], None] | None = None,
) -> EventReport:
    """What became of the files' rows. A batch is stored before the next is read, so memory is bounded and what was stored stays.

    `known` gives those of some ids that are in the catalogue (None: any product is taken). `rejects` gets a JSON line with file, line,
    reason and words for each row that was left out; the row itself, which may name people, is not copied. Every file's format is looked at
    before anything is stored: FeedError where one cannot be read, UsageError where its columns say too little.
    """
    began, run = time.monotonic(), _Run(sink, parser, known, rejects)
    opened = [event_file(path, format) for path in files]
    for one in opened:
        next(iter(one.rows(mapping or {}, kind)), None)
    before = 0
    for one in opened:
        run.report.formats[str(one.path)] = one.format
        size = one.path.stat().st_size

        def told(count: int, before: int = before) -> None:
            run.report.bytes = before + count

        for batch in _batches(one.rows(mapping or {}, kind, told)):
            run.take(str(one.path), batch)
            run.report.seconds = time.monotonic() - began
            if progress is not None:
                progress(run.report)
        before += size
    return run.report


def _batches(rows: Iterator[EventRow]) -> Iterator[list[EventRow]]:
    batch: list[EventRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(slots=True)
class _Run:
    sink: Sink
    parser: EventParser
    known: Callable[[Iterable[str]], set[str]] | None
    rejects: TextIO | None
    report: EventReport = field(default_factory=EventReport)

    def take(self, file: str, rows: Sequence[EventRow]) -> None:
        """Stores what of a batch are interactions, and counts the rest."""
        self.report.read += len(rows)
        good: list[tuple[EventRow, Interaction]] = []
        for row in rows:
            if row.reason:
                self._leave(file, row.line, row.reason, row.message, row.skipped, row.code)
                continue
            try:
                good.append((row, self.parser.read(row.record, line=row.mark)))
            except BadEvent as error:
                self._leave(file, row.line, error.reason, str(error))
        if self.known is not None:
            there = self.known({one.product_id for _, one in good})
            for row, one in good:
                if one.product_id and one.product_id not in there:
                    self._leave(
                        file, row.line, "unknown_product", f"product {one.product_id[:60]!r} is not in the catalogue"
                    )
            good = [(row, one) for row, one in good if not one.product_id or one.product_id in there]
        if good:
            self._count([one for _, one in good])

    def _count(self, interactions: list[Interaction]) -> None:
        for one, new in zip(interactions, self.sink.put(interactions), strict=True):
            if new:
                self.report.accepted += 1
                self.report.kinds[one.kind] += 1
                self.report.anonymous += not one.user
            else:
                self.report.duplicates += 1

    def _leave(self, file: str, line: int, reason: str, message: str, skipped: bool = False, code: str = "") -> None:
        of = self.report.skipped if skipped else self.report.rejected
        so_far = of.get(reason, Left(0, (), message))
        first = so_far.first if len(so_far.first) >= FIRST_LINES else (*so_far.first, f"{Path(file).name}:{line}")
        if code:
            so_far.codes[code] += 1
        of[reason] = Left(so_far.count + 1, first, so_far.message, so_far.codes)
        if self.rejects is not None:
            told = {"file": file, "line": line, "reason": reason, "message": message, "skipped": skipped}
            try:
                self.rejects.write(json.dumps(told, ensure_ascii=False) + "\n")
            except OSError as error:
                raise StorageError(f"the file of rejects cannot be written: {error.strerror or error}") from error

"""How far an import is, on a terminal as a bar, elsewhere as a plain line now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from shelftalk.text import clean

if TYPE_CHECKING:
    from shelftalk.catalog.importer import ImportStatus as Imported
    from shelftalk.shoppers.events.importer import EventReport

SECONDS_BETWEEN_LINES = 10.0


class ImportProgress:
    """Shows rows, products a second and rejects; how much of the feed is done where its size is known."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = escape(clean(name))
        self._started = self._told = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[counts]}"),
                TimeElapsedColumn(), console=self._console, transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(f"importing {self._name}", total=None, counts="")
        return self

    def show(self, now: Imported) -> None:
        """Told by the importer after every batch, and now and then in between."""
        rate = now.kept / max(1e-9, time.monotonic() - self._started)
        counts = f"{now.read} rows, {now.kept} products in, {rate:.0f}/s, {now.rejected} rejected"
        self._tell(counts, now.bytes or 0, now.total)

    def _tell(self, counts: str, done: int, total: int | None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, counts=counts)
            if total and done:
                self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self._console.print(f"importing {self._name}: {counts}", soft_wrap=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class EventProgress(ImportProgress):
    """The same of files of events, of `total` bytes."""

    def __init__(self, console: Console, name: str, total: int) -> None:
        super().__init__(console, name)
        self._total = total

    def show(self, now: EventReport) -> None:  # type: ignore[override]
        """Told after every batch."""
        rate = now.read / max(1e-9, time.monotonic() - self._started)
        left = f"{now.rejects} rejected, {now.skips} skipped"
        self._tell(f"{now.read} rows, {now.accepted} in, {rate:.0f}/s, {left}", now.bytes, self._total)

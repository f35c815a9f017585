"""Interactions straight from a file, for training, measuring and scoring away from a server: every layout that `shelftalk events import`
takes, user ids as the file has them. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.shoppers.events.fields import BadEvent
from shelftalk.shoppers.events.formats import event_file
from shelftalk.shoppers.events.parse import EventParser
from shelftalk.values import Interaction

__all__ = ["read_interactions"]

_ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)  # a file may be older or newer than this clock


class _AsGiven(Pseudonyms):
    """Ids as they are: what is read here goes back to the shop itself."""

    def __init__(self) -> None:
        super().__init__("for files that are read and not stored: no id is hidden")

    def of(self, user: str, tenant: str = "") -> str:
        """The id."""
        return user


def read_interactions(
    path: Path, bad: Callable[[dict[str, Any]], None] = lambda row: None, *, kind: str | None = None
) -> Iterator[Interaction]:
    """The interactions of a file in its order; `kind` is that of rows that tell none.

    `bad` is told of each row at fault, and of each without a user: file, line, field, value, reason. FeedError where the file cannot be
    read, UsageError where its columns say too little. Memory: a batch.
    """
    parser = EventParser(_AsGiven(), derived=True, now=lambda: _ANY_TIME)
    for row in event_file(path).rows({}, kind):
        if row.reason:
            if not row.skipped:
                bad({"file": path.name, "line": row.line, "field": "", "value": "", "reason": row.message})
            continue
        try:
            one = parser.read(row.record, line=row.mark)
            if not one.user:
                raise BadEvent("no_user", "user", "user is missing: who did it")
        except BadEvent as error:
            value = str(row.record.get(error.field, ""))[:200]
            bad({"file": path.name, "line": row.line, "field": error.field, "value": value, "reason": str(error)})
            continue
        yield one

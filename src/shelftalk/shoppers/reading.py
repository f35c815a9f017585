"""Interactions from a file, for training, measuring and scoring away from a server: JSON Lines, as `shelftalk events export` writes them, or
CSV with the same columns; gzip by the name's end.

Bad rows are told of and left out. User ids stay as the file has them.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from shelftalk.errors import UsageError
from shelftalk.values.shopper import INTERACTION_KINDS, Interaction, InteractionKind

__all__ = ["BadRow", "read_interactions"]

_NAMES = {
    "user": ("user", "user_id", "customer_id"), "kind": ("kind", "event"), "at": ("at", "time", "timestamp", "date"),
    "product_id": ("product_id", "product"), "value": ("value", "rating", "quantity"), "price": ("price",),
}  # fmt: skip
_KINDS: dict[str, InteractionKind] = {
    "clicked": "click", "buy": "purchase", "bought": "purchase", "order": "purchase", "dismissed": "dismiss",
    "more_like": "like", "liked": "like", "add_to_cart": "cart", "viewed": "view",
}  # fmt: skip


class BadRow(Exception):
    """A row that is no interaction: the field, what it held and why."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        super().__init__(f"{field}: {reason} (got {str(value)[:80]!r})")
        self.field, self.value, self.reason = field, value, reason


def read_interactions(path: Path, bad: Callable[[dict[str, Any]], None] = lambda row: None) -> Iterator[Interaction]:
    """The interactions of a file in its order. `bad` is told of each row that is none: file, line, field, value, reason.

    UsageError where the file cannot be read. Memory: a row.
    """
    try:
        with _opened(path) as file:
            for number, record in _records(path, file):
                try:
                    yield _interaction(record)
                except BadRow as wrong:
                    bad(
                        {
                            "file": path.name, "line": number, "field": wrong.field, "value": str(wrong.value)[:200],
                            "reason": wrong.reason,
                        }
                    )  # fmt: skip
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read: {said}") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file


def _records(path: Path, file: IO[str]) -> Iterator[tuple[int, Any]]:
    if path.name.removesuffix(".gz").endswith(".csv"):
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row
        return
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, None


def _interaction(record: Any) -> Interaction:
    if not isinstance(record, Mapping):
        raise BadRow("line", record, "is no JSON object")
    kind = str(_get(record, "kind") or "purchase").strip().lower()  # a file of orders names no kind
    known = _KINDS.get(kind) or next((k for k in INTERACTION_KINDS if k == kind), None)
    if known is None:
        raise BadRow("kind", kind, f"is none of {', '.join(INTERACTION_KINDS)}")
    user = _text(record, "user")
    if not user:
        raise BadRow("user", "", "is missing")
    product = _text(record, "product_id")
    if not product and known != "search":
        raise BadRow("product_id", "", "is missing")
    return Interaction(
        user, known, _moment(_get(record, "at")), product, str(record.get("id") or ""),
        _number(record, "value"), _price(_get(record, "price")), _text(record, "currency") or None,
        session=_text(record, "session"),
    )  # fmt: skip


def _get(record: Mapping[str, Any], name: str) -> Any:
    return next((record[n] for n in _NAMES.get(name, (name,)) if record.get(n) not in (None, "")), None)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = _get(record, name)
    if value is None:
        return ""
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int)):
        raise BadRow(name, value, "must be a text")
    return str(value).strip()


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadRow("at", value, "is no moment like 2026-05-31T14:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(record: Mapping[str, Any], name: str) -> float | None:
    value = _get(record, name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise BadRow(name, value, "is no number") from error
    if not math.isfinite(number):
        raise BadRow(name, value, "is no number")
    return number


def _price(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation as error:
        raise BadRow("price", value, "is no amount") from error
    if not price.is_finite() or price < 0:
        raise BadRow("price", value, "is no amount")
    return price

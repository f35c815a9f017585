"""What every reader hands on: rows, which become Products or Rejects. It knows no format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shelftalk.catalog.product import FieldError, parse_product
from shelftalk.text import clean, shorten
from shelftalk.values import Product

VALUE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out: its line (of the text file; the row of a Parquet file; the item's first line in XML), its
    id where one could be read, the field, the value (shortened, one line) and why. `source` names the file."""

    line: int | None
    id: str | None
    field: str
    value: str
    reason: str
    source: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The reject as a line of the rejects file."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Row:
    """A native record with the line it began on, or the error that stands in its place."""

    line: int | None
    record: Mapping[str, Any]
    error: FieldError | None = None


Read = Product | Reject


def products(rows: Iterator[Row], source: str | None) -> Iterator[Read]:
    """A Product for every row that can be read and a Reject for every other, in order."""
    for row in rows:
        if row.error is not None:
            yield reject(row, row.error, source)
            continue
        try:
            yield parse_product(row.record)
        except FieldError as error:
            yield reject(row, error, source)


def reject(row: Row, error: FieldError, source: str | None) -> Reject:
    """The Reject of a row for that error."""
    return Reject(row.line, _id(row.record), error.field, show(error.value), error.reason, source)


def show(value: Any) -> str:
    """A value as a rejects file shows it: one line without control characters, at most 200 characters."""
    if value is None:
        return ""
    text = value[: 10 * VALUE_LENGTH] if isinstance(value, str) else repr(value)
    return shorten(clean(text.encode("utf-8", "replace").decode()), VALUE_LENGTH)


def _id(record: Mapping[str, Any]) -> str | None:
    value = record.get("id")
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        return None
    return show(str(value))

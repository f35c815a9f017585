"""What every reader hands on: rows, which become Products or Rejects. It knows no format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from shelftalk.catalog.product import FieldError, as_json, parse_product
from shelftalk.catalog.readers.files import Source
from shelftalk.text import clean, shorten
from shelftalk.values import Product

VALUE_LENGTH = 200

CATEGORY_NAMES = ("category", "category_path", "product_category", "product_type", "department")
"""What feeds without a field `categories` call it, the surest name first."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out: its line (of a text file; the row of a Parquet file; None where a format has no lines), its
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
class FeedRow:
    """A native record with the line it began on, or the error that stands in its place; `source` names the file where a
    feed is a folder."""

    line: int | None
    record: Mapping[str, Any]
    error: FieldError | None = None
    source: str | None = None


Read = Product | Reject


def products(rows: Iterator[FeedRow], source: str | None) -> Iterator[Read]:
    """A Product for every row that can be read and a Reject for every other, in order; an id's second row is a Reject."""
    seen: dict[str, int] = {}
    for row in rows:
        try:
            if row.error is not None:
                raise row.error
            product = parse_product(row.record)
            if product.id in seen:
                where = f" of line {seen[product.id]}" if seen[product.id] else ""
                raise FieldError("id", product.id, f"duplicate{where}; the first one stands")
        except FieldError as error:
            yield reject(row, error, source)
        else:
            seen[product.id] = row.line or 0
            yield product


def reject(row: FeedRow, error: FieldError, source: str | None) -> Reject:
    """The Reject of a row for that error."""
    return Reject(row.line, _id(row.record), error.field, show(error.value), error.reason, row.source or source)


def show(value: Any) -> str:
    """A value as a rejects file shows it: one line without control characters, at most 200 characters."""
    if value is None:
        return ""
    text = value[: 10 * VALUE_LENGTH] if isinstance(value, str) else _plain(value)
    return shorten(clean(text.encode("utf-8", "replace").decode()), VALUE_LENGTH)


def _plain(value: Any) -> str:
    return as_json(value)[: 10 * VALUE_LENGTH]


def _id(record: Mapping[str, Any]) -> str | None:
    value = record.get("id")
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        return None
    return show(str(value))


@lru_cache(1000)
def plain_name(name: str) -> str:
    """A field's name without case, with "_" between its words: "Product Type" is product_type."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def category_name(names: Iterable[str]) -> str | None:
    """The one of those names that means the categories where none is `categories`; None where no name does."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(plain_name(name), name)
    if "categories" in known:
        return None
    return next((known[name] for name in CATEGORY_NAMES if name in known), None)


def with_categories(record: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    """The record, its categories under their own name where it has text, or a list of texts, under another that means them."""
    if record.get("categories"):
        return record
    name = category_name(name for name, value in record.items() if _texts(value))
    if name is None:
        return record
    source.took(name, "categories")
    return {**{held: value for held, value in record.items() if held != name}, "categories": record[name]}


def _texts(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(part, str) for part in value)
    return isinstance(value, str) and bool(value.strip())


def availability(value: Any) -> Any:
    """An availability of Google, ACP or schema.org in one spelling: "https://schema.org/InStock" and "in stock" are
    "in_stock"; anything but text as it is."""
    if not isinstance(value, str):
        return value
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value.strip().rstrip("/").rsplit("/", 1)[-1])
    word = re.sub(r"[\s\-]+", "_", word).lower()
    return {"pre_order": "preorder", "back_order": "backorder", "available_for_order": "backorder"}.get(word, word)


def on_sale(dates: Any, now: datetime | None = None) -> bool:
    """Whether a sale price is in force: `dates` is "START/END" in ISO 8601; empty, or unreadable, means that it is."""
    if not isinstance(dates, str) or "/" not in dates:
        return True
    now = now or datetime.now(UTC)
    try:
        start, end = (_moment(part) for part in dates.split("/", 1))
    except ValueError:
        return True
    if len(dates.split("/", 1)[1].strip()) == 10:
        end = end.replace(hour=23, minute=59, second=59)
    return start <= now <= end


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sale_prices(price: Any, sale: Any, dates: Any = None) -> tuple[Any, Any]:
    """(price, list_price) of a feed that states a regular and a sale price: the sale price in force comes first."""
    if sale is None or sale == "" or not on_sale(dates):
        return price, None
    return sale, price


def texts(value: Any, separator: str = ",") -> Any:
    """A list, however the feed writes it: a list as it is, a text split at the separator; anything else as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator) if part.strip()]
    return value

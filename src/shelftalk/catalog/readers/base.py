"""What every reader hands on: rows, which become Products or Rejects. It knows no format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shelftalk.catalog.fields import show
from shelftalk.catalog.money import Marks
from shelftalk.catalog.product import FieldError, parse_product
from shelftalk.catalog.readers.files import Source
from shelftalk.values import Product
from shelftalk.words.stock import plain_state

CATEGORY_NAMES = ("category", "category_path", "product_category", "product_type", "department")
"""What feeds without a field `categories` call it, the surest name first."""

OTHER_NAMES = {"categories": CATEGORY_NAMES, "images": ("image", "image_link", "image_url")}
"""What feeds that have no field of that name call it, the surest name first."""


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
    feed is a folder, `dropped` what the reader itself left out."""

    line: int | None
    record: Mapping[str, Any]
    error: FieldError | None = None
    source: str | None = None
    dropped: tuple[FieldError, ...] = ()


Read = Product | Reject
TWICE = "stands there twice; the first one is taken"
"""The reason why another value of a field that has one was left out."""
_STATES = {
    "pre_order": "preorder", "back_order": "backorder", "available_for_order": "backorder", "outofstock": "out_of_stock",
    "instock": "in_stock", "soldout": "sold_out",
}  # fmt: skip


def products(
    rows: Iterator[FeedRow],
    source: str | None,
    dropped: Callable[[Reject], None] | None = None,
    currency: str | None = None,
    marks: Marks | None = None,
) -> Iterator[Read]:
    """A Product for every row that can be read and a Reject for every other, in order; an id's second row is a Reject.

    `dropped` is told of each value that was left out of a product, in the shape of a Reject; `currency` is that of amounts
    that name none, `marks` what the feed's prices show of the decimal mark.
    """
    seen: dict[str, int] = {}
    for row in rows:
        left: list[FieldError] = []
        try:
            if row.error is not None:
                raise row.error
            product = parse_product(row.record, left, currency, marks)
            if product.id in seen:
                where = f" of line {seen[product.id]}" if seen[product.id] else ""
                raise FieldError("id", product.id, f"duplicate{where}; the first one stands")
        except FieldError as error:
            yield reject(row, error, source)
        else:
            seen[product.id] = row.line or 0
            if dropped is not None:
                for fault in (*row.dropped, *left):
                    dropped(reject(row, fault, source))
            yield product


def reject(row: FeedRow, error: FieldError, source: str | None) -> Reject:
    """The Reject of a row for that error."""
    return Reject(row.line, _id(row.record), error.field, show(error.value), error.reason, row.source or source)


def _id(record: Mapping[str, Any]) -> str | None:
    value = record.get("id")
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        return None
    return show(str(value))


@lru_cache(1000)
def plain_name(name: str) -> str:
    """A field's name without case, with "_" between its words: "Product Type" and "productType" are product_type."""
    return re.sub(r"[\s-]+|(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower()


def meant_as(field: str, names: Iterable[str]) -> str | None:
    """The one of those names that means a field of `OTHER_NAMES` where none is its own; None where no name does."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(plain_name(name), name)
    if field in known:
        return None
    return next((known[name] for name in OTHER_NAMES[field] if name in known), None)


def with_own_names(record: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    """The record, its categories and images under their own names where they are text, or a list of texts, under another."""
    for field in OTHER_NAMES:
        if record.get(field):
            continue
        name = meant_as(field, (name for name, value in record.items() if _texts(value)))
        if name is not None:
            source.took(name, field)
            record = {**{held: value for held, value in record.items() if held != name}, field: record[name]}
    return record


def _texts(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(part, str) for part in value)
    return isinstance(value, str) and bool(value.strip())


def availability(value: Any) -> Any:
    """An availability of Google, ACP or schema.org in one spelling: "https://schema.org/InStock" and "in stock" are
    "in_stock"; anything but text as it is."""
    if not isinstance(value, str):
        return value
    word = plain_state(value).replace(" ", "_")
    return _STATES.get(word, word)


def texts(value: Any, separator: str = ",") -> Any:
    """A list, however the feed writes it: a list as it is, a text split at the separator; anything else as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator) if part.strip()]
    return value

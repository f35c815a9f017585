"""Readers of catalogue feeds: each turns one format into native records, one row at a time, in bounded memory.

`read_feed` yields a Product for every row that can be read and a Reject for every other; `FORMATS` lists the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers import jsonlines
from shelftalk.catalog.readers.base import Read, Reject, Row, products
from shelftalk.catalog.readers.files import Source
from shelftalk.errors import FeedError
from shelftalk.values import Product

__all__ = ["FORMATS", "FieldError", "Format", "Product", "Reject", "detect_format", "read_feed"]


@dataclass(frozen=True, slots=True)
class Format:
    """A feed format: its name, one line that says what it is, and its reader of rows."""

    name: str
    description: str
    read: Callable[[Source], Iterator[Row]]


FORMATS: dict[str, Format] = {
    f.name: f for f in (Format("jsonl", "JSON Lines in the native schema, one product a line", jsonlines.read),)
}


def detect_format(path: Path) -> str:
    """The name of the format that a feed's content shows; FeedError where it shows none that is known."""
    return "jsonl"


def read_feed(path: Path, *, format: str | None = None, mapping: Path | None = None) -> Iterator[Read]:
    """A Product or a Reject for every row of the feed, in its order, in bounded memory.

    `format` is a name in FORMATS (None: told from the content); `mapping` is a mapping file for any other feed.
    FeedError, at once or later, where the feed as a whole cannot be read.
    """
    path = Path(path)
    name = format or detect_format(path)
    if name not in FORMATS:
        raise FeedError(f"feed {path}: unknown format {name!r}; known: {', '.join(FORMATS)}")
    return products(FORMATS[name].read(Source(path)), str(path))

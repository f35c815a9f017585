"""Readers of catalogue feeds: each turns one format into native records, one row at a time, in bounded memory.

`read_feed` yields a Product for every row that can be read and a Reject for every other; `FORMATS` lists the formats.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from shelftalk.catalog.money import Marks, parse_currency
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers import acp, chorus, columnar, esci, google, jsonld, jsonlines, productqa, retail, tabular
from shelftalk.catalog.readers.base import FeedRow, Read, Reject, products
from shelftalk.catalog.readers.detect import detect
from shelftalk.catalog.readers.files import Source
from shelftalk.errors import FeedError, UsageError
from shelftalk.values import Product

__all__ = ["FORMATS", "FieldError", "Format", "Product", "Reject", "detect_format", "read_feed"]


@dataclass(frozen=True, slots=True)
class Format:
    """A feed format: its name, one line that says what it is, its reader of rows, and whether a feed may be a folder."""

    name: str
    description: str
    read: Callable[[Source], Iterator[FeedRow]]
    folder: bool = False


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("jsonl", "JSON Lines (or one JSON array) in the native schema", jsonlines.read),
        Format("csv", "CSV or TSV in the native schema, any of , ; tab | between cells", tabular.read),
        Format("parquet", "Parquet in the native schema", columnar.read),
        Format("google", "Google Merchant product data: RSS or Atom XML, or tab-separated text", google.read),
        Format("acp", "OpenAI's Agentic Commerce Protocol product feed (products.jsonl, JSON or CSV)", acp.read),
        Format("jsonld", "schema.org Product as JSON-LD: a file, JSON Lines or an HTML page", jsonld.read),
        Format(
            "productqa",
            "ProductQA: a category folder with metadata.json and schema.json, or many",
            productqa.read,
            True,
        ),
        Format("chorus", "The Chorus electronics catalogue (JSON)", chorus.read, True),
        Format("esci", "Amazon's Shopping Queries (ESCI): products as JSON Lines or Parquet", esci.read),
        Format("retail-demo-store", "The Retail Demo Store's products.yaml", retail.read, True),
    )
}


def detect_format(path: Path) -> str:
    """The name of the format that a feed's content shows; FeedError, which lists the known ones, where it shows none."""
    source = _source(path, Source(Path(path)))
    name, looks = detect(source)
    if name is None:
        raise source.error(
            f"of no known format ({looks}); known: {', '.join(FORMATS)}; for any other write a mapping file: "
            "docs/catalog-formats.md says how, docs/shop-systems.md has those of common shop systems"
        )
    return name


def read_feed(
    path: Path,
    *,
    format: str | None = None,
    mapping: Path | None = None,
    progress: Callable[[int], None] | None = None,
    read_as: Callable[[str, str], None] | None = None,
    dropped: Callable[[Reject], None] | None = None,
    mended: Callable[[str, int], None] | None = None,
    currency: str | None = None,
    now: datetime | None = None,
) -> Iterator[Read]:
    """A Product or a Reject for every row of the feed, in its order, in bounded memory: only the ids are kept, and a
    second row of an id is a Reject.

    `format` is a name in FORMATS (None: told from the content); `mapping` is a mapping file for any other feed;
    `progress` is told the bytes read so far as they stand on disk (of a folder: nothing), `read_as` each column of a native
    feed that was taken for another field, or for one of yes and no, while its rows are read; `dropped` each value that was left
    out of a product, with its line, field and reason; `mended` what was mended in the file itself, and how often. `currency`
    is that of amounts that name none, `now` when sales are looked at (None: the present). FeedError, at once or while
    reading, where the feed as a whole cannot be read; UsageError where `mapping` is wrong or given beside `format`.
    """
    reader: Callable[[Source], Iterator[FeedRow]] | None = None
    source = _source(path, Source(Path(path), progress, read_as, mended, now))
    marks = Marks(lambda: _prices(reader, Source(Path(path))), source.mend)
    source = replace(source, marks=marks)
    if currency is not None and parse_currency(currency) is None:
        raise UsageError(f"currency {currency!r}: must be an ISO 4217 code such as USD")
    paid_in = parse_currency(currency) if currency else None
    if mapping is not None:
        from shelftalk.catalog.readers.mapping import load_mapping

        if format is not None:
            raise UsageError(
                f"a format ({format}) and a mapping file ({mapping}): give one of them, the file names its own"
            )
        reader = load_mapping(Path(mapping)).read
        return products(reader(source), str(path), dropped, paid_in, marks)
    name = format or detect_format(path)
    if name not in FORMATS:
        raise FeedError(f"feed {path}: unknown format {name!r}; known: {', '.join(FORMATS)}")
    if source.path.is_dir() and not FORMATS[name].folder:
        raise source.error(f"a folder where {name} wants a file")
    reader = FORMATS[name].read
    return products(reader(source), str(path), dropped, paid_in, marks)


# Rows whose prices are looked at to tell the decimal mark of a feed.
_LOOKED_AT = 2000


def _prices(reader: Callable[[Source], Iterator[FeedRow]] | None, source: Source) -> Iterator[object]:
    """The prices of the first rows of a feed as they are written; none of one that cannot be read a second time."""
    if reader is None or not (source.path.is_file() or source.path.is_dir()):
        return
    for row in islice(reader(source), _LOOKED_AT):
        yield row.record.get("price")
        yield row.record.get("list_price")


def _source(path: Path, source: Source) -> Source:
    try:
        status = Path(path).stat()
    except OSError as error:
        raise source.error("no such file or folder") from error
    if stat.S_ISREG(status.st_mode) and status.st_size == 0:
        raise source.error("empty")
    return source

"""A feed goes into a catalogue: batch by batch, what cannot be read into a rejects file, only changed texts embedded.

A batch is in whole or not at all. An import that is cut keeps its whole batches; run again, it finds them unchanged and
finishes. Memory is bounded by the batch and by the ids that the readers remember. It knows no format.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from shelftalk.catalog import files, rows
from shelftalk.catalog.readers import Reject, read_feed
from shelftalk.catalog.store import HOME, Catalog
from shelftalk.catalog.upsert import EmbedderProtocol, UpsertReport
from shelftalk.errors import UsageError
from shelftalk.values import Product

BATCH = 500
# Batches between two tidyings of the table, so that a long import does not leave thousands of small files.
TIDY_EVERY = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """How far an import is: rows read and rejected, products kept so far, bytes of the feed read and in all (0: unknown)."""

    read: int
    rejected: int
    kept: int
    bytes: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: rows read, products added, updated, unchanged and embedded, rows rejected and where they are.

    `read_as` says of columns what they were taken for where their name does not ("categories", "yes or no"); `no_kinds`
    that no product of the catalogue has a category. `dropped` counts the values that were left out of products that are in,
    `dropped_path` is where they are; `mended` says what was mended in the file itself, and how often.
    """

    read: int
    added: int
    updated: int
    unchanged: int
    rejected: int
    embedded: int
    seconds: float
    rejects_path: Path | None
    read_as: Mapping[str, str] = field(default_factory=dict)
    no_kinds: bool = False
    dropped: int = 0
    dropped_path: Path | None = None
    mended: Mapping[str, int] = field(default_factory=dict)


def import_feed(
    feed: Path | str,
    catalog_dir: Path | str,
    *,
    format: str | None = None,
    mapping: Path | None = None,
    batch: int = BATCH,
    rejects: Path | str | None = None,
    progress: Callable[[ImportStatus], None] | None = None,
    embedder: EmbedderProtocol | None = None,
    home: Path | str = HOME,
    currency: str | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """What was read, added, updated, left as it was and rejected, after putting a feed into a catalogue (made if absent).

    `format`, `mapping`, `currency` and `now` as in `read_feed`. Rows that cannot be read go to `rejects` as JSON Lines (line, id,
    field, value, reason, source); by default to CATALOG/rejects/FEED.rejects.jsonl, which stands for the last import of that
    feed and is absent where no row was rejected. Values that were left out of products go to a file beside it, of the same
    columns: FEED.dropped.jsonl. Raises FeedError where the feed as a whole cannot be read, CatalogError where the
    catalogue cannot be used or another process is writing to it, StorageError where the disk is full.
    """
    feed, folder = Path(feed), Path(catalog_dir)
    meter = _Meter(feed, progress)
    found = read_feed(
        feed, format=format, mapping=mapping, progress=meter.at, read_as=meter.took, dropped=meter.drop, mended=meter.mend,
        currency=currency, now=now,
    )  # fmt: skip
    where = Path(rejects) if rejects is not None else folder / "rejects" / f"{feed.name}.rejects.jsonl"
    return import_products(found, folder, batch=batch, rejects=where, meter=meter, embedder=embedder, home=home)


def import_products(
    found: Iterable[Product | Reject],
    folder: Path,
    *,
    rejects: Path,
    batch: int = BATCH,
    meter: _Meter | None = None,
    embedder: EmbedderProtocol | None = None,
    home: Path | str = HOME,
) -> ImportReport:
    """Like `import_feed`, from products and rejects as a reader yields them."""
    if batch < 1:
        raise UsageError(f"a batch of {batch} products cannot be imported; give 1 or more")
    started = time.monotonic()
    meter = meter or _Meter(None, None)
    catalog = Catalog.open(folder, create=True, embedder=embedder, home=home)
    total = UpsertReport()
    no_kinds = False
    with ExitStack() as stack:
        left_out = stack.enter_context(_Rejects(rejects))
        meter.left = stack.enter_context(_Rejects(_beside(rejects)))
        held = False
        for number, products in enumerate(_batches(found, batch, left_out, meter), 1):
            if not held:
                stack.enter_context(catalog.writing())
                held = True
            total += catalog.upsert(products, tidy=False)
            meter.kept += len(products)
            meter.tell()
            if number % TIDY_EVERY == 0:
                catalog.optimize()
        if held:
            if catalog.unindexed():
                catalog.optimize()
            no_kinds = catalog.facets().get("categories") is None
    log.info(
        "imported %d rows into %s: %s, %d rejected, %d values left out",
        meter.read,
        folder,
        total,
        meter.rejected,
        meter.dropped,
    )
    return ImportReport(
        meter.read, total.added, total.updated, total.unchanged, meter.rejected, total.embedded,
        time.monotonic() - started, rejects if meter.rejected else None, dict(meter.read_as), no_kinds,
        meter.dropped, _beside(rejects) if meter.dropped else None, dict(meter.mended),
    )  # fmt: skip


def _beside(rejects: Path) -> Path:
    """The file of dropped values that goes with a rejects file."""
    return rejects.with_name(rejects.name.removesuffix(".jsonl").removesuffix(".rejects") + ".dropped.jsonl")


def _batches(
    found: Iterable[Product | Reject], size: int, left_out: _Rejects, meter: _Meter
) -> Iterator[list[Product]]:
    """The products in batches; every reject goes to the rejects file on its way."""
    products: list[Product] = []
    for item in found:
        meter.read += 1
        bad = item if isinstance(item, Reject) else _unfit(item)
        if bad is not None:
            meter.rejected += 1
            left_out.write(bad)
        elif isinstance(item, Product):
            products.append(item)
        if len(products) >= size:
            yield products
            products = []
        elif meter.read % 100 == 0:
            meter.tell()
    if products:
        yield products
    meter.tell()


def _unfit(product: Product) -> Reject | None:
    """The reject of a product that the table cannot hold, or None."""
    try:
        rows.check(product)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        return Reject(None, product.id.encode("utf-8", "replace").decode(), field, "", reason)
    return None


class _Meter:
    """Counts what goes by and tells it to whoever watches."""

    def __init__(self, feed: Path | None, watcher: Callable[[ImportStatus], None] | None) -> None:
        self.read = self.rejected = self.kept = self.dropped = 0
        self.read_as: dict[str, str] = {}
        self.mended: Counter[str] = Counter()
        self.left: _Rejects | None = None
        self._bytes = 0
        self._watcher = watcher
        self._total = 0
        if feed is not None and watcher is not None:
            with suppress(OSError):
                self._total = feed.stat().st_size if feed.is_file() else files.size(feed)

    def at(self, count: int) -> None:
        """Told by the reader: bytes of the feed read so far."""
        self._bytes = count

    def took(self, name: str, what: str) -> None:
        """Told by the reader: what a column was taken for."""
        self.read_as[name] = what

    def drop(self, what: Reject) -> None:
        """Told by the reader: a value that was left out of a product."""
        self.dropped += 1
        if self.left is not None:
            self.left.write(what)

    def mend(self, what: str, times: int) -> None:
        """Told by the reader: what was mended in the file."""
        self.mended[what] += times

    def tell(self) -> None:
        if self._watcher is not None:
            self._watcher(ImportStatus(self.read, self.rejected, self.kept, self._bytes, self._total))


class _Rejects:
    """The rejects file: appears whole when the import ends, with the first reject; an old one goes where there are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._out: IO[str] | None = None

    def __enter__(self) -> _Rejects:
        return self

    def write(self, reject: Reject) -> None:
        if self._out is None:
            files.make_folder(self._path.parent)
            self._out = self._stack.enter_context(files.replacing(self._path))
        with files.storage(self._path):
            self._out.write(json.dumps(reject.to_dict(), ensure_ascii=False) + "\n")

    def __exit__(self, *exception: object) -> None:
        try:
            self._stack.__exit__(*exception)  # type: ignore[arg-type]
        finally:
            if self._out is not None and exception[0] is not None:
                files.drop_folder(self._path.parent)
        if exception[0] is None and self._out is None:
            with files.storage(self._path):
                self._path.unlink(missing_ok=True)

"""A shop's catalogue: one LanceDB table in a folder, with what is needed to open it again beside it.

    FOLDER/catalog.json     schema version, embedder and its dimensions
    FOLDER/products.lance   the table: record, derived filter columns, full text, vectors
    FOLDER/facets.json      the facets of the last version they were asked of
    FOLDER/added.jsonl      when products were added, after the first day

Readers see whole versions of the table while a writer upserts; one process writes at a time.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shelftalk.catalog import added, files, lock, rows, sql
from shelftalk.catalog import facets as facets_module
from shelftalk.catalog.ondisk import (
    METADATA,
    TABLE,
    Metadata,
    make_indices,
    read_metadata,
    reported,
)
from shelftalk.catalog.snapshot import TableSnapshot
from shelftalk.catalog.upsert import EmbedderProtocol, UpsertReport, put
from shelftalk.errors import CatalogError
from shelftalk.values import Facets, Product, Sort

if TYPE_CHECKING:
    from shelftalk.catalog.embed import Embedder as LoadedEmbedder

HOME = Path("~/.cache/shelftalk")
# Rows outside the indices are searched one by one: beyond this many, an upsert tidies up.
UNINDEXED_ROWS = 2_000
# Old versions stay this long for readers that are in the middle of one.
KEEP_VERSIONS = timedelta(minutes=10)

log = logging.getLogger(__name__)


class Catalog:
    """The products of one shop. Open it with `Catalog.open`; reading is safe from several threads."""

    def __init__(self, path: Path, metadata: Metadata | None, embedder: EmbedderProtocol | None, home: Path) -> None:
        self.path = path
        self._metadata = metadata
        self._embedder = embedder
        self._home = home
        self._guard = threading.RLock()
        self._loading, self._collecting, self._writer = threading.Lock(), threading.Lock(), threading.RLock()
        self._connection: Any = None
        self._table: Any = None
        self._snapshot: TableSnapshot | None = None
        self._facets: Facets | None = None
        self._writing = 0

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        create: bool = False,
        embedder: EmbedderProtocol | None = None,
        home: Path | str = HOME,
    ) -> Catalog:
        """The catalogue in a folder; with `create`, a new one where there is none (the folder is made by the first upsert).

        `embedder` defaults to the one that the catalogue was made with (the default one for a new catalogue), loaded from
        `home` when it is first needed. Raises CatalogError where there is no catalogue, or where it is damaged, of
        another version of the format, or made with another embedder.
        """
        path, home = Path(path), Path(home).expanduser()
        metadata = read_metadata(path, create)
        if metadata is not None and embedder is not None and (embedder.name, embedder.dimensions) != (
            metadata.embedder, metadata.dimensions
        ):  # fmt: skip
            raise CatalogError(
                f"{path} was made with embedder {metadata.embedder!r} ({metadata.dimensions} dimensions), not "
                f"{embedder.name!r} ({embedder.dimensions}); use that one, or import the feed into a new folder"
            )
        catalog = cls(path, metadata, embedder, home)
        if metadata is not None:
            catalog._open_table(create)
        return catalog

    # What it is

    @property
    def version(self) -> int:
        """The version of the table now; 0 while nothing was ever put in."""
        table = self._latest()
        return table.version if table is not None else 0

    @property
    def embedder(self) -> EmbedderProtocol:
        """The embedder of this catalogue's vectors, loaded at first use; EngineError where it cannot be loaded."""
        with self._loading:
            if self._embedder is None:
                from shelftalk.catalog.embed import load_embedder

                name = self._metadata.embedder if self._metadata else "default"
                loaded: LoadedEmbedder = load_embedder(name, self._home)
                if self._metadata and loaded.dimensions != self._metadata.dimensions:
                    raise CatalogError(
                        f"{self.path} holds vectors of {self._metadata.dimensions} dimensions, but embedder {name!r} "
                        f"now makes {loaded.dimensions}; import the feed into a new folder"
                    )
                self._embedder = loaded
            return self._embedder

    def count(self) -> int:
        """The number of products."""
        with self._reading() as now:
            return len(now) if now else 0

    def get(self, product_id: str) -> Product | None:
        """The product of that id, or None."""
        return self.get_many([product_id]).get(product_id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Product]:
        """The products of those ids that are in the catalogue, by id, in the order asked."""
        with self._reading() as now:
            return now.products(ids) if now else {}

    def known(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids that are in the catalogue, without their products being read."""
        with self._reading() as now:
            return now.known(ids) if now else set()

    def products(self, batch: int = 1000) -> Iterator[Product]:
        """All products of the version that stands when the iteration starts, in the order of storage."""
        with self._reading() as now:
            for found in now.stream(rows.RECORD, batch) if now else ():
                yield from map(rows.product, found)

    def facets(self) -> Facets:
        """The facets of the current version: kept in memory and in facets.json until the version changes.

        While another process is importing, the facets of the version before may still be given.
        """
        with self._reading() as now, self._collecting:
            version = now.version if now else 0
            if self._facets is not None and self._facets.version == version:
                return self._facets
            if not self._writing and lock.held(self.path):
                found = self._facets or facets_module.load(self.path, None)
            else:
                found = facets_module.load(self.path, version)
            if found is None:
                found = facets_module.collect(_all(now), version)
                if self._metadata is not None:
                    facets_module.save(self.path, found)
            self._facets = found
            return found

    def stats(self) -> dict[str, Any]:
        """Counts and sizes of the catalogue by name: products, version, embedder, dimensions, bytes, fields, prices."""
        found = self.facets()
        price = found.get("price")
        return {
            "products": self.count(),
            "version": self.version,
            "embedder": self._metadata.embedder if self._metadata else None,
            "dimensions": self._metadata.dimensions if self._metadata else None,
            "bytes": files.size(self.path),
            "facets": len(found.facets),
            "currency": found.currency,
            "price_min": price.minimum if price else None,
            "price_max": price.maximum if price else None,
            "with_price": price.count if price else 0,
        }

    def added_on(self) -> Mapping[str, date]:
        """The day (UTC) on which each product was added that came after the catalogue's first day."""
        return added.read(self.path)

    # Searching

    def dense(self, vector: np.ndarray, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k products nearest to a unit vector by cosine similarity, best first, among those the filter lets through.

        Exact up to 50,000 products; by the vector index above.
        """
        with self._reading() as now:
            return now.dense(np.asarray(vector, dtype=np.float32), where, k) if now and k > 0 else []

    def vectors(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors of those of the products that are here, float32, shape (n, dimensions), in no particular order."""
        with self._reading() as now:
            return now.vectors(ids) if now else np.zeros((0, self.embedder.dimensions), dtype=np.float32)

    def vectors_of(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """The vector (float32) of each of the products that is here, by id."""
        with self._reading() as now:
            return now.vectors_of(ids) if now else {}

    def lexical(self, text: str, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k best products by BM25, best first, among those the filter lets through; [] for a text without words."""
        with self._reading() as now:
            return now.lexical(text, where, k) if now and k > 0 else []

    def scan(self, where: str | None, *, order_by: Sort | None = None, limit: int | None = None) -> list[str]:
        """The ids that a filter lets through, by a field's number or date where asked, missing values last."""
        with self._reading() as now:
            return now.scan(where, order_by, limit) if now else []

    def spans(self, field: str, where: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest number (or date, as years) of a field that each product has among its variants that a filter lets
        through: two arrays of a number a product, each rising."""
        with self._reading() as now:
            return now.spans(field, where) if now else (np.empty(0), np.empty(0))

    def matching(self, where: str | None) -> int:
        """How many products a filter lets through, each variant counted."""
        with self._reading() as now:
            return now.count(where) if now else 0

    def distinct(self, where: str | None) -> int:
        """How many products a filter lets through, the variants of one thing counted once."""
        with self._reading() as now:
            return now.distinct(where) if now else 0

    def pinned(self) -> Catalog:
        """This catalogue as it is now, to be read: what is written meanwhile does not show in it."""
        with self._reading() as now:
            return _Pinned(self, now)

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the catalogue for writing, so that no other process writes in between; upsert and remove take it too."""
        with self._writer:
            if self._writing:
                self._writing += 1
                try:
                    yield
                finally:
                    self._writing -= 1
                return
            made = files.make_folder(self.path)
            try:
                with lock.writer(self.path):
                    self._writing = 1
                    try:
                        yield
                    finally:
                        self._writing = 0
            finally:
                if made and self._metadata is None:
                    files.drop_folder(self.path, lock.NAME)

    def upsert(self, products: Sequence[Product], *, tidy: bool = True) -> UpsertReport:
        """Puts products in, replacing those of the same id, all or none of them; says how many were new and changed.

        Only products whose embedding text changed are embedded. `tidy` folds many small changes into the indices.
        Raises CatalogError where another process is writing, StorageError where the disk is full, ValueError where an
        id comes twice or a value cannot be kept.
        """
        if not products:
            return UpsertReport()
        ids = [p.id for p in products]
        if len(set(ids)) < len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise ValueError(f"id {twice!r} comes twice in one upsert")
        for product in products:
            rows.check(product)
        with self.writing(), reported(self.path, "write to"):
            self._create()
            report = put(self._latest(), products, lambda: self.embedder, partial(added.note, self.path))
            if tidy and self.unindexed() > UNINDEXED_ROWS:
                self.optimize()
            return report

    def remove(self, ids: Sequence[str]) -> int:
        """Takes the products of those ids out; returns how many there were."""
        with self._reading() as now:
            here = list(now.products(ids)) if now else []
        if here:
            with self.writing(), reported(self.path, "remove from"):
                table = self._latest()
                table.delete(sql.where(only_ids=here))
        return len(here)

    def optimize(self) -> None:
        """Merges small files, brings the indices up to date and drops versions that no reader can still be using."""
        with self.writing(), reported(self.path, "tidy up"):
            table = self._latest()
            if table is None:
                return
            # LanceDB 0.40 takes 30 times longer to bring a label list up to date than to make it anew.
            for index in table.list_indices():
                if index.columns == ["keys"]:
                    table.drop_index(index.name)
            table.optimize(cleanup_older_than=KEEP_VERSIONS)
            make_indices(table)
            added.tidy(self.path)

    def unindexed(self) -> int:
        """How many products were written since the indices were last brought up to date; search finds them all the same."""
        table = self._latest()
        if table is None:
            return 0
        stats = table.index_stats("text_idx")
        return int(stats.num_unindexed_rows) if stats else int(table.count_rows())

    # Inside

    def _create(self) -> None:
        """Makes metadata and an empty table where there are none."""
        if self._metadata is None:
            metadata = Metadata(rows.SCHEMA_VERSION, self.embedder.name, self.embedder.dimensions)
            files.write_atomic(self.path / METADATA, json.dumps(asdict(metadata), indent=1) + "\n")
            self._metadata = metadata
        if self._table is None:
            schema = rows.schema(self._metadata.dimensions)
            self._table = self._connect().create_table(TABLE, schema=schema, exist_ok=True)

    def _connect(self) -> Any:
        if self._connection is None:
            import lancedb

            self._connection = lancedb.connect(self.path)
        return self._connection

    def _open_table(self, create: bool) -> None:
        if not (self.path / f"{TABLE}.lance").is_dir():
            if create:
                return
            raise CatalogError(
                f"{self.path} holds no products: an import ended before its first batch, or the table was deleted; "
                f"run `shelftalk catalog import FEED --catalog {self.path}` again"
            )
        with reported(self.path, "open"):
            self._table = self._connect().open_table(TABLE)
            missing = set(rows.schema(1).names) - set(self._table.schema.names)
            if missing:
                raise CatalogError(
                    f"{self.path} is damaged: its table lacks {', '.join(sorted(missing))}; import the feed into a new folder"
                )
            if self._table.schema.field("vector").type.list_size != (self._metadata and self._metadata.dimensions):
                raise CatalogError(
                    f"{self.path} is damaged: {METADATA} and the table disagree on the dimensions of the vectors; "
                    "import the feed into a new folder"
                )

    def _latest(self) -> Any:
        if self._table is None and (self.path / f"{TABLE}.lance").is_dir():
            with self._guard:
                self._metadata = self._metadata or read_metadata(self.path, create=False)
                self._open_table(create=True)
        if self._table is not None:
            with reported(self.path, "read"):
                self._table.checkout_latest()
        return self._table

    @contextmanager
    def _reading(self) -> Iterator[TableSnapshot | None]:
        """The snapshot of the latest version, for the length of one call."""
        with reported(self.path, "read"):
            with self._guard:
                table = self._latest()
                if table is not None and (self._snapshot is None or self._snapshot.version != table.version):
                    pinned = self._connect().open_table(TABLE)
                    pinned.checkout(table.version)
                    self._snapshot = TableSnapshot(pinned)
                now = self._snapshot
            yield now


class _Pinned(Catalog):
    """One version of a catalogue. Embedder and files are those of the catalogue itself."""

    def __init__(self, whole: Catalog, now: TableSnapshot | None) -> None:
        super().__init__(whole.path, whole._metadata, None, whole._home)
        self._whole, self._now = whole, now
        self._kept = whole.facets()

    @property
    def version(self) -> int:
        return self._now.version if self._now else 0

    @property
    def embedder(self) -> EmbedderProtocol:
        return self._whole.embedder

    def facets(self) -> Facets:
        return self._kept

    def pinned(self) -> Catalog:
        return self

    @contextmanager
    def _reading(self) -> Iterator[TableSnapshot | None]:
        with reported(self.path, "read"):
            yield self._now


def _all(now: TableSnapshot | None) -> Iterator[Product]:
    for found in now.stream(rows.RECORD) if now else ():
        yield from map(rows.product, found)

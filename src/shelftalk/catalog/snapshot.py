"""One version of a catalogue's table, read only: filters, dense and full-text search, sorting.

A snapshot never changes, so everything read through it belongs together, whatever a writer does meanwhile. Ids, and the
vectors of all but large catalogues, are kept in memory; a filter is evaluated once by the database and remembered.
This module knows nothing of embedding or writing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from shelftalk.catalog import rows, sql
from shelftalk.text import clean
from shelftalk.values import Product, Sort

# Up to this many products vectors are compared exactly and in memory (384 floats: 1.5 KiB a product); above it the
# table's vector index is asked.
EXACT_ROWS = 50_000
REMEMBERED_FILTERS = 16
QUERY_LENGTH = 2_000


class Snapshot:
    """One version of the table; safe to share between threads."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.version: int = table.version
        found = table.search().select(["id", "_rowid"]).limit(max(1, table.count_rows())).to_arrow()
        order = np.argsort(found["_rowid"].to_numpy(), kind="stable")
        self._rowids: np.ndarray = found["_rowid"].to_numpy()[order]
        self._ids: np.ndarray = np.array(found["id"].to_pylist(), dtype=object)[order]
        self._places: dict[str, int] | None = None
        self._matrix: np.ndarray | None = None
        self._filters: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rowids)

    def matching(self, where: str | None) -> np.ndarray:
        """The places (0 to len - 1, rising) of the products that a filter lets through."""
        if where is None:
            return np.arange(len(self))
        with self._lock:
            if where in self._filters:
                self._filters.move_to_end(where)
                return self._filters[where]
        found = self.table.search().where(where).select(["_rowid"]).limit(max(1, len(self))).to_arrow()
        places = self._place(np.sort(found["_rowid"].to_numpy()))
        with self._lock:
            self._filters[where] = places
            while len(self._filters) > (REMEMBERED_FILTERS if len(self) <= EXACT_ROWS else 4):
                self._filters.popitem(last=False)
        return places

    def count(self, where: str | None) -> int:
        """How many products a filter lets through."""
        return len(self.matching(where))

    def dense(self, vector: np.ndarray, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k nearest products by cosine similarity among those the filter lets through, best first."""
        if len(self) > EXACT_ROWS:
            return self._indexed_dense(vector, where, k)
        places = self.matching(where)
        if not len(places):
            return []
        matrix = self._vectors()
        similar = matrix @ vector if len(places) == len(matrix) else matrix[places] @ vector
        k = min(k, len(similar))
        best = np.argpartition(-similar, k - 1)[:k]
        best = best[np.lexsort((places[best], -similar[best]))]
        return [(str(self._ids[places[i]]), float(similar[i])) for i in best]

    def _indexed_dense(self, vector: np.ndarray, where: str | None, k: int) -> list[tuple[str, float]]:
        query = self.table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.select(["id", "_distance"]).limit(k).nprobes(32).refine_factor(4)
        if where is not None:
            query = query.where(where, prefilter=True)
        found = query.to_arrow()
        pairs = zip(found["id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        return [(i, 1.0 - d) for i, d in pairs]

    def lexical(self, text: str, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k best products by BM25 of the words of a text among those the filter lets through, best first."""
        from lancedb.query import MatchQuery

        words = clean(text)[:QUERY_LENGTH]
        if not any(c.isalnum() for c in words):
            return []
        query = self.table.search(MatchQuery(words, "text"), query_type="fts").select(["id", "_score"]).limit(k)
        if where is not None:
            query = query.where(where, prefilter=True)
        found = query.to_arrow()
        pairs = zip(found["id"].to_pylist(), found["_score"].to_pylist(), strict=True)
        return sorted(pairs, key=lambda p: (-p[1], p[0]))

    def scan(self, where: str | None, order_by: Sort | None, limit: int | None) -> list[str]:
        """The ids that a filter lets through, in the order of a field's numbers (or dates) where asked.

        Ties keep the order of storage; products whose field holds no number come last, whatever the direction.
        """
        if order_by is None:
            return [str(i) for i in self._ids[self.matching(where)[:limit]]]
        places, values = self._numbers(sql.field_name(order_by.field), where)
        ascending = np.lexsort((places, values if order_by.direction == "asc" else -values))
        ordered = places[ascending]
        if limit is None or limit > len(ordered):
            ordered = np.concatenate([ordered, np.setdiff1d(self.matching(where), places, assume_unique=True)])
        return [str(i) for i in self._ids[ordered[:limit]]]

    def _numbers(self, name: str, where: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The places of the products that the filter lets through and that hold a number in the field, and the numbers."""
        value, narrow = sql.sort_column(name)
        parts = [f"({part})" for part in (where, narrow) if part is not None]
        query = self.table.search().select({"_rowid": "_rowid", "value": value}).limit(max(1, len(self)))
        found = (query.where(" AND ".join(parts)) if parts else query).to_arrow()
        values = found["value"].to_numpy().astype(np.float64)
        held = ~np.isnan(values)
        rowids = found["_rowid"].to_numpy()[held]
        order = np.argsort(rowids, kind="stable")
        return self._place(rowids[order]), values[held][order]

    def products(self, ids: Sequence[str]) -> dict[str, Product]:
        """The products of those ids that are here, by id, in the order asked."""
        read = {r["id"]: rows.product(r) for r in self._take(ids, rows.RECORD)}
        return {i: read[i] for i in dict.fromkeys(ids) if i in read}

    def _take(self, ids: Sequence[str], columns: Sequence[str]) -> list[Mapping[str, Any]]:
        places = self._by_id()
        wanted = [int(self._rowids[places[i]]) for i in dict.fromkeys(ids) if i in places]
        if not wanted:
            return []
        found: list[Mapping[str, Any]] = self.table.take_row_ids(wanted).select(list(columns)).to_arrow().to_pylist()
        return found

    def stream(self, columns: Sequence[str], batch: int = 1000) -> Iterator[list[Mapping[str, Any]]]:
        """All rows in the order of storage, those columns of them, a batch at a time."""
        for start in range(0, len(self), batch):
            found = self.table.take_row_ids([int(r) for r in self._rowids[start : start + batch]])
            yield found.select(list(columns)).to_arrow().to_pylist()

    def _place(self, rowids: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._rowids, rowids)

    def _by_id(self) -> dict[str, int]:
        with self._lock:
            if self._places is None:
                self._places = {str(i): n for n, i in enumerate(self._ids)}
            return self._places

    def _vectors(self) -> np.ndarray:
        with self._lock:
            if self._matrix is None:
                found = self.table.search().select(["vector", "_rowid"]).limit(max(1, len(self))).to_arrow()
                vectors = found["vector"].combine_chunks()
                matrix = vectors.values.to_numpy(zero_copy_only=False).reshape(len(found), -1)
                self._matrix = matrix[np.argsort(found["_rowid"].to_numpy(), kind="stable")]
            return self._matrix

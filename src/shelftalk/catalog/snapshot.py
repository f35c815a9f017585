"""One version of a catalogue's table, read only: filters, dense and full-text search, sorting.

A snapshot never changes, so everything read through it belongs together, whatever a writer does meanwhile. Ids, and of all
but large catalogues the vectors and the keys that equalities are asked through, are kept in memory; any other filter is
evaluated once by the database and remembered.
This module knows nothing of embedding or writing.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from shelftalk.catalog import rows, sql
from shelftalk.catalog.words import content_words
from shelftalk.values import Product, Sort

# Up to this many products vectors are compared exactly and in memory (384 floats: 1.5 KiB a product); above it the
# table's vector index is asked.
EXACT_ROWS = 50_000
# In a large catalogue: filters that let in at most this many are searched exactly; else this many parts of the index are.
SCANNED_ROWS = 10_000
PROBES = 32
REMEMBERED_FILTERS = 64
REMEMBERED_FIELDS = 128
REMEMBERED_PRODUCTS = 4_096
REMEMBERED_SEARCHES, SHORT = 512, 100  # full-text searches of the whole catalogue for at most so many products
QUERY_LENGTH = 2_000
# BM25 over `lead`, over `text`, and over `text` where every word is there: fitted by benchmarks/retrieval.py --fit.
LEXICAL_WEIGHTS = (1.0, 1.0, 1.0)


class TableSnapshot:
    """One version of the table; safe to share between threads."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.version: int = table.version
        found = table.search().select(["id", "_rowid"]).limit(max(1, table.count_rows())).to_arrow()
        order = np.argsort(found["_rowid"].to_numpy(), kind="stable")
        self._rowids: np.ndarray = found["_rowid"].to_numpy()[order]
        self._ids: np.ndarray = np.array(found["id"].to_pylist(), dtype=object)[order]
        self._in_memory = len(self._rowids) <= EXACT_ROWS
        self._places: dict[str, int] | None = None
        self._matrix: np.ndarray | None = None
        self._records: Any = None
        self._filters: OrderedDict[str, np.ndarray] = OrderedDict()
        self._numbers: OrderedDict[tuple[str, bool], np.ndarray] = OrderedDict()
        self._keys: tuple[np.ndarray, np.ndarray] | None = None
        self._products: OrderedDict[int, Product] = OrderedDict()
        self._searches: OrderedDict[tuple[str, int], list[tuple[str, float]]] = OrderedDict()
        self._groups: np.ndarray | None = None
        self._groups_read = False
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._rowids)

    def matching(self, where: str | None) -> np.ndarray:
        """The places (0 to len - 1, rising) of the products that a filter lets through."""
        if where is None:
            return np.arange(len(self))
        if not isinstance(where, sql.Where) or not self._in_memory:
            return self._found(where)
        places = self._all_of(where.parts)
        for unwanted in where.without:
            places = np.setdiff1d(places, self._found(unwanted), assume_unique=True)
        for limit in where.ranges:
            values = self._values(limit.name, limit.dated)[places]
            low = values > limit.low if limit.low_open else values >= limit.low
            high = values < limit.high if limit.high_open else values <= limit.high
            places = places[low & high]
        return places

    def _all_of(self, parts: Sequence[str]) -> np.ndarray:
        """The places of the products that meet all of the conditions."""
        found = [self._found(part) for part in parts]
        if not found:
            return np.arange(len(self))
        return functools.reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), found)

    def _splits(self, where: str) -> TypeGuard[sql.Where]:
        """Whether parts of the filter are applied in memory."""
        return isinstance(where, sql.Where) and self._in_memory and bool(where.ranges or where.without)

    def _found(self, where: str) -> np.ndarray:
        """What a filter lets through, read from the keys in memory or by the database and remembered."""
        if self._in_memory and isinstance(where, sql.Keyed):
            return self._with_keys(where.keys)
        with self._lock:
            if where in self._filters:
                self._filters.move_to_end(where)
                return self._filters[where]
        found = self.table.search().where(where).select(["_rowid"]).limit(max(1, len(self))).to_arrow()
        places = self._place(np.sort(found["_rowid"].to_numpy()))
        with self._lock:
            self._filters[where] = places
            while len(self._filters) > (REMEMBERED_FILTERS if self._in_memory else 4):
                self._filters.popitem(last=False)
        return places

    def _with_keys(self, keys: Sequence[int]) -> np.ndarray:
        """The places of the products that have one of the keys, rising."""
        every, places = self._all_keys()
        ends = [(np.searchsorted(every, key, "left"), np.searchsorted(every, key, "right")) for key in keys]
        if len(ends) == 1:
            return places[slice(*ends[0])]
        return np.unique(np.concatenate([places[start:end] for start, end in ends]))

    def _all_keys(self) -> tuple[np.ndarray, np.ndarray]:
        """Every key of every product, rising, and beside each the product's place; of equal keys the places rise."""
        import pyarrow.compute as pc

        with self._lock:
            if self._keys is None:
                found = (
                    self.table.search().select(["keys", "_rowid"]).limit(max(1, len(self))).to_arrow().combine_chunks()
                )
                lists = found["keys"].combine_chunks()
                rows_of = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
                keys = pc.list_flatten(lists).to_numpy(zero_copy_only=False)
                places = self._place(found["_rowid"].to_numpy())[rows_of]
                order = np.lexsort((places, keys))
                self._keys = keys[order], places[order]
            return self._keys

    def _values(self, name: str, dated: bool) -> np.ndarray:
        """A field's number by place, NaN where there is none; read from the table once and remembered."""
        with self._lock:
            if (name, dated) in self._numbers:
                self._numbers.move_to_end((name, dated))
                return self._numbers[name, dated]
        values = np.full(len(self), np.nan)
        places, held = self._read_numbers(*sql.number_column(name, dated=dated), None)
        values[places] = held
        with self._lock:
            self._numbers[name, dated] = values
            while len(self._numbers) > REMEMBERED_FIELDS:
                self._numbers.popitem(last=False)
        return values

    def _read_numbers(self, column: str, narrow: str | None, where: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The places of the products that the filter lets through and that hold a number, rising, and the numbers."""
        parts = [f"({part})" for part in (where, narrow) if part is not None]
        query = self.table.search().select({"_rowid": "_rowid", "value": column}).limit(max(1, len(self)))
        found = (query.where(" AND ".join(parts)) if parts else query).to_arrow()
        values = found["value"].to_numpy().astype(np.float64)
        held = ~np.isnan(values)
        rowids = found["_rowid"].to_numpy()[held]
        order = np.argsort(rowids, kind="stable")
        return self._place(rowids[order]), values[held][order]

    def count(self, where: str | None) -> int:
        """How many products a filter lets through."""
        return len(self.matching(where))

    def distinct(self, where: str | None) -> int:
        """How many products a filter lets through, the variants of one thing counted once."""
        places, groups = self.matching(where), self._all_groups()
        return len(places) if groups is None else len(np.unique(groups[places]))

    def spans(self, field: str, where: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest number of a field that each product has among its variants that a filter lets through, each rising."""
        places, values = self._sortable(sql.field_name(field), where)
        every = self._all_groups()
        if every is None or not len(places):
            ordered = np.sort(values)
            return ordered, ordered
        groups = every[places]
        order = np.lexsort((values, groups))
        groups, values = groups[order], values[order]
        first = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        last = np.r_[first[1:], len(groups)] - 1
        return np.sort(values[first]), np.sort(values[last])

    def _all_groups(self) -> np.ndarray | None:
        """For each place the place of the first variant of its group, its own where it stands alone; None where no product has a group."""
        with self._lock:
            if not self._groups_read:
                found = self.table.search().select(["item_group_id", "_rowid"]).where("item_group_id IS NOT NULL")
                held = found.limit(max(1, len(self))).to_arrow()
                if len(held):
                    groups, first = np.arange(len(self)), dict[str, int]()
                    places = self._place(held["_rowid"].to_numpy())
                    names = held["item_group_id"].to_pylist()
                    for at in np.argsort(places, kind="stable"):
                        groups[places[at]] = first.setdefault(names[at], int(places[at]))
                    self._groups = groups
                self._groups_read = True
            return self._groups

    def dense(self, vector: np.ndarray, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k nearest products by cosine similarity among those the filter lets through, best first."""
        if not self._in_memory:
            return self._indexed_dense(vector, where, k)
        places = self.matching(where)
        if not len(places):
            return []
        matrix = self._vectors()
        # Copying rows costs more than multiplying them: beyond a quarter of the matrix, all of it is multiplied.
        few = len(places) * 4 < len(matrix)
        similar = _dot(matrix[places], vector) if few else _dot(matrix, vector)[places]
        k = min(k, len(similar))
        best = np.argpartition(-similar, k - 1)[:k]
        best = best[np.lexsort((places[best], -similar[best]))]
        return [(str(self._ids[places[i]]), float(similar[i])) for i in best]

    def _indexed_dense(self, vector: np.ndarray, where: str | None, k: int) -> list[tuple[str, float]]:
        query = self.table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.select(["id", "_distance"]).limit(k)
        # A narrow filter leaves few vectors: they are compared one by one, where an index would miss some.
        narrow = where is not None and self.table.count_rows(str(where)) <= SCANNED_ROWS
        query = query.bypass_vector_index() if narrow else query.nprobes(PROBES)
        if where is not None:
            query = query.where(str(where), prefilter=True)
        found = query.to_arrow()
        pairs = zip(found["id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        return [(i, 1.0 - d) for i, d in pairs]

    def lexical(self, text: str, where: str | None, k: int) -> list[tuple[str, float]]:
        """The k best products by BM25 of the words of a text among those the filter lets through, best first.

        A score is the sum of three: BM25 over what a product is (column `lead`), over all its words, and over all its
        words again where it carries every word of the text (LEXICAL_WEIGHTS; docs/decisions/0003-fusion.md).
        """
        words = content_words(text[:QUERY_LENGTH])
        if not any(c.isalnum() for c in words):
            return []
        if where is None and k <= SHORT:
            return self._searched(words, k)
        if where is None or not self._splits(where):
            return self._ranked(*self._bm25(words, where, k))[:k]
        # What lets most products through is slow in the database: it gets the rest of the filter, and hands over as many
        # of its best as it takes until k of them pass (a longer list begins with the shorter one).
        let_in = self.matching(where)
        if not len(let_in):
            return []
        within = np.zeros(len(self), dtype=bool)
        within[let_in] = True
        limit = 2 * k * max(1, len(self._all_of(where.parts)) // len(let_in))
        while True:
            places, scores = self._bm25(words, where.indexed, limit)
            held = within[places]
            if held.sum() >= k or len(places) < limit:
                return self._ranked(places[held], scores[held])[:k]
            limit *= 4

    def _searched(self, words: str, k: int) -> list[tuple[str, float]]:
        """The best of the whole catalogue, remembered: requests look the same names up again."""
        with self._lock:
            if (words, k) in self._searches:
                self._searches.move_to_end((words, k))
                return list(self._searches[words, k])
        found = self._ranked(*self._bm25(words, None, k))[:k]
        with self._lock:
            self._searches[words, k] = found
            while len(self._searches) > REMEMBERED_SEARCHES:
                self._searches.popitem(last=False)
        return list(found)

    def _bm25(self, words: str, where: str | None, k: int) -> tuple[np.ndarray, np.ndarray]:
        from lancedb.query import BooleanQuery, MatchQuery, Occur

        lead, anything, everything = LEXICAL_WEIGHTS
        asked = BooleanQuery(
            [
                (Occur.SHOULD, MatchQuery(words, "lead", boost=lead)),
                (Occur.SHOULD, MatchQuery(words, "text", boost=anything)),
                (Occur.SHOULD, MatchQuery(words, "text", boost=everything, operator="AND")),
            ]
        )
        query = self.table.search(asked, query_type="fts").select(["_rowid", "_score"]).limit(k)
        found = (query.where(where, prefilter=True) if where is not None else query).to_arrow()
        return self._place(found["_rowid"].to_numpy()), found["_score"].to_numpy()

    def _ranked(self, places: np.ndarray, scores: np.ndarray) -> list[tuple[str, float]]:
        order = np.lexsort((places, -scores))
        return [(str(self._ids[places[i]]), float(scores[i])) for i in order]

    def scan(self, where: str | None, order_by: Sort | None, limit: int | None) -> list[str]:
        """The ids that a filter lets through, in the order of a field's numbers (or dates) where asked.

        Ties keep the order of storage; products whose field holds no number come last, whatever the direction.
        """
        if order_by is None:
            return [str(i) for i in self._ids[self.matching(where)[:limit]]]
        places, values = self._sortable(sql.field_name(order_by.field), where)
        ordered = places[np.lexsort((places, values if order_by.direction == "asc" else -values))]
        if limit is None or limit > len(ordered):
            ordered = np.concatenate([ordered, np.setdiff1d(self.matching(where), places, assume_unique=True)])
        return [str(i) for i in self._ids[ordered[:limit]]]

    def _sortable(self, name: str, where: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The places that the filter lets through and that hold a number or a date in the field, and those."""
        if not self._in_memory:
            return self._read_numbers(*sql.sort_column(name), where)
        places = self.matching(where)
        values = self._values(name, False)[places]
        if name not in sql.NUMBER_COLUMNS:
            dates = self._values(name, True)[places]
            values = np.where(np.isnan(dates), values, dates)
        held = ~np.isnan(values)
        return places[held], values[held]

    def products(self, ids: Sequence[str]) -> dict[str, Product]:
        """The products of those ids that are here, by id, in the order asked."""
        if self._in_memory:
            return self._held(ids)
        read = {r["id"]: rows.product(r) for r in self._take(ids, rows.RECORD)}
        return {i: read[i] for i in dict.fromkeys(ids) if i in read}

    def known(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids that are here."""
        return self._by_id().keys() & set(ids)

    def _held(self, ids: Sequence[str]) -> dict[str, Product]:
        """The same, the products that were read last from memory."""
        by_id = self._by_id()
        wanted = {i: by_id[i] for i in dict.fromkeys(ids) if i in by_id}
        with self._lock:
            here = {place: p for place in wanted.values() if (p := self._products.get(place)) is not None}
            for place in here:
                self._products.move_to_end(place)
        if missing := [place for place in wanted.values() if place not in here]:
            fresh = [rows.product(r) for r in self._all_records().take(missing).to_pylist()]
            here |= zip(missing, fresh, strict=True)
            with self._lock:
                self._products.update(zip(missing, fresh, strict=True))
                while len(self._products) > REMEMBERED_PRODUCTS:
                    self._products.popitem(last=False)
        return {i: here[place] for i, place in wanted.items()}

    def vectors(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors of those of the ids that are here, float32, shape (n, dimensions), in no particular order."""
        if self._in_memory:
            places = self._by_id()
            return self._vectors()[[places[i] for i in ids if i in places]]
        found = [r["vector"] for r in self._take(ids, ["vector"])]
        return np.array(found, dtype=np.float32).reshape(len(found), -1)

    def vectors_of(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """The vector of each of the ids that is here, float32."""
        if self._in_memory:
            places = self._by_id()
            matrix = self._vectors()
            return {i: matrix[places[i]] for i in ids if i in places}
        return {r["id"]: np.asarray(r["vector"], dtype=np.float32) for r in self._take(ids, ["id", "vector"])}

    def _all_records(self) -> Any:
        with self._lock:
            if self._records is None:
                columns = [*rows.RECORD, "_rowid"]
                found = self.table.search().select(columns).limit(max(1, len(self))).to_arrow().combine_chunks()
                order = np.argsort(found["_rowid"].to_numpy(), kind="stable")
                self._records = found.drop_columns("_rowid").take(order)
            return self._records

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


def _dot(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    # One thread on purpose: BLAS threads wait for each other where a language model has the cores.
    return np.asarray(np.einsum("ij,j->i", matrix, vector))

"""Puts products into the table of a catalogue: what changed is written, and embedded where its text changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from shelftalk.catalog import rows
from shelftalk.catalog.ondisk import hashes_of, make_indices, vectors_of
from shelftalk.values import Product


class EmbedderProtocol(Protocol):
    """What a catalogue needs of an embedder; `shelftalk.catalog.embed` has the real one."""

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    def encode(self, texts: Sequence[str]) -> np.ndarray: ...
    def encode_again(self, texts: Sequence[str]) -> list[np.ndarray]: ...
    def encode_query(self, text: str) -> np.ndarray: ...
    def encode_queries(self, texts: Sequence[str]) -> list[np.ndarray]: ...


@dataclass(frozen=True, slots=True)
class UpsertReport:
    """How many products were new, changed and the same, and how many of them were embedded."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    embedded: int = 0

    def __add__(self, other: UpsertReport) -> UpsertReport:
        mine, theirs = asdict(self), asdict(other)
        return UpsertReport(**{k: mine[k] + theirs[k] for k in mine})


def put(
    table: Any,
    products: Sequence[Product],
    load: Callable[[], EmbedderProtocol],
    added: Callable[[list[str], bool], None] = lambda ids, opening: None,
) -> UpsertReport:
    """Puts products into the table, replacing those of the same id; embeds only those whose embedding text changed, by what `load` gives.
    `added` is told of the ids that were not there before, once they are, and whether the table was empty until then."""
    from shelftalk.catalog.embed import embedding_text

    fresh_table = table.count_rows() == 0
    old = {} if fresh_table else hashes_of(table, [p.id for p in products])
    changed = [p for p in products if p.id not in old or old[p.id][0] != rows.record_hash(p)]
    if not changed:
        return UpsertReport(unchanged=len(products))
    embedder = load()
    texts = [embedding_text(p) for p in changed]
    hashes = [rows.text_hash(embedder.name, t) for t in texts]
    known = [p.id for p, h in zip(changed, hashes, strict=True) if p.id in old and old[p.id][1] == h]
    vectors = vectors_of(table, known)
    fresh = [n for n, p in enumerate(changed) if p.id not in vectors]
    matrix = np.zeros((len(changed), embedder.dimensions), dtype=np.float32)
    if fresh:
        matrix[fresh] = embedder.encode([texts[n] for n in fresh])
    for n, p in enumerate(changed):
        if p.id in vectors:
            matrix[n] = vectors[p.id]
    data = rows.table(changed, matrix, hashes)
    updated = sum(p.id in old for p in changed)
    if updated:
        table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(data)
    else:
        table.add(data)
    if fresh_table:
        make_indices(table)
    added([p.id for p in changed if p.id not in old], fresh_table)
    return UpsertReport(len(changed) - updated, updated, len(products) - len(changed), len(fresh))

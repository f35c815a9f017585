"""What stands in a catalogue's folder: its metadata, its table's indices, and the database's errors in plain words.

It knows no product and no search; store.py reads and writes the table.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.catalog import rows, sql
from shelftalk.catalog.snapshot import EXACT_ROWS
from shelftalk.errors import CatalogError, StorageError

TABLE = "products"
METADATA = "catalog.json"
_LOST_FILE = re.compile(r"(?:Not found|not found): (?P<path>[^\s,()]+)")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What catalog.json holds."""

    schema: int
    embedder: str
    dimensions: int


@contextmanager
def reported(folder: Path, doing: str) -> Iterator[None]:
    """Turns the database's errors, while `doing` something to the table in the folder, into those of shelftalk.errors."""
    try:
        yield
    except (RuntimeError, OSError, ValueError) as error:
        text = str(error)
        if "No space left" in text or getattr(error, "errno", None) == 28:
            raise StorageError(f"cannot {doing} {folder}: the disk is full; free some space and try again") from error
        if "ermission denied" in text or "Read-only file system" in text:
            raise StorageError(f"cannot {doing} {folder}: permission denied; check the folder's owner") from error
        if not (isinstance(error, OSError) or "lance" in text.lower() or "was not found" in text):
            raise
        log.debug("the database said: %s", text)
        raise CatalogError(
            f"cannot {doing} {folder}: {_damage(folder, text)}; import the feed into a new folder"
        ) from error


def _damage(folder: Path, text: str) -> str:
    """What is wrong with the folder's files, without the database's own source paths."""
    lost = _LOST_FILE.search(text)
    if lost is None:
        return "its files are damaged or missing"
    return f"the file {_within(folder, lost['path'])} is missing or damaged"


def _within(folder: Path, path: str) -> str:
    """The path as it stands inside the folder."""
    _, found, inside = path.partition(f"{folder.name}/")
    return inside if found else Path(path).name


def make_indices(table: Any) -> None:
    """Makes the indices that the table's size needs and that it lacks."""
    from lancedb.index import FTS, BTree, IvfFlat, LabelList

    count = table.count_rows()
    have = {c for index in table.list_indices() for c in index.columns}
    wanted: dict[str, Any] = {
        "lead": FTS(stem=True, remove_stop_words=False, ascii_folding=True),
        "text": FTS(stem=True, remove_stop_words=False, ascii_folding=True),
        "id": BTree(),
        "price": BTree(),
        "keys": LabelList(),
    }
    if count > EXACT_ROWS:
        wanted["vector"] = IvfFlat(distance_type="cosine", num_partitions=int(count**0.5))
    for column, config in wanted.items():
        if column not in have:
            table.create_index(column, config=config)


def hashes_of(table: Any, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The hashes of the record and of the embedding text, by id, of those ids that are in the table."""
    found = table.search().where(sql.where(only_ids=ids)).select(["id", "record_hash", "text_hash"]).limit(len(ids))
    return {r["id"]: (r["record_hash"], r["text_hash"]) for r in found.to_arrow().to_pylist()}


def vectors_of(table: Any, ids: Sequence[str]) -> dict[str, np.ndarray]:
    """The vectors of those ids."""
    if not ids:
        return {}
    found = table.search().where(sql.where(only_ids=ids)).select(["id", "vector"]).limit(len(ids))
    return {r["id"]: np.asarray(r["vector"], dtype=np.float32) for r in found.to_arrow().to_pylist()}


def read_metadata(path: Path, create: bool) -> Metadata | None:
    """What catalog.json says; None where there is no catalogue yet and `create` is set. Raises CatalogError."""
    file = path / METADATA
    if not file.exists():
        if (path / f"{TABLE}.lance").exists():
            raise CatalogError(f"{path} is damaged: {METADATA} is missing; import the feed into a new folder")
        if create:
            if path.exists() and not path.is_dir():
                raise CatalogError(f"{path} is a file; name a folder for the catalogue")
            return None
        raise CatalogError(
            f"no catalogue at {path}; make one with `shelftalk catalog import FEED --catalog {path}`, or name another folder"
        )
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        metadata = Metadata(int(found["schema"]), str(found["embedder"]), int(found["dimensions"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CatalogError(f"{file} is damaged ({error}); import the feed into a new folder") from error
    if metadata.schema != rows.SCHEMA_VERSION:
        older = metadata.schema < rows.SCHEMA_VERSION
        raise CatalogError(
            f"{path} has format {metadata.schema}, this version of shelftalk reads format {rows.SCHEMA_VERSION}; "
            "import the feed into a new folder: `shelftalk catalog import FEED --catalog NEW`"
            + ("" if older else ", or use the later version of shelftalk that made it")
        )
    return metadata

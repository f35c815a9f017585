"""Vectors of texts that are the same for every shopper, kept on disk so that a new process need not make them again.

HOME/vectors/KEY.sqlite   one file an encoder: a digest of the text, and its vector

What a larger encoder reads of a kind of product the first time takes seconds; with what is kept it takes milliseconds. No shopper's words
come here. A damaged file is made anew; one that cannot be read or written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KeptVectors"]

MOST_ROWS = 100_000  # then the older half goes
_BUSY_S = 2.0

log = logging.getLogger(__name__)


class KeptVectors:
    """The vectors of one encoder in a file; safe to share between threads and processes."""

    def __init__(self, file: Path, dimensions: int) -> None:
        self._file, self._bytes = file, 4 * dimensions
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = _opened(file)
        except (OSError, sqlite3.Error) as error:
            self._without(error)

    def of(
        self, texts: Sequence[str], encode: Callable[[Sequence[str]], Iterable[np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """The vector of each text, made by `encode` and kept where it is not kept yet."""
        held = self.get(texts)
        new = [text for text in dict.fromkeys(texts) if text not in held]
        made = dict(zip(new, encode(new) if new else (), strict=True))
        self.put(made)
        return held | made

    def get(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Those of the texts' vectors that are kept: float32, shape (dimensions,)."""
        import numpy as np

        named = {_digest(text): text for text in texts}
        rows = self._run(
            "SELECT text, vector FROM vectors WHERE text IN (SELECT value FROM json_each(?))", json.dumps(list(named))
        )
        return {named[d]: np.frombuffer(v, np.float32) for d, v in rows if len(v) == self._bytes}

    def put(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Keeps more of them."""
        if self._database is None or not vectors:
            return
        rows = [(_digest(text), vector.astype("float32").tobytes()) for text, vector in vectors.items()]
        try:
            with self._lock:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                self._database.execute(
                    "DELETE FROM vectors WHERE rowid <= (SELECT MAX(rowid) FROM vectors) - ?"
                    " AND (SELECT COUNT(*) FROM vectors) > ?",
                    (MOST_ROWS // 2, MOST_ROWS),
                )
                self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error), self._lock:
                self._database.execute("ROLLBACK")
            self._without(error)

    def _run(self, query: str, value: str) -> list[tuple[str, bytes]]:
        if self._database is None:
            return []
        try:
            with self._lock:
                return self._database.execute(query, (value,)).fetchall()
        except sqlite3.Error as error:
            self._without(error)
            return []

    def _without(self, error: Exception) -> None:
        log.warning("vectors are not kept in %s, which makes first answers slower: %s", self._file, error)
        self._database = None


def _opened(file: Path) -> sqlite3.Connection:
    """The database in the file, made anew where the file is none."""
    try:
        return _connected(file)
    except sqlite3.OperationalError:  # locked, or not to be written: it may well be sound
        raise
    except sqlite3.DatabaseError as error:
        log.warning("%s is damaged and made anew: %s", file, error)
        for part in ("", "-wal", "-shm"):
            file.with_name(file.name + part).unlink(missing_ok=True)
        return _connected(file)


def _connected(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB NOT NULL)")
    except BaseException:
        database.close()
        raise
    return database


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

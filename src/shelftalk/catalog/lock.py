"""One writer at a time: a lock of the operating system on a file in the catalogue's folder.

The system releases it when its process ends, however it ends, so a lock is never stale.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shelftalk.errors import CatalogError, StorageError

NAME = ".writer.lock"
WAIT = 5.0


@contextmanager
def writer(folder: Path) -> Iterator[None]:
    """Holds the folder's writer lock, waiting a few seconds for it; CatalogError names the process that holds it."""
    path = folder / NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(f"cannot write in {folder}: {error.strerror}; check the folder's permissions") from error
    try:
        until = time.monotonic() + WAIT
        while not _take(handle):
            if time.monotonic() >= until:
                raise CatalogError(
                    f"another process{_owner(path)} is writing to {folder}; wait until it has ended and try again"
                )
            time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0) if hasattr(os, "pwrite") else None
        yield
    finally:
        os.close(handle)


def held(folder: Path) -> bool:
    """Whether some process is writing to the catalogue now."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def _owner(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii", errors="ignore").strip()
    except OSError:
        return ""
    return f" ({text})" if text.isdigit() else ""


def _take(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

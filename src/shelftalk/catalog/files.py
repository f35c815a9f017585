"""Folders and files written so that a cut leaves the old content or the new, never half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from shelftalk.errors import StorageError


def write_atomic(path: Path, text: str) -> None:
    """Replaces the file's content in one step; StorageError where the disk is full or the folder cannot be written."""
    with replacing(path) as out:
        out.write(text)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text file that takes the place of `path` when the block ends, and leaves no trace where it fails."""
    with making(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        yield out


@contextmanager
def making(path: Path) -> Iterator[Path]:
    """The path of an empty file that takes the place of `path` when the block ends, and leaves no trace where it fails."""
    with storage(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turns a failed write into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"cannot write {path}: the disk is full; free some space and try again") from error
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def make_folder(path: Path) -> bool:
    """Makes the folder; whether it was new."""
    if path.is_dir():
        return False
    with storage(path):
        path.mkdir(parents=True, exist_ok=True)
    return True


def drop_folder(path: Path, *leftovers: str) -> None:
    """Removes a folder that holds nothing but the files named."""
    with suppress(OSError):
        for name in leftovers:
            (path / name).unlink(missing_ok=True)
        path.rmdir()


def size(path: Path) -> int:
    """Bytes of all files below a folder; one that goes while they are counted does not count."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += (Path(folder) / name).stat().st_size
    return total

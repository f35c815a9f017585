"""Writes the files that commands are asked for: whole or not at all, in folders that need not be there yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from shelftalk.errors import StorageError


def write_whole(path: Path, fill: Callable[[TextIO], Any]) -> None:
    """Has `fill` write the file, which takes its name when it is finished. StorageError where it cannot be written."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="") as out:
            fill(out)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}; choose another place") from error


def check_place(path: Path) -> None:
    """Raises StorageError where a file could not be written, before the work for it is done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise StorageError(f"{path}: is a folder; name a file")
        path.with_name(path.name + ".partial").touch()
        path.with_name(path.name + ".partial").unlink()
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}; choose another place") from error

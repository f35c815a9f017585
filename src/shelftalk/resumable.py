"""A file of JSON lines that is written in batches and goes on after a cut without repeating work.

Lines gather in OUTPUT.partial, whose first line says what they belong to; the file takes its final name when the last is written. A line
that reports an error has the key "error".
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftalk.errors import StorageError

__all__ = ["Written", "partial_of", "write_resumable"]


@dataclass(frozen=True, slots=True)
class Written:
    """Lines in all, those among them that report an error, and those that an earlier run had written."""

    lines: int
    failed: int
    resumed: int


def partial_of(output: Path) -> Path:
    """Where lines gather until the last is written."""
    return output.with_name(output.name + ".partial")


def write_resumable(
    output: Path,
    head: Mapping[str, str],
    batches: Callable[[int], Iterable[Sequence[Mapping[str, Any]]]],
    progress: Callable[[int], None] = lambda done: None,
) -> Written:
    """Writes the records of `batches(n)`, which leaves out the first n lines; n are there already where `head` is that of a cut run.

    `progress` is called with the lines done. Raises StorageError where the disk is full or the file cannot be written. Memory: a batch.
    """
    partial = partial_of(output)
    kept, failed = _resume(partial, json.dumps(head))
    progress(kept)
    done = kept
    try:
        with partial.open("a" if kept else "w", encoding="utf-8") as out:
            if not kept:
                out.write(json.dumps(head) + "\n")
            for records in batches(kept):
                out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
                out.flush()
                failed += sum("error" in record for record in records)
                done += len(records)
                progress(done)
        _finish(partial, output)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"{partial}: the disk is full; free some space and run the same command again"
            ) from error
        raise StorageError(f"{partial}: cannot be written: {error.strerror or error}") from error
    return Written(done, failed, kept)


def _resume(partial: Path, head: str) -> tuple[int, int]:
    """How many whole lines an earlier, cut run of the same work left, and how many report an error; a torn last line is cut off."""
    if not partial.exists():
        return 0, 0
    kept = failed = whole = 0
    with partial.open("rb") as lines:
        first = lines.readline()
        if first != head.encode() + b"\n":
            return 0, 0
        whole = len(first)
        for line in lines:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            kept += 1
            failed += "error" in json.loads(line)
    if whole < partial.stat().st_size:
        os.truncate(partial, whole)
    return kept, failed


def _finish(partial: Path, output: Path) -> None:
    """Writes the lines without the head and gives them their final name."""
    done = output.with_name(output.name + ".done")
    try:
        with partial.open("rb") as source, done.open("wb") as target:
            source.readline()
            while block := source.read(1 << 20):
                target.write(block)
        done.replace(output)
    finally:
        done.unlink(missing_ok=True)
    partial.unlink()

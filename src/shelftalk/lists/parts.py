"""The input cut into parts of some hundred users, each of which can be read by itself, here or on another machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shelftalk.errors import StorageError, UsageError
from shelftalk.lists.storage import Place

USERS = 256  # a part
BYTES = 8 << 20  # a part of JSON Lines ends here at the latest
LONGEST = 2_000_000  # bytes of a line
_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one file. `first` is the number of its first row in the whole input and `line` that in its file, both from 1;
    `rows` is how many numbers it takes and `count` how many of these hold something. JSON Lines are found by `offset` and `length`,
    Parquet by the row group and the rows before."""

    index: int
    file: str
    first: int
    line: int
    rows: int
    count: int
    offset: int = 0
    length: int = 0
    group: int = -1

    @property
    def numbers(self) -> range:
        """The numbers of its rows in the whole input."""
        return range(self.first, self.first + self.rows)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in the input: its number in the whole input, where it stands, and a record or the raw bytes of a line (None
    for a line that is too long)."""

    number: int
    where: str
    held: dict[str, Any] | bytes | None


@dataclass(frozen=True, slots=True)
class Input:
    """The parts of an input in its order, how many users it holds, and the SHA-256 over its files."""

    parts: tuple[Part, ...]
    users: int
    digest: str


def scan(users: Place, size: int = USERS) -> Input:
    """The input in parts of at most `size` users: a file, or a folder of them in the order of their names. Reads it once, as a stream.

    UsageError where it is not there, holds no user, or is neither JSON Lines nor Parquet.
    """
    parts: list[Part] = []
    digest = hashlib.sha256()
    first = 1
    for file in _files(users):
        cut = _cut_rows if file.name.lower().endswith(_PARQUET) else _cut_lines
        for part in cut(file, size, len(parts), first, digest):
            parts.append(part)
            first = part.first + part.rows
    count = sum(part.count for part in parts)
    if not count:
        raise UsageError(f'{users.shown}: holds no user; write one JSON object a line, like {{"user": "u1"}}')
    return Input(tuple(parts), count, digest.hexdigest())


def _files(users: Place) -> list[Place]:
    kind = users.kind()
    if kind == "file":
        return [users]
    known = (*_PARQUET, *_LINES)
    names = [
        name
        for name in sorted(users.names() if kind == "folder" else ())
        if name.lower().endswith(known) and not any(piece.startswith((".", "_")) for piece in name.split("/"))
    ]
    if not names:
        told = f"no file there ends in {', '.join(known)}" if kind else "there is no such file or folder"
        raise UsageError(f"{users.shown}: {told}; give the users as JSON Lines or Parquet")
    return [users / name for name in names]


def _cut_rows(file: Place, size: int, index: int, first: int, digest: Any) -> Iterator[Part]:
    for block in file.blocks():
        digest.update(block)
    line = 1
    with _parquet(file) as found:
        if "user" not in found.schema_arrow.names:
            raise UsageError(f"{file.shown}: has no column 'user'; it has {', '.join(found.schema_arrow.names)[:200]}")
        for group in range(found.num_row_groups):
            held = found.metadata.row_group(group).num_rows
            for at in range(0, held, size):
                rows = min(size, held - at)
                yield Part(index, file.address, first, line, rows, rows, offset=at, group=group)
                index, first, line = index + 1, first + rows, line + rows


def _cut_lines(file: Place, size: int, index: int, first: int, digest: Any) -> Iterator[Part]:
    def read() -> Iterator[bytes]:
        for block in file.blocks():
            digest.update(block)
            yield block

    line, at = 1, 0  # where the part begins
    rows = count = length = 0
    for raw, held in split(read()):
        if rows and (count == size or length + held > BYTES):
            yield Part(index, file.address, first, line, rows, count, at, length)
            index, first, line, at = index + 1, first + rows, line + rows, at + length
            rows = count = length = 0
        rows, length = rows + 1, length + held
        count += raw is None or bool(raw.strip())
    if rows:
        yield Part(index, file.address, first, line, rows, count, at, length)


def split(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[tuple[bytes | None, int]]:
    """Each line with how many bytes it takes, its end counted; None for one of more than `longest`, of which no more is kept."""
    begun, taken = b"", 0  # of a line whose end was not read yet
    for block in blocks:
        lines = block.split(b"\n")
        for piece in lines[:-1]:
            held = taken + len(piece) + 1
            yield (begun + piece if held - 1 <= longest else None), held
            begun, taken = b"", 0
        taken += len(lines[-1])
        begun = begun + lines[-1] if taken <= longest else b""
    if taken:
        yield (begun if taken <= longest else None), taken


class PartReader:
    """Reads parts. Parts of one Parquet row group that are read in order are read in one go."""

    def __init__(self) -> None:
        self._open: tuple[str, int, int] | None = None  # file, row group, rows given of it
        self._rows: Iterator[dict[str, Any]] = iter(())

    def rows(self, part: Part) -> Iterator[Row]:
        """The rows of a part that hold something, in order. StorageError where the file has changed or cannot be read."""
        file = Place(part.file)
        if part.group < 0:
            pairs = enumerate(split(file.blocks(part.offset, part.length)))
            for at, (raw, _) in pairs:
                if raw is None or raw.strip():
                    yield Row(part.first + at, f"{file.name} line {part.line + at}", raw)
            return
        for at, record in enumerate(self._records(file, part)):
            yield Row(part.first + at, f"{file.name} row {part.line + at}", record)

    def _records(self, file: Place, part: Part) -> list[dict[str, Any]]:
        if self._open != (part.file, part.group, part.offset):
            self._rows = _of_group(file, part.group)
            for _ in zip(range(part.offset), self._rows, strict=False):
                pass
        found = [record for _, record in zip(range(part.rows), self._rows, strict=False)]
        self._open = (part.file, part.group, part.offset + part.rows)
        if len(found) < part.rows:
            raise StorageError(f"{file.shown}: has fewer rows than when the run began; run the command again")
        return found


def _of_group(file: Place, group: int) -> Iterator[dict[str, Any]]:
    with _parquet(file) as found:
        names = [name for name in ("user", "history", "context") if name in found.schema_arrow.names]
        for batch in found.iter_batches(batch_size=USERS, row_groups=[group], columns=names):
            yield from batch.to_pylist()


def _parquet(file: Place) -> Any:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(file.opened())
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{file.shown}: cannot be read as Parquet: {error}") from error

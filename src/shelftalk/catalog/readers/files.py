"""Bytes and lines of a feed: gzip as it is, byte-order marks, bad encoding and over-long lines held to their line.

It knows nothing of products.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from shelftalk.errors import FeedError

MAX_LINE = 8 * 2**20
"""Bytes of one line, XML item or JSON record; longer ones are rejected unread."""

_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 16
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `text` is None where `problem` says why it cannot be read, and `raw` is its beginning."""

    number: int
    text: str | None
    problem: str = ""
    raw: str = ""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The feed's bytes, unpacked where it is gzip (told by its first bytes); FeedError where it cannot be read or is damaged."""
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == _GZIP if isinstance(file, io.BufferedReader) else False
            if packed:
                with gzip.GzipFile(fileobj=file) as unpacked, io.BufferedReader(unpacked, _BLOCK) as stream:  # type: ignore[type-var]
                    yield cast("IO[bytes]", stream)
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FeedError(f"feed {path}: damaged gzip ({error}); fetch or pack it again") from error
    except FileNotFoundError as error:
        raise FeedError(f"feed {path}: no such file") from error
    except IsADirectoryError as error:
        raise FeedError(f"feed {path}: a folder where a file is wanted") from error
    except PermissionError as error:
        raise FeedError(f"feed {path}: may not be read (permissions)") from error


def head(path: Path, size: int = _BLOCK) -> bytes:
    """The first bytes of a feed, unpacked; FeedError as `opened`."""
    with opened(path) as stream:
        return stream.read(size)


def encoding(start: bytes) -> tuple[str, int]:
    """The encoding that the first bytes show and the length of their byte-order mark; UTF-8 without one."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name, len(mark)
    return "utf-8", 0


def lines(path: Path, stream: IO[bytes], limit: int = MAX_LINE) -> Iterator[Line]:
    """The lines of a feed, numbered from 1; LF, CRLF and UTF-16 as they come; memory is bounded by `limit` bytes a line."""
    start = stream.read(4)
    name, mark = encoding(start)
    rest = cast("IO[bytes]", _Joined(start[mark:], stream))
    if name != "utf-8":
        yield from _wide_lines(path, rest, name, limit)
        return
    number = 0
    reader = io.BufferedReader(cast("io.RawIOBase", rest), _BLOCK)
    while raw := reader.readline(limit + 1):
        number += 1
        if len(raw) > limit and not raw.endswith(b"\n"):
            beginning = raw[:200].decode("utf-8", "replace")
            while raw and not raw.endswith(b"\n"):
                raw = reader.readline(limit)
            yield Line(number, None, f"longer than {limit} bytes", beginning)
            continue
        try:
            yield Line(number, raw.decode().rstrip("\r\n"))
        except UnicodeDecodeError as error:
            beginning = raw[:200].decode("utf-8", "replace")
            yield Line(number, None, f"broken encoding: not UTF-8 at byte {error.start + 1}", beginning)


def _wide_lines(path: Path, stream: IO[bytes], name: str, limit: int) -> Iterator[Line]:
    try:
        text = codecs.getreader(name)(stream, errors="replace")
        for number, line in enumerate(iter(lambda: text.readline(limit), ""), start=1):
            shown = line.rstrip("\r\n")
            if "\ufffd" in shown:
                yield Line(number, None, f"broken encoding: not {name.upper()}", shown[:200])
            else:
                yield Line(number, shown)
    except UnicodeError as error:
        raise FeedError(f"feed {path}: not {name.upper()} as its byte-order mark says ({error})") from error


class _Joined(io.RawIOBase):
    """The bytes already taken from a stream, then the stream."""

    def __init__(self, start: bytes, stream: IO[bytes]) -> None:
        self._start, self._stream = start, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._start or self._stream.read(len(view))
        taken = data[: len(view)]
        self._start = data[len(view) :]
        view[: len(taken)] = taken
        return len(taken)

"""Bytes and lines of a feed: gzip as it is, byte-order marks, bad encoding and over-long lines held to their line.

It knows nothing of products.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from shelftalk.catalog.money import Marks
from shelftalk.errors import FeedError

MAX_LINE = 8 * 2**20
"""Bytes of one line, JSON record or XML item; longer ones are rejected."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BLOCK = 1 << 16
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_HEAD = 1 << 12
_DOCUMENT = re.compile(r"<\?xml|<!doctype|<html|[{\[]", re.IGNORECASE)
_DECLARATION = re.compile(r"(?m)(?:^[ \t]*|(?<=>))<\?xml\s+version\s*=[^>]{1,200}\?>\s*<")
_FOREIGN = re.compile(rb"[\xa0-\xff]{4}")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A feed on disk; `progress` is told the bytes read so far, as they stand on disk, `read_as` the name of a column or
    field and what it was taken for: another field, or "yes or no"; `mended` what was mended and how often, since it was last
    told. `now` is when sales are looked at (None: the present), `marks` what the feed's prices show of the decimal mark."""

    path: Path
    progress: Callable[[int], None] | None = None
    read_as: Callable[[str, str], None] | None = None
    mended: Callable[[str, int], None] | None = None
    now: datetime | None = None
    marks: Marks | None = None

    def took(self, name: str, what: str) -> None:
        """Tells that a column or field was taken for something that its name does not say."""
        if self.read_as is not None:
            self.read_as(name, what)

    def mend(self, what: str, times: int = 1) -> None:
        """Tells that something was mended."""
        if self.mended is not None and times:
            self.mended(what, times)

    def error(self, message: str) -> FeedError:
        """A FeedError that names this feed."""
        return FeedError(f"feed {self.path}: {message}")


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One line; `text` is None where `problem` says why it cannot be read, and `raw` is its beginning."""

    number: int
    text: str | None
    problem: str = ""
    raw: str = ""


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """The feed's bytes, unpacked where they are gzip, or a zip of one file (told by the first bytes).

    FeedError where the feed cannot be read or turns out damaged, also while it is being read.
    """
    try:
        with source.path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            counted = cast("IO[bytes]", io.BufferedReader(_Counted(file, source.progress), _BLOCK))
            if start[:2] == _GZIP:
                with gzip.GzipFile(fileobj=counted) as unpacked:
                    yield cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", unpacked), _BLOCK))
            elif start == _ZIP:
                with zipfile.ZipFile(file) as archive:
                    members = [
                        m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")
                    ]
                    if len(members) != 1:
                        raise source.error(f"a zip of {len(members)} files; unpack it and name one of them")
                    with archive.open(members[0]) as unpacked_member:
                        yield unpacked_member
            else:
                yield counted
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise source.error(f"damaged archive ({error}); fetch or pack it again") from error
    except FileNotFoundError as error:
        raise source.error("no such file") from error
    except IsADirectoryError as error:
        raise source.error("a folder where a file is wanted") from error
    except PermissionError as error:
        raise source.error("may not be read (permissions)") from error
    except OSError as error:
        raise source.error(f"cannot be read ({error.strerror or error})") from error


def head(source: Source, size: int = _BLOCK) -> bytes:
    """The first bytes of a feed, unpacked; FeedError as `opened`."""
    with opened(Source(source.path)) as stream:
        return stream.read(size)


def beginning(source: Source, size: int = _BLOCK) -> str:
    """The first characters of a feed's text after its byte-order mark and blanks, in the encoding that the mark shows."""
    start = head(source, size)
    name, mark = encoding(start)
    return without_preamble(start[mark:].decode(name, "replace"))


def without_preamble(text: str) -> str:
    """A text without the blanks and marks before it, and an XML document without the messages that a program wrote before it."""
    body = text.lstrip("\ufeff \t\r\n\u200b\u2060")
    late = None if _DOCUMENT.match(body) else _DECLARATION.search(body, 0, _HEAD)
    return body[late.start() :] if late else body


def encoding(start: bytes) -> tuple[str, int]:
    """The encoding that the first bytes show and the length of their byte-order mark; UTF-8 without one."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name, len(mark)
    return "utf-8", 0


def text_of(stream: IO[bytes]) -> io.TextIOWrapper:
    """The stream as text in the encoding its mark shows; bytes that are no text become lone surrogates, which no field
    accepts."""
    start = stream.read(4)
    name, mark = encoding(start)
    joined = io.BufferedReader(_Joined(start[mark:], stream), _BLOCK)
    errors = "surrogateescape" if name == "utf-8" else "replace"
    return io.TextIOWrapper(joined, encoding=name, errors=errors, newline="")


def lines(source: Source, stream: IO[bytes], limit: int = MAX_LINE) -> Iterator[FeedLine]:
    """The lines of a feed with their ends, numbered from 1; memory is bounded by `limit` bytes a line."""
    start = stream.read(_BLOCK)
    name, mark = encoding(start)
    joined = _Joined(start[mark:], stream)
    if name == "utf-8" and b"\n" not in start and b"\r" in start:
        joined = _NewLines(start[mark:], stream)
    reader = io.BufferedReader(joined, _BLOCK)
    if name == "utf-8":
        yield from _narrow(source, reader, limit)
    else:
        yield from _wide(source, reader, name, limit)


def _narrow(source: Source, reader: io.BufferedReader[Any], limit: int) -> Iterator[FeedLine]:
    number = western = 0
    sound = False  # a line beyond ASCII that is UTF-8
    while raw := reader.readline(limit + 1):
        number += 1
        try:
            if len(raw) <= limit:
                text = raw.decode()
                sound = sound or not raw.isascii()
                yield FeedLine(number, text)
                continue
            problem = f"longer than {limit} bytes"
        except UnicodeDecodeError as error:
            text = "" if sound else _western(raw)
            if text:
                western += 1
                yield FeedLine(number, text)
                continue
            problem = f"broken encoding: not UTF-8 at byte {error.start + 1}"
        beginning = raw[:200].decode("utf-8", "replace")
        while len(raw) > limit and not raw.endswith(b"\n"):
            raw = reader.readline(limit + 1)
        yield FeedLine(number, None, problem, beginning)
    source.mend("lines that are not UTF-8, read as windows-1252", western)


def _western(raw: bytes) -> str:
    """A line as windows-1252; empty where its bytes are hardly a Western language's, whose words have few letters beyond ASCII."""
    if _FOREIGN.search(raw):
        return ""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return ""


def _wide(source: Source, reader: io.BufferedReader[Any], name: str, limit: int) -> Iterator[FeedLine]:
    text = io.TextIOWrapper(reader, encoding=name, errors="replace", newline="\n")
    number = 0
    try:
        while line := text.readline(limit + 1):
            number += 1
            problem = f"broken encoding: not {name.upper()}" if "\ufffd" in line else ""
            problem = f"longer than {limit} characters" if len(line) > limit else problem
            yield FeedLine(number, None if problem else line, problem, line[:200] if problem else "")
            while len(line) > limit and not line.endswith("\n"):
                line = text.readline(limit + 1)
    except UnicodeError as error:
        raise source.error(f"not {name.upper()} as its byte-order mark says ({error})") from error


class _Counted(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], progress: Callable[[int], None] | None) -> None:
        self._file, self._progress, self._count = file, progress, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._count += count
        if self._progress is not None and count:
            self._progress(self._count)
        return count


class _Joined(io.RawIOBase):
    """The bytes already taken from a stream, then the stream."""

    def __init__(self, start: bytes, stream: IO[bytes]) -> None:
        self._start, self._stream = start, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._start or self._stream.read(len(view))
        taken = data[: len(view)]
        self._start = data[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


class _NewLines(_Joined):
    """The same, of a file whose lines end in a carriage return alone."""

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        view = memoryview(buffer)
        view[:count] = bytes(view[:count]).replace(b"\r", b"\n")
        return count

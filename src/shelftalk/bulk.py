"""Answers to a file of requests: one line an answer in input order, resumable after a cut without repeating work (resumable.py).

What a run belongs to is the input's hash, the settings and the version of the catalogue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shelftalk.catalog import Catalog
from shelftalk.errors import EngineError, ShelftalkError, UsageError
from shelftalk.request import request_from
from shelftalk.resumable import write_resumable
from shelftalk.settings import Settings
from shelftalk.values import Answer, Request

_LONGEST_LINE = 2_000_000


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One line of a requests file: the request, or what was wrong with it."""

    number: int
    request: Request | None = None
    error: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class BulkReport:
    """Lines answered, lines that report an error, and lines that an earlier run had done already."""

    answered: int
    failed: int
    resumed: int


def read_requests(path: Path) -> list[RequestLine]:
    """The lines of a JSON Lines file of requests, blank ones left out; UsageError where the file cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    lines = []
    for number, chunk in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if chunk.strip():
            lines.append(_read_line(number, chunk))
    if not lines:
        raise UsageError(
            f'{path}: holds no request; write one JSON object a line, like {{"id": "1", "request": "..."}}'
        )
    return lines


def _read_line(number: int, chunk: bytes) -> RequestLine:
    identity = ""
    try:
        if len(chunk) > _LONGEST_LINE:
            raise UsageError(f"the line has {len(chunk)} bytes, more than {_LONGEST_LINE}")
        record = json.loads(chunk.decode("utf-8"))
        if isinstance(record, dict) and isinstance(record.get("id"), (str, int)):
            identity = str(record["id"])
        return RequestLine(number, request_from(record), id=identity)
    except UnicodeDecodeError as error:
        return RequestLine(number, error=f"not UTF-8 at byte {error.start}", id=identity)
    except json.JSONDecodeError as error:
        return RequestLine(number, error=f"not JSON: {error.msg} at column {error.colno}", id=identity)
    except (UsageError, RecursionError) as error:
        return RequestLine(number, error=str(error), id=identity)


class BatchAnswerer(Protocol):
    """What answers the requests of a file: a Shelf, or what stands for one."""

    settings: Settings

    @property
    def catalog(self) -> Catalog:
        """What is answered from."""

    def check(self, request: Request) -> None:
        """As `Shelf.check`."""

    def ask_many(self, requests: Sequence[Request], *, batch: int = 16) -> Iterator[Answer]:
        """As `Shelf.ask_many`."""


def answer_file(
    shelf: BatchAnswerer,
    source: Path,
    output: Path,
    *,
    batch: int = 16,
    k: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BulkReport:
    """Answers every line of `source` into `output`; lines that cannot be answered carry an "error" in their place.

    `progress` is called with (lines done, lines in all). Raises UsageError for unreadable input, EngineError when the
    language model is gone (what was answered is kept for the next run), StorageError when the disk is full.
    """
    lines = read_requests(source)
    head = {"shelftalk": "partial answers", "run": _fingerprint(shelf, source, k)}

    def batches(skip: int) -> Iterator[list[dict[str, Any]]]:
        for start in range(skip, len(lines), batch):
            yield list(_answers(shelf, lines[start : start + batch], k))

    written = write_resumable(output, head, batches, lambda done: progress(done, len(lines)))
    return BulkReport(len(lines) - written.failed, written.failed, written.resumed)


def _fingerprint(shelf: BatchAnswerer, source: Path, k: int | None) -> str:
    settings = shelf.settings.model_dump_json(exclude={"api_key", "home", "catalog"})
    digest = hashlib.sha256(source.read_bytes())
    digest.update(f"\0{settings}\0{shelf.catalog.path.resolve()}\0{shelf.catalog.version}\0{k}".encode())
    return digest.hexdigest()


def _answers(shelf: BatchAnswerer, lines: Sequence[RequestLine], k: int | None) -> Iterator[dict[str, Any]]:
    answered: dict[int, dict[str, Any]] = {}
    good: list[RequestLine] = []
    for line in lines:
        try:
            if line.request is None:
                raise UsageError(line.error or "no request")
            shelf.check(line.request)
            good.append(line)
        except ShelftalkError as error:
            answered[line.number] = failure(line, str(error))
    for line, answer in _together(shelf, [with_k(line, k) for line in good]):
        answered[line.number] = answer
    yield from (answered[line.number] for line in lines)


def _together(shelf: BatchAnswerer, lines: Sequence[RequestLine]) -> Iterator[tuple[RequestLine, dict[str, Any]]]:
    """The answers of one batch; where it fails as a whole, each line alone, so that one bad line spoils no other."""
    requests = [line.request for line in lines if line.request]
    if not requests:
        return
    try:
        answers = list(shelf.ask_many(requests, batch=len(requests)))
        yield from ((line, answer.to_dict()) for line, answer in zip(lines, answers, strict=True))
    except EngineError:
        raise
    except ShelftalkError as error:
        if len(lines) == 1:
            yield lines[0], failure(lines[0], str(error))
        else:
            for line in lines:
                yield from _together(shelf, [line])


def with_k(line: RequestLine, k: int | None) -> RequestLine:
    """The line, asking for `k` picks where it names no number of its own."""
    if k is None or line.request is None or line.request.k is not None:
        return line
    asked = line.request
    request = Request(asked.request, asked.id, asked.history, asked.candidates, k)
    return RequestLine(line.number, request, line.error, line.id)


def failure(line: RequestLine, message: str) -> dict[str, Any]:
    """The line that stands in the output for a request that could not be answered."""
    return {"id": line.id, "line": line.number, "error": message, "picks": []}

"""A file of pairs and the file of their predictions: line by line in order, resumable, a bad line an error in its place."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shelftalk.errors import EngineError, ShelftalkError, UsageError
from shelftalk.resumable import Written, write_resumable
from shelftalk.shoppers.predict.predictions import Asked, Predictions

__all__ = ["predict_file", "predict_records"]

_LONGEST_LINE = 2_000_000
_BLOCK = 1 << 20


def predict_records(predictions: Predictions, records: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """One line of output for each (what was wrong with it already, record); errors stand in their places."""
    asked: list[Asked | str] = []
    for wrong, record in records:
        try:
            asked.append(wrong or predictions.read(record))
        except EngineError:
            raise
        except (ShelftalkError, RecursionError) as error:
            asked.append(str(error))
    good = iter(predictions.predict([a for a in asked if isinstance(a, Asked)]))
    out = []
    for (_, record), one in zip(records, asked, strict=True):
        line: dict[str, Any] = {"id": record["id"]} if isinstance(record, dict) and "id" in record else {}
        if isinstance(one, str):
            out.append({**line, "error": one})
            continue
        if one.unknown:
            line["unknown_products"] = list(one.unknown)[:20]
        out.append({**line, **next(good).to_dict()})
    return out


def predict_file(
    predictions: Predictions,
    source: Path,
    output: Path,
    *,
    of: str = "",
    batch: int = 64,
    name: Callable[[str], str] = str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Predicts every line of `source` into `output`. `of` says what else the result depends on (the version of the catalogue, the
    predictor): a cut run is gone on with only where it is the same. Lines name the user whom they are of by `name`, so that they can be found
    where a person is erased. Memory: a batch of lines.

    `progress` is called with (lines done, lines in all). Raises UsageError for input that cannot be read or is empty, EngineError where
    the language model is gone (what is done is kept), StorageError where the disk is full.
    """
    try:
        total, digest = _measured(source)
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror or error}") from error
    if not total:
        raise UsageError(
            f'{source}: holds no pair; write one JSON object a line, like {{"user": "u-17", "product_id": "K1"}}'
        )
    head = {"shelftalk": "partial predictions", "run": hashlib.sha256(f"{digest}\0{of}".encode()).hexdigest()}

    def batches(skip: int) -> Iterator[list[dict[str, Any]]]:
        lines = itertools.islice(_lines(source), skip, None)
        while some := list(itertools.islice(lines, batch)):
            records = [_read(line) for line in some]
            told = predict_records(predictions, records)
            yield [_named(one, record, name) for one, (_, record) in zip(told, records, strict=True)]

    return write_resumable(output, head, batches, lambda done: progress(done, total))


def _named(line: dict[str, Any], record: Any, name: Callable[[str], str]) -> dict[str, Any]:
    if "error" in line or "user" not in record:
        return line
    return {**{key: line.pop(key) for key in ("id",) if key in line}, "user": name(record["user"]), **line}


def _measured(source: Path) -> tuple[int, str]:
    """How many lines are not blank, and the hash of the file."""
    digest, total = hashlib.sha256(), 0
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    for _ in _lines(source):
        total += 1
    return total, digest.hexdigest()


def _lines(source: Path) -> Iterator[bytes]:
    """The lines that are not blank; of a line that is too long its first part, which says so by its length."""
    with source.open("rb") as file:
        first = True
        while line := file.readline(_LONGEST_LINE + 1):
            rest = line
            while len(rest) > _LONGEST_LINE and not rest.endswith(b"\n"):
                rest = file.readline(_LONGEST_LINE + 1)
            if first:
                line, first = line.removeprefix(b"\xef\xbb\xbf"), False
            if line.strip():
                yield line


def _read(line: bytes) -> tuple[str, Any]:
    """("", the record), or what is wrong with the line and None."""
    if len(line) > _LONGEST_LINE:
        return f"the line has more than {_LONGEST_LINE} bytes", None
    try:
        return "", json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start}", None
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}", None
    except (RecursionError, ValueError) as error:
        return f"not JSON: {error}"[:200], None

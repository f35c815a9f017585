"""JSON Lines: one object a line. Numbers with a fraction are read as Decimal, so no binary float touches a price."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from shelftalk.catalog.money import kind
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import Row
from shelftalk.catalog.readers.files import lines, opened

# NaN and Infinity, which JSON does not have, arrive as Decimal too and fail in the field that holds them.
DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal)


def read(path: Path) -> Iterator[Row]:
    """The rows of a native JSON Lines feed."""
    return objects(path)


def objects(path: Path) -> Iterator[Row]:
    """The objects of a JSON Lines file with their line numbers; empty lines are passed over."""
    decode = DECODER.decode
    with opened(path) as stream:
        for line in lines(path, stream):
            text = line.text
            if text is None:
                yield Row(line.number, {}, FieldError("line", line.raw, line.problem))
                continue
            try:
                value = decode(text)
            except (ValueError, RecursionError) as error:
                if text and not text.isspace():
                    yield Row(line.number, {}, FieldError("line", text, malformed(error)))
                continue
            if isinstance(value, dict):
                yield Row(line.number, value)
            else:
                yield Row(line.number, {}, FieldError("line", text, f"must be a JSON object, not {kind(value)}"))


def malformed(error: ValueError | RecursionError) -> str:
    """Why a text is not JSON, in one phrase."""
    if isinstance(error, json.JSONDecodeError):
        return f"malformed JSON: {error.msg} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "malformed JSON: nested too deeply"
    return f"malformed JSON: {error}"


def loads(text: str) -> Any:
    """A JSON text with Decimal for numbers with a fraction; ValueError where it is malformed."""
    try:
        return DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error

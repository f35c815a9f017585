"""JSON: one object a line, or one array of objects read piece by piece.

Numbers with a fraction are read as Decimal, so no binary float touches a price.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import IO, Any

from shelftalk.catalog.money import kind
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow, with_own_names
from shelftalk.catalog.readers.files import MAX_LINE, Source, beginning, lines, opened, text_of
from shelftalk.catalog.readers.sales import with_sale

# NaN and Infinity, which JSON does not have, arrive as Decimal too and fail in the field that holds them.
DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal)
_BETWEEN = re.compile(r"[\s,]*")
_NEXT = re.compile(r"\}\s*,\s*(?=\{)")
_BLOCK = 1 << 16


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a native feed: JSON Lines, or a JSON array."""
    for row in objects(source):
        yield row if row.error else with_sale(replace(row, record=with_own_names(row.record, source)), source)


def objects(source: Source) -> Iterator[FeedRow]:
    """The objects of a JSON Lines file or of one JSON array, with the line each begins on; empty lines are passed over."""
    if beginning(source).startswith("["):
        yield from _array(source)
        return
    decode = DECODER.decode
    with opened(source) as stream:
        for line in lines(source, stream):
            text = line.text
            if text is None:
                yield FeedRow(line.number, {}, FieldError("line", line.raw, line.problem))
                continue
            try:
                value = decode(text)
            except (ValueError, RecursionError) as error:
                if not text.isspace():
                    yield FeedRow(line.number, {}, FieldError("line", text, malformed(error)))
                continue
            yield _row(line.number, value, text)


def document(source: Source) -> Any:
    """The whole JSON document of a small feed; FeedError where it is not one."""
    with opened(source) as stream, text_of(stream) as text:
        try:
            return DECODER.decode(text.read())
        except (ValueError, RecursionError) as error:
            raise source.error(malformed(error)) from error


def malformed(error: ValueError | RecursionError) -> str:
    """Why a text is not JSON, in one phrase."""
    if isinstance(error, json.JSONDecodeError):
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        return f"malformed JSON: {error.msg} at {line}column {error.colno}"
    return "malformed JSON: nested too deeply" if isinstance(error, RecursionError) else f"malformed JSON: {error}"


def _row(line: int, value: Any, text: str) -> FeedRow:
    if isinstance(value, dict):
        return FeedRow(line, value)
    return FeedRow(line, {}, FieldError("line", text, f"must be a JSON object, not {kind(value)}"))


def _array(source: Source) -> Iterator[FeedRow]:
    with opened(source) as stream:
        yield from array_items(source, stream)


def array_items(source: Source, stream: IO[bytes]) -> Iterator[FeedRow]:
    """The objects of a JSON array, one at a time; a malformed one is passed over up to the next `}, {`."""
    with text_of(stream) as text:
        buffer, line, ended = text.read(_BLOCK), 1, False
        place = buffer.find("[") + 1
        if not place:
            raise source.error("no JSON array")
        line += buffer.count("\n", 0, place)
        while True:
            skipped = _BETWEEN.match(buffer, place).end()  # type: ignore[union-attr]
            line += buffer.count("\n", place, skipped)
            place = skipped
            if place < len(buffer) and buffer[place] == "]":
                return
            error: ValueError | RecursionError | None = None
            try:
                value, end = DECODER.raw_decode(buffer, place)
            except (ValueError, RecursionError) as caught:
                error, end = caught, place
            if (end == len(buffer) or _cut_short(error, buffer)) and not ended and len(buffer) - place <= MAX_LINE:
                block = text.read(max(_BLOCK, len(buffer) - place))
                ended = not block
                buffer, place = buffer[place:] + block, 0
                continue
            if error is None:
                yield _row(line, value, buffer[place : place + 200])
            elif place >= len(buffer):
                raise source.error("the JSON array is cut off: no closing bracket")
            else:
                yield FeedRow(line, {}, FieldError("line", buffer[place : place + 200], _phrase(error)))
                following = _NEXT.search(buffer, place + 1)
                if following is None:
                    raise source.error(f"{_phrase(error)}, and no record begins after line {line}")
                end = following.end()
            line += buffer.count("\n", place, end)
            place = end


def _cut_short(error: Exception | None, buffer: str) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(buffer) - 12


def _phrase(error: ValueError | RecursionError) -> str:
    return f"malformed JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else malformed(error)

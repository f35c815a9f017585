"""Parquet, batch by batch. Decimals stay decimals; a floating-point column enters by its shortest decimal text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from shutil import copyfileobj
from typing import IO, Any, cast

from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow, with_own_names
from shelftalk.catalog.readers.files import Source, opened
from shelftalk.catalog.readers.jsonlines import DECODER, malformed
from shelftalk.catalog.readers.sales import with_sale
from shelftalk.catalog.readers.tabular import core_name

BATCH = 1000
_MAGIC = b"PAR1"


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a native Parquet feed, numbered from 1; `attributes` may be a struct, a map or a JSON text."""
    for row in records(source):
        record = {core_name(name): value for name, value in row.record.items()}
        dropped = row.dropped
        for name in ("attributes", "hidden_attributes"):
            held = record.get(name)
            if isinstance(held, str) and held.strip():
                try:
                    record[name] = DECODER.decode(held)
                except (ValueError, RecursionError) as wrong:
                    dropped = (*dropped, FieldError(name, held, malformed(wrong)))
                    del record[name]
            elif isinstance(held, list):
                record[name] = _map(held)
        for name in [n for n in record if n.startswith("attributes.")]:
            record[name.removeprefix("attributes.")] = record.pop(name)
        yield with_sale(FeedRow(row.line, with_own_names(record, source), row.error, dropped=dropped), source)


def records(source: Source) -> Iterator[FeedRow]:
    """The rows of any Parquet file as plain values; FeedError where it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    with _seekable(source) as file:
        number = 0
        try:
            feed = parquet.ParquetFile(file)
            names = feed.schema_arrow.names
            for batch in feed.iter_batches(batch_size=BATCH):
                columns = [_column(batch.column(i)) for i in range(len(names))]
                for values in zip(*columns, strict=True):
                    number += 1
                    bad = [n for n, v in zip(names, values, strict=True) if isinstance(v, FieldError)]
                    record = {n: v for n, v in zip(names, values, strict=True) if not isinstance(v, FieldError)}
                    dropped = tuple(FieldError(n, "", "broken encoding: not UTF-8") for n in bad)
                    needed = next((error for error in dropped if core_name(error.field) in ("id", "title")), None)
                    yield FeedRow(number, record, needed, dropped=dropped)
                if source.progress is not None and feed.metadata.num_rows:
                    size = source.path.stat().st_size
                    source.progress(size * number // feed.metadata.num_rows)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            what = str(error).split("\n", maxsplit=1)[0]
            raise source.error(f"damaged Parquet after row {number} ({what}); write or fetch it again") from error


@contextmanager
def _seekable(source: Source) -> Iterator[IO[bytes]]:
    # Parquet is read from its end, so an archive has to be unpacked first.
    with opened(Source(source.path)) as stream, tempfile.TemporaryFile() as copy:
        with source.path.open("rb") as file:
            if file.read(4) == _MAGIC:
                yield file
                return
        copyfileobj(stream, copy)
        copy.seek(0)
        yield copy


def _column(column: Any) -> list[Any]:
    import numpy as np
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _column(column.dictionary_decode())
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        narrow = np.float32 if pa.types.is_float32(kind) else np.float16
        return [None if v is None else Decimal(str(narrow(v))) for v in column.to_pylist()]
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:
        values = [_scalar(column, i) for i in range(len(column))]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return cast("list[Any]", values)
    return [_plain(value) for value in values]


def _scalar(column: Any, place: int) -> Any:
    try:
        return column[place].as_py()
    except UnicodeDecodeError:
        return FieldError("", "", "broken encoding")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _map(pairs: list[Any]) -> Any:
    if all(isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        return dict(pairs)
    return pairs

"""The products of a catalogue as a file in the native schema, which `catalog import` reads back as it was.

JSON Lines and CSV are written row by row, Parquet in batches, so memory stays bounded. It opens no catalogue.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from shelftalk.catalog.files import making
from shelftalk.catalog.product import product_record
from shelftalk.errors import UsageError
from shelftalk.values import CORE_FIELDS, Product

BATCH = 1000
ENDINGS = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
_LISTS = ("categories", "images")


def json_lines(products: Iterable[Product], out: IO[str]) -> int:
    """How many products were written, one JSON object a line."""
    count = 0
    for product in products:
        out.write(json.dumps(product_record(product), ensure_ascii=False) + "\n")
        count += 1
    return count


def csv_rows(products: Iterable[Product], out: IO[str]) -> int:
    """How many products were written, a header first; attributes are one column of JSON objects, which keeps their types."""
    writer = csv.DictWriter(out, CORE_FIELDS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for product in products:
        record = product_record(product)
        for name in _LISTS:
            if name in record:
                record[name] = _joined(name, record[name])
        writer.writerow(_packed(record))
        count += 1
    return count


def _packed(record: dict[str, Any]) -> dict[str, Any]:
    """The record with each of its objects as one JSON text."""
    return {n: json.dumps(v, ensure_ascii=False) if isinstance(v, dict) else v for n, v in record.items()}


def _joined(name: str, values: list[str]) -> str:
    """A list in one cell: a path with " > ", images with "|"; as JSON where a value would not survive that."""
    mark = " > " if name == "categories" else "|"
    if any(v != v.strip() or not v or {"|", ">"} & set(v) or v.startswith("[") for v in values):
        return json.dumps(values, ensure_ascii=False)
    return mark.join(values)


def parquet(products: Iterable[Product], path: Path) -> int:
    """How many products were written to a Parquet file; attributes are a column of JSON texts."""
    import pyarrow as pa
    from pyarrow import parquet as format

    kinds: dict[str, Any] = {
        "categories": pa.list_(pa.string()),
        "images": pa.list_(pa.string()),
        "rating": pa.float64(),
    }
    kinds |= {"review_count": pa.int64(), "stock": pa.int64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in CORE_FIELDS])
    count = 0
    with format.ParquetWriter(path, schema, compression="zstd") as writer:
        rest = iter(products)
        while records := [product_record(p) for p in islice(rest, BATCH)]:
            writer.write_table(pa.Table.from_pylist([_packed(record) for record in records], schema=schema))
            count += len(records)
    return count


def export_products(products: Iterable[Product], path: Path) -> int:
    """How many products were written to `path`, in the format that its ending names (one of ENDINGS).

    The file appears whole or not at all. Raises UsageError for another ending, StorageError where it cannot be written.
    """
    name = path.name.lower()
    ending = next((e for e in sorted(ENDINGS, key=len, reverse=True) if name.endswith(e)), None)
    if ending is None:
        raise UsageError(f"{path}: the file's ending chooses the format; end it with one of {', '.join(ENDINGS)}")
    with making(path) as made:
        if ending == ".parquet":
            return parquet(products, made)
        write: Callable[[Iterable[Product], IO[str]], int] = csv_rows if ".csv" in ending else json_lines
        with _text(made, packed=ending.endswith(".gz")) as out:
            return write(products, out)


@contextmanager
def _text(path: Path, *, packed: bool) -> Iterator[IO[str]]:
    if not packed:
        with path.open("w", encoding="utf-8", newline="") as plain:
            yield plain
        return
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packer,
        io.TextIOWrapper(packer, encoding="utf-8", newline="") as text,
    ):
        yield text

"""ProductQA (AGILE, arXiv 2405.14751): a category's metadata.json and schema.json, one folder or a folder of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import Source
from shelftalk.catalog.readers.jsonlines import document

_FIRST_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def read(source: Source) -> Iterator[FeedRow]:
    """The products of one category folder, of its metadata.json, or of every category below a folder.

    Features that the schema calls "cloze" become numbers, the others stay text; the category is the folder's name.
    """
    for metadata in categories(source):
        schema_file = next((f for n in ("schema.json", "schema.json.gz") if (f := metadata.parent / n).is_file()), None)
        if schema_file is None:
            raise source.error(f"no schema.json beside {metadata}; ProductQA has both")
        held, schema = document(Source(metadata)), document(Source(schema_file))
        if not isinstance(held, Mapping) or not isinstance(schema, Mapping):
            raise source.error(f"{metadata} must be an object of products by their asin")
        category = metadata.parent.resolve().name.replace("_", " ")
        for asin, record in held.items():
            if isinstance(record, Mapping):
                yield FeedRow(None, native(asin, record, schema, category), source=str(metadata))
            else:
                error = FieldError("line", record, "must be an object of features")
                yield FeedRow(None, {"id": asin}, error, source=str(metadata))


def categories(source: Source) -> list[Path]:
    """The metadata files of the feed, in the order of their folders' names."""
    path = source.path
    if path.is_file():
        return [path]
    found = sorted(f for name in ("metadata.json", "metadata.json.gz") for f in path.rglob(name))
    if not found:
        raise source.error("no metadata.json in this folder or below it; a ProductQA category has one")
    return found


def native(asin: str, record: Mapping[str, Any], schema: Mapping[str, Any], category: str) -> dict[str, Any]:
    """The native record of one ProductQA product."""
    attributes: dict[str, Any] = {}
    for name, value in record.items():
        if name in ("title", "price", "brand") or value is None:
            continue
        found = _FIRST_NUMBER.search(str(value).replace(",", ""))
        feature = schema.get(name)
        numeric = found is not None and isinstance(feature, Mapping) and feature.get("type") == "cloze"
        attributes[name] = read_number(found.group()) if found is not None and numeric else value
    return {
        "id": asin,
        "title": record.get("title"),
        "brand": record.get("brand"),
        "price": record.get("price"),
        "currency": "USD",
        "categories": [category],
        "attributes": attributes,
    }

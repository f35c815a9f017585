"""The Chorus electronics catalogue (querqy/chorus, Icecat data): JSON, zipped or gzipped, one file or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from shelftalk.catalog.fields import FieldError, kept
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import Source
from shelftalk.catalog.readers.jsonlines import objects

_PREFIXES = ("attr_t_", "attr_n_", "attr_b_")
_IMAGES = ("img_500x500", "img_high", "img_low", "img_thumb")


def read(source: Source) -> Iterator[FeedRow]:
    """The products of a Chorus file (JSON Lines or a JSON array) or of the JSON files in a folder."""
    folder = source.path.is_dir()
    for path in _files(source) if folder else [source.path]:
        for row in objects(Source(path, source.progress if not folder else None)):
            where = str(path) if folder else None
            if row.error is not None:
                yield FeedRow(row.line, row.record, row.error, where)
                continue
            dropped: list[FieldError] = []
            record = native(row.record)
            record["price"] = kept(dropped.append, _cents, row.record.get("price"))
            yield FeedRow(row.line, record, source=where, dropped=tuple(dropped))


def _files(source: Source) -> list[Path]:
    endings = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".json.zip")
    found = sorted(f for f in source.path.iterdir() if f.is_file() and f.name.endswith(endings))
    if not found:
        raise source.error("no JSON file in this folder")
    return found


def native(record: Mapping[str, Any]) -> dict[str, Any]:
    """The native record of one Chorus product but for its price: attributes lose their attr_t_, attr_n_ or attr_b_ (text, number, boolean),
    and keep the type's letter where two of one name meet."""
    attributes: dict[str, Any] = {}
    for name, value in record.items():
        if name.startswith(_PREFIXES):
            bare = name[7:]
            attributes[bare if bare not in attributes else f"{bare}_{name[5]}"] = value
    if record.get("ean"):
        attributes["ean"] = record["ean"]
    if record.get("name"):
        attributes["model"] = record["name"]
    return {
        "id": record.get("id"),
        "title": record.get("title"),
        "description": record.get("short_description"),
        "brand": record.get("supplier"),
        "currency": "USD",
        "images": [record[name] for name in _IMAGES if record.get(name)],
        "released_at": record.get("date_released"),
        "attributes": attributes,
    }


def _cents(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError("price", value, "must be a whole number of cents")
    return Decimal(value).scaleb(-2)

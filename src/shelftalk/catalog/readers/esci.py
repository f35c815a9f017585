"""Products of Amazon's Shopping Queries (ESCI, ESCI-S): JSON Lines, zipped or not, or the Parquet file of the original.

The original names its columns product_id, product_title, product_bullet_point and so on; ESCI-S says asin, title, bullet_points.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers import columnar
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import Source, head
from shelftalk.catalog.readers.jsonlines import objects

_ID = ("asin", "product_id", "id")
_TAG = re.compile(r"<[^>]{1,200}>")
_WIDTH = re.compile(r"[ \t\xa0]+")


def read(source: Source) -> Iterator[FeedRow]:
    """The products of an ESCI file."""
    rows = columnar.records(source) if head(source).startswith(b"PAR1") else objects(source)
    for row in rows:
        if row.error is not None:
            yield row
            continue
        try:
            yield FeedRow(row.line, native(row.record))
        except FieldError as error:
            yield FeedRow(row.line, row.record, error)


def native(record: Mapping[str, Any]) -> dict[str, Any]:
    """The native record of one product: bullet points and description are its text, in that order; prices are US dollars."""
    images = record.get("image") or record.get("images")
    return {
        "id": next((record[name] for name in _ID if record.get(name)), None),
        "title": plain(_held(record, "title")),
        "description": _text(record),
        "brand": plain(_held(record, "brand")) or None,
        "price": _price(record.get("price")),
        "currency": "USD" if _price(record.get("price")) is not None else None,
        "categories": list(record.get("category") or ()),
        "rating": record.get("rating") or record.get("stars"),
        "review_count": record.get("rating_count"),
        "images": [images] if isinstance(images, str) else images,
        "attributes": {"color": color} if (color := plain(_held(record, "color"))) else {},
    }


def _held(record: Mapping[str, Any], name: str) -> Any:
    return record.get(name) or record.get(f"product_{name}")


def _text(record: Mapping[str, Any]) -> str:
    bullets = plain(record.get("bullet_points") or record.get("product_bullet_point"))
    parts = [part for part in (bullets, plain(_held(record, "description"))) if part]
    return "\n".join(dict.fromkeys(parts))


def plain(value: Any) -> str:
    """Text without tags and entities; a list is joined by lines, anything that is no text is none."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(plain, value)))
    if not isinstance(value, str):
        return ""
    return _WIDTH.sub(" ", html.unescape(_TAG.sub(" ", value))).strip()


def _price(value: Any) -> Any:
    """A price as it is; "$12.99" without its sign, and None for a range, which is no price."""
    if not isinstance(value, str):
        return value
    bare = value.strip().removeprefix("$").replace(",", "")
    return bare if re.fullmatch(r"\d+(\.\d+)?", bare) else None

"""The source of a suite's catalogue: a hash of its content, and its products."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.catalog.readers import read_feed
from shelftalk.evaluate.sources.base import Feed, digest
from shelftalk.values import Product

__all__ = ["feed_digest", "hashed", "products_of"]


def feed_digest(feed: Feed) -> str:
    """A hash of the content of a catalogue's source."""
    if feed.folder is not None:
        return f"{feed.folder.resolve()} version {Catalog.open(feed.folder).version}"
    if feed.products:
        return hashed([asdict(product) for product in feed.products])
    files = [p for p in (feed.feed, feed.mapping) if p is not None]
    if feed.format == "productqa" and feed.feed is not None:
        names = ("metadata.json", "schema.json", "metadata.json.gz", "schema.json.gz")
        found = sorted(p for p in feed.feed.rglob("*") if p.name in names)
        return hashed([[str(p.parent.name), digest([p])] for p in found])
    if feed.format == "retail-demo-store" and feed.feed is not None and feed.feed.is_dir():
        files = sorted(feed.feed.glob("products.yaml*"))
    return f"{feed.format or ''} {digest(files)}"


def products_of(feed: Feed) -> list[Product]:
    """All products of a catalogue's source, in its order."""
    if feed.products:
        return list(feed.products)
    if feed.folder is not None or feed.feed is None:
        return list(Catalog.open(feed.folder or Path()).products())
    return [p for p in read_feed(feed.feed, format=feed.format, mapping=feed.mapping) if isinstance(p, Product)]


def hashed(value: Any) -> str:
    """The SHA-256 of a value's JSON, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, default=str, ensure_ascii=False).encode()).hexdigest()

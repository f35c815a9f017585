"""Which format a feed is in, told from its content; a file's name decides nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shelftalk.catalog.readers.base import plain_name
from shelftalk.catalog.readers.files import Source, beginning, head
from shelftalk.catalog.readers.jsonlines import DECODER
from shelftalk.catalog.readers.mapping_names import LISTED
from shelftalk.catalog.readers.tabular import heading, sniff
from shelftalk.errors import FeedError
from shelftalk.text import clean, shorten

_GOOGLE = frozenset(("link", "image_link", "g:id", "google_product_category", "g:title", "g:link"))
# What RSS and Atom do not have, and hardly another format.
_GOOGLE_OWN = frozenset(
    ("image_link", "additional_image_link", "google_product_category", "item_group_id", "sale_price", "product_type")
)
_ACP = frozenset((
    "item_id", "is_eligible_search", "is_eligible_checkout", "enable_search", "enable_checkout", "variant_dict",
))  # fmt: skip
_NATIVE = frozenset(("url", "currency", "categories", "list_price", "stock", "images", "released_at", "review_count"))
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
_PAGE = re.compile(r"<(!doctype html|html|head|body|script|meta)", re.IGNORECASE)
_KEY = re.compile(r'"([\w@:. -]{1,60})"\s*:')


def detect(source: Source) -> tuple[str | None, str]:
    """(the format's name, None where it is none of the known ones; what the feed looks like, in words)."""
    if source.path.is_dir():
        return _folder(source.path)
    start = head(source)
    if not start.strip():
        raise source.error("empty")
    if start.startswith(b"PAR1"):
        return "parquet", "Parquet"
    text = beginning(source).lstrip("\x00")
    if not text:
        raise source.error("empty")
    if text[:1000].count("\x00") > 10:
        return None, "binary data, or UTF-16 without a byte-order mark"
    if text.startswith("<"):
        return _markup(text)
    if text.startswith(("{", "[")):
        return _json(text)
    if re.match(r"(#.*\n|---\s*\n)*- *id:", text) and "current_stock:" in text:
        return "retail-demo-store", "the Retail Demo Store's products.yaml"
    return _table(source, text.split("\n", maxsplit=1)[0].rstrip("\r"))


def _folder(path: Path) -> tuple[str | None, str]:
    if next(path.rglob("metadata.json"), None) or next(path.rglob("metadata.json.gz"), None):
        return "productqa", "a ProductQA folder"
    names = {f.name for f in path.iterdir()}
    if names & {"products.yaml", "products.yaml.gz"}:
        return "retail-demo-store", "the Retail Demo Store's folder"
    for name in sorted(names):
        if name.endswith((".jsonl", ".json", ".jsonl.gz", ".json.gz", ".json.zip")) and (path / name).is_file():
            return ("chorus", "a Chorus folder") if detect(Source(path / name))[0] == "chorus" else (None, "a folder")
    return None, "a folder without a metadata.json (ProductQA), products.yaml (Retail Demo Store) or Chorus file"


def _markup(text: str) -> tuple[str | None, str]:
    if "http://base.google.com/ns/1.0" in text or re.search(r"<g:id\b", text):
        return "google", "Google Merchant XML"
    named = {plain_name(name) for name in re.findall(r"<(?:\w+:)?([A-Za-z_ ]+)>", text)}
    if re.search(r"<(item|entry)[\s>]", text) and {"id", "title", "price"} <= named and named & _GOOGLE_OWN:
        return "google", "Google Merchant XML without its namespace"
    if _PAGE.search(text[:4096]) and not text.startswith("<?xml"):
        return "jsonld", "an HTML page"
    if "application/ld+json" in text or "<html" in text[:4096]:
        return "jsonld", "an HTML page"
    root = re.search(r"<([A-Za-z_][\w.:-]*)", text)
    return None, f"XML whose root is <{root.group(1) if root else '?'}>"


def _json(text: str) -> tuple[str | None, str]:
    found = _objects(text)
    first = found[0] if found else None
    keys = {key for held in found for key in held}
    if first is None and "{" in text[:200]:
        keys = set(_KEY.findall(text[:20000]))
    if keys & {"@context", "@graph", "@type"}:
        return "jsonld", "JSON-LD"
    if any(key.startswith(("attr_t_", "attr_n_", "attr_b_")) for key in keys) or {"supplier", "date_released"} <= keys:
        return "chorus", "Chorus"
    if {"asin", "title"} <= keys or {"product_id", "product_title"} <= keys:
        return "esci", "Shopping Queries (ESCI)"
    variants = first.get("variants") if first is not None else None
    nested = isinstance(variants, list) and bool(variants) and isinstance(variants[0], Mapping)
    if keys & _ACP or (nested and "price" not in keys) or keys == {"products"}:
        return "acp", "an Agentic Commerce Protocol feed"
    if first is not None and first and all(isinstance(v, Mapping) and "title" in v for v in first.values()):
        return "productqa", "ProductQA metadata"
    if first is None and re.match(r'\{\s*"(products|items)"\s*:\s*\[', text):
        return "acp", "an Agentic Commerce Protocol feed"
    if {"id", "title"} & keys:
        return "jsonl", "JSON"
    return (
        None,
        f"JSON objects with the fields {', '.join(sorted(keys)[:LISTED])}" if keys else "JSON, but no list of objects",
    )


def _objects(text: str) -> list[Mapping[str, Any]]:
    """The first whole objects of an array, of the first lines that parse, or the document itself."""
    lines = [text[1:] if text.startswith("[") else text, *text.split("\n")[1:50]]
    found = []
    for line in lines:
        try:
            value, _ = DECODER.raw_decode(line.lstrip())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, Mapping):
            found.append(value)
    return found


def _table(source: Source, first: str) -> tuple[str | None, str]:
    try:
        names, _, line = heading(source)
    except FeedError:
        names, line = tuple(cell.strip().strip('"') for cell in first.split(sniff(first))), 1
    header = first if line == 1 else ",".join(names)
    columns = [plain_name(name) for name in names]
    known = set(columns)
    # An id of an item is Square's too, and others'.
    if known & _ACP - {"item_id"} or {"item_id", "title"} <= known:
        return "acp", "an Agentic Commerce Protocol table"
    if len(known & _GOOGLE) >= 2 or "g:id" in known:
        return "google", "a Google Merchant table"
    if {"id", "title", "price", "link"} <= known and not known & _NATIVE:  # the least that Merchant Center takes
        return "google", "a Google Merchant table"
    if {"id", "title"} <= known:
        return "csv", "a native table"
    if _UNPRINTABLE.search(header[:1000]):
        return None, "binary data, or text that is not UTF-8"
    if len(columns) == 1:
        return None, f"text that begins {shorten(clean(header), 80)!r}"
    listed = ", ".join(repr(shorten(clean(name), 60)) for name in names[:LISTED]) + (
        " ..." if len(names) > LISTED else ""
    )
    return None, f"a table with the columns {listed}"

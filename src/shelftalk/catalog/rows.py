"""A product as a row of the catalogue's table and back, letter for letter: the columns, and what is derived for search.

This module knows the columns; it opens no table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shelftalk.catalog import sql
from shelftalk.values import AttributeValue, Product

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SCHEMA_VERSION = 3
# What a Product is read back from; the rest of the columns are derived.
RECORD = (
    "id", "title", "description", "brand", "price_exact", "currency", "list_price_exact", "categories", "attributes",
    "attribute_names", "rating", "review_count", "availability", "stock", "images", "released_at", "url", "item_group_id",
    "hidden_attributes", "hidden_names",
)  # fmt: skip
_TEXTS = ("id", "title", "description", "brand", "currency", "availability", "released_at", "url", "item_group_id")


def schema(dimensions: int) -> pa.Schema:
    """The Arrow schema of the table. Money stands twice: exact as text, and as a double to filter and sort by."""
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    return pa.schema(
        [
            ("id", text), ("title", text), ("description", text), ("brand", text),
            ("price", pa.float64()), ("price_exact", text), ("currency", text),
            ("list_price", pa.float64()), ("list_price_exact", text),
            ("categories", texts), ("attributes", pa.json_(text)), ("attribute_names", texts),
            ("rating", pa.float64()), ("review_count", pa.int64()), ("availability", text), ("stock", pa.int64()),
            ("images", texts), ("released_at", text), ("url", text), ("item_group_id", text),
            ("hidden_attributes", pa.json_(text)), ("hidden_names", texts),
            ("numbers", pa.json_(text)), ("keys", pa.list_(pa.int64())), ("lead", text), ("text", text),
            ("text_hash", text), ("record_hash", text), ("vector", pa.list_(pa.float32(), dimensions)),
        ]
    )  # fmt: skip


def table(products: Sequence[Product], vectors: np.ndarray, text_hashes: Sequence[str]) -> pa.Table:
    """The products as rows with their vectors (n, dimensions)."""
    import pyarrow as pa

    target = schema(vectors.shape[1])
    rows = [row(p) for p in products]
    columns: list[Any] = []
    for column in target:
        if column.name == "vector":
            columns.append(pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]))
        elif column.name == "text_hash":
            columns.append(pa.array(text_hashes, pa.string()))
        elif isinstance(column.type, pa.BaseExtensionType):
            storage = pa.array([r[column.name] for r in rows], pa.string())
            columns.append(pa.ExtensionArray.from_storage(column.type, storage))
        else:
            columns.append(pa.array([r[column.name] for r in rows], column.type))
    return pa.table(columns, schema=target)


def row(product: Product) -> dict[str, Any]:
    """The columns of a product, which passed `check`, but for the vector and its text's hash."""
    keys, numbers = sql.indexed(product)
    attributes, hidden = _held(product.attributes), _held(product.hidden_attributes)
    return {
        **{name: getattr(product, name) for name in RECORD if hasattr(product, name)},
        "price": None if product.price is None else float(product.price),
        "price_exact": None if product.price is None else str(product.price),
        "list_price": None if product.list_price is None else float(product.list_price),
        "list_price_exact": None if product.list_price is None else str(product.list_price),
        "categories": list(product.categories),
        "images": list(product.images),
        "attributes": json.dumps(attributes, ensure_ascii=False, allow_nan=False),
        "attribute_names": list(attributes),
        "hidden_attributes": json.dumps(hidden, ensure_ascii=False, allow_nan=False),
        "hidden_names": list(hidden),
        "numbers": json.dumps(numbers, ensure_ascii=False),
        "keys": keys,
        "lead": lead_text(product),
        "text": search_text(product),
        "record_hash": record_hash(product),
    }


def _held(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in attributes.items() if v is not None}


def check(product: Product) -> None:
    """Raises ValueError that names the field of a product that the table cannot hold as it is."""
    if not product.id:
        raise ValueError("id: empty")
    for name in ("price", "list_price"):
        money = getattr(product, name)
        if money is not None and not money.is_finite():
            raise ValueError(f"{name}: {money} is no amount")
    for name in ("review_count", "stock"):
        whole = getattr(product, name)
        if whole is not None and not -(2**63) <= whole < 2**63:
            raise ValueError(f"{name}: {whole} does not fit in 64 bits")
    every = [*product.attributes.items(), *product.hidden_attributes.items()]
    for name, value in every:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError(f"attributes.{name}: {value} does not fit in 64 bits")
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise ValueError(f"attributes.{name}: {value} is no number")
    texts = [getattr(product, name) or "" for name in _TEXTS]
    texts += [*product.categories, *product.images, *(name for name, _ in every)]
    for _, value in every:
        texts += [value] if isinstance(value, str) else value if isinstance(value, tuple) else ()
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"text: broken encoding ({error.reason})") from error


def product(found: Mapping[str, Any]) -> Product:
    """The product of a row that holds the columns of RECORD."""
    return Product(
        id=found["id"],
        title=found["title"],
        description=found["description"] or "",
        brand=found["brand"],
        price=_money(found["price_exact"]),
        currency=found["currency"],
        list_price=_money(found["list_price_exact"]),
        categories=tuple(found["categories"] or ()),
        attributes=_read(found["attributes"], found["attribute_names"]),
        rating=found["rating"],
        review_count=found["review_count"],
        availability=found["availability"],
        stock=found["stock"],
        images=tuple(found["images"] or ()),
        released_at=found["released_at"],
        url=found["url"],
        item_group_id=found["item_group_id"],
        hidden_attributes=_read(found["hidden_attributes"], found["hidden_names"]),
    )


def _read(text: str | None, names: Sequence[str] | None) -> dict[str, AttributeValue]:
    """Attributes of a row, in the order of the names: JSON in the table knows none."""
    held = json.loads(text or "{}")
    values = ((name, held.get(name)) for name in names or ())
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values}


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def record_hash(product: Product) -> str:
    """A hash that differs where anything of the product, or the way it is stored, differs."""
    text = f"{SCHEMA_VERSION}\n{product!r}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def text_hash(embedder: str, text: str) -> str:
    """A hash of the text a vector stands for and of the embedder that read it."""
    return hashlib.blake2b(f"{embedder}\n{text}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def lead_text(product: Product) -> str:
    """The words that say what a product is: title, brand, categories, description."""
    return "\n".join(p for p in (product.title, product.brand, *product.categories, product.description) if p)


def search_text(product: Product) -> str:
    """All words of a product: those of lead_text, then attribute values in words."""
    parts = [lead_text(product)]
    for value in product.attributes.values():
        if isinstance(value, tuple):
            parts.extend(value)
        elif isinstance(value, str):
            parts.append(value)
    return "\n".join(p for p in parts if p)

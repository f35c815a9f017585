"""A tiny deterministic embedder and product maker for tests of the catalogue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from shelftalk.values import Product


class HashEmbedder:
    """Counts words in hashed buckets; remembers what it was asked to encode."""

    def __init__(self, name: str = "hash", dimensions: int = 64) -> None:
        self.name, self.dimensions = name, dimensions
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded.extend(texts)
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.md5(word.encode("utf-8", "replace")).digest()
                out[row, int.from_bytes(digest[:4]) % self.dimensions] += 1
            out[row] /= np.linalg.norm(out[row]) or 1
        return out

    def encode_again(self, texts: Sequence[str]) -> list[np.ndarray]:
        return list(self.encode(texts))

    def encode_queries(self, texts: Sequence[str]) -> list[np.ndarray]:
        return list(self.encode(texts))

    def encode_query(self, text: str) -> np.ndarray:
        return self.encode([text])[0]


def product(id: str = "1", title: str = "A lamp", price: str | None = None, **fields: Any) -> Product:
    """A product with the given fields; the rest of the keywords that are no fields are attributes."""
    core = {k: fields.pop(k) for k in list(fields) if k in Product.__dataclass_fields__}
    attributes = {**core.pop("attributes", {}), **fields}
    return Product(id, title, price=None if price is None else Decimal(price), attributes=attributes, **core)

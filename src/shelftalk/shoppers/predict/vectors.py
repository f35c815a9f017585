"""The vectors of products: a catalogue's own by id, and the embedder's for records that are in no catalogue. The latest are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.values import Product

__all__ = ["Vectors"]

KEPT = 20_000  # 30 MB of 384 floats


class Vectors:
    """Called with a product, gives its unit vector, float32. Safe from several threads."""

    def __init__(self, catalog: Catalog, kept: int = KEPT) -> None:
        self._catalog, self._most = catalog, kept
        self._kept: OrderedDict[tuple[int, str, str], np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, product: Product) -> np.ndarray:
        """The vector of one product."""
        key = (self._catalog.version, product.id, product.title)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._made(product)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def _made(self, product: Product) -> np.ndarray:
        held = self._catalog.get(product.id)
        if held is not None and held.title == product.title:
            return np.asarray(self._catalog.vectors([product.id])[0])
        from shelftalk.catalog.embed import embedding_text

        return np.asarray(self._catalog.embedder.encode([embedding_text(product)])[0])

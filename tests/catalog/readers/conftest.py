"""Feeds written to a temporary folder, and read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shelftalk.catalog.readers import Product, Reject, read_feed


class Found:
    """What a feed held: its products by id, its rejects in order, and what was left out of products and mended."""

    def __init__(self, items: list[Product | Reject], dropped: list[Reject], mended: dict[str, int]) -> None:
        self.dropped, self.mended = dropped, mended
        self.products = {i.id: i for i in items if isinstance(i, Product)}
        self.rejects = [i for i in items if isinstance(i, Reject)]

    def only(self) -> Product:
        assert not self.rejects, self.rejects
        (product,) = self.products.values()
        return product


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Found]:
    """Writes a feed (text, bytes, or records as JSON Lines) and reads it."""

    def read(content: Any, name: str = "feed", **options: Any) -> Found:
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        dropped: list[Reject] = []
        mended: Counter[str] = Counter()
        told = {"dropped": dropped.append, "mended": lambda what, times: mended.update({what: times})}
        return Found(list(read_feed(path, **told, **options)), dropped, dict(mended))

    return read

"""Random sources: one of its own for each thing that is made, so that leaving one out changes no other."""

from __future__ import annotations

import hashlib
import random

__all__ = ["fraction", "source"]


def source(seed: int, *parts: object) -> random.Random:
    """The random source of that seed and name."""
    return random.Random(_number(seed, *parts))


def fraction(*parts: object) -> float:
    """A number from 0 to 1 (exclusive) that hangs on the parts alone, on every machine."""
    return _number(*parts) / 2**64


def _number(*parts: object) -> int:
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big")

"""Keys and values of prompts read before, so that a prefix which later prompts share is not read again.

Only for models whose every layer attends to the whole text: there, keys and values of a token depend on nothing after
it, and the cached ones give the same logits up to rounding. It knows no text, only token ids and tensors.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from shelftalk.engines.kv import growing_cache

__all__ = ["PrefixStore", "common_prefix"]

# Below this many shared tokens, copying costs more than reading.
_WORTH = 24

Read = Callable[[Sequence[int], Any, int], None]
Layers = list[tuple[Any, Any]]


def common_prefix(batch: Sequence[Sequence[int]]) -> int:
    """How many first tokens all rows share."""
    if not batch:
        return 0
    first, last = min(batch, key=list), max(batch, key=list)  # in lexical order, these two differ first
    for i, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return i
    return min(len(first), len(last))


class PrefixStore:
    """The prompts read last and their keys and values, at most `limit` bytes, the longest unused thrown out first."""

    def __init__(self, limit: int = 256 * 1024**2) -> None:
        self.limit = limit
        self.hits = 0
        self.saved_tokens = 0
        self._entries: OrderedDict[tuple[int, ...], Layers] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def fits(model: Any) -> bool:
        """Whether the model's cache is plain: keys and values of every token, in every layer."""
        from transformers import DynamicCache
        from transformers.cache_utils import DynamicLayer

        layers = DynamicCache(config=model.config).layers
        if layers:
            return all(type(layer) is DynamicLayer for layer in layers)
        return not getattr(model.config, "sliding_window", None) and not getattr(model, "_is_stateful", False)

    def fill(self, cache: Any, batch: Sequence[Sequence[int]], read: Read) -> int:
        """The number of first tokens that every row shares and that `cache` now holds for every row.

        The part of the shared prefix that no earlier prompt had is read once, for one row, when there are several rows.
        At least one token of each row is left to be read.
        """
        shared = min(common_prefix(batch), min(len(ids) for ids in batch) - 1)
        if shared < _WORTH:
            return 0
        known, layers = self._find(batch[0][:shared])
        if known < _WORTH:
            known, layers = 0, []
        if len(batch) == 1 or shared - known < _WORTH:
            if not known:
                return 0
            _load(cache, [(k[:, :, :known], v[:, :, :known]) for k, v in layers], len(batch))
            self._count(known * len(batch))
            return known
        one = growing_cache()
        if known:
            _load(one, [(k[:, :, :known], v[:, :, :known]) for k, v in layers], 1)
        read(batch[0][known:shared], one, known)
        _load(cache, [(layer.keys, layer.values) for layer in one.layers], len(batch))
        self._count(shared * len(batch) - (shared - known))
        return shared

    def keep(self, cache: Any, ids: Sequence[int], shared: int, width: int) -> None:
        """Remember the first row of a cache: `shared` columns of prefix, then `width` with the row's rest at the right."""
        pad = shared + width - len(ids)
        layers = []
        for layer in cache.layers:
            parts = [part[:1, :, :shared] for part in (layer.keys, layer.values)]
            rests = [part[:1, :, shared + pad :] for part in (layer.keys, layer.values)]
            layers.append(tuple(_cat(part, rest) for part, rest in zip(parts, rests, strict=True)))
        size = sum(part.nbytes for pair in layers for part in pair)
        if size > self.limit:
            return
        with self._lock:
            self._entries[tuple(ids)] = layers  # type: ignore[assignment]
            self._entries.move_to_end(tuple(ids))
            total = sum(part.nbytes for pairs in self._entries.values() for pair in pairs for part in pair)
            while total > self.limit:
                _, gone = self._entries.popitem(last=False)
                total -= sum(part.nbytes for pair in gone for part in pair)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _find(self, ids: Sequence[int]) -> tuple[int, Layers]:
        """The longest prefix of `ids` that is known, and the keys and values it stands in."""
        with self._lock:
            best, found = 0, None
            for entry in self._entries:
                length = common_prefix((entry, tuple(ids)))
                if length > best:
                    best, found = length, entry
            if found is None:
                return 0, []
            self._entries.move_to_end(found)
            return best, self._entries[found]

    def _count(self, tokens: int) -> None:
        self.hits += 1
        self.saved_tokens += tokens


def _cat(left: Any, right: Any) -> Any:
    import torch

    return torch.cat([left, right], dim=2)


def _load(cache: Any, layers: Layers, rows: int) -> None:
    for i, (keys, values) in enumerate(layers):
        cache.update(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1), i)

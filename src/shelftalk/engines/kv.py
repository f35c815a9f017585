"""Faster writing with transformers on a CPU: a cache that grows in place, and attention that does not copy grouped heads.

transformers joins the old and the new keys anew at every token, and repeats each key head for all query heads that share
it; both copy the whole cache for each token of each layer. Neither changes a result beyond rounding.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ATTENTION", "growing_cache", "register"]

ATTENTION = "shelftalk"
_ROOM = 64


def register() -> str:
    """The name to load a model with as `attn_implementation`; transformers knows it from here on."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, grouped_attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    return ATTENTION


def grouped_attention(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float | None = None, **rest: Any
) -> tuple[Any, None]:
    """As transformers' own "sdpa"; for one new token, query heads that share a key head are read as its queries.

    query: (rows, heads, tokens, size); key and value: (rows, key heads, columns, size); out: (rows, tokens, heads, size).
    """
    from torch.nn.functional import scaled_dot_product_attention
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, tokens, size = query.shape
    shared = key.shape[1]
    plain = not any(rest.get(name) for name in ("dropout", "position_bias", "s_aux", "softcap", "cache"))
    if tokens != 1 or shared == heads or not plain or query.device.type != "cpu":
        out, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **rest)
        return out, None
    grouped = query.reshape(rows, shared, heads // shared, size)
    out = scaled_dot_product_attention(grouped, key, value, attn_mask=attention_mask, scale=scaling)
    return out.reshape(rows, heads, 1, size).transpose(1, 2), None


def growing_cache() -> Any:
    """An empty cache for a model whose every layer attends to the whole text."""
    from transformers import Cache
    from transformers.cache_utils import DynamicLayer

    class Growing(DynamicLayer):  # type: ignore[misc]
        """Keys and values in buffers with room for more; `keys` and `values` are views of what is filled."""

        keys: Any
        values: Any
        room: Any = None

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            filled = self.get_seq_length()
            end = filled + key_states.shape[-2]
            room = self.room
            if room is None or room[0].shape[0] != key_states.shape[0] or room[0].shape[-2] < end:
                shape = (*key_states.shape[:-2], end + _ROOM)
                room = (
                    key_states.new_empty(*shape, key_states.shape[-1]),
                    value_states.new_empty(*shape, value_states.shape[-1]),
                )
                if filled:
                    room[0][..., :filled, :].copy_(self.keys)
                    room[1][..., :filled, :].copy_(self.values)
                self.room = room
            room[0][..., filled:end, :].copy_(key_states)
            room[1][..., filled:end, :].copy_(value_states)
            self.keys, self.values = room[0][..., :end, :], room[1][..., :end, :]
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:
            super().batch_select_indices(indices)
            self.room = None

    return Cache(layer_class_to_replicate=Growing)

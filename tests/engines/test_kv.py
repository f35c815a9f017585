"""The cache and the attention that are faster on a CPU compute what transformers' own do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from transformers import DynamicCache  # noqa: E402
from transformers.integrations.sdpa_attention import sdpa_attention_forward  # noqa: E402

from shelftalk.engines.kv import grouped_attention, growing_cache  # noqa: E402


@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize("heads, key_heads", [(6, 2), (4, 4)])
@pytest.mark.parametrize("masked", [True, False])
def test_attention_is_that_of_transformers(tokens: int, heads: int, key_heads: int, masked: bool) -> None:
    torch.manual_seed(1)
    query, key, value = (
        torch.randn(3, heads, tokens, 8),
        torch.randn(3, key_heads, 9, 8),
        torch.randn(3, key_heads, 9, 8),
    )
    mask = torch.ones(3, 1, tokens, 9, dtype=torch.bool) if masked else None
    if mask is not None:
        mask[1, :, :, :4] = False
    module = SimpleNamespace(num_key_value_groups=heads // key_heads, is_causal=False, training=False)
    ours, _ = grouped_attention(module, query, key, value, mask, scaling=0.3)
    theirs, _ = sdpa_attention_forward(module, query, key, value, mask, scaling=0.3)
    torch.testing.assert_close(ours, theirs)


def test_the_cache_holds_what_transformers_own_holds_while_it_grows_and_shrinks() -> None:
    torch.manual_seed(2)
    ours, theirs = growing_cache(), DynamicCache()
    for step in range(150):
        if step == 70:
            for cache in (ours, theirs):
                cache.batch_select_indices(torch.tensor([0, 2]))
        rows = 3 if step < 70 else 2
        keys, values = torch.randn(rows, 2, 1 + step % 4, 4), torch.randn(rows, 2, 1 + step % 4, 4)
        for layer in range(2):
            for a, b in zip(ours.update(keys, values, layer), theirs.update(keys, values, layer), strict=True):
                assert torch.equal(a, b)
        assert ours.get_seq_length() == theirs.get_seq_length()

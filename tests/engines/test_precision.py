"""bfloat16 is for processors that multiply it: elsewhere it is emulated, many times slower than float32."""

from __future__ import annotations

import pytest
import torch

from shelftalk.engines.precision import halved, multiplies_halves


@pytest.mark.parametrize(("bf16", "amx"), [(True, False), (False, True), (False, False)])
def test_halves_are_for_processors_that_multiply_them(bf16: bool, amx: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    one = torch.ones(2, 2)
    with halved():
        assert ((one @ one).dtype == torch.bfloat16) is multiplies_halves() is (bf16 or amx)


def test_a_pytorch_that_cannot_tell_is_taken_at_its_slowest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert not multiplies_halves()

"""The processor computes in bfloat16 only where it multiplies bfloat16 itself."""

from __future__ import annotations

from typing import Any

__all__ = ["halved", "multiplies_halves"]


def multiplies_halves() -> bool:
    """True with AVX512-BF16 or AMX; without them bfloat16 is emulated, at a tenth of the speed of float32."""
    import torch

    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def halved() -> Any:
    """A context in which PyTorch computes in bfloat16 where `multiplies_halves`, and as without it elsewhere."""
    import torch

    return torch.autocast("cpu", torch.bfloat16, enabled=multiplies_halves())

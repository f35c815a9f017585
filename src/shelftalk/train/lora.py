"""The adapter's shape: a PEFT configuration from the recipe, and what vLLM can serve of it."""

from __future__ import annotations

from typing import Any

from shelftalk.errors import UsageError
from shelftalk.train.recipe import LoraRecipe

__all__ = ["SERVED_RANKS", "check_lora", "peft_config", "served_unmerged", "served_rank"]

# What vLLM takes as max_lora_rank (vllm.config.lora.MaxLoRARanks); an adapter may have any rank up to the largest.
SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
_WHOLE = ("embed_tokens", "lm_head", "wte", "embed_in", "embed_out")


def check_lora(recipe: LoraRecipe) -> None:
    """UsageError where no server could serve the adapter, before anything is trained."""
    if recipe.rank > SERVED_RANKS[-1]:
        raise UsageError(
            f"lora.rank {recipe.rank}: vLLM serves adapters up to rank {SERVED_RANKS[-1]}; choose one of "
            f"{', '.join(map(str, SERVED_RANKS))}"
        )
    targets = [] if isinstance(recipe.targets, str) else recipe.targets
    if not targets and recipe.targets != "all-linear":
        raise UsageError("lora.targets is empty; write all-linear, or names of layers such as [q_proj, v_proj]")
    for target in targets:
        if target.rpartition(".")[2] in _WHOLE:
            raise UsageError(
                f"lora.targets names {target!r}: the embedding and the head cannot be served as an adapter by vLLM; "
                "leave it out, or write all-linear (all layers between them)"
            )


def served_rank(rank: int) -> int:
    """The max_lora_rank that a vLLM server needs for an adapter of that rank."""
    return next(r for r in SERVED_RANKS if r >= rank)


def served_unmerged(recipe: LoraRecipe) -> bool:
    """Whether vLLM can load the adapter beside its base; DoRA and AdaLoRA are served merged only."""
    return recipe.variant in ("lora", "rslora")


def peft_config(recipe: LoraRecipe, steps: int | None = None) -> Any:
    """The PEFT configuration; `steps` is the length of the training, which AdaLoRA's budget is spread over."""
    import peft

    targets = recipe.targets if isinstance(recipe.targets, str) else list(recipe.targets)
    common: dict[str, Any] = {
        "lora_alpha": recipe.alpha, "lora_dropout": recipe.dropout, "target_modules": targets, "bias": "none",
        "task_type": "CAUSAL_LM",
    }  # fmt: skip
    if recipe.variant == "adalora":
        total = max(10, steps or 1000)
        return peft.AdaLoraConfig(
            init_r=recipe.rank, target_r=max(1, recipe.rank // 2), total_step=total, tinit=total // 10,
            tfinal=total // 4, deltaT=max(1, total // 100), **common,
        )  # fmt: skip
    return peft.LoraConfig(
        r=recipe.rank, use_rslora=recipe.variant == "rslora", use_dora=recipe.variant == "dora", **common
    )

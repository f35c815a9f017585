"""The adapter's shape: a PEFT configuration from the recipe, and what vLLM can serve of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shelftalk.engines.adapters import SERVED_RANKS
from shelftalk.errors import UsageError
from shelftalk.train.recipe import LoraRecipe

__all__ = ["SERVED_RANKS", "check_lora", "peft_config", "served_unmerged", "served_rank"]

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


def peft_config(recipe: LoraRecipe, model: Any, steps: int | None = None) -> Any:
    """The PEFT configuration for that model; `steps` is the training's length, over which AdaLoRA's budget is spread.

    UsageError where the recipe names more layers than the model has, or targets that it has not.
    """
    import peft

    targets = recipe.targets if isinstance(recipe.targets, str) else list(recipe.targets)
    _check_targets([] if isinstance(targets, str) else targets, model)
    upper: dict[str, Any] = {}
    if recipe.layers is not None:
        count = int(model.config.get_text_config().num_hidden_layers)
        if recipe.layers > count:
            raise UsageError(f"lora.layers {recipe.layers}: the model has {count} layers; leave the key out for all")
        upper = {"layers_to_transform": list(range(count - recipe.layers, count))}
        targets = _linear(model) if isinstance(targets, str) else targets  # PEFT wants names beside the layers
    common: dict[str, Any] = upper | {
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


def _check_targets(targets: Sequence[str], model: Any) -> None:
    """UsageError where a target names no module of the model, or one that is no linear layer."""
    import torch

    modules = dict(model.named_modules())
    for target in targets:
        found = [m for name, m in modules.items() if name == target or name.endswith(f".{target}")]
        if not found or not all(isinstance(m, torch.nn.Linear) for m in found):
            what = f"a {type(found[0]).__name__}, not a linear layer" if found else "no layer of the model"
            raise UsageError(
                f"lora.targets names {target!r}: it is {what}; name some of {', '.join(_linear(model))}, or write all-linear"
            )


def _linear(model: Any) -> list[str]:
    """The names of the linear modules between embedding and head."""
    import torch

    head = model.get_output_embeddings()
    linear = {
        n.rpartition(".")[2] for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not head
    }
    return sorted(linear)

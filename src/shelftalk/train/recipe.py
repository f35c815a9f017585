"""How a model is tuned: the keys `sft`, `dpo`, `grpo` and `curve` of a training file, checked before anything is loaded.

serve/train/sft.yaml documents each key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shelftalk.errors import UsageError

__all__ = ["CurveRecipe", "DpoRecipe", "GrpoRecipe", "LoraRecipe", "Recipe", "SftRecipe", "read_recipe"]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoraRecipe(_Group):
    """The adapter: rank, scale, targets, the variant of LoRA that PEFT makes of it, and how many upper layers have it."""

    rank: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | list[str] = "all-linear"
    variant: Literal["lora", "rslora", "dora", "adalora"] = "lora"
    layers: int | None = Field(None, ge=1)


class StageRecipe(_Group):
    """What all stages share: data, model, precision, batches, checkpoints, and when to stop.

    `limits` are the most training examples by task ("suits") or by task and source ("pointwise/productqa").
    """

    data: Path | None = None
    output: Path = Path("training/run")
    model: str = "default"
    adapter: str | None = None
    tasks: list[str] | None = None
    limits: dict[str, Annotated[int, Field(ge=0)]] = {}
    seed: int = 0
    epochs: float = Field(1, gt=0)
    examples: int | None = Field(None, ge=1)
    minutes: float | None = Field(None, gt=0)
    batch: int = Field(8, ge=1)
    accumulate: int = Field(1, ge=1)
    learning_rate: float = Field(5e-4, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: float = Field(0.03, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0)
    max_length: int = Field(1024, ge=16)
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    attention: Literal["sdpa", "eager"] = "sdpa"
    gradient_checkpointing: bool = False
    eval_steps: int = Field(100, ge=1)
    eval_examples: int = Field(48, ge=1)
    save_minutes: float = Field(10, gt=0)
    keep: int = Field(2, ge=1)
    lora: LoraRecipe = LoraRecipe()


class SftRecipe(StageRecipe):
    """Supervised fine-tuning: `batching`, how much an example counts by the number of its words (`loss_per`), and how much
    what follows the answer where a row says why it is so (`then`; 0 leaves it out)."""

    batching: Literal["length", "random", "pack"] = "length"
    loss_per: Literal["token", "sqrt", "example"] = "sqrt"
    then: float = Field(0.0, ge=0)
    patience: int | None = Field(5, ge=1)


class DpoRecipe(StageRecipe):
    """Direct preference optimisation (Rafailov et al. 2023) from pairs made of the same examples."""

    learning_rate: float = Field(5e-5, gt=0)
    beta: float = Field(0.1, gt=0)


class GrpoRecipe(StageRecipe):
    """Group-relative policy optimisation (Shao et al. 2024) with the task's own score as reward."""

    learning_rate: float = Field(2e-5, gt=0)
    beta: float = Field(0.0, ge=0)
    generations: int = Field(8, ge=2)
    temperature: float = Field(1.0, gt=0)
    max_new_tokens: int = Field(96, ge=1)


class CurveRecipe(_Group):
    """The sizes at which a learning curve is drawn (0 stands for all examples), and the fewest steps at each: few examples
    are gone through more than once."""

    sizes: list[int] = [16, 64, 256, 1024, 0]
    steps: int = Field(50, ge=1)
    output: Path = Path("training/curve")
    minutes: float | None = Field(None, gt=0)


class Recipe(_Group):
    """A training file; the stages after `sft` take its data set where they name none."""

    sft: SftRecipe = SftRecipe()
    dpo: DpoRecipe = DpoRecipe()
    grpo: GrpoRecipe = GrpoRecipe()
    curve: CurveRecipe = CurveRecipe()


def read_recipe(path: Path, **given: Any) -> Recipe:
    """The recipe in that YAML file, each `data` filled in; `given` are keys of `sft` that win over the file's (None: not
    given). UsageError names the key that is wrong, and its value."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise UsageError(f"training file {path} cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"training file {path} is not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"training file {path} must hold keys such as 'sft:'; see serve/train/sft.yaml")
    more = {key: value for key, value in given.items() if value is not None}
    if more and isinstance(raw.get("sft") or {}, dict):
        raw = {**raw, "sft": {**(raw.get("sft") or {}), **more}}
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"training file {path}, key {where}: {first['msg']} (got {first.get('input')!r})") from error
    for stage in (recipe.dpo, recipe.grpo):
        stage.data = stage.data or recipe.sft.data
    return recipe

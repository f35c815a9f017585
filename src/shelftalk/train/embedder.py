"""Tunes the embedder: a low-rank adapter of the default encoder, by sentence-transformers' own trainer.

The loss is the ranking of a right text above those of the rest of the batch and above texts that are known to be wrong (multiple
negatives, Henderson et al. 2017, arXiv 1705.00652). An encoder that was pretrained on a billion pairs has more to lose than to learn:
the adapter is therefore tried at several strengths between nothing and whole (weights between two fine models are often better
than either, Wortsman et al. 2022, arXiv 2203.05482), and the one kept is the best of those that lose nothing on any part kept back.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shelftalk.engines.precision import halved, multiplies_halves
from shelftalk.errors import UsageError
from shelftalk.train.matcher import tidy
from shelftalk.train.pairs import PairSource, figures, rows_of

__all__ = ["EmbedderRecipe", "best_strength", "read_embedder_recipe", "train_embedder"]

LENGTH = 128  # tokens of a text that are learnt from


class EmbedderRecipe(BaseModel):
    """How the embedder is tuned: on which sources, for how long and how far, and the strengths at which the adapter is tried."""

    model_config = ConfigDict(extra="forbid")

    sources: list[PairSource] = [PairSource(kind="texts"), PairSource(kind="needs", limit=4000)]
    output: Path = Path("training/embedder")
    epochs: float = Field(1, gt=0)
    batch: int = Field(32, ge=2)
    learning_rate: float = Field(2e-4, gt=0)
    warmup: float = Field(0.1, ge=0, lt=1)
    scale: float = Field(20, gt=0)
    rank: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0)
    strengths: list[float] = [0.25, 0.5, 0.75, 1.0]
    seed: int = 0


def read_embedder_recipe(path: Path) -> EmbedderRecipe:
    """The key `embedder` of a training file; UsageError names what is wrong."""
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
        return EmbedderRecipe.model_validate((read or {}).get("embedder") or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be read as YAML with the key 'embedder': {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{path}: embedder.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def train_embedder(recipe: EmbedderRecipe, data: Path | None, say: Callable[[str], None] = lambda _: None) -> Path:
    """Trains, and returns the folder of the adapter at its best strength, with training.json beside it; sets are looked for below
    `data`. UsageError where no strength is better than the model as it comes."""
    import torch
    from datasets import Dataset, DatasetDict
    from peft import LoraConfig
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss
    from sentence_transformers.training_args import BatchSamplers, MultiDatasetBatchSamplers

    from shelftalk.catalog.base_models import default_folder

    if recipe.output.exists() and any(recipe.output.iterdir()):
        raise UsageError(f"{recipe.output}: holds something already; name another folder or delete it")
    began = time.time()
    sets = {f"{n}-{s.kind}": rows_of(s, data, recipe.seed) for n, s in enumerate(recipe.sources)}
    if empty := [name for name, rows in sets.items() if len(rows) < recipe.batch]:
        raise UsageError(f"source {empty[0]} gives {len(sets[empty[0]])} rows, fewer than a batch of {recipe.batch}")
    say(", ".join(f"{name} {len(rows):,}" for name, rows in sets.items()))
    base = default_folder()
    model = SentenceTransformer(str(base), local_files_only=True)
    model.max_seq_length = LENGTH

    def encode(texts: Sequence[str]) -> Any:
        with halved():
            found = model.encode(
                list(texts), normalize_embeddings=True, convert_to_tensor=True, show_progress_bar=False
            )
        return found.float().numpy()

    before = figures(recipe.sources, data, encode)
    say(json.dumps({"strength": 0, **before}))
    model.add_adapter(
        LoraConfig(
            r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.05, target_modules=["query", "key", "value", "dense"]
        )
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(recipe.output),
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.batch,
            learning_rate=recipe.learning_rate,
            warmup_steps=recipe.warmup,
            max_grad_norm=1.0,
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            multi_dataset_batch_sampler=MultiDatasetBatchSamplers.PROPORTIONAL,
            bf16=multiplies_halves(),
            use_cpu=not torch.cuda.is_available(),
            seed=recipe.seed,
            logging_steps=20,
            save_strategy="epoch",
            save_total_limit=2,
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=DatasetDict({name: Dataset.from_list(rows) for name, rows in sets.items()}),
        loss=MultipleNegativesRankingLoss(model, scale=recipe.scale),
    )
    trainer.train()
    model.eval()
    tried = {0.0: before}
    for strength in recipe.strengths:
        _strengthen(model, recipe.alpha / recipe.rank * strength)
        tried[strength] = figures(recipe.sources, data, encode)
        say(json.dumps({"strength": strength, **tried[strength]}))
    best = best_strength(tried)
    folder = recipe.output / "adapter"
    model[0].auto_model.save_pretrained(str(folder))
    tidy(folder, base.name, best or 1.0)
    made = {
        "recipe": recipe.model_dump(mode="json", exclude={"output": True, "sources": {"__all__": {"path"}}}),
        "rows": {name: len(rows) for name, rows in sets.items()},
        "loss": [{"step": line["step"], "loss": line["loss"]} for line in trainer.state.log_history if "loss" in line],
        "tried": [{"strength": strength, **found} for strength, found in tried.items()],
        "strength": best,
        "seconds": round(time.time() - began),
    }
    (folder / "training.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    for checkpoint in recipe.output.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    if not best:
        raise UsageError(
            f"no strength of {', '.join(map(str, recipe.strengths))} is better than the model as it comes; the whole adapter is in {folder}"
        )
    return folder


def best_strength(tried: dict[float, dict[str, float]]) -> float:
    """Of the strengths tried, the one with the greatest sum of figures among those for which no figure is below strength 0's; 0 where
    there is none."""
    before = tried[0.0]
    sound = {s: f for s, f in tried.items() if all(f[name] >= value for name, value in before.items())}
    return max(sound, key=lambda strength: sum(sound[strength].values()))


def _strengthen(model: Any, scaling: float) -> None:
    """Sets what the adapter's product of matrices is multiplied by."""
    for module in model.modules():
        if isinstance(getattr(module, "scaling", None), dict):
            module.scaling = dict.fromkeys(module.scaling, scaling)

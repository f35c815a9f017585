"""Supervised fine-tuning: from a data set and a recipe to an adapter with all that is needed to make it again beside it.

The output folder holds checkpoint-N (to resume from), adapter/ (the best by the dev score), tensorboard/ and curves.png.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shelftalk.engines.adapters import CARD, CONFIG, Adapter, check_base, find_adapter, fingerprint, local_base
from shelftalk.engines.common import Chat, import_transformers
from shelftalk.engines.models import is_address, resolve_model
from shelftalk.errors import UsageError
from shelftalk.lora import check
from shelftalk.train.callbacks import Clock, Show, callbacks
from shelftalk.train.check import alone, enough_room, fitting, load_data, newest_checkpoint, require_training
from shelftalk.train.encode import data_hash, encode, end_of_turn
from shelftalk.train.lora import check_lora, peft_config, served_unmerged
from shelftalk.train.plots import plot_training
from shelftalk.train.recipe import LoraRecipe, SftRecipe, StageRecipe
from shelftalk.train.score import RANKING, Scorer, request_of
from shelftalk.train.trainer import Pad, trainer_class

__all__ = ["Material", "TrainingResult", "adapter_parameters", "load_model", "material", "train_sft", "write_card"]

logger = logging.getLogger(__name__)

_REQUEST = 64  # the most rows that are taken for those of one request


@dataclass(frozen=True)
class Material:
    """What a stage works with: rows by split, tokenizer and its end of turn, the base's folder, and hashes of both."""

    splits: Mapping[str, list[dict[str, Any]]]
    hashes: Mapping[str, str]
    chat: Chat
    end: int
    base: Path
    fingerprint: str


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to. `scores` are of the adapter kept, `before` of the model it began with; of the `seconds`,
    `scoring` went into looks at the dev split."""

    folder: Path
    scores: Mapping[str, float]
    before: Mapping[str, float]
    steps: int
    tokens: int
    seconds: float
    scoring: float
    stopped: str
    left_out: int


def material(recipe: StageRecipe, home: Path) -> Material:
    """The data, tokenizer and base of a stage, all of it checked; UsageError or EngineError says what to do.

    Where the recipe goes on from an adapter, its `lora` becomes that adapter's.
    """
    require_training()
    if recipe.adapter is not None:
        recipe.lora = lora_of(find_adapter(recipe.adapter, home), recipe.lora)
    check_lora(recipe.lora)
    loaded = load_data(recipe.data, recipe.tasks)
    if is_address(recipe.model):
        raise UsageError(f"model {recipe.model!r} is a server; training needs a folder or a Hugging Face name")
    base = local_base(resolve_model(recipe.model, home))
    _, transformers = import_transformers()
    tokenizer = transformers.AutoTokenizer.from_pretrained(base, local_files_only=True)
    splits = {name: [dict(row) for row in split] for name, split in loaded.items()}
    shuffled = random.Random(recipe.seed)
    shuffled.shuffle(splits["train"])
    splits["train"] = _within(splits["train"], recipe.limits)
    if recipe.examples is not None:
        splits["train"] = splits["train"][: recipe.examples]
    if unscored := sorted({r["task"] for r in splits["train"]} - {r["task"] for r in splits["dev"]}):
        logger.warning("%s: no dev example, so no score: %s", recipe.data, ", ".join(unscored))
    splits["dev"] = _some_of_each(splits["dev"], recipe.eval_examples, recipe.seed)
    hashes = {name: data_hash(rows) for name, rows in splits.items()}
    return Material(splits, hashes, Chat(tokenizer, base.name), end_of_turn(tokenizer), base, fingerprint(base))


def load_model(recipe: StageRecipe, made: Material, home: Path, steps: int | None = None) -> tuple[Any, Any]:
    """The base and the PEFT configuration for a new adapter, or (recipe.adapter) the base with one to go on with."""
    torch, transformers = import_transformers()
    gpu = torch.cuda.is_available()
    dtype = {"auto": torch.bfloat16 if gpu else torch.float32, "float32": torch.float32, "bfloat16": torch.bfloat16}
    model = transformers.AutoModelForCausalLM.from_pretrained(
        made.base, dtype=dtype[recipe.dtype], local_files_only=True, attn_implementation=recipe.attention
    )
    model.config.use_cache = False
    if recipe.adapter is None:
        return model, peft_config(recipe.lora, model, steps)
    import peft

    adapter = find_adapter(recipe.adapter, home)
    check_base(adapter, made.base)
    return peft.PeftModel.from_pretrained(model, str(adapter.folder), is_trainable=True), None


def arguments(recipe: StageRecipe, cls: Any, **more: Any) -> Any:
    """The trainer's arguments that all stages share."""
    torch, _ = import_transformers()
    gpu = torch.cuda.is_available()
    half = recipe.dtype == "bfloat16" or (recipe.dtype == "auto" and gpu)
    return cls(
        output_dir=str(recipe.output), seed=recipe.seed, data_seed=recipe.seed, num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch, per_device_eval_batch_size=recipe.batch,
        gradient_accumulation_steps=recipe.accumulate, learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay, max_grad_norm=recipe.clip, bf16=half, fp16=False, use_cpu=not gpu,
        gradient_checkpointing=recipe.gradient_checkpointing, logging_steps=10, logging_first_step=True,
        save_strategy="steps", save_steps=recipe.eval_steps, save_total_limit=recipe.keep, report_to=["tensorboard"],
        disable_tqdm=True, dataloader_pin_memory=gpu, logging_nan_inf_filter=False, **more,
    )  # fmt: skip


def train_sft(recipe: SftRecipe, home: Path, *, resume: bool = False, show: Show | None = None) -> TrainingResult:
    """Trains an adapter and returns what came of it; all input is checked before the first step.

    UsageError, EngineError or StorageError says what is wrong and what to do.
    """
    if recipe.output.exists() and not recipe.output.is_dir():
        raise UsageError(f"output {recipe.output} is a file; name a folder for the run")
    made = material(recipe, home)
    with alone(recipe.output):
        return _train_sft(recipe, made, home, resume, show)


def _train_sft(recipe: SftRecipe, made: Material, home: Path, resume: bool, show: Show | None) -> TrainingResult:
    note = {"data_hash": made.hashes["train"], "base_fingerprint": made.fingerprint, "lora": recipe.lora.model_dump()}
    adalora = (
        recipe.lora.variant == "adalora"
    )  # its ranks come down with the steps: a checkpoint has others than the end
    if adalora and resume:
        raise UsageError(
            "lora.variant adalora cannot be resumed (its ranks are still being reduced); begin anew without --resume"
        )
    checkpoint, done = newest_checkpoint(recipe.output, note) if resume else (None, {})
    if checkpoint is not None:
        check(checkpoint, made.base)
    if checkpoint is None and any(recipe.output.glob("checkpoint-*")):
        raise UsageError(f"{recipe.output} holds checkpoints of a run; add --resume, delete it, or name another output")

    where = f"data set {recipe.data}, split train"
    encoded = [encode(row, made.chat, made.end, recipe.loss_per, recipe.then) for row in made.splits["train"]]
    kept, left_out = fitting(encoded, recipe.max_length, where)
    if left_out:
        logger.warning("%s: %d examples are longer than %d tokens and left out", where, left_out, recipe.max_length)
    dev = [encode(row, made.chat, made.end, recipe.loss_per) for row in made.splits["dev"]]
    dev_kept, unscored = fitting(dev, recipe.max_length, f"data set {recipe.data}, split dev")
    if unscored:
        logger.warning("%d dev examples are longer than %d tokens and not scored", unscored, recipe.max_length)
    if recipe.batching == "pack" and len({w for i in kept for w in encoded[i].weights}) > 1:
        raise UsageError("sft.batching pack counts each token alike; set sft.loss_per to token and give no weights")

    import datasets
    from transformers import EarlyStoppingCallback
    from trl import SFTConfig

    processes = int(os.environ.get("WORLD_SIZE", "1"))  # one a GPU, started by accelerate
    steps = max(1, int(len(kept) * recipe.epochs / (recipe.batch * recipe.accumulate * processes)))
    model, peft = load_model(recipe, made, home, steps)
    enough_room(recipe.output, adapter_parameters(model, recipe.lora.rank), recipe.keep)
    columns = ["input_ids", "labels"] if recipe.batching == "pack" else ["input_ids", "labels", "weights", "length"]

    def table(rows: Sequence[dict[str, Any]]) -> Any:
        return datasets.Dataset.from_list([{c: row[c] for c in columns} for row in rows])

    clock = Clock(recipe.minutes, float(done.get("seconds", 0)))
    longest = max(len(e.ids) - e.prompt for e in dev)
    scorer = Scorer([made.splits["dev"][i] for i in dev_kept], made.chat, made.end, max_new_tokens=longest + 8)
    trainer = trainer_class()(
        model=model,
        args=arguments(
            recipe, SFTConfig, packing=recipe.batching == "pack", eval_packing=False,
            max_length=recipe.max_length if recipe.batching == "pack" else None,
            train_sampling_strategy="group_by_length" if recipe.batching == "length" else "random",
            eval_strategy="steps", eval_steps=recipe.eval_steps, eval_on_start=not resume,
            load_best_model_at_end=not adalora, metric_for_best_model="eval_score", greater_is_better=True,
        ),
        train_dataset=table([encoded[i].row for i in kept]), eval_dataset=table([dev[i].row for i in dev_kept]),
        processing_class=made.chat.tokenizer, peft_config=peft,
        data_collator=None if recipe.batching == "pack" else Pad(made.end, 16),
        callbacks=[
            *(watched := callbacks(
                clock, recipe.save_minutes, note, show, adalora=adalora,
                tokens=lambda: int(trainer._total_train_tokens),
            )),
            *([EarlyStoppingCallback(recipe.patience)] if recipe.patience and not adalora else []),
        ],
        score=scorer, progress=lambda: clock.share, schedule=(recipe.schedule, recipe.warmup),
    )  # fmt: skip
    trainer._total_train_tokens = int(done.get("tokens", 0))
    result = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    scores = scorer(trainer.accelerator.unwrap_model(trainer.model))
    evaluations = [log for log in trainer.state.log_history if "eval_score" in log]
    before = _scores(evaluations[0]) if evaluations and evaluations[0]["step"] == 0 else {}
    stopped = watched[0].stopped or (
        "the dev score rose no more" if trainer.state.global_step < trainer.state.max_steps else "all steps done"
    )
    outcome = TrainingResult(
        recipe.output / "adapter", scores, before, trainer.state.global_step, trainer._total_train_tokens,
        clock.seconds, sum(float(log["eval_runtime"]) for log in evaluations), stopped, left_out,
    )  # fmt: skip
    if trainer.is_world_process_zero():
        trainer.model.save_pretrained(str(outcome.folder))
        history = trainer.state.log_history
        write_card(outcome, "sft", recipe, made, history, {k: list(v) for k, v in scorer.last.items()})
        plot_training(history, recipe.output / "curves.png")
    logger.info("training ended after %d steps: %s (%.3f)", outcome.steps, stopped, result.training_loss)
    return outcome


def write_card(
    outcome: TrainingResult, stage: str, recipe: StageRecipe, made: Material, history: Sequence[Mapping[str, Any]],
    values: Mapping[str, Sequence[float]],
) -> None:  # fmt: skip
    """Writes training.json beside the adapter: configuration, seeds, data hashes, versions, machine, scores, history."""
    import resource

    _strip_paths(outcome.folder, made.base.name)
    data = {name: {"rows": len(rows), "sha256": made.hashes[name]} for name, rows in made.splits.items()}
    tasks: dict[str, int] = {}
    for row in made.splits["train"]:
        tasks[row["task"]] = tasks.get(row["task"], 0) + 1
    told = recipe.model_dump(mode="json") | {
        "data": recipe.data.name if recipe.data else None,
        "output": None,
        "model": made.base.name,
        "adapter": Path(recipe.adapter).name if recipe.adapter else None,
    }
    card = {
        "stage": stage, "base": {"name": made.base.name, "fingerprint": made.fingerprint}, "recipe": told,
        "data": data, "tasks": tasks, "prompts": sorted({str(r["template"]) for r in made.splits["train"] if r.get("template")}),
        "sources": sorted({str(r.get("source", "")) for r in made.splits["train"]} - {""}),
        "served_unmerged": served_unmerged(recipe.lora), "scores": dict(outcome.scores), "before": dict(outcome.before),
        "dev_values": {task: [round(v, 4) for v in seen] for task, seen in values.items()},
        "steps": outcome.steps, "tokens": outcome.tokens, "seconds": round(outcome.seconds, 1),
        "scoring_seconds": round(outcome.scoring, 1),
        "tokens_a_second": round(outcome.tokens / max(1e-9, outcome.seconds - outcome.scoring)), "stopped": outcome.stopped,
        "examples_left_out": outcome.left_out,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "device": _device(),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {n: version(n) for n in ("shelftalk", "torch", "transformers", "trl", "peft", "datasets")},
        "history": [{k: v for k, v in log.items() if isinstance(v, int | float)} for log in history],
    }  # fmt: skip
    (outcome.folder / CARD).write_text(json.dumps(card, indent=1, allow_nan=True) + "\n", encoding="utf-8")


def _strip_paths(folder: Path, base: str) -> None:
    """PEFT writes this machine's path of the base into its files; the base's name is enough."""
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)


def _some_of_each(rows: Sequence[dict[str, Any]], most: int, seed: int) -> list[dict[str, Any]]:
    """At most `most` rows of each task, but one whole request at least, chosen by the seed."""
    by_task: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for i, row in enumerate(rows):
        request = i if row.get("query") is None and row.get("group") is None else request_of(row)
        by_task.setdefault(row["task"], {}).setdefault(str(request), []).append(row)
    out: list[dict[str, Any]] = []
    for task, groups in sorted(by_task.items()):
        names = sorted(groups)
        if task in RANKING:  # where nothing fits no order is better than another
            names = [n for n in names if any(max(row.get("gains") or [1]) > 0 for row in groups[n])] or names
        random.Random(seed).shuffle(names)
        taken: list[dict[str, Any]] = []
        for name in names:
            if len(taken) + len(groups[name]) <= most or not taken:
                taken += groups[name]
        out += taken[: max(most, _REQUEST)]
    return out


def lora_of(adapter: Adapter, given: LoraRecipe) -> LoraRecipe:
    """The shape of an adapter to go on with; UsageError where the recipe asks for another one, which it would not get."""
    told = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8-sig"))
    kind = "dora" if told.get("use_dora") else "rslora" if told.get("use_rslora") else str(told["peft_type"]).lower()
    if kind == "adalora":
        raise UsageError(
            f"adapter {adapter.ref} is an AdaLoRA, which cannot be gone on from; merge it and take that as `model`"
        )
    has = {"rank": adapter.rank, "alpha": float(told.get("lora_alpha") or given.alpha), "variant": kind}
    for key, value in has.items():
        if key in given.model_fields_set and getattr(given, key) != value:
            raise UsageError(
                f"lora.{key} is {getattr(given, key)}, but the adapter {adapter.ref} to go on from has {value}; leave the key "
                "out, or leave out `adapter` to begin a new one"
            )
    return LoraRecipe.model_validate({**given.model_dump(), **has})


def _within(rows: Sequence[dict[str, Any]], limits: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rows that the limits let through, the first ones of each task and of each task and source. UsageError where a
    limit is of nothing in the set, or where they let nothing through."""
    known = {key for row in rows for key in (row["task"], f"{row['task']}/{row.get('source')}")}
    if unknown := sorted(set(limits) - known):
        raise UsageError(
            f"limits: no training example is of {', '.join(unknown)}; there is: {', '.join(sorted(known))}"
        )
    left, out = dict(limits), []
    for row in rows:
        keys = [key for key in (row["task"], f"{row['task']}/{row.get('source')}") if key in left]
        if all(left[key] > 0 for key in keys):
            left.update({key: left[key] - 1 for key in keys})
            out.append(row)
    if not out:
        raise UsageError(f"limits {dict(limits)} let no training example through; raise one")
    return out


def _scores(log: Mapping[str, Any]) -> dict[str, float]:
    return {k.removeprefix("eval_"): float(v) for k, v in log.items() if k.startswith("eval_score")}


def adapter_parameters(model: Any, rank: int) -> int:
    """The number of weights of an adapter on all linear layers; an upper bound for fewer targets."""
    import torch

    return sum(
        rank * (layer.in_features + layer.out_features)
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear)
    )


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"

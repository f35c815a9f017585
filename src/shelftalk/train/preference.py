"""After supervised tuning: DPO from pairs of a right and a wrong answer, GRPO with the task's own score as reward.

Both use TRL's trainers on the same data set and the same prompts. A wrong answer is one that was passed over: the other
label, another candidate's letter, an intent with one slip, a reason with one false value.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.train.callbacks import Clock, Show, callbacks
from shelftalk.train.check import alone, enough_room
from shelftalk.train.encode import answer_of, prompt_of
from shelftalk.train.plots import plot_training
from shelftalk.train.recipe import DpoRecipe, GrpoRecipe, StageRecipe
from shelftalk.train.score import Scorer, canonical, kind_of, labels_of, text_score
from shelftalk.train.sft import (
    Material,
    TrainingResult,
    adapter_parameters,
    arguments,
    load_model,
    material,
    write_card,
)

__all__ = ["pairs", "passed_over", "reward", "train_dpo", "train_grpo"]

_OPPOSITE = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "!=", "!=": "=", "asc": "desc", "desc": "asc"}


def passed_over(row: Mapping[str, Any], others: Sequence[str], rng: random.Random) -> str | None:
    """A wrong answer to that row's prompt, None where none can be made; `others` are right answers of the same task."""
    right = answer_of(row)
    kind = kind_of(right)
    if kind in ("yesno", "letter"):
        wrong = [label for label in labels_of(row) if label != right]
        return rng.choice(wrong) if wrong else None
    if kind == "json":
        return _slip(right, rng)
    numbers = list(re.finditer(r"\d+", right.split("[")[0]))
    if numbers:
        at = rng.choice(numbers)
        return right[: at.start()] + str(int(at.group()) + rng.randint(1, 9)) + right[at.end() :]
    wrong = [other for other in others if other != right]
    return rng.choice(wrong) if wrong else None


def _slip(text: str, rng: random.Random) -> str | None:
    """The JSON with one thing wrong: a comparison turned round, a number changed, or a part left out."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    slips: list[Callable[[], None]] = []

    def look(node: Any) -> None:
        places = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, inner in places:
            if isinstance(inner, str) and inner in _OPPOSITE:
                slips.append(lambda n=node, k=key, v=inner: n.__setitem__(k, _OPPOSITE[v]))  # type: ignore[misc]
            elif isinstance(inner, bool):
                slips.append(lambda n=node, k=key, v=inner: n.__setitem__(k, not v))  # type: ignore[misc]
            elif isinstance(inner, int | float):
                slips.append(lambda n=node, k=key, v=inner: n.__setitem__(k, v + rng.randint(1, 9)))  # type: ignore[misc]
            elif isinstance(inner, dict | list):
                if isinstance(node, list):
                    slips.append(lambda n=node, k=key: n.__delitem__(k))  # type: ignore[misc]
                look(inner)

    if not isinstance(value, dict | list):
        return None
    look(value)
    if not slips:
        return None
    rng.choice(slips)()
    compact = "," in text and ", " not in text
    return json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)


def pairs(made: Material, seed: int, longest: int) -> list[dict[str, str]]:
    """prompt, chosen and rejected of each training row that has a wrong answer; UsageError when none has."""
    rng = random.Random(seed)
    by_task: dict[str, list[str]] = {}
    for row in made.splits["train"]:
        by_task.setdefault(row["task"], []).append(answer_of(row))
    out = []
    for row in made.splits["train"]:
        wrong = passed_over(row, by_task[row["task"]], rng)
        prompt = made.chat.text(prompt_of(row))
        if wrong is not None and made.chat.count(prompt) + made.chat.count(answer_of(row)) < longest:
            out.append({"prompt": prompt, "chosen": answer_of(row), "rejected": wrong})
    if not out:
        raise UsageError("no example gives a pair of a right and a wrong answer that fits into max_length")
    return out


def reward(written: str, right: str, prompt: str) -> float:
    """0 to 1: the label is right; the share of an intent's parts that are right; a reason's score (see `text_score`)."""
    written = written.strip()
    kind = kind_of(right)
    if kind in ("yesno", "letter"):
        return float(written == right)
    if kind == "text":
        return text_score(written, right, prompt)
    got, wanted = canonical(written), canonical(right)
    if got is None:
        return 0.0
    if got == wanted:
        return 1.0
    a, b = set(_parts(got)), set(_parts(wanted))
    return 0.1 + 0.8 * len(a & b) / max(1, len(a | b))


def _parts(value: Any) -> list[str]:
    if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
        return [f"{key}:{part}" for key, inner in value.items() for part in _parts(inner)]
    if isinstance(value, list):
        return [part for inner in value for part in _parts(inner)]
    return [json.dumps(value, sort_keys=True)]


def train_dpo(recipe: DpoRecipe, home: Path, *, show: Show | None = None) -> TrainingResult:
    """Trains with DPO, from recipe.adapter where it names one; the adapter is written as `train_sft` writes it."""
    import datasets

    made = material(recipe, home)
    rows = datasets.Dataset.from_list(pairs(made, recipe.seed, recipe.max_length))
    from trl import DPOConfig, DPOTrainer

    def build(model: Any, peft: Any, watched: list[Any]) -> Any:
        args = arguments(
            recipe, DPOConfig, beta=recipe.beta, max_length=recipe.max_length, eval_strategy="no",
            lr_scheduler_type=recipe.schedule,
        )  # fmt: skip
        return DPOTrainer(
            model=model, args=args, train_dataset=rows, processing_class=made.chat.tokenizer, peft_config=peft,
            callbacks=watched,
        )  # fmt: skip

    return _run("dpo", recipe, made, home, build, show)


def train_grpo(recipe: GrpoRecipe, home: Path, *, show: Show | None = None) -> TrainingResult:
    """Trains with GRPO, from recipe.adapter where it names one; the adapter is written as `train_sft` writes it."""
    import datasets

    made = material(recipe, home)
    told = [(made.chat.text(prompt_of(row)), answer_of(row)) for row in made.splits["train"]]
    kept = [
        {"prompt": prompt, "answer": answer} for prompt, answer in told if made.chat.count(prompt) < recipe.max_length
    ]
    if not kept:
        raise UsageError(f"no prompt fits into grpo.max_length {recipe.max_length}; raise it")
    rows = datasets.Dataset.from_list(kept)
    from trl import GRPOConfig, GRPOTrainer

    def score(prompts: list[str], completions: list[str], answer: list[str], **_: Any) -> list[float]:
        return [reward(c, a, p) for p, c, a in zip(prompts, completions, answer, strict=True)]

    def build(model: Any, peft: Any, watched: list[Any]) -> Any:
        args = arguments(
            recipe, GRPOConfig, beta=recipe.beta, num_generations=recipe.generations, temperature=recipe.temperature,
            max_completion_length=recipe.max_new_tokens, eval_strategy="no", lr_scheduler_type=recipe.schedule,
        )  # fmt: skip
        return GRPOTrainer(
            model=model, reward_funcs=score, args=args, train_dataset=rows, processing_class=made.chat.tokenizer,
            peft_config=peft, callbacks=watched,
        )  # fmt: skip

    if (recipe.batch * recipe.accumulate) % recipe.generations:
        raise UsageError(
            f"grpo.batch times accumulate ({recipe.batch * recipe.accumulate}) must be a multiple of grpo.generations "
            f"({recipe.generations}): the answers of a prompt are compared within a step"
        )
    return _run("grpo", recipe, made, home, build, show)


def _run(
    stage: str, recipe: StageRecipe, made: Material, home: Path, build: Callable[..., Any], show: Show | None
) -> TrainingResult:
    if recipe.lora.variant == "adalora":
        raise UsageError(f"{stage}.lora.variant adalora: choose lora, rslora or dora for this stage")
    with alone(recipe.output):
        return _alone(stage, recipe, made, home, build, show)


def _alone(
    stage: str, recipe: StageRecipe, made: Material, home: Path, build: Callable[..., Any], show: Show | None
) -> TrainingResult:
    from transformers import PrinterCallback

    if any(recipe.output.glob("checkpoint-*")):
        raise UsageError(
            f"{recipe.output} holds checkpoints of a run; delete it, or name another output ({stage}.output)"
        )
    model, peft = load_model(recipe, made, home)
    enough_room(recipe.output, adapter_parameters(model, recipe.lora.rank), recipe.keep)
    clock = Clock(recipe.minutes)
    note = {"data_hash": made.hashes["train"], "base_fingerprint": made.fingerprint, "lora": recipe.lora.model_dump()}
    watched = callbacks(clock, recipe.save_minutes, note, show)
    trainer = build(model, peft, watched)
    trainer.remove_callback(PrinterCallback)
    trainer.create_model_card = lambda *a, **k: None
    longest = max(made.chat.count(answer_of(row)) for row in made.splits["dev"])
    scorer = Scorer(made.splits["dev"], made.chat, made.end, max_new_tokens=longest + 8)
    before = scorer(trainer.model)
    trainer.train()
    seconds = clock.seconds
    scores = scorer(trainer.accelerator.unwrap_model(trainer.model))
    outcome = TrainingResult(
        recipe.output / "adapter", scores, before, trainer.state.global_step, int(trainer.state.num_input_tokens_seen or getattr(trainer, "_total_train_tokens", 0)),
        seconds, 0.0, watched[0].stopped or "all steps done", 0,
    )  # fmt: skip
    if trainer.is_world_process_zero():
        trainer.model.save_pretrained(str(outcome.folder), selected_adapters=["default"])
        write_card(
            outcome, stage, recipe, made, trainer.state.log_history, {k: list(v) for k, v in scorer.last.items()}
        )
        plot_training(trainer.state.log_history, recipe.output / "curves.png")
    return outcome

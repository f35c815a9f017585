"""The learning curve: the dev score at growing numbers of training examples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.train.check import output_folder
from shelftalk.train.plots import pyplot_without_display
from shelftalk.train.publish import interval
from shelftalk.train.recipe import Recipe
from shelftalk.train.sft import material, train_sft

__all__ = ["Point", "curve_table", "learning_curve"]

Point = dict[str, Any]


def learning_curve(recipe: Recipe, home: Path, *, say: Callable[[str], None] | None = None) -> list[Point]:
    """One Point a size: examples, score of each task with its 95% interval, seconds. Points that are there are kept.

    Trains the recipe's `sft` from the base at each size, each on a prefix of the same shuffled examples, and draws
    curve.png and curve.md beside points.json. Sizes beyond the data are left out. UsageError where a size is none, or where
    the points that are there are of another recipe or of other data.
    """
    wanted = recipe.curve
    if not wanted.sizes or any(size < 0 for size in wanted.sizes):
        raise UsageError(f"curve.sizes {wanted.sizes}: numbers of examples, 0 for all of them")
    made = material(recipe.sft.model_copy(deep=True), home)
    rows = len(made.splits["train"])
    output_folder(wanted.output)
    path = wanted.output / "points.json"
    points, of = _known(path), _identity(recipe, made.hashes["train"])
    if any(point.get("of", of) != of for point in points):
        raise UsageError(
            f"{path} holds points of another recipe or of other data; name another curve.output, or delete that folder"
        )
    for size in sorted(set(wanted.sizes), key=lambda s: (s == 0, s)):
        if any(p["asked"] == size for p in points):
            continue
        if size >= rows:
            if say is not None:
                say(f"{size} examples: the data has {rows}" + ("" if 0 in wanted.sizes else "; size 0 stands for all"))
            continue
        output = wanted.output / (f"at-{size}" if size else "at-all")
        stage = recipe.sft.model_copy(
            deep=True,
            update={
                "examples": size or None, "output": output, "minutes": wanted.minutes or recipe.sft.minutes,
                "epochs": _epochs(recipe, size or rows),
            },
        )  # fmt: skip
        outcome = train_sft(stage, home, resume=any(output.glob("checkpoint-*")))
        card = json.loads((outcome.folder / "training.json").read_text(encoding="utf-8"))
        points.append(
            {
                "asked": size, "of": of, "steps": outcome.steps, "examples": card["data"]["train"]["rows"], "seconds": round(outcome.seconds),
                "before": outcome.before, "scores": outcome.scores,
                "intervals": {task: interval(values) for task, values in card["dev_values"].items() if values},
            }
        )  # fmt: skip
        path.write_text(json.dumps(points, indent=1) + "\n", encoding="utf-8")
        if say is not None:
            say(f"{points[-1]['examples']} examples: dev score {outcome.scores['score']:.3f}")
    if not points:
        raise UsageError(f"curve.sizes {wanted.sizes}: the data has {rows} examples, fewer than each; 0 stands for all")
    points.sort(key=lambda p: p["examples"])
    (wanted.output / "curve.md").write_text(curve_table(points), encoding="utf-8")
    _plot_curve(points, wanted.output / "curve.png")
    return points


def _epochs(recipe: Recipe, examples: int) -> float:
    """The recipe's epochs, or as many as give `curve.steps` steps where the examples are few."""
    return max(recipe.sft.epochs, recipe.curve.steps * recipe.sft.batch * recipe.sft.accumulate / examples)


def _known(path: Path) -> list[Point]:
    if not path.is_file():
        return []
    try:
        read: list[Point] = json.loads(path.read_text(encoding="utf-8"))
        assert all("asked" in point and "intervals" in point for point in read)
    except (ValueError, TypeError, AssertionError) as error:
        raise UsageError(f"{path} is damaged; delete it, and the sizes are trained again") from error
    return read


def _identity(recipe: Recipe, data: str) -> str:
    """What points must share to stand in one curve: the recipe but for where and how long, and the data."""
    kept = recipe.sft.model_dump(mode="json", exclude={"data", "output", "examples", "minutes"})
    told = json.dumps([kept, recipe.curve.steps, data], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def curve_table(points: Sequence[Point]) -> str:
    """The points as a Markdown table: a row a size, each task's score with its 95% interval."""
    tasks = sorted({task for point in points for task in point["intervals"]})
    lines = ["| examples | steps | " + " | ".join(tasks) + " | mean |", "|---" * (len(tasks) + 3) + "|"]
    for point in points:
        cells = [
            f"{i['value']:.3f} ({i['low']:.3f} to {i['high']:.3f})" if (i := point["intervals"].get(task)) else ""
            for task in tasks
        ]
        lines.append(
            f"| {point['examples']} | {point.get('steps', '')} | "
            + " | ".join(cells)
            + f" | {point['scores']['score']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def _plot_curve(points: Sequence[Point], target: Path) -> None:
    pyplot = pyplot_without_display()
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for task in sorted({task for point in points for task in point["intervals"]}):
        at = [(p["examples"], p["intervals"][task]) for p in points if task in p["intervals"]]
        axes.plot([x for x, _ in at], [i["value"] for _, i in at], marker="o", label=task)
        axes.fill_between([x for x, _ in at], [i["low"] for _, i in at], [i["high"] for _, i in at], alpha=0.12)
    axes.set(xscale="log", xlabel="training examples", ylabel="dev score", ylim=(0, 1), title="Score against examples")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(target, dpi=110)
    pyplot.close(figure)

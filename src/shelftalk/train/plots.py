"""A training's loss and dev scores over its steps, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["plot_training", "pyplot_without_display"]


def plot_training(history: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Draws loss, and each task's dev score, over the steps of a training's log into a PNG file."""
    pyplot = pyplot_without_display()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    for key, label in (("loss", "train"), ("eval_loss", "dev")):
        points = [(log["step"], log[key]) for log in history if key in log]
        if points:
            left.plot(*zip(*points, strict=True), label=label)
    for key in sorted({key for log in history for key in log if key.startswith("eval_score")}):
        points = [(log["step"], log[key]) for log in history if key in log]
        wide = 2.5 if key == "eval_score" else 1
        right.plot(*zip(*points, strict=True), marker=".", linewidth=wide, label=_task(key))
    left.set(xlabel="step", ylabel="loss", title="Loss of the answers")
    right.set(xlabel="step", ylabel="score", title="Dev score by task", ylim=(0, 1))
    for axes in (left, right):
        if axes.lines:
            axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def _task(key: str) -> str:
    return key.removeprefix("eval_score").removeprefix("score").lstrip("_") or "mean"


def pyplot_without_display() -> Any:
    """matplotlib.pyplot, drawing into files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot

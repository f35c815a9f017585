"""`shelftalk train sft | merge | publish | list | curve | dpo | grpo`: from a data set to an adapter that is served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shelftalk.train.sft import Outcome

ConfigOption = Annotated[
    Path, typer.Option("--config", help="Training file (serve/train/sft.yaml documents the keys).")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint of the output folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Adds these commands to `shelftalk train`."""
    app.command("sft")(sft)


def sft(
    config: ConfigOption,
    resume: ResumeOption = False,
    output: Annotated[Path | None, typer.Option("--output", help="Instead of the file's sft.output.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Instead of the file's sft.data.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Instead of the file's sft.minutes.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tune an adapter on a data set: checkpoints, curves and the dev score of the real task."""
    from shelftalk.cli.common import quiet
    from shelftalk.settings import load_settings
    from shelftalk.train.recipe import read_recipe
    from shelftalk.train.sft import train_sft

    quiet()
    given = {"output": output, "data": data, "minutes": minutes}
    recipe = read_recipe(config).sft.model_copy(update={k: v for k, v in given.items() if v is not None})
    with _Bar("training") as bar:
        outcome = train_sft(recipe, load_settings().home_folder, resume=resume, show=bar.show)
    _told(outcome, as_json)


def _told(outcome: Outcome, as_json: bool) -> None:
    from shelftalk.cli.common import stdout

    if as_json:
        told = {k: getattr(outcome, k) for k in ("scores", "before", "steps", "tokens", "stopped", "left_out")}
        typer.echo(json.dumps({**told, "folder": str(outcome.folder), "seconds": round(outcome.seconds, 1)}, indent=1))
        return
    from rich.table import Table

    table = Table("dev score", "before", "after", box=None, pad_edge=False)
    for name, value in outcome.scores.items():
        before = outcome.before.get(name)
        label = name.removeprefix("score").lstrip("_") or "mean"
        table.add_row(label, "" if before is None else f"{before:.3f}", f"{value:.3f}")
    console = stdout()
    console.print(table)
    console.print(
        f"{outcome.steps} steps, {outcome.tokens} tokens in {outcome.seconds / 60:.1f} minutes, "
        f"{outcome.scoring / 60:.1f} of them scoring; ended by: {outcome.stopped}",
        soft_wrap=True,
    )
    if outcome.left_out:
        console.print(f"{outcome.left_out} examples were longer than max_length and left out", soft_wrap=True)
    console.print(f"adapter: {outcome.folder}", soft_wrap=True, markup=False)


class _Bar:
    """A bar with the time left on a terminal; elsewhere a plain line every half minute."""

    def __init__(self, what: str) -> None:
        import time

        from shelftalk.cli.common import stderr

        self._what, self._console, self._now = what, stderr(), time.monotonic
        self._told = 0.0
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        if self._console.is_terminal:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[told]}"),
                TimeElapsedColumn(), console=self._console, transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=1.0, told="")
        return self

    def show(self, step: int, steps: int, latest: Mapping[str, Any]) -> None:
        """Told after each step."""
        left = latest.get("left")
        told = f"step {step}/{steps}"
        told += f", loss {float(latest['loss']):.3f}" if "loss" in latest else ""
        told += f", dev score {float(latest['eval_score']):.3f}" if "eval_score" in latest else ""
        told += f", {_span(left)} left" if left is not None else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=min(1.0, latest.get("done", 0.0)), told=told)
        elif self._now() - self._told > 30:
            self._told = self._now()
            self._console.print(f"{self._what}: {told}", soft_wrap=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min" if minutes else "a minute"

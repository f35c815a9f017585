"""`shelftalk train sft | merge | publish | list | curve | dpo | grpo`: from a data set to an adapter that is served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shelftalk.train.sft import TrainingResult

ConfigOption = Annotated[
    Path, typer.Option("--config", help="Training file (serve/train/sft.yaml documents the keys).")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Resume from the newest checkpoint in the output folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Adds these commands to `shelftalk train`."""
    for name, command in (
        ("sft", sft), ("dpo", dpo), ("grpo", grpo), ("curve", curve), ("merge", merge), ("publish", publish),
        ("list", list_adapters),
    ):  # fmt: skip
        app.command(name)(command)


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
    recipe = read_recipe(config, output=output, data=data, minutes=minutes).sft
    with _Bar("training") as bar:
        outcome = train_sft(recipe, load_settings().home_folder, resume=resume, show=bar.show)
    _told(outcome, as_json)


def dpo(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Tune further with DPO, from pairs of a right and a wrong answer."""
    from shelftalk.cli.common import quiet
    from shelftalk.settings import load_settings
    from shelftalk.train.preference import train_dpo
    from shelftalk.train.recipe import read_recipe

    quiet()
    recipe = read_recipe(config).dpo
    with _Bar("DPO") as bar:
        outcome = train_dpo(recipe, load_settings().home_folder, show=bar.show)
    _told(outcome, as_json)


def grpo(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Tune further with GRPO, with the task's own score as reward."""
    from shelftalk.cli.common import quiet
    from shelftalk.settings import load_settings
    from shelftalk.train.preference import train_grpo
    from shelftalk.train.recipe import read_recipe

    quiet()
    recipe = read_recipe(config).grpo
    with _Bar("GRPO") as bar:
        outcome = train_grpo(recipe, load_settings().home_folder, show=bar.show)
    _told(outcome, as_json)


def curve(config: ConfigOption) -> None:
    """Train on growing numbers of examples and plot the scores; sizes already done are kept."""
    from shelftalk.cli.common import quiet, stderr, stdout
    from shelftalk.settings import load_settings
    from shelftalk.train.curve import curve_table, learning_curve
    from shelftalk.train.recipe import read_recipe

    quiet()
    recipe = read_recipe(config)
    console = stderr()
    points = learning_curve(recipe, load_settings().home_folder, say=lambda line: console.print(line, soft_wrap=True))
    stdout().print(curve_table(points), soft_wrap=True, markup=False)


def merge(
    adapter: Annotated[str, typer.Argument(help="A folder, or the name of a published adapter.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the merged model.")],
    model: Annotated[str | None, typer.Option("--model", help="The adapter's base.", show_default="default")] = None,
) -> None:
    """Write the base with an adapter merged in (bf16), and check that it answers like base and adapter apart."""
    from shelftalk.cli.common import quiet, stderr
    from shelftalk.engines.adapters import find_adapter, local_base
    from shelftalk.engines.models import resolve_model
    from shelftalk.errors import UsageError
    from shelftalk.settings import load_settings
    from shelftalk.train.check import require_training
    from shelftalk.train.merge import merge_checked

    quiet()
    require_training()
    settings = load_settings(model=model)
    found = find_adapter(adapter, settings.home_folder)
    base = local_base(resolve_model(settings.model, settings.home_folder))
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a new folder for the merged model")
    with stderr().status("merging"):
        worst = merge_checked(base, found, out)
    typer.echo(str(out))
    stderr().print(f"log-probabilities agree with the unmerged adapter's within {worst:.3f}", soft_wrap=True)


def publish(
    adapter: Annotated[str, typer.Argument(help="The folder that 'shelftalk train sft' wrote.")],
    name: Annotated[str, typer.Option("--name", help="Its name; the hash of its content is added.")],
    licence: Annotated[str, typer.Option("--licence", help="Licence that the data and the base allow.")],
    to: Annotated[Path | None, typer.Option("--to", help="Folder.", show_default="adapters in the home folder")] = None,
    limits: Annotated[Path | None, typer.Option("--limits", help="Text file with the adapter's limitations.")] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="JSON file of measured figures.")] = None,
) -> None:
    """Publish an adapter under NAME@HASH: small weights, a model card, an entry in the registry."""
    from shelftalk.cli.common import quiet
    from shelftalk.settings import load_settings
    from shelftalk.train.publish import publish as publish_adapter

    quiet()
    home = load_settings().home_folder
    said = _read(limits) if limits else ""
    made = publish_adapter(adapter, name, to or home / "adapters", home, licence=licence, limits=said, measured=figures)
    typer.echo(str(made.folder))


def _read(path: Path) -> str:
    from shelftalk.errors import UsageError

    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--limits {path}: cannot be read as text: {error}") from error


def list_adapters(as_json: JsonOption = False) -> None:
    """List the published adapters that can be used by name (setting `adapter`)."""
    from shelftalk.cli.common import stdout
    from shelftalk.settings import load_settings
    from shelftalk.train.registry import rows

    found = rows(load_settings().home_folder)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("adapter", "base", "rank", "tasks", "dev score", "state"):
        table.add_column(
            column, overflow="fold", no_wrap=column in ("adapter", "state")
        )  # a name is there to be copied
    for row in found:
        score = row.get("scores", {}).get("score")
        cells = (row["ref"], row.get("base", ""), str(row.get("rank", "")), ", ".join(row.get("tasks", [])))
        table.add_row(*map(escape, cells), "" if score is None else f"{score:.3f}", row["state"])
    stdout().print(table if found else "no adapter is published yet; see docs/tune.md")


def _told(outcome: TrainingResult, as_json: bool) -> None:
    import os

    from shelftalk.cli.common import stdout

    if os.environ.get("RANK", "0") != "0":  # accelerate runs a process a GPU; one tells
        return
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
            self._task = self._bar.add_task(self._what, total=1.0, told="loading, and scoring the start")
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

"""The commands `shelftalk train ...`: from judged requests, logs or a bare catalogue to an adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shelftalk.cli import train_sft
from shelftalk.cli.common import quiet, settings_from, stderr, stdout
from shelftalk.errors import PARTIAL

app = typer.Typer(no_args_is_help=True, help="Build training sets and tune the language model on them.")
train_sft.register(app)


@app.command("data")
def data(
    config: Annotated[Path, typer.Option("--config", help="YAML file that describes the set.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the data set.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing data set.")] = False,
) -> None:
    """Build a supervised set: train, dev and test rows with the prompts used in serving, and a card."""
    quiet()
    from shelftalk.train.config import load_config
    from shelftalk.train.data import make

    wanted = load_config(config)
    console = stderr()
    built = make(wanted, out, settings_from(), overwrite=overwrite, say=lambda text: console.print(text, markup=False))
    _show(built.known, out)
    if built.report.rejects:
        console.print(
            f"{len(built.report.rejects)} rows of logs were left out; see {out / 'rejects.jsonl'}", markup=False
        )
        raise typer.Exit(PARTIAL)


@app.command("matcher")
def matcher(
    config: Annotated[
        Path, typer.Option("--config", help="YAML file with the key 'matcher', such as serve/train/matcher.yaml.")
    ],
) -> None:
    """Train an encoder that orders the fields of a wish, or the kinds for a need, on the written set."""
    quiet()
    from shelftalk.train.matcher import read_matcher_recipe, train_matcher

    recipe, home = read_matcher_recipe(config), settings_from().home_folder
    folder = train_matcher(recipe, lambda text: stderr().print(text, markup=False), home)
    stdout().print(f"matcher: {folder}", markup=False)


@app.command("embedder")
def embedder(
    config: Annotated[
        Path, typer.Option("--config", help="YAML file with the key 'embedder', such as serve/train/embedder.yaml.")
    ],
) -> None:
    """Tune the encoder that finds products and chooses what is quoted, on pairs of a request and a text that answers it."""
    quiet()
    from shelftalk.train.embedder import read_embedder_recipe, train_embedder

    folder = train_embedder(
        read_embedder_recipe(config), settings_from().data, lambda text: stderr().print(text, markup=False)
    )
    stdout().print(f"embedder: {folder}", markup=False)


def _show(known: dict, out: Path) -> None:  # type: ignore[type-arg]
    from rich.table import Table

    table = Table("task", "train", "dev", "test", "prompt p50", "p99", "tokens to train on")
    for task, t in known["tasks"].items():
        rows, lengths = t["rows"], t["prompt_tokens"]
        table.add_row(
            task, *(f"{rows[s]:,}" for s in ("train", "dev", "test")), str(lengths["p50"]), str(lengths["p99"]),
            f"{t['train_tokens']:,}",
        )  # fmt: skip
    console = stdout()
    console.print(table)
    console.print(f"content hash {known['content_hash'][:16]}, written to {out}", markup=False)

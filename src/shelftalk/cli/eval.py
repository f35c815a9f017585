"""`shelftalk eval`: run suites with variants, see what there is; comparing and reporting stand in eval_compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common, eval_compare, eval_judge

if TYPE_CHECKING:
    from shelftalk.evaluate.runner import Done, RunProgress

app = typer.Typer(no_args_is_help=True, help="Offline evaluation: which variant is better, by how much, and how sure.")

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the data sets.", show_default="the setting data")
]
app.command("compare")(eval_compare.compare)
app.command("report")(eval_compare.report)
app.command("gate")(eval_compare.gate)
app.command("export")(eval_compare.export)
app.command("judge")(eval_judge.judge)
_STAGES = {"indexing": "indexing the catalogue", "answering": "answering", "measuring": "measuring"}


@app.command("run")
def run(
    suite: Annotated[str, typer.Argument(help="A shipped suite (`shelftalk eval list`) or the path of your own.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the runs; each variant gets a folder in it.")],
    variant: Annotated[
        list[str] | None,
        typer.Option(help="KEY=VALUE,KEY=VALUE; repeat for several variants, A|B makes one of each value."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Another split of the suite's data.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many requests, drawn with the seed.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of draws, variations, sampled decoding and intervals.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="Times each request is run, for sampled decoding.")] = 1,
    data: DataOption = None,
    batch: Annotated[int, typer.Option(min=1, help="Requests answered together; with 1, each is timed alone.")] = 16,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore the model's cached replies.")] = False,
) -> None:
    """Run a suite's requests through variants of the pipeline. An interrupted run resumes when the same command is given again."""
    common.quiet()
    from shelftalk.evaluate.models import Engines
    from shelftalk.evaluate.runner import run_suite
    from shelftalk.evaluate.suite import load_suite
    from shelftalk.prompts import PromptLibrary
    from shelftalk.variants import parse_variants

    settings = common.settings_from()
    variants = parse_variants(variant or [])
    chosen = load_suite(suite, data or settings.data)
    cases = chosen.load(split=split, limit=limit, seed=seed)
    for one in variants:  # before the first is run
        one.library(PromptLibrary.of(chosen.in_force(one, settings)))
    engines = Engines(fresh=fresh)
    console, done = common.stderr(), []
    try:
        for one in variants:
            with _Bar(console, one.name) as bar:
                finished = run_suite(
                    chosen, one, out, settings=settings, limit=limit, seed=seed, repeats=repeats, batch=batch,
                    cases=cases, engines=engines, progress=bar.show,
                )  # fmt: skip
            done.append(finished)
            _tell(console, one.name, finished)
    finally:
        engines.close()
    common.stdout().print(_table(done))
    if len(done) > 1:
        folders = " ".join(str(d.folder.path) for d in done)
        console.print(f"[dim]compare them: shelftalk eval compare {_safe(folders)}[/dim]", soft_wrap=True)


@app.command("list")
def list_() -> None:
    """List the shipped suites."""
    from rich.table import Table

    from shelftalk.evaluate.suite import list_suites

    table = Table(box=None, pad_edge=False)
    for name in ("suite", "task", "data", "about"):
        table.add_column(name, no_wrap=name != "about")
    for suite in list_suites():
        table.add_row(suite.name, suite.task, str(suite.data["kind"]), _safe(" ".join(suite.description.split())))
    common.stdout().print(table)


@app.command("show")
def show(
    suite: Annotated[str, typer.Argument(help="A shipped suite or the path of your own.")],
    data: DataOption = None,
    split: Annotated[str | None, typer.Option(help="Another split of the suite's data.")] = None,
    examples: Annotated[int, typer.Option(min=0, help="Requests to show.")] = 5,
) -> None:
    """Show what a suite asks and measures, with some requests. It reads the data, so it also checks a suite of your own."""
    from shelftalk.evaluate.suite import load_suite

    settings = common.settings_from()
    chosen = load_suite(suite, data or settings.data)
    loaded = chosen.load(split=split)
    if chosen.data.get("kind") == "jsonl":  # a suite of one's own: what it names must be in its catalogue
        from shelftalk.evaluate.catalogs import check_judged
        from shelftalk.evaluate.feeds import products_of
        from shelftalk.variants import PathVariant

        chosen.in_force(PathVariant(), settings)
        for key, feed in loaded.feeds.items():
            held = {product.id for product in products_of(feed)}
            check_judged(loaded.judged, key, lambda ids, held=held: held)  # type: ignore[misc]
    console = common.stdout()
    console.print(f"[bold]{_safe(chosen.name)}[/bold] version {chosen.version}, task {chosen.task}")
    if chosen.description:
        console.print(_safe(" ".join(chosen.description.split())), soft_wrap=True)
    pool = "their judged products" if chosen.pool == "judged" else "the whole catalogue"
    console.print(
        f"{len(loaded.cases)} requests of split {loaded.split or 'all'} over {pool}; {len(loaded.feeds)} "
        f"catalogue{'s' if len(loaded.feeds) != 1 else ''}; gains {chosen.gains}, unjudged {chosen.unjudged}",
        soft_wrap=True,
    )
    console.print(f"metrics: {', '.join(chosen.metrics)}", soft_wrap=True)
    columns = sorted({name for case in loaded.cases for name in case.columns})
    console.print(f"slices: {_safe(', '.join(columns))}", soft_wrap=True)
    step = max(1, len(loaded.cases) // max(1, examples))
    for case in loaded.cases[::step][:examples]:
        console.print(f"  [dim]{_safe(case.id)}[/dim] {_safe(case.request.request)}", soft_wrap=True)


def _tell(console: Any, name: str, done: Done) -> None:
    meta, where = done.meta, _safe(str(done.folder.path))
    told = {
        "ran": f"{meta['requests']} requests in {meta['wall_s']:.1f} s",
        "went on": f"resumed where it was interrupted, {meta['requests']} requests in all",
        "measured anew": "answers unchanged; measured anew",
        "unchanged": "nothing changed since this run",
    }[done.state]
    if done.changed:
        told += f" (the run that stood there was made with other {', '.join(done.changed)}, and was replaced)"
    if meta["errors"]:
        told += f", [red]{meta['errors']} failed[/red]"
    asked = meta["cache"]
    if done.state in ("ran", "went on") and (asked["hits"] or asked["misses"]):
        told += f"; the model was asked {asked['misses']} prompts, {asked['hits']} were kept"
    console.print(f"{_safe(name)}: {told} [dim]{where}[/dim]", soft_wrap=True)
    for note in done.notes:
        console.print(f"  [yellow]note:[/yellow] {_safe(note)}", soft_wrap=True)


def _table(done: list[Done]) -> Any:
    """The mean of each metric with its interval, a column a variant; figures of whole runs below."""
    from rich.table import Table

    from shelftalk.evaluate.tables import figure_names

    first = done[0].meta
    suite = first["suite"]
    table = Table(
        title=f"{_safe(suite['name'])}, {first['requests']} requests, mean and 95% interval",
        title_justify="left",
        box=None,
    )
    table.add_column("metric", no_wrap=True)
    for one in done:
        table.add_column(_safe(one.meta["variant"]["name"]), overflow="fold")
    for name in dict.fromkeys(n for one in done for n in one.meta["metrics"]):
        cells = [_cell(one.meta["metrics"].get(name)) for one in done]
        if any(cells):
            table.add_row(name, *cells)
    for name in figure_names(n for one in done for n in one.meta["figures"]):
        table.add_row(name, *(_cell(_figure(one.meta["figures"], name)) for one in done))
    return table


def _figure(held: Mapping[str, float], name: str) -> dict[str, Any]:
    n = held.get(f"{name}.n")
    return {
        "mean": held.get(name), "low": held.get(f"{name}.low"), "high": held.get(f"{name}.high"), "n": n and f"{n:.0f}",
    }  # fmt: skip


def _cell(found: dict[str, Any] | None) -> str:
    if not found or found["mean"] is None:
        return ""
    if found["low"] is None:
        return _number(found["mean"])
    n = f" [dim]n={found['n']}[/dim]"
    return f"{_number(found['mean'])} [dim]({_number(found['low'])} to {_number(found['high'])})[/dim]{n}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _safe(text: str) -> str:
    from shelftalk.cli.show import safe

    return safe(text)


class _Bar:
    """A run's progress: a bar with the time left on a terminal, elsewhere nothing."""

    def __init__(self, console: Any, name: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console,
            transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._name, self._stage = _safe(name), ""
        self._task: Any = None

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def show(self, now: RunProgress) -> None:
        """Told by the runner."""
        if now.stage != self._stage or self._task is None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._stage = now.stage
            self._task = self._bar.add_task("", total=now.total or None)
        text = f"{self._name}: {_safe(now.text) or _STAGES[now.stage]}"
        self._bar.update(self._task, description=text, completed=now.done, total=now.total or None)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

"""`shelftalk eval compare | report | gate | export`: what finished runs show, for people, for builds and for other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from shelftalk.evaluate.compare import Comparison
    from shelftalk.evaluate.runfolder import Run

RunsArgument = Annotated[list[Path], typer.Argument(help="Run folders; the first is the baseline.")]
RunArgument = Annotated[Path, typer.Argument(help="Folder of a run.")]


def compare(
    runs: RunsArgument,
    by: Annotated[str | None, typer.Option("--by", help="Compare within each value of this column.")] = None,
    metric: Annotated[list[str] | None, typer.Option("--metric", help="Only this metric; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    resamples: Annotated[int, typer.Option("--resamples", min=100, help="Resamples and permutations.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the resampling.")] = 0,
) -> None:
    """Which variant is better, by how much, and how sure: paired differences with intervals and corrected p-values."""
    from shelftalk.evaluate import tables
    from shelftalk.evaluate.compare import compare as compared

    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other")
    found = compared(_read(runs), metrics=metric or (), by=by, resamples=resamples, seed=seed)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
    elif markdown:
        typer.echo(tables.markdown(found))
    else:
        _show(found)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; of several, the first is the baseline.")],
    html: Annotated[Path, typer.Option("--html", help="The page to write.")],
    rows: Annotated[int, typer.Option("--rows", min=1, help="Maximum number of requests in the page's table.")] = 2000,
    details: Annotated[
        int, typer.Option("--details", min=0, help="Number of wins, and of losses, to show in full.")
    ] = 8,
    metric: Annotated[str | None, typer.Option("--metric", help="Metric that wins and losses are sorted by.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
) -> None:
    """Write one self-contained page: summary, plots with intervals, every request, largest wins and losses, cost against quality."""
    from shelftalk.evaluate.report import write_report

    size = write_report(_read(runs), html, rows=rows, details=details, metric=metric, title=title)
    common.stderr().print(f"{html}: {size / 1024:.0f} KiB; open it in a browser", soft_wrap=True, markup=False)


def gate(
    run: RunArgument,
    metric: Annotated[list[str] | None, typer.Option("--metric", help="Metric to check; may be repeated.")] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="A run folder, or a baseline file.")] = None,
    max_drop: Annotated[
        float, typer.Option("--max-drop", help="How much worse the mean may get, in the metric's own unit.")
    ] = 0.0,
    confidence: Annotated[float, typer.Option("--confidence", help="Confidence required for a failure.")] = 0.95,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also fail where a drop within --max-drop is not proven.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", help="Write this run as a baseline file and exit.")
    ] = None,
) -> None:
    """Exit code 1 only if a metric has dropped by more than --max-drop, at the given confidence; with --strict, also where that
    it has not cannot be shown. What is not proven is said with the number of requests that would."""
    from shelftalk.evaluate import gate as gates

    [found] = _read([run])
    if write_baseline is not None:
        gates.write_baseline(write_baseline, found, metric or ())
        common.stderr().print(f"{write_baseline}: the baseline of {found.name}", soft_wrap=True, markup=False)
        return
    if baseline is None or not metric:
        raise UsageError("give --baseline (a run folder or a baseline file) and --metric")
    before = gates.read_baseline(baseline)
    decisions = [gates.gate(found, before, m, max_drop=max_drop, confidence=confidence, strict=strict) for m in metric]
    if as_json:
        typer.echo(json.dumps([d.to_dict() for d in decisions], ensure_ascii=False, indent=1))
    else:
        for decision in decisions:
            typer.echo(f"{'FAIL' if decision.failed else 'PASS'} {decision.reason}")
    if any(d.failed for d in decisions):
        raise typer.Exit(1)


def export(
    run: RunArgument,
    trec: Annotated[Path | None, typer.Option("--trec", help="Write the rankings as a TREC run.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write each request's values as CSV.")] = None,
) -> None:
    """Export a run for other tools: rankings as a TREC run, values by request as CSV."""
    from shelftalk.evaluate.export import export_csv, export_trec

    if trec is None and csv is None:
        raise UsageError("give --trec FILE, --csv FILE or both")
    [found] = _read([run])
    console = common.stderr()
    if trec is not None:
        console.print(f"{trec}: {export_trec(found, trec)} lines", soft_wrap=True, markup=False)
    if csv is not None:
        console.print(f"{csv}: {export_csv(found, csv)} rows", soft_wrap=True, markup=False)


def _read(paths: list[Path]) -> list[Run]:
    from shelftalk.evaluate.runfolder import RunFolder

    common.quiet()
    return [RunFolder.read(path) for path in paths]


def _show(found: Comparison) -> None:
    from rich.markup import escape
    from rich.table import Table

    from shelftalk.evaluate import tables
    from shelftalk.evaluate.compare import NOT_SHOWN
    from shelftalk.text import clean

    console = common.stdout()
    console.print(escape(clean(tables.heading(found))), soft_wrap=True)
    colours = {"better": "green", "worse": "red", NOT_SHOWN: "dim"}
    for title, rows in tables.sections(found):
        table = Table(title=escape(clean(title)), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for i, name in enumerate(tables.COLUMNS):
            table.add_column(name, justify="left" if i == 0 or i == len(tables.COLUMNS) - 1 else "right", no_wrap=i > 0)
        for row in rows:
            *texts, verdict = tables.cells(row)
            colour = colours.get(row.verdict, "yellow")
            table.add_row(*(escape(clean(c)) for c in texts), f"[{colour}]{escape(verdict)}[/{colour}]")
        _print_whole(console, table)
        console.print()
    if figures := tables.figures(found):
        table = Table(title="Figures of the whole run, not tested", title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))  # fmt: skip
        for i, name in enumerate(("figure", found.baseline, *found.variants)):
            table.add_column(escape(clean(name)), justify="right" if i else "left")
        for cells in figures:
            table.add_row(*(escape(clean(c)) for c in cells))
        _print_whole(console, table)
        console.print()
    for line in tables.footnotes(found):
        console.print(escape(clean(line)), soft_wrap=True)


def _print_whole(console: Console, table: Table) -> None:
    """Prints the table with no column cut short, even where the terminal is narrower than it or there is none."""
    from rich.console import Console as Wide

    needed = table.__rich_measure__(console, console.options.update(max_width=1000)).maximum
    whole = Wide(
        file=console.file, width=max(console.width, needed), force_terminal=console.is_terminal, highlight=False
    )
    whole.print(table)

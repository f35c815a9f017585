"""`shelftalk ask`: one request, or a file of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.cli.who import PlaceOption, SeasonOption, WithinOption, asked_in
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from shelftalk.cli.near import Answers, Served
    from shelftalk.pipeline import Shelf
    from shelftalk.values import Request


def ask(
    text: Annotated[str | None, typer.Argument(help="What to look for, in plain words; - reads it from stdin.")] = None,
    catalog: common.CatalogOption = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="Number of picks.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the answer as Markdown.")] = False,
    source: Annotated[Path | None, typer.Option("--input", help="File of requests (JSON Lines).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File for the answers (JSON Lines), in input order.")
    ] = None,
    batch: Annotated[int, typer.Option("--batch", min=1, max=512, help="Requests answered together.")] = 16,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
    local: common.LocalOption = False,
    user: Annotated[
        str | None, typer.Option("--user", help="The shop's own id of who asks: their history then counts.")
    ] = None,
    place: PlaceOption = "",
    season: SeasonOption = "",
    within_days: WithinOption = None,
    database: DatabaseOption = None,
) -> None:
    """Ask what to buy: one request, or a file of them with --input and --output.

    If a `shelftalk serve` of the same catalogue runs with the same user, version and settings, it answers and no model is
    loaded here; if it is still starting, the command waits for it.

    A line of the input: {"id", "request", optional "history", "candidates", "k"}. An interrupted run resumes where it
    stopped when the same command is given again.
    """
    if as_json and as_markdown:
        raise UsageError("give --json or --markdown, not both")
    settings = common.settings_from(model, engine, server)
    context = asked_in(place, season, within_days)
    if source or output:
        if not source or not output:
            raise UsageError("--input and --output go together")
        alone = {"a request": text, "--user": user, "--place, --season or --within-days": context}
        if given := [name for name, value in alone.items() if value is not None]:
            raise UsageError(f"give {given[0]} or --input, not both")
        from shelftalk.cli.near import Answers, Served

        with (
            common.open_shelf(catalog, settings, batch=True) as shelf,
            Answers(catalog, settings, local=local) as answers,
        ):
            _bulk(Served(shelf, answers), source, output, batch, k)
        return
    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if text is None:
        raise UsageError('nothing was asked; try: shelftalk ask "a light rain jacket under 80"')
    if user is not None:
        from shelftalk.cli.who import known
        from shelftalk.values import Request

        with common.open_shelf(catalog, settings) as shelf:
            who = known(shelf, user, database, context=context)
            _one(shelf, Request(text, k=k, shopper=who), as_json, as_markdown)
        return
    from shelftalk.cli.near import Answers
    from shelftalk.values import Request, Shopper

    shopper = Shopper(context=context) if context is not None else None
    with Answers(catalog, settings, local=local) as answers:
        _one(answers, Request(text, k=k, shopper=shopper), as_json, as_markdown)


def _one(answers: Answers | Shelf, asked: Request, as_json: bool, as_markdown: bool) -> None:
    if as_json or as_markdown:
        with common.stderr().status("answering"):
            answer = answers.ask(asked)
        if as_json:
            typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=1))
        else:
            from shelftalk.render import markdown

            typer.echo(markdown(answer), nl=False)
        return
    from shelftalk.cli.show import print_events

    print_events(answers.stream(asked), common.stdout(), common.stderr())


def _bulk(shelf: Served, source: Path, output: Path, batch: int, k: int | None) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from shelftalk.bulk import answer_file

    console = common.stderr()
    columns = (TextColumn("answering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("answering", total=None)
            report = answer_file(
                shelf, source, output, batch=batch, k=k,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    except BaseException:
        partial = output.with_name(output.name + ".partial")
        if partial.exists():
            common.fail(f"what was answered is kept in {partial}; the same command goes on from there")
        raise
    resumed = f", {report.resumed} of them by an earlier run" if report.resumed else ""
    console.print(f"{report.answered} answered{resumed}, {report.failed} lines with an error; {output}", soft_wrap=True)
    if report.failed:
        raise typer.Exit(PARTIAL)

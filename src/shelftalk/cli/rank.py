"""`shelftalk rank`: retrieve and rank only, as a TREC run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import PARTIAL, UsageError


def rank(
    source: Annotated[Path, typer.Option("--input", help="File of requests (JSON Lines).")],
    run: Annotated[Path, typer.Option("--run", help="The TREC run to write.")],
    catalog: common.CatalogOption = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="Products per request.")] = 100,
    strategy: Annotated[
        str | None, typer.Option("--strategy", help="none, graded, listwise, pointwise or generated.")
    ] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Retrieve and rank without reasons, for evaluation. If a request has "candidates", exactly those are ranked."""
    from rich.progress import track

    from shelftalk.bulk import read_requests
    from shelftalk.rank import STRATEGIES
    from shelftalk.trec import run_lines, write_run

    if strategy is not None and strategy not in ("none", *STRATEGIES):
        raise UsageError(f"unknown strategy {strategy!r}; there is: none, {', '.join(STRATEGIES)}")
    settings = common.settings_from(model, engine, server)
    console = common.stderr()
    lines = read_requests(source)
    problems: list[str] = []
    with common.open_shelf(catalog, settings, batch=True) as shelf:
        steps = track(lines, description="ranking", console=console)
        written = write_run(run, run_lines(shelf, steps, k=k, strategy=strategy, problems=problems))
    for problem in problems:
        common.fail(problem)
    console.print(f"{written} lines for {len(lines) - len(problems)} requests in {run}", soft_wrap=True)
    if problems:
        raise typer.Exit(PARTIAL)

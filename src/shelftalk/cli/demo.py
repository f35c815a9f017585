"""`shelftalk demo`: index the bundled catalogue, answer two requests, say what to type next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shelftalk.cli import common

REQUESTS = (
    "a light waterproof jacket under 120 for hiking in the rain",
    "I want wireless headphones with long battery life, not Torvik, at most 150",
)


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo's catalogue is kept.")] = Path(".demo"),
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Index the bundled catalogue and answer two example requests."""
    common.quiet()
    from shelftalk.cli.show import print_events, safe
    from shelftalk.demo import prepare_demo

    settings = common.settings_from(model, engine, server)
    console, progress = common.stdout(), common.stderr()
    with progress.status("preparing") as status:
        catalog = prepare_demo(folder, settings, say=status.update)
    with common.open_shelf(catalog, settings) as shelf:
        progress.print(f"[dim]{shelf.catalog.count()} products in {safe(str(catalog))}[/dim]")
        for request in REQUESTS:
            console.print(f"\n[bold]> {safe(request)}[/bold]")
            print_events(shelf.stream(request), console, progress)
    here = Path(".venv/bin/shelftalk")
    command = str(here) if here.exists() else "shelftalk"
    console.print("\nNow ask something yourself:", style="bold")
    for line in (
        f'ask --catalog {catalog} "a gift for a nine year old who likes building, up to 30"',
        f"chat --catalog {catalog}",
        f"serve --catalog {catalog}  # a page at http://127.0.0.1:8000; while it runs, ask and chat take about a second",
        "catalog import YOUR_FEED --catalog catalog",
        "--help",
    ):
        console.print(f"  {command} {safe(line)}", soft_wrap=True)

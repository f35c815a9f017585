"""`shelftalk chat`: several turns in the terminal, streamed."""

from __future__ import annotations

from typing import Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError

_ENDS = ("/quit", "/exit", "quit", "exit")
_KEPT_TURNS = 20


def chat(
    catalog: common.CatalogOption = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="How many picks a turn.")] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Ask over several turns: "cheaper ones", "the second, but in blue". /new starts over, /quit leaves."""
    from shelftalk.cli.show import print_events
    from shelftalk.render import assistant_turn
    from shelftalk.values import Turn

    console, progress = common.stdout(), common.stderr()
    history: list[Turn] = []
    with common.open_shelf(catalog, common.settings_from(model, engine, server)) as shelf:
        console.print(f"{shelf.catalog.count()} products. What are you looking for? [dim](/new, /quit)[/dim]")
        while True:
            try:
                text = console.input("\n[bold]> [/bold]").strip()
            except EOFError:
                break
            if text.casefold() in _ENDS:
                break
            if text.casefold() == "/new":
                history.clear()
                console.print("[dim]starting over[/dim]")
                continue
            if not text:
                continue
            try:
                answer = print_events(shelf.stream(text, history=history, k=k), console, progress)
            except UsageError as error:
                common.fail(str(error))
                continue
            if answer:
                history += [Turn("user", text), assistant_turn(answer)]
                del history[:-_KEPT_TURNS]

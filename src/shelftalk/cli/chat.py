"""`shelftalk chat`: several turns in the terminal, streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError
from shelftalk.text import clean

if TYPE_CHECKING:
    from shelftalk.values import FollowUp

_ENDS = ("/quit", "/exit", "quit", "exit")
_KEPT_TURNS = 50  # as many as a conversation over HTTP


def chat(
    catalog: common.CatalogOption = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="Number of picks per turn.")] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
    local: common.LocalOption = False,
) -> None:
    """Ask over several turns: "cheaper ones", "is the second waterproof?", "why the first?". /new starts over, /quit leaves.

    As with `ask`, a running `shelftalk serve` of the same catalogue answers.
    """
    from shelftalk.cli.near import Answers
    from shelftalk.cli.show import print_events, safe
    from shelftalk.render import assistant_turn
    from shelftalk.values import Request, Turn

    console, progress = common.stdout(), common.stderr()
    history: list[Turn] = []
    back: FollowUp | None = None
    with Answers(catalog, common.settings_from(model, engine, server), local=local) as answers:
        console.print(f"{answers.count()} products. What are you looking for? [dim](/new, /quit)[/dim]")
        while True:
            try:
                text = console.input("\n[bold]> [/bold]").strip()
            except EOFError:
                break
            if text.casefold() in _ENDS:
                break
            if text.casefold() == "/new":
                history.clear()
                back = None
                console.print("[dim]starting over[/dim]")
                continue
            if not text:
                continue
            if chosen := _chosen(text, back):
                text = chosen
                console.print(f"[dim]{safe(text)}[/dim]", soft_wrap=True)
            try:
                answer = print_events(answers.stream(Request(text, history=tuple(history), k=k)), console, progress)
            except UsageError as error:
                common.fail(str(error))
                continue
            if answer:
                back = answer.follow_up
                history += [Turn("user", text), assistant_turn(answer)]
                del history[:-_KEPT_TURNS]


def _chosen(text: str, back: FollowUp | None) -> str:
    """The request that an answer to the question `back` stands for, by its number or its text; "" where it is none."""
    said = clean(text).rstrip(".)").casefold()
    for number, (answer, request) in enumerate(back.answers if back else (), 1):
        if said in (str(number), clean(answer).rstrip(".)").casefold()):
            return request
    return ""

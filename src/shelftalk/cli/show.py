"""An answer on the terminal, whole or as it comes into being. All text from outside is cleaned and escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from shelftalk.render import constraint_text, price_text, understood_text
from shelftalk.text import clean, shown
from shelftalk.values import Answer, Intent, Pick, Retrieval

if TYPE_CHECKING:
    from shelftalk.work import Event


def safe(text: str) -> str:
    """Untrusted text, ready for a Rich console."""
    return escape(clean(text))


def print_events(events: Iterable[Event], console: Console, progress: Console) -> Answer | None:
    """Prints each event as it comes, progress to the other console; the Answer that came last."""
    answer: Answer | None = None
    with progress.status("understanding the request") as status:
        for event in events:
            value = event.value
            if isinstance(value, Intent):
                if understood := understood_text(value):
                    console.print(f"[dim]Understood:[/dim] {safe(understood)}")
                status.update("searching the catalogue")
            elif isinstance(value, Retrieval):
                status.update(f"choosing from {len(value.candidates)} candidates")
            elif isinstance(value, Pick):
                if event.kind == "reason":
                    print_pick(value, console)
                status.update("writing the reasons")
            elif isinstance(value, Answer):
                answer = value
    if answer:
        print_end(answer, console)
    return answer


def print_pick(pick: Pick, console: Console) -> None:
    """One pick: title and price, the reason, the evidence."""
    console.print()
    console.print(f"[bold]{pick.rank}. {safe(pick.product.title)}[/bold]  [green]{safe(price_text(pick))}[/green]")
    console.print(f"   {safe(pick.reason)}", soft_wrap=False)
    evidence = dict.fromkeys(
        f"{clean(e.field).replace('_', ' ')}: {shown(e.value)}" for c in pick.claims for e in c.evidence
    )
    console.print(f"   [dim]evidence: {escape(' | '.join(evidence))} | id: {safe(pick.product.id)}[/dim]")


def print_end(answer: Answer, console: Console) -> None:
    """What was loosened, the notes, and where the time went."""
    console.print()
    if answer.relaxed:
        loosened = "; ".join(constraint_text(c) for c in answer.relaxed)
        console.print(f"[yellow]Loosened to find these:[/yellow] {safe(loosened)}")
    for note in answer.notes:
        console.print(f"[yellow]{safe(note)}[/yellow]")
    spent = ", ".join(f"{stage} {ms / 1000:.2f} s" for stage, ms in answer.timings_ms.items() if ms >= 5)
    worded = f"{safe(answer.model)} through {answer.engine}" if answer.model else "no language model used"
    console.print(f"[dim]{worded}; {spent}[/dim]")

"""An answer on the terminal, whole or as it comes into being. All text from outside is cleaned and escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.markup import escape

from shelftalk.render import constraint_text, follow_up_text, price_text, title_text, understood_text, variants_text
from shelftalk.text import clean, shown
from shelftalk.values import Answer, Intent, Pick, Retrieval

if TYPE_CHECKING:
    from typing import Protocol

    class StreamEvent(Protocol):
        """A step of an answer, as `shelftalk.pipeline.Event` is one."""

        @property
        def kind(self) -> str: ...
        @property
        def value(self) -> object: ...


def safe(text: str) -> str:
    """Untrusted text, ready for a Rich console."""
    return escape(clean(text))


def print_events(events: Iterable[StreamEvent], console: Console, progress: Console) -> Answer | None:
    """Prints what was understood at once and the answer when it is whole; until then the progress console shows the picks
    as they come. The Answer that came last; where it breaks off, the picks with a checked reason are printed all the same."""
    answer: Answer | None = None
    told: list[Pick] = []
    try:
        with progress.status("understanding the request") as status:
            for event in events:
                value = event.value
                if isinstance(value, Intent):
                    if understood := understood_text(value):
                        console.print(f"[dim]Understood:[/dim] {safe(understood)}")
                    told.clear()  # told anew: without the language model
                    status.update("searching the catalogue")
                elif isinstance(value, Retrieval):
                    status.update(f"choosing from {len(value.candidates)} candidates")
                elif isinstance(value, Pick):
                    if event.kind == "reason":
                        told.append(value)
                    status.update(Group("writing the reasons", *(line for p in told for line in pick_lines(p))))
                elif isinstance(value, Answer):
                    answer = value
    finally:
        numbered = answer is None or not _about_one(answer)
        print_picks(answer.picks if answer else told, answer.opening if answer else "", console, numbered=numbered)
    if answer:
        print_end(answer, console)
    return answer


def _about_one(answer: Answer) -> bool:
    """Whether it answers a question about one product shown: its place is that of the list above, and not "1."."""
    return len(answer.picks) == 1 and any(c.field == "title" and c.operator == "=" for c in answer.intent.constraints)


def print_picks(picks: Sequence[Pick], opening: str, console: Console, *, numbered: bool = True) -> None:
    """The sentence over all picks, then each of them, with its place in front where they are `numbered`."""
    if opening:
        console.print()
        console.print(safe(opening))
    for pick in picks:
        for line in pick_lines(pick, numbered=numbered):
            console.print(line)


def pick_lines(pick: Pick, *, numbered: bool = True) -> list[str]:
    """One pick: title, what it is the best in and price, the reason, the evidence."""
    evidence = dict.fromkeys(
        f"{clean(e.field).replace('_', ' ')}: {shown(e.value)}" for c in pick.claims for e in c.evidence
    )
    return [
        "",
        f"[bold]{f'{pick.rank}. ' if numbered else ''}{safe(title_text(pick))}[/bold]  [green]{safe(price_text(pick))}[/green]",
        f"   {safe(pick.reason)}",
        *([f"   {safe(variants_text(pick))}"] if pick.variants else []),
        f"   [dim]evidence: {escape(' | '.join(evidence))} | id: {safe(pick.product.id)}[/dim]",
    ]


def print_end(answer: Answer, console: Console) -> None:
    """The question back, what was loosened, the notes, and where the time went."""
    console.print()
    if answer.follow_up:
        console.print(f"[bold]{safe(follow_up_text(answer.follow_up))}[/bold]")
    if answer.relaxed:
        loosened = "; ".join(constraint_text(c) for c in answer.relaxed)
        console.print(f"[yellow]Loosened to find these:[/yellow] {safe(loosened)}")
    for note in answer.notes:
        console.print(f"[yellow]{safe(note)}[/yellow]")
    spent = ", ".join(f"{stage} {ms / 1000:.2f} s" for stage, ms in answer.timings_ms.items() if ms >= 5)
    worded = f"{safe(answer.model)} through {answer.engine}" if answer.model else "no language model used"
    console.print(f"[dim]{worded}; {spent}[/dim]")

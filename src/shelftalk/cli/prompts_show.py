"""Rendered prompts and differences on the terminal, in colour. Every text is escaped: prompts hold untrusted words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shelftalk.cli.prompts_stages import Rendering
from shelftalk.cli.show import safe
from shelftalk.prompts.diff import Kind, header_diff, rendered_diff, source_diff
from shelftalk.prompts.library import Template

STYLES = {"literal": "", "trusted": "cyan", "untrusted": "yellow", "loose": "bold white on red", "unknown": "magenta"}
SHORT = {"literal": "own words", "trusted": "computed", "untrusted": "fenced", "loose": "LOOSE", "unknown": "unknown"}
NAMES = {
    "literal": "the template's own words",
    "trusted": "computed by the program",
    "untrusted": "untrusted, inside the fence",
    "loose": "UNTRUSTED OUTSIDE THE FENCE",
    "unknown": "origin unknown",
}
_LINES = {"same": "", "added": "green", "removed": "red", "place": "cyan"}
_SIGNS = {"same": " ", "added": "+", "removed": "-", "place": ""}


def print_rendering(rendering: Rendering, console: Console) -> None:
    """The messages in colour, what the colours mean, and a table of tokens."""
    console.print(f"[bold]{safe(rendering.ref)}[/bold]  [dim]{safe(rendering.source)}[/dim]", soft_wrap=True)
    used = {piece.origin for _, pieces in rendering.messages for piece in pieces}
    for role, pieces in rendering.messages:
        console.print(Text(f"\n{role}", style="bold dim"))
        text = Text()
        for piece in pieces:
            text.append(_printable(piece.text), style=STYLES[piece.origin])
        console.print(text, soft_wrap=True)
    console.print()
    if console.color_system is not None:
        console.print(Text("   ").join(Text(NAMES[o], style=STYLES[o] or "default") for o in NAMES if o in used))
    origins = [o for o in NAMES if o in used]
    table = Table("tokens", *(SHORT[o] for o in origins), "message", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for role, sums, total in rendering.counts:
        table.add_row(role, *(str(sums.get(o, 0)) for o in origins), str(total))
    console.print(table)
    for variable, size in sorted(rendering.variables.items(), key=lambda item: -item[1]):
        console.print(f"  {size:>5}  {safe(variable)}", soft_wrap=True)
    whole = f", {rendering.whole} with the chat template" if rendering.whole is not None else ""
    console.print(f"[bold]{rendering.texts} tokens[/bold] of {safe(rendering.model)}{whole}", soft_wrap=True)


def print_diff(a: Template, b: Template, console: Console, *, rendered: bool) -> None:
    """The lines that differ, what callers must know, and with `rendered` what the examples become."""
    console.print(f"[red]- {safe(a.ref)}[/red]\n[green]+ {safe(b.ref)}[/green]")
    for note in header_diff(a, b):
        console.print(f"[yellow]{safe(note)}[/yellow]")
    lines = source_diff(a, b)
    if not lines:
        console.print("the templates' texts are the same")
    _print_lines(lines, console)
    if not rendered:
        return
    for name, changed in rendered_diff(a, b):
        console.print(f"\n[bold]example {safe(name)}[/bold]" + ("" if changed else ": the same"))
        _print_lines(changed, console)


def _print_lines(lines: Sequence[tuple[Kind, str]], console: Console) -> None:
    for kind, line in lines:
        console.print(Text(f"{_SIGNS[kind]}{_printable(line)}", style=_LINES[kind]), soft_wrap=True)


def _printable(text: str) -> str:
    """The text without characters that a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())

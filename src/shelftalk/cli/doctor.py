"""`shelftalk doctor`: what is installed, what can be used, what is missing or clashes, and what to do about each."""

from __future__ import annotations

import json
from typing import Annotated

import typer

_COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "broken": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    port: Annotated[int, typer.Option("--port", help="Port to check for a server.", min=1, max=65535)] = 8000,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also import the heavy packages, each in its own process (a minute).")
    ] = False,
) -> None:
    """Say what works on this machine and what to fix. Exit code 1 if something required is broken."""
    from shelftalk.cli.checks import examine
    from shelftalk.cli.common import stdout
    from shelftalk.cli.machine import look
    from shelftalk.settings import load_settings

    settings = load_settings()
    checks = list(examine(look(), settings, port=port, deep=deep))
    broken = [check for check in checks if check.status == "broken"]
    if as_json:
        typer.echo(json.dumps({"ok": not broken, "checks": [check.to_dict() for check in checks]}, indent=1))
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for check in checks:
            colour = _COLOURS[check.status]
            table.add_row(f"[{colour}]{check.status}[/]", escape(check.name), escape(check.detail))
            if check.action:
                table.add_row("", "", f"-> {escape(check.action)}")
        console = stdout()
        console.print(table)
        told = [check for check in checks if check.status in ("broken", "warning")]
        console.print(
            "nothing to mend" if not told else f"{len(broken)} broken, {len(told) - len(broken)} to look at",
            soft_wrap=True,
        )
    if broken:
        raise typer.Exit(1)

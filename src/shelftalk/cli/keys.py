"""`shelftalk keys`: who may call the server, for what, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common

if TYPE_CHECKING:
    from shelftalk.server.db import Keys

app = typer.Typer(help="Create, list and revoke the server's API keys.", no_args_is_help=True)
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="Address of the database.", show_default="the setting serve.database")
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A name of your own for the key.")],
    scope: Annotated[list[str], typer.Option("--scope", help="ask, catalogue or studio; may be repeated.")] = ["ask"],  # noqa: B006
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Keys of one tenant share conversations.", show_default="the name")
    ] = None,
    per_minute: Annotated[int, typer.Option("--per-minute", min=1, help="Requests a minute.")] = 60,
    tokens_per_day: Annotated[
        int | None, typer.Option("--tokens-per-day", min=1, help="Tokens of the language model a day (UTC).")
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Create a key and print it; it cannot be shown again."""
    secret = _keys(database).create(
        name, scope, tenant=tenant, per_minute=per_minute, tokens_per_day=tokens_per_day
    )  # fmt: skip
    typer.echo(secret)
    common.stderr().print("keep it now: only a hash of it is stored", soft_wrap=True)


@app.command("list")
def show(database: DatabaseOption = None) -> None:
    """List the keys, without the keys themselves."""
    from rich.table import Column, Table

    columns = [
        Column(name, overflow="fold")
        for name in ("name", "begins with", "tenant", "scopes", "a minute", "tokens a day")
    ]
    days = [Column(name, no_wrap=True, min_width=10) for name in ("made", "revoked")]
    table = Table(*columns, *days)
    for key in _keys(database).list():
        budget = str(key["tokens_per_day"] or "no limit")
        table.add_row(
            key["name"], key["prefix"], key["tenant"], ", ".join(key["scopes"]), str(key["per_minute"]), budget,
            key["created_at"][:10], (key["revoked_at"] or "")[:10],
        )  # fmt: skip
    common.stdout().print(table)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The key's name.")], database: DatabaseOption = None) -> None:
    """Revoke a key; running servers refuse it within ten seconds."""
    _keys(database).revoke(name)
    common.stderr().print(f"{name} is revoked", soft_wrap=True)


def _keys(database: str | None) -> Keys:
    from shelftalk.server.db import Keys, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.settings import load_settings

    engine = connect(database or default_url(load_settings()))
    migrate(engine)
    return Keys(engine)

"""`shelftalk for-you`: a list for a shopper without a request."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.cli.who import PlaceOption, SeasonOption, WithinOption, asked_in


def for_you(
    user: Annotated[
        str | None,
        typer.Argument(help="The shop's own id of the user; without one, what sells here now and what is new."),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="Number of picks.")] = None,
    place: PlaceOption = "",
    season: SeasonOption = "",
    within_days: WithinOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant whose user it is.")] = "",
    catalog: common.CatalogOption = None,
    database: DatabaseOption = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Make a list for a shopper from what they did, with reasons that it and the catalogue prove."""
    with common.open_shelf(catalog, common.settings_from(model, engine, server)) as shelf:
        from shelftalk.cli.who import known
        from shelftalk.values import Context, Shopper

        context = asked_in(place, season, within_days) or Context()
        who = known(shelf, user, database, tenant, context) if user else Shopper(context=context)
        answer = shelf.for_you(who, k=k)
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=1))
        return
    from shelftalk.cli.show import print_end, print_picks

    console = common.stdout()
    print_picks(answer.picks, "", console)
    print_end(answer, console)
    if not answer.picks:
        console.print("There is nothing to suggest yet: the catalogue is empty, or all of it was refused.")

"""`shelftalk exposure`: which requests and shoppers a product suits, before anyone has seen it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shelftalk.pipeline.outlook import Asked
    from shelftalk.server.db import Gaps
    from shelftalk.settings import Settings
    from shelftalk.shoppers.profiles import Corrections
    from shelftalk.values import Interaction


def exposure(
    product_id: Annotated[str, typer.Argument(help="The product's id.")],
    catalog: common.CatalogOption = None,
    requests: Annotated[
        Path | None,
        typer.Option("--requests", help="Requests as JSON Lines; without it, past ones of the server's database."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=50, help="How many requests to try, the commonest first.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="Requests and shoppers of this tenant's keys.")] = "",
    database: DatabaseOption = None,
) -> None:
    """Show which requests a product suits and its place in each, what stands before it, which shoppers it suits, and what its record
    lacks (docs/exposure.md). Without past requests it tries some written from the fields of its kind."""
    settings = common.settings_from()
    wrong: list[int] = []
    asked: list[Asked] = []
    if requests is not None:
        asked, wrong = _read(requests)
    with common.open_shelf(catalog, settings) as shelf:
        from shelftalk.pipeline.outlook import found_in, lines, outlook

        found_in(shelf.catalog, product_id)  # before anything is read that takes time
        past = _database(settings, database)
        if past is not None and not asked:
            from shelftalk.server.db.asked import past_requests

            asked = past_requests(past, tenant=tenant, most=limit, gaps=_gaps(past, shelf.catalog.path))
        found = outlook(
            shelf, product_id, asked[:limit], _histories(past, settings, tenant), _corrections(past, tenant)
        )
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
    else:
        from shelftalk.cli.show import safe

        console = common.stdout()
        for line in lines(found):
            console.print(safe(line) if not line.startswith(" ") else f"   {safe(line)}", soft_wrap=True)
    if wrong:
        common.fail(f"{requests}: no request in line{'s' if len(wrong) > 1 else ''} {', '.join(map(str, wrong[:5]))}")
        raise typer.Exit(PARTIAL)


def _read(path: Path) -> tuple[list[Asked], list[int]]:
    """The requests of a file, like ones counted together, and the lines that hold none. UsageError where none does."""
    from shelftalk.bulk import read_requests
    from shelftalk.pipeline.outlook import Asked, merged

    held = read_requests(path)
    asked = merged(Asked(line.request, "file") for line in held if line.request is not None)
    if not asked:
        raise UsageError(f"{path}, line {held[0].number}: {held[0].error}")
    return asked, [line.number for line in held if line.request is None]


def _histories(past: Engine | None, settings: Settings, tenant: str) -> Iterable[tuple[str, Sequence[Interaction]]]:
    if past is None:
        return ()
    from shelftalk.server.db.consented import Consented

    return Consented(past, "personalisation", settings.privacy.consent_default).by_user(tenant=tenant)


def _corrections(past: Engine | None, tenant: str) -> Callable[[str], Corrections | None]:
    if past is None:
        return lambda user: None
    from shelftalk.server.db import Profiles

    kept = Profiles(past)
    return lambda user: kept.corrections(user, tenant=tenant)


def _gaps(past: Engine, folder: Path) -> Gaps:
    from shelftalk.server.db import Gaps
    from shelftalk.server.db.gaps import catalog_name

    return Gaps(past, catalog_name(folder))


def _database(settings: Settings, url: str | None) -> Engine | None:
    """The server's database; None where none is named and there is none yet."""
    from shelftalk.server.db import connect, migrate
    from shelftalk.server.db.connect import default_url

    if url is None and settings.serve.database is None and not (settings.home_folder / "serve.db").is_file():
        return None
    engine = connect(url or default_url(settings))
    migrate(engine)
    return engine

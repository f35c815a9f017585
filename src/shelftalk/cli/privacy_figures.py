"""`shelftalk privacy figures` and `budget`: popularity and co-purchase that may leave the shop, and what they have spent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import UsageError

TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant whose shoppers are counted.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("figures")(figures)
    app.command("budget")(budget)


def figures(
    epsilon: Annotated[
        float,
        typer.Option("--epsilon", min=0.001, max=100.0, help="Privacy budget: less is more private, and noisier."),
    ],
    output: Annotated[Path, typer.Option("--output", help="JSON file for the figures.")],
    most: Annotated[
        int, typer.Option("--most", min=1, max=100, help="Products, and pairs, that one person counts for.")
    ] = 20,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Count from this day on (UTC).")
    ] = None,
    catalog: common.CatalogOption = None,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Write differentially private popularity and co-purchase figures of the catalogue's products, and spend their budget."""
    from shelftalk.catalog import Catalog
    from shelftalk.catalog.files import write_atomic
    from shelftalk.privacy.figures import figures as made
    from shelftalk.privacy.figures import people, reading
    from shelftalk.server.db import connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.consented import Consented
    from shelftalk.server.db.spending import Spending

    if not output.parent.is_dir():
        raise UsageError(f"{output.parent}: no such folder; make it first")
    settings = common.settings_from()
    products = Catalog.open(catalog or settings.catalog, home=settings.home_folder).scan(None)
    engine = connect(database or default_url(settings))
    migrate(engine)
    stored = Consented(engine, "analytics", settings.privacy.consent_default)
    held = list(people(stored.by_user(since.replace(tzinfo=UTC) if since else None, tenant=tenant)))
    ledger = Spending(engine, settings.privacy.epsilon_per_year)
    after = ledger.spend(epsilon, f"figures to {output.name}", tenant=tenant)  # before: no release without its cost
    told = {
        "released_at": datetime.now(UTC).isoformat(),
        **made(held, products, epsilon=epsilon, most=most),
        "budget": after.to_dict(),
    }
    write_atomic(output, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    common.stderr().print(
        f"{len(told['popularity'])} products and {len(told['bought_together'])} pairs in {output}; epsilon {after.spent:g} of {after.limit:g} "
        f"spent in {after.year}, {after.left:g} left",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    said, something = reading(told)
    common.stderr().print(said, style=None if something else "yellow", markup=False, soft_wrap=True)


def budget(tenant: TenantOption = "", database: DatabaseOption = None) -> None:
    """Show what this year's figures have spent and what is left, with every release."""
    from shelftalk.server.db import connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.spending import Spending

    settings = common.settings_from()
    engine = connect(database or default_url(settings))
    migrate(engine)
    ledger = Spending(engine, settings.privacy.epsilon_per_year)
    typer.echo(
        json.dumps({**ledger.budget(tenant=tenant).to_dict(), "releases": ledger.releases(tenant=tenant)}, indent=1)
    )

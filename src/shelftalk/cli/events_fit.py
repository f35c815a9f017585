"""`shelftalk events fit`: learns from the shop's interactions what is taken together, what sells and what each source counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog
    from shelftalk.settings import Settings
    from shelftalk.shoppers.candidates.weigh import Read
    from shelftalk.shoppers.events.importer import EventReport, Left
    from shelftalk.values import Interaction, ProfileLine


def fit(
    catalog: common.CatalogOption = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="Learn from this file instead of the server's database: JSON Lines of user, product, event, time.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to write it (CATALOG/behaviour.npz, where it is looked for).")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Learn as of this moment: 2026-05-31, or with a time. Now by default.")
    ] = None,
    half_life: Annotated[
        float | None,
        typer.Option(
            "--half-life", min=0.1, help="Days in which popularity halves; chosen on the interactions by default."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="Only this tenant's interactions.")] = "",
    database: DatabaseOption = None,
) -> None:
    """Learn from interactions, for lists without a request (docs/candidates.md). Exit code 8 if rows of the file were rejected."""
    from shelftalk.catalog import Catalog
    from shelftalk.shoppers.candidates import FILE
    from shelftalk.shoppers.candidates.shop import fit_shop

    common.quiet()
    settings = common.settings_from()
    opened = Catalog.open(catalog or settings.catalog, home=settings.home_folder)
    moment = _moment(at)
    rejected: Mapping[str, Left] = {}
    if source is not None:
        if database or tenant:
            raise UsageError("--input reads a file; --database and --tenant go without it")
        interactions, became = read(source)
        rejected, allowed = became.rejected, None
    else:
        interactions, allowed = _stored(database, tenant)
    say = (lambda _: None) if as_json else lambda text: common.stderr().print(f"{text} ...", soft_wrap=True)
    behaviour = fit_shop(
        interactions, opened, moment, read=_profiles(opened, settings, allowed), half_life=half_life, say=say
    )
    path = output or opened.path / FILE
    behaviour.save(path)
    report = {**behaviour.report, "file": str(path), "rejected": sum(one.count for one in rejected.values())}
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print(report)
    if rejected:
        common.fail("; ".join(f"{one.count} left out, {one.first[0]}: {one.message}" for one in rejected.values()))
        raise typer.Exit(PARTIAL)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text!r} is no moment; write 2026-05-31, or 2026-05-31T18:00:00+02:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _profiles(catalog: Catalog, settings: Settings, allowed: Callable[[str], bool] | None) -> Read:
    """What makes the profile of a shopper as answers would have read it at a moment, but for corrections, which know no past; none of who is
    not `allowed`."""
    from shelftalk.shoppers.candidates.feedback import moment
    from shelftalk.shoppers.profiles.offers import Offers
    from shelftalk.shoppers.profiles.profile import lines_read

    offers = Offers.of(catalog.products(), catalog.facets(), least=settings.profile.least_offer)

    def lines(history: Sequence[Interaction], at: datetime) -> Sequence[ProfileLine]:
        if not history or (allowed is not None and not allowed(history[0].user)):
            return ()
        last = sorted(history, key=lambda one: moment(one.at))[-settings.shoppers.history :]
        return lines_read(last, catalog, offers, at, settings.profile)

    return lines


def _stored(database: str | None, tenant: str) -> tuple[list[Interaction], Callable[[str], bool]]:
    """What is counted, and who lets their history act on answers."""
    from shelftalk.server.db import Consents, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.consented import Consented

    settings = common.settings_from()
    engine = connect(database or default_url(settings))
    migrate(engine)
    defaults = settings.privacy.consent_default
    allowed = Consents(engine, defaults).permitted("personalisation", tenant=tenant)
    return list(Consented(engine, "analytics", defaults).between(tenant=tenant)), allowed


class _Held:
    """Keeps what a file holds in memory."""

    def __init__(self) -> None:
        self.interactions: list[Interaction] = []

    def put(self, interactions: Sequence[Interaction]) -> list[bool]:
        """Takes them all."""
        self.interactions.extend(interactions)
        return [True] * len(interactions)


def read(path: Path) -> tuple[list[Interaction], EventReport]:
    """The interactions of a file in any format that `events import` reads, users under a key that nothing keeps, and what became of its
    rows."""
    import secrets

    from shelftalk.privacy.pseudonym import Pseudonyms
    from shelftalk.shoppers.events import EventParser
    from shelftalk.shoppers.events.importer import import_events

    held = _Held()
    report = import_events([path], held, EventParser(Pseudonyms(secrets.token_hex(32)), derived=True))
    return held.interactions, report


def _print(report: Mapping[str, Any]) -> None:
    from rich.table import Table

    out = common.stdout()
    out.print(
        f"learnt from {report['interactions']} interactions of {report['users']} shoppers with {report['products']} products"
        f" ({report['unknown_products']} of products that the catalogue does not hold, {report['in_the_future']} of the future left out)",
        soft_wrap=True,
    )
    if report["fitted"]:
        out.print(
            f"popularity halves in {report['half_life_days']:g} days; weights chosen on {report['dev_shoppers']} shoppers"
        )
        table = Table("history", "shoppers", "fitted", "shipped weights", "popularity")
        for level, row in report["test"].items():
            table.add_row(level, str(row["shoppers"]), *(f"{row[n]:.4f}" for n in ("fitted", "shipped", "popularity")))
        out.print("nDCG@10 of the next basket on the last days, which nothing was chosen on:")
        out.print(table)
    else:
        out.print("too few shoppers to choose weights on: those that travel with the package stay")
    out.print(f"written to {report['file']}", soft_wrap=True)

"""`shelftalk churn`: who is about to be lost, and a win-back list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, StorageError, UsageError

if TYPE_CHECKING:
    from shelftalk.settings import Settings
    from shelftalk.shoppers.churn import Customer, Offer, Tested, WinBack
    from shelftalk.values.shopper import Interaction

Users = Iterable[tuple[str, Sequence["Interaction"]]]


def churn(
    source: Annotated[
        Path | None,
        typer.Option("--input", help="What customers did, from this file (JSON Lines or CSV) instead of the database."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The day to score on (UTC): 2026-05-31.", show_default="the last day with data"),
    ] = None,
    horizon: Annotated[
        int, typer.Option("--horizon", min=7, max=730, help="Days without a purchase that are churn.")
    ] = 60,
    output: Annotated[Path | None, typer.Option("--output", help="File for the win-back list (JSON Lines).")] = None,
    least: Annotated[float, typer.Option("--from", min=0, max=1, help="The least probability on the list.")] = 0.5,
    most: Annotated[int | None, typer.Option("--most", min=1, help="The most customers on the list.")] = None,
    catalog: common.CatalogOption = None,
    tenant: Annotated[str, typer.Option("--tenant", help="Whose customers in the server's database.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the test's figures as JSON.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Score who will not buy within the horizon, tested on the last one, and write a win-back list (docs/churn.md).

    Exit code 8 if rows of the file were left out.
    """
    common.quiet()
    from shelftalk.shoppers.churn import ChurnModel, days_of, measured, win_back, windows

    settings = common.settings_from()
    users, first, last, wrong = _known(settings, source, database, tenant)
    now = _day(as_of, last)
    days = [now, *days_of(min(now, last), first, horizon)]  # of what comes after the data no outcome is known
    with common.stderr().status("fitting"):
        found, customers = windows(users, days, horizon, min(now, last))
        past = found[1:]
        figures, _ = measured(past, horizon)
        chances = ChurnModel().fit(past).probability(found[0].x)
    _told(figures, horizon, as_json)
    if output is not None:
        from shelftalk.prompts import PromptLibrary

        template = PromptLibrary.of(settings).get("churn/reason")
        listed = win_back(
            customers, chances.tolist(), horizon, template, from_probability=least, most=most,
            offer=_offers(catalog or settings.catalog, settings, required=catalog is not None),
        )  # fmt: skip
        _write(output, listed, settings.home_folder)
        common.stderr().print(
            f"{len(customers)} customers scored after {(now - timedelta(days=1)).date()}, {len(listed)} on the list; {output}",
            soft_wrap=True,
        )
    if wrong:
        raise typer.Exit(PARTIAL)


def _known(
    settings: Settings, source: Path | None, database: str | None, tenant: str
) -> tuple[Users, datetime, datetime, int]:
    """The interactions by user, the first and the last moment of a purchase, and how many rows of a file were left out."""
    if source is not None:
        if database is not None:
            raise UsageError("give --input or --database, not both")
        return _of_file(source)
    from shelftalk.server.db import connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.consented import Consented

    engine = connect(database or default_url(settings))
    migrate(engine)
    stored = Consented(engine, "personalisation", settings.privacy.consent_default)
    first, last = _span(e for _, events in stored.by_user(tenant=tenant) for e in events)
    return stored.by_user(tenant=tenant), first, last, 0


def _of_file(source: Path) -> tuple[Users, datetime, datetime, int]:
    from shelftalk.shoppers.reading import read_interactions

    bad: list[dict[str, Any]] = []
    by_user: dict[str, list[Interaction]] = {}
    for event in read_interactions(source, bad.append, kind="purchase"):
        by_user.setdefault(event.user, []).append(event)
    for events in by_user.values():
        events.sort(key=lambda e: e.at)
    if bad:
        told = f"line {bad[0]['line']}: {bad[0]['reason']}"
        common.fail(f"{source}: {len(bad)} rows are left out; the first, {told}")
    first, last = _span(e for events in by_user.values() for e in events)
    return by_user.items(), first, last, len(bad)


def _span(events: Iterable[Interaction]) -> tuple[datetime, datetime]:
    first = last = None
    for event in events:
        if event.kind == "purchase":
            first = event.at if first is None or event.at < first else first
            last = event.at if last is None or event.at > last else last
    if first is None or last is None:
        raise UsageError("there is no purchase to learn from; import orders first, or name a file with --input")
    return first, last


def _day(text: str | None, last: datetime) -> datetime:
    """The end of that day, or of the last with data: what happened on it counts."""
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else last.astimezone(UTC)
    except ValueError as error:
        raise UsageError(f"--as-of {text!r} is no day; write one like 2026-05-31") from error
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _offers(path: Path, settings: Settings, *, required: bool) -> Any:
    """What to offer whom: the category that the customer bought most of, and of it what they bought most often that is still sold."""
    from collections import Counter

    from shelftalk.catalog import Catalog
    from shelftalk.errors import CatalogError
    from shelftalk.facts.availability import sold_out
    from shelftalk.shoppers.churn import Offer

    try:
        catalog = Catalog.open(path, home=settings.home_folder).pinned()
    except CatalogError:
        if required:
            raise
        return lambda one: Offer(None, tuple(one.favourites()))

    def offer(one: Customer) -> Offer:
        bought = one.favourites(50)
        known = catalog.get_many(bought)
        if not known:
            return Offer(None, tuple(bought[:3]))
        kinds = Counter(p.categories[-1] for p in known.values() if p.categories)
        kind = kinds.most_common(1)[0][0] if kinds else None
        able = [i for i, p in known.items() if not sold_out(p) and (kind is None or kind in p.categories)]
        return Offer(kind, tuple(able[:3]))

    return offer


def _told(found: Tested, horizon: int, as_json: bool) -> None:
    if as_json:
        import dataclasses

        typer.echo(json.dumps(dataclasses.asdict(found), default=str, indent=1))
        return
    out = common.stdout()
    out.print(
        f"tested on {found.as_of.date()} and the {horizon} days after it: {found.customers} customers, {found.churned:.1%} churned",
        soft_wrap=True,
    )
    out.print(
        f"AUC {found.auc}, recency alone {found.recency_auc}; Brier {found.brier}, recency alone {found.recency_brier}",
        soft_wrap=True,
    )
    if found.gain.value <= 0:
        out.print(
            "the model ranks no better than recency alone: more history or another --horizon may help", soft_wrap=True
        )
    for told, share, count in found.bins:
        out.print(f"told {told:.2f}, churned {share:.2f} ({count} customers)")


def _write(output: Path, listed: Sequence[WinBack], home: Path) -> None:
    from shelftalk.server.outputs import remember

    remember(output, "win-back list", home)
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in listed)
        partial.replace(output)
    except OSError as error:
        raise StorageError(f"{output}: cannot be written: {error.strerror or error}") from error

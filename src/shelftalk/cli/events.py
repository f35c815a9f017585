"""`shelftalk events`: what shoppers did, put into the server's database from files, looked at, and written out again."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from shelftalk.cli import common
from shelftalk.cli.common import CatalogOption
from shelftalk.errors import PARTIAL, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from shelftalk.server.db import Interactions, Users
    from shelftalk.settings import Settings
    from shelftalk.shoppers.events.importer import EventReport
    from shelftalk.values import Interaction

app = typer.Typer(help="Import, inspect and export what shoppers did.", no_args_is_help=True)
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="Address of the database.", show_default="the setting serve.database")
]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose: the tenant of a key; empty without keys.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this moment on: 2026-05-31, or 30d for 30 days ago.")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this moment.")]
UserOption = Annotated[str | None, typer.Option("--user", help="Of this user alone: the shop's id or the pseudonym.")]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files; may be gzipped or zipped.")],
    format: Annotated[
        str, typer.Option(help="auto, csv, jsonl, parquet, ga4, shopify or uci; auto tells by the content.")
    ] = "auto",
    map: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN where a column has a name of its own; may be repeated."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="What was done in rows that do not say: purchase, rating ...")
    ] = None,
    zone: Annotated[
        str, typer.Option("--zone", help="Time zone of moments without one, such as Europe/Berlin.")
    ] = "UTC",
    catalog: CatalogOption = None,
    unknown: Annotated[
        str, typer.Option("--unknown", help="Products that the catalogue does not have: reject, or keep.")
    ] = "reject",
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="File for the places of rows that were left out, and why.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of the rows.")] = False,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put interactions from files into the database. Run again it adds nothing twice. Exit code 8 if rows were rejected."""
    from shelftalk.cli.progress import EventProgress
    from shelftalk.server.personal_data import without_personal
    from shelftalk.shoppers.events import EventParser
    from shelftalk.shoppers.events.importer import import_events
    from shelftalk.shoppers.events.mapped import parse_map

    settings = common.settings_from()
    if unknown not in ("reject", "keep"):
        raise UsageError(f"--unknown {unknown!r}: write reject or keep")
    named, plain = parse_map(map or ()), _kind(kind)
    where = _zone(zone)
    known = _known(catalog, settings) if unknown == "reject" else None
    store, users = _opened(database, settings)

    parser = EventParser(
        users.pseudonyms, tenant, zone=where, derived=True, texts=lambda text: without_personal(text, settings)
    )
    sink = _Sink(store, tenant, dry_run)
    total = sum(file.stat().st_size for file in files if file.is_file())
    with EventProgress(common.stderr(), files[0].name, total) as shown, _written(rejects) as left:
        report = import_events(
            files, sink, parser, format=format, mapping=named, kind=plain, known=known, rejects=left, progress=shown.show
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps({**report.to_dict(), "dry_run": dry_run}, ensure_ascii=False, indent=1))
    else:
        _tell(report, dry_run)
    if report.rejects:
        raise typer.Exit(PARTIAL)


@app.command("list")
def show(
    user: UserOption = None,
    session: Annotated[str | None, typer.Option("--session", help="Of this conversation or visit alone.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List interactions: a user's newest first, else oldest first."""
    from itertools import islice

    from rich.table import Column, Table

    from shelftalk.cli.show import safe
    from shelftalk.shoppers.events.records import record_of

    if user is not None and session is not None:
        raise UsageError("give --user or --session, not both")
    store, users = _opened(database, common.settings_from())
    span = {"since": _moment("--since", since), "until": _moment("--until", until)}
    if user is not None:
        found: Iterable[Interaction] = store.of_user(users.of(user, tenant), tenant=tenant, limit=limit, **span)
    elif session is not None:
        found = store.of_session(session, tenant=tenant)
    else:
        found = store.between(**span, tenant=tenant)
    records = [record_of(one) for one in islice(found, limit)]
    if as_json:
        typer.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    names = ("at", "user", "kind", "product_id", "value", "price", "session", "text")
    table = Table(*(Column(name.replace("_id", ""), overflow="fold") for name in names), box=None, pad_edge=False)
    for record in records:
        table.add_row(*(safe(str(record.get(name, ""))) for name in names))
    common.stdout().print(table)


@app.command()
def count(
    by: Annotated[str, typer.Option("--by", help="kind, or product: the commonest first.")] = "kind",
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many products.")] = 20,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count interactions by kind or by product."""
    from rich.table import Column, Table

    from shelftalk.cli.show import safe

    if by not in ("kind", "product"):
        raise UsageError(f"--by {by!r}: write kind or product")
    store, _ = _opened(database, common.settings_from())
    first, last = _moment("--since", since), _moment("--until", until)
    counted = store.kind_counts if by == "kind" else store.product_counts
    counts = counted(first, last, tenant=tenant)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    held = dict(ordered if by == "kind" else ordered[:limit])
    if as_json:
        typer.echo(json.dumps(held, ensure_ascii=False, indent=1))
        return
    table = Table(by, Column("interactions", justify="right"), box=None, pad_edge=False)
    for name, number in held.items():
        table.add_row(safe(name), str(number))
    common.stdout().print(table)


@app.command()
def export(
    file: Annotated[str, typer.Argument(help="The file to write (JSON Lines), or - for standard output.")],
    user: UserOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Write interactions, oldest first, as JSON Lines that `events import` reads again; users stand there by pseudonym."""
    from shelftalk.server.outputs import remember
    from shelftalk.shoppers.events.records import record_of

    settings = common.settings_from()
    store, users = _opened(database, settings)
    span = {"since": _moment("--since", since), "until": _moment("--until", until)}
    if file != "-":
        remember(Path(file), "interactions", settings.home_folder)
    found: Iterable[Interaction] = store.between(**span, tenant=tenant)
    if user is not None:
        found = reversed(store.of_user(users.of(user, tenant), tenant=tenant, limit=10**9, **span))
    number = 0
    with _written(Path(file) if file != "-" else None) as out:
        for one in found:
            number += 1
            line = json.dumps(record_of(one), ensure_ascii=False)
            if out is None:
                typer.echo(line)
            else:
                out.write(line + "\n")
    common.stderr().print(f"{number} interactions written", soft_wrap=True)


@app.command()
def merge(
    user: Annotated[str, typer.Argument(metavar="FROM", help="The user who turned out to be another.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="The user whose all becomes.")],
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Make two users one: what is known of FROM, and what still comes under that id, is INTO's."""
    _, users = _opened(database, common.settings_from())
    done = users.merge(user, into, tenant=tenant)
    common.stderr().print(f"{done.moved} interactions moved; both are now {done.into}", soft_wrap=True)


class _Sink:
    """The store, or with `dry` only a look into it."""

    def __init__(self, store: Interactions, tenant: str, dry: bool) -> None:
        self._store, self._tenant, self._dry = store, tenant, dry

    def put(self, interactions: Sequence[Interaction]) -> list[bool]:
        """Whether each is new."""
        if not self._dry:
            return self._store.put(interactions, tenant=self._tenant)
        seen = set(self._store.of_ids((one.id for one in interactions), tenant=self._tenant))
        return [not (one.id in seen or seen.add(one.id)) for one in interactions]  # type: ignore[func-returns-value]


def _opened(database: str | None, settings: Settings) -> tuple[Interactions, Users]:
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.db import Interactions, Users, connect, migrate
    from shelftalk.server.db.connect import default_url

    url = database or default_url(settings)
    engine = connect(url)
    migrate(engine)
    return Interactions(engine), Users(engine, load_pseudonyms(settings, url))


def _known(catalog: Path | None, settings: Settings) -> Callable[[Iterable[str]], set[str]]:
    from shelftalk.catalog.store import Catalog
    from shelftalk.errors import CatalogError

    common.quiet()
    try:
        return Catalog.open(catalog or settings.catalog, home=settings.home_folder).known
    except CatalogError as error:
        raise CatalogError(f"{error}; or --unknown keep, which takes products of no catalogue") from error


def _kind(name: str | None) -> str | None:
    from shelftalk.shoppers.events import kind_of
    from shelftalk.values import INTERACTION_KINDS

    if name is not None and kind_of(name) is None:
        raise UsageError(f"--kind {name!r} is not known; one of {', '.join(INTERACTION_KINDS)}")
    return name


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(f"--zone {name!r} is no time zone; write one like Europe/Berlin") from error


def _moment(option: str, text: str | None) -> datetime | None:
    from shelftalk.shoppers.events import BadEvent
    from shelftalk.shoppers.events.fields import moment

    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,5}d", text):
        return datetime.now(UTC) - timedelta(days=int(text[:-1]))
    try:
        return moment(option, text, UTC)
    except BadEvent as error:
        raise UsageError(f"{error}; or 30d for 30 days ago") from error


@contextlib.contextmanager
def _written(file: Path | None) -> Iterator[TextIO | None]:
    """The file to write, None for none."""
    if file is None:
        yield None
        return
    try:
        with file.open("w", encoding="utf-8") as out:
            yield out
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror or error}") from error


def _tell(report: EventReport, dry: bool) -> None:
    from shelftalk.cli.show import safe

    out = common.stdout()
    rate = report.read / max(report.seconds, 1e-9)
    verb = "would be accepted" if dry else "accepted"
    out.print(
        f"{report.read} rows read: {report.accepted} {verb}, {report.duplicates} there before, {report.rejects} rejected, "
        f"{report.skips} skipped; {report.seconds:.1f} s, {rate:.0f} rows/s",
        soft_wrap=True,
    )
    for file, form in report.formats.items():
        out.print(f"{safe(file)}: {form}", soft_wrap=True)
    if report.kinds:
        out.print(", ".join(f"{count} {kind}" for kind, count in report.kinds.most_common()), soft_wrap=True)
    if report.anonymous:
        out.print(f"{report.anonymous} name no user", soft_wrap=True)
    left: tuple[tuple[Literal["rejected", "skipped"], dict[str, Any]], ...] = (
        ("rejected", report.rejected), ("skipped", report.skipped),
    )  # fmt: skip
    for what, of in left:
        for reason, one in sorted(of.items(), key=lambda item: -item[1].count):
            first = safe(", ".join(one.first))
            out.print(f"[yellow]{what}: {reason} ({one.count})[/yellow] {first}: {safe(one.message)}", soft_wrap=True)
            if one.codes:
                out.print(safe("  " + ", ".join(f"{n} {code}" for code, n in one.codes.most_common())), soft_wrap=True)

"""`shelftalk privacy`: consent, retention, export and erasure of one person, personal data in texts, and figures that may leave the shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common, privacy_figures
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from shelftalk.privacy.keepers import Keeper, Person
    from shelftalk.server.db import Users
    from shelftalk.settings import Settings

app = typer.Typer(
    help="Consent, retention, one person's export and erasure, and figures that may leave the shop.",
    no_args_is_help=True,
)
UserArgument = Annotated[str, typer.Argument(help="The shop's own id of the user, or the pseudonym.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant of the keys under which the user is known.")]
privacy_figures.register(app)


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Texts, a line each, or a labelled set (.jsonl, docs/privacy.md).",
            show_default="the bundled set's test half",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what would be taken out of texts, or measure it on a labelled set."""
    from shelftalk.privacy.pii import scrub
    from shelftalk.privacy.pii.measure import measure, read
    from shelftalk.resources import resource

    if file is not None and not file.is_file():
        raise UsageError(f"{file}: no such file")
    if file is not None and file.suffix != ".jsonl":
        for line in file.read_text(encoding="utf-8").splitlines():
            told = scrub(line)
            typer.echo(
                json.dumps({"text": told.text, "taken": told.taken}, ensure_ascii=False) if as_json else told.text
            )
        return
    rows = read(file or Path(str(resource("data/suites/pii.jsonl"))))
    found = measure(rows if file else (row for row in rows if row.half == "test"))
    if as_json:
        typer.echo(
            json.dumps(
                {"recall": _rates(found.recall), "precision": _rates(found.precision), "clean": _rate(found.clean)}
            )
        )
        return
    from rich.table import Table

    table = Table("", "recall", "95% interval", "precision", "95% interval")
    for label in found.recall:
        recall, precision = found.recall[label], found.precision[label]
        table.add_row(label, *_cells(recall), *_cells(precision))
    common.stdout().print(table)
    clean = found.clean
    typer.echo(f"left as they are: {clean.hits} of {clean.of} texts without personal data")
    for name, some in (("missed", found.missed), ("taken out wrongly", found.wrong)):
        for identity, words in some:
            typer.echo(f"{name}: {identity}: {words}")


def _cells(rate: Any) -> tuple[str, str]:
    low, high = rate.interval
    return f"{rate.hits}/{rate.of}", f"{low:.2f} to {high:.2f}"


def _rate(rate: Any) -> dict[str, Any]:
    return {
        "hits": rate.hits,
        "of": rate.of,
        "value": round(rate.value, 4),
        "interval": [round(x, 4) for x in rate.interval],
    }


def _rates(rates: Any) -> dict[str, Any]:
    return {label: _rate(rate) for label, rate in rates.items()}


@app.command()
def consent(
    user: UserArgument,
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", help="personalisation, analytics or training; may be repeated.")
    ] = None,
    given: Annotated[
        bool | None, typer.Option("--yes/--no", help="What the user says to these purposes.", show_default=False)
    ] = None,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Show what a user consented to, with every change; or put down a change."""
    if (given is None) != (not purpose):
        raise UsageError("give --purpose and --yes or --no together, or neither to see what holds")
    from shelftalk.privacy.consent import told
    from shelftalk.server.db import Consents

    engine, users, settings = _opened(database)
    held = Consents(engine, settings.privacy.consent_default)
    known = users.of(user, tenant)
    if purpose and given is not None:
        held.put(known, dict.fromkeys(purpose, given), tenant=tenant, by="cli")
    shown = {
        "user": known,
        "purposes": told(held.of(known, tenant=tenant)),
        "changes": held.history(known, tenant=tenant),
    }
    typer.echo(json.dumps(shown, indent=1))


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is too old, and delete nothing.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Delete what is older than the settings let it be (privacy.*_days); the server does it at its start and every day."""
    from shelftalk.server.retention import purge as purged

    engine, _, settings = _opened(database)
    for table, count in purged(engine, settings.privacy, dry_run=dry_run).items():
        typer.echo(f"{table}: {count} {'would be deleted' if dry_run else 'deleted'}")


@app.command()
def export(
    user: UserArgument,
    output: Annotated[Path, typer.Option("--output", help="FILE.json, or FILE.zip with a file for each place.")],
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Write all that is kept of one person to a file that only its owner may read."""
    from shelftalk.privacy.keepers import export as exported

    if output.suffix not in (".json", ".zip"):
        raise UsageError(f"{output}: give a name that ends in .json or .zip")
    told = exported(*_person(user, tenant, database))
    _write_private(output, told)
    common.stderr().print(
        f"{sum(map(_count, told['kept'].values()))} entries of {told['user']} in {output}", markup=False, soft_wrap=True
    )


@app.command()
def erase(
    user: UserArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only count.")] = False,
    also: Annotated[
        list[Path] | None,
        typer.Option("--also", help="A file of JSON Lines that was moved or copied here; may be repeated."),
    ] = None,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
) -> None:
    """Erase one person everywhere, and report what was removed where and what could not be."""
    from shelftalk.privacy.keepers import erase as erased
    from shelftalk.privacy.keepers import export as exported

    for file in also or ():
        if not file.is_file():
            raise UsageError(f"--also {file}: no such file")
    person, held = _person(user, tenant, database, also or ())
    if not yes:
        for name, what in exported(person, held)["kept"].items():
            typer.echo(f"{name}: {_count(what)}")
        raise UsageError("nothing was erased; it cannot be undone, so say --yes")
    told = erased(person, held)
    typer.echo(json.dumps(told, indent=1))
    if any(": nothing was removed: " in why for why in told["left"]):
        raise typer.Exit(PARTIAL)


def _count(what: Any) -> int:
    return sum(map(len, what.values())) if isinstance(what, dict) else len(what)


def _write_private(output: Path, told: dict[str, Any]) -> None:
    import os
    import tempfile
    import zipfile

    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as out:
            if output.suffix == ".json":
                out.write((json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
            else:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    head = {key: value for key, value in told.items() if key != "kept"}
                    for part, what in {"about": head, **told["kept"]}.items():
                        archive.writestr(
                            f"{part.replace(' ', '-')}.json", json.dumps(what, indent=1, ensure_ascii=False) + "\n"
                        )
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _opened(database: str | None) -> tuple[Engine, Users, Settings]:
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.db import Users, connect, migrate
    from shelftalk.server.db.connect import default_url

    settings = common.settings_from()
    address = database or default_url(settings)
    engine = connect(address)
    migrate(engine)
    return engine, Users(engine, load_pseudonyms(settings, address)), settings


def _person(user: str, tenant: str, database: str | None, also: Sequence[Path] = ()) -> tuple[Person, list[Keeper]]:
    from shelftalk.server.keepers import keepers, person_of

    engine, users, settings = _opened(database)
    return person_of(user, users, engine, tenant=tenant), keepers(engine, settings, also=also)

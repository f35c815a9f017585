"""`shelftalk gaps`: what shoppers want and the catalogue does not answer, from the server's database or a file of answers."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from shelftalk.gaps import GapCount, Tally
    from shelftalk.server.db import Gaps

_COLUMNS = ("what", "words", "requests", "conversations", "kinds", "first_seen", "last_seen")
_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r")
_SHOWN_KINDS = 3


def gaps(
    since: Annotated[
        str | None, typer.Option("--since", help="Only from this day on (UTC): 2026-05-31, or 30d for 30 days ago.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind of product.")] = None,
    least: Annotated[
        int, typer.Option("--at-least", min=1, help="Only what at least this many conversations share.")
    ] = 1,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help="How many to show, the most common first.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input", help="Count in this file of answers (`shelftalk ask --output`) instead of the database."
        ),
    ] = None,
    catalog: common.CatalogOption = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all-catalogs", help="Include all catalogues, and counts from before catalogues were told apart."
        ),
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the counts.")] = False,
    words: Annotated[str | None, typer.Option("--words", help="With --forget: only the counts of these words.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant's keys.", show_default="all")] = None,
    database: DatabaseOption = None,
) -> None:
    """Show wishes that no field answers and needs that no product meets, in shoppers' words (docs/operations.md)."""
    if as_json and as_csv:
        raise UsageError("give --json or --csv, not both")
    if words is not None and not forget:
        raise UsageError("--words goes with --forget")
    if source is not None:
        _alone(
            "--input",
            {
                "--catalog": catalog,
                "--all-catalogs": every,
                "--since": since,
                "--tenant": tenant,
                "--database": database,
                "--forget": forget,
            },
        )
        tally, wrong = _counted(source)
        _print(tally.top(kind=kind, least=least, limit=limit), as_json, as_csv)
        if wrong:
            common.fail(f"{source}: no answers in {_lines(wrong)}")
            raise typer.Exit(PARTIAL)
        return
    if forget:
        _alone("--forget", {"--since": since, "--kind": kind, "--json": as_json, "--csv": as_csv})
        gone = _gaps(database, catalog, every).forget(tenant=tenant, words=words)
        common.stderr().print(f"{gone} counts are deleted", soft_wrap=True)
        return
    first = _day(since) if since is not None else None
    stored = _gaps(database, catalog, every)
    found = stored.top(tenant=tenant, since=first, kind=kind, least=least, limit=limit)
    _print(found, as_json, as_csv)
    others = [] if found or every else [name or "--all-catalogs" for name in stored.catalogs()]
    if others:
        from shelftalk.cli.show import safe

        common.stderr().print(f"counted in this database: {safe(', '.join(others))}", soft_wrap=True)


def _alone(option: str, others: Mapping[str, Any]) -> None:
    given = [name for name, value in others.items() if value not in (None, False)]
    if given:
        raise UsageError(f"{option} does not go with {', '.join(given)}")


def _day(since: str) -> str:
    """The day that is meant, as YYYY-MM-DD."""
    from shelftalk.server.db.gaps import day

    if re.fullmatch(r"[0-9]{1,4}d", since):
        return day(int(since[:-1]))
    try:
        return date.fromisoformat(since).isoformat()
    except ValueError as error:
        raise UsageError(f"--since {since!r} is no day; write one like 2026-05-31, or 30d for 30 days ago") from error


def _gaps(database: str | None, catalog: Path | None, every: bool) -> Gaps:
    from shelftalk.server.db import Gaps, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.gaps import catalog_name
    from shelftalk.settings import load_settings

    if catalog is not None and every:
        raise UsageError("give --catalog or --all-catalogs, not both")
    settings = load_settings()
    engine = connect(database or default_url(settings))
    migrate(engine)
    return Gaps(engine, None if every else catalog_name(catalog or settings.catalog))


def _counted(source: Path) -> tuple[Tally, list[int]]:
    """The gaps of a file of answers, and the numbers of the lines that hold neither an answer nor an error.

    A line that tells an error counts for nothing. UsageError where the file cannot be read or holds no answer.
    """
    from shelftalk.gaps import Tally, gaps_of
    from shelftalk.values import Intent

    tally, wrong, answers = Tally(), [], 0
    for number, line in _records(source):
        if isinstance(line, dict) and "error" in line:
            continue
        try:
            intent, relaxed = Intent.from_dict(line["intent"]), bool(line["relaxed"])
            tally.add(gaps_of(str(line["request"]), intent, no_match=bool(line["no_match"]), relaxed=relaxed))
            answers += 1
        except (KeyError, TypeError, AttributeError, ValueError):
            wrong.append(number)
    if not answers:
        raise UsageError(f"{source}: holds no answer; make one with 'shelftalk ask --input FILE --output {source}'")
    return tally, wrong


def _records(source: Path) -> Iterator[tuple[int, Any]]:
    """(number, what it holds) of each line that is not blank; None for one that is no JSON."""
    try:
        with source.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except (ValueError, RecursionError):
                        yield number, None
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror or error}") from error


def _lines(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return f"line{'s' if len(numbers) > 1 else ''} {shown}{' and more' if len(numbers) > 5 else ''}"


def _print(found: list[GapCount], as_json: bool, as_csv: bool) -> None:
    if as_json:
        typer.echo(json.dumps([gap.to_dict() for gap in found], ensure_ascii=False, indent=1))
    elif as_csv:
        out = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\n")
        out.writerow(_COLUMNS)
        for gap in found:
            row = {**gap.to_dict(), "kinds": "; ".join(gap.kinds)}
            out.writerow([_inert(row[name]) for name in _COLUMNS])
    elif found:
        _table(found)
    else:
        common.stderr().print("nothing was counted that fits", soft_wrap=True)


def _inert(value: Any) -> str:
    """The value as a cell that no spreadsheet reads as a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _table(found: list[GapCount]) -> None:
    from rich.table import Column, Table

    from shelftalk.cli.show import safe

    columns = [
        Column("what"), Column("words", overflow="fold", ratio=2), Column("requests", justify="right"),
        Column("conversations", justify="right"), Column("kinds of product", overflow="fold", ratio=1),
    ]  # fmt: skip
    table = Table(*columns, Column("first", no_wrap=True), Column("last", no_wrap=True))
    for gap in found:
        kinds = ", ".join(f"{kind} {n}" for kind, n in list(gap.kinds.items())[:_SHOWN_KINDS])
        table.add_row(
            gap.what, safe(gap.words), str(gap.requests), str(gap.conversations), safe(kinds), gap.first_seen or "",
            gap.last_seen or "",
        )  # fmt: skip
    common.stdout().print(table)

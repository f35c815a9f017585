"""How a run begins, goes on and ends: what its folder says of it.

OUTPUT/_manifest.json      what the lists were made from and with, what they count, the parts with their SHA-256
OUTPUT/part-00000.jsonl    the lists of the first part of the input, in its order (or .parquet)
OUTPUT/_catalogue/         while the run lasts, the catalogue that it picks from
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from shelftalk.catalog import Catalog
from shelftalk.errors import StorageError, UsageError
from shelftalk.lists.frozen import FOLDER, frozen, identity, opened_here, thaw
from shelftalk.lists.parts import scan
from shelftalk.lists.run import Made, Options, Run
from shelftalk.lists.storage import Place
from shelftalk.lists.wire import LIST_VERSION, Format
from shelftalk.settings import Settings

MANIFEST = "_manifest.json"  # tools that read a folder of Parquet or JSON pass over what begins with _
LOCK = ".lists.lock"


@dataclass(frozen=True, slots=True)
class Report:
    """Users with a list, those for whom nothing was found, rows with an error, how many of all were in place before, and picks."""

    lists: int
    empty: int
    errors: int
    resumed: int
    picks: int


@contextmanager
def claimed(output: Place) -> Iterator[None]:
    """Holds a folder of lists on this machine; UsageError where another process does. Object storage has no such lock."""
    folder = output.local
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            for torn in folder.glob(".*.part"):  # of a process that was killed while it wrote
                torn.unlink(missing_ok=True)
            yield
    except Timeout as error:
        raise UsageError(f"{folder}: another process is working on these lists; wait until it has ended") from error
    except NotADirectoryError as error:
        raise UsageError(f"{folder}: is not a folder") from error
    except PermissionError as error:
        raise StorageError(f"{folder}: cannot write: {error.strerror}; choose another folder") from error


def begin(
    users: Place, output: Place, catalog: Place, settings: Settings, options: Options, *, again: bool = False
) -> Run:
    """The run over these users into that folder: a new one, or the one that was begun there with the same input, settings and catalogue.

    Raises UsageError where the folder holds the lists of another run (with `again` these are removed) or files that are no lists, and
    where the users cannot be read; CatalogError where there is no catalogue.
    """
    found = scan(users, options.size)
    k = options.k or settings.k
    what = {
        "input": found.digest,
        "users": found.users,
        "settings": _digest(settings),
        "k": k,
        "format": options.format,
        "part": options.size,
        "batch": options.batch,
        "ids": "given" if options.plain else "pseudonyms",
        # by which one key of pseudonyms is told from another
        "key": "" if options.plain else hashlib.sha256(options.name("shelftalk").encode()).hexdigest()[:16],
        "catalogue": identity(catalog),
    }
    held = read_manifest(output)
    if held is not None and again:
        clear(output)
        held = None
    if held is not None:
        if held["state"] == "begun" and held["catalog"] == catalog.shown and (output / FOLDER).names():
            what["catalogue"] = held["run"]["catalogue"]  # it goes on with the copy
        _same(output, held, what, options.at)
    elif names := [name for name in output.names() if not name.startswith(("_", "."))]:
        raise UsageError(f"{output.shown}: holds files that are no lists ({names[0]}); choose another folder")
    if held is None:
        held = _started(users, output, catalog, settings, what, options.at)
    at, erased = datetime.fromisoformat(held["at"]), frozenset(held["erased"])
    run = Run(output, output / FOLDER, options, k, at, found.parts, found.users, held, erased)
    there = output.names()
    done = [run.found(part) for part in run.parts if run.place(part).name in there]
    run = replace(run, done=tuple(made for made in done if made is not None))
    if run.left:
        frozen(catalog, output, settings)
    return run


def _started(
    users: Place, output: Place, catalog: Place, settings: Settings, what: dict[str, Any], at: datetime | None
) -> dict[str, Any]:
    """The manifest of a run that begins now, which is written once the catalogue's copy stands."""
    opened = Catalog.open(
        opened_here(frozen(catalog, output, settings), settings.home_folder), home=settings.home_folder
    )
    about = {
        "shelftalk": "lists",
        "version": LIST_VERSION,
        "state": "begun",
        "at": (at or datetime.now(UTC)).astimezone(UTC).isoformat(),
        "users": users.shown,
        "catalog": catalog.shown,
        "catalog_version": opened.version,
        "products": opened.count(),
        "run": what,
        "erased": [],
    }
    write_manifest(output, about)
    return about


def finish(run: Run, made: Iterable[Made]) -> Report:
    """Writes the manifest of the finished run, and removes the copy of the catalogue."""
    parts = sorted({one.index: one for one in (*run.done, *made)}.values(), key=lambda one: one.index)
    counts = {name: sum(getattr(one, name) for one in parts) for name in ("rows", "errors", "empty", "picks")}
    write_manifest(
        run.output, {**run.about, "state": "done", "counts": counts, "parts": [asdict(one) for one in parts]}
    )
    thaw(run.output)
    resumed = sum(one.rows for one in run.done)
    lists = counts["rows"] - counts["errors"] - counts["empty"]
    return Report(lists, counts["empty"], counts["errors"], resumed, counts["picks"])


def read_manifest(output: Place) -> dict[str, Any] | None:
    """The manifest of a folder of lists, None where there is none. UsageError where it is damaged."""
    where = output / MANIFEST
    if where.kind() != "file":
        return None
    try:
        held = json.loads(where.read())
        if held["shelftalk"] == "lists" and {"state", "at", "run", "erased", "catalog"} <= held.keys():
            return dict(held)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise UsageError(f"{where.shown}: is no manifest of lists; choose another folder")


def write_manifest(output: Place, held: dict[str, Any]) -> None:
    """Puts the manifest in place."""
    (output / MANIFEST).write((json.dumps(held, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def lists_in(output: Place) -> Iterator[tuple[Place, Format]]:
    """The parts of a folder of lists that are in place, in order, with their format."""
    for name in sorted(output.names()):
        if name.startswith("part-") and name.endswith(".jsonl"):
            yield output / name, "jsonl"
        elif name.startswith("part-") and name.endswith(".parquet"):
            yield output / name, "parquet"


def clear(output: Place) -> None:
    """Removes the lists of a folder, the manifest last, so that a cut leaves a folder that is known for lists."""
    thaw(output)
    for part, _ in list(lists_in(output)):
        part.remove()
    (output / MANIFEST).remove()


def _digest(settings: Settings) -> str:
    """The settings that lists depend on, as a hash: not where things are, nor secrets."""
    elsewhere = {"api_key", "home", "catalog", "data", "serve", "privacy"}
    return hashlib.sha256(settings.model_dump_json(exclude=elsewhere).encode()).hexdigest()


def _same(output: Place, held: dict[str, Any], what: dict[str, Any], at: datetime | None) -> None:
    """Raises UsageError where the lists there are of another run."""
    before = held["run"]
    other = [
        f"{name} ({str(before.get(name))[:16]} before, {str(value)[:16]} now)"
        for name, value in what.items()
        if before.get(name) != value
    ]
    if at is not None and datetime.fromisoformat(held["at"]) != at.astimezone(UTC):
        other.append(f"at ({held['at']} before)")
    if other:
        raise UsageError(
            f"{output.shown}: holds lists of another run, which differs in {'; '.join(other)}. Choose another folder, or give --again "
            "to make them anew"
        )

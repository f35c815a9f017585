"""One person's lines and mails taken out of what was written, and kept out where a run that was killed goes on."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.lists.manifest import claimed, lists_in, read_manifest, write_manifest
from shelftalk.lists.registry import drop, remembered
from shelftalk.lists.run import counted
from shelftalk.lists.storage import Place
from shelftalk.lists.wire import Format, decode, encode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed of a folder, or why nothing could be (`error`, "" where all went well)."""

    folder: str
    lines: int = 0
    mails: int = 0
    error: str = ""


def erase(users: Collection[str], folder: str | Path | Place) -> Erased:
    """Removes the lines of these users (give a person's pseudonym and id) from a folder of lists, and their mails from one of mails.

    Rows that were erased are named in the manifest by their number and are left out when the run goes on. Doing it twice does no harm.
    Raises UsageError where the folder is no folder of lists or a run is writing to it, StorageError where it cannot be written.
    """
    from shelftalk.lists.mail import mail_name

    place = folder if isinstance(folder, Place) else Place.of(folder)
    with claimed(place):
        names = place.names()
        mails = [name for user in sorted(users) if (name := mail_name(user)) in names]
        for name in mails:
            (place / name).remove()
        held = read_manifest(place)
        if held is None:
            if any(name.startswith("part-") for name in names):
                raise UsageError(f"{place.shown}: its manifest is gone, so that a run would make the lines again")
            return Erased(place.shown, mails=len(mails))
        rows, theirs = _rows_of(users, place)
        if not rows:
            return Erased(place.shown, mails=len(mails))
        # first, so that a cut from here on ends in parts that lack lines or have too many, which a run makes anew without these rows
        held["erased"] = sorted({*held["erased"], *rows})
        write_manifest(place, held)
        parts = {part["file"]: part for part in held.get("parts", ())}
        for part, format in theirs:
            kept = [line for line in decode(part.read(), format) if line["user"] not in users]
            content = encode(kept, format)
            part.write(content)
            if part.name in parts:
                parts[part.name].update(asdict(counted(parts[part.name]["index"], part.name, kept, content)))
        if parts:
            counts = {name: sum(part[name] for part in parts.values()) for name in held["counts"]}
            write_manifest(place, {**held, "counts": counts, "parts": list(parts.values())})
        return Erased(place.shown, len(rows), len(mails))


def _rows_of(users: Collection[str], place: Place) -> tuple[list[int], list[tuple[Place, Format]]]:
    """The rows of these users, and the parts that hold them. A torn part, which may hold anything, is removed: a run makes it anew."""
    rows: list[int] = []
    theirs = []
    for part, format in lists_in(place):
        try:
            found = [line["row"] for line in decode(part.read(), format) if line["user"] in users]
        except ValueError:
            log.warning("%s is torn and was removed", part.shown)
            part.remove()
            continue
        if found:
            rows += found
            theirs.append((part, format))
    return rows, theirs


def erase_everywhere(users: Collection[str], home: Path) -> list[Erased]:
    """`erase` for every folder that lists or mails were written to from this home folder; a folder that is gone is forgotten."""
    told: list[Erased] = []
    for folder in remembered(home):
        try:
            if folder.kind() == "folder":
                told.append(erase(users, folder))
            else:
                drop(folder, home)
        except ShelftalkError as error:
            told.append(Erased(folder.shown, error=str(error)))
    return told


def lines_of(users: Collection[str], home: Path) -> list[dict[str, object]]:
    """What the lists hold of a person, for an export: each line with the folder it stands in."""
    return [line for folder in remembered(home) if folder.kind() == "folder" for line in _lines_of(users, folder)]


def _lines_of(users: Collection[str], folder: Place) -> Sequence[dict[str, object]]:
    return [
        {"folder": folder.shown, **line}
        for part, format in lists_in(folder)
        for line in decode(part.read(), format)
        if line["user"] in users
    ]

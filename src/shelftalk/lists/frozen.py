"""The catalogue that a run picks from: one version of it, which stands in the output's folder until the run is done.

A run over a million users takes hours, in which prices change; and a run that was killed must go on with what it began with. So the
catalogue is copied to OUTPUT/_catalogue first (by hard links where it can be: its files are never changed, only replaced). Workers on other
machines read it there, too.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock

from shelftalk.catalog import facets, import_feed, lock
from shelftalk.catalog.ondisk import METADATA, TABLE
from shelftalk.errors import CatalogError
from shelftalk.lists.storage import Place
from shelftalk.settings import Settings

FOLDER = "_catalogue"
_WHOLE = "_whole"  # written last: what lacks it was cut while it was copied
_NOT_COPIED = shutil.ignore_patterns(lock.NAME, "rejects", ".*")


def frozen(catalog: Place, output: Place, settings: Settings) -> Place:
    """The copy of the catalogue in the output's folder, made now where there is none that is whole.

    `catalog` is a catalogue's folder here or in object storage, or a feed (a Parquet file of products, say), which is imported.
    Raises CatalogError where there is neither, FeedError where the feed cannot be read.
    """
    target = output / FOLDER
    if (target / _WHOLE).kind() == "file":
        return target
    thaw(output)
    if catalog.kind() == "file":
        _import(catalog, target, settings)
    else:
        _copy(catalog, target)
    (target / _WHOLE).write(b"")
    return target


def identity(catalog: Place) -> str:
    """What tells one version of a catalogue, or a feed, from another: a hash over its files' names and sizes, or over the feed.

    Raises CatalogError where there is neither.
    """
    digest = hashlib.sha256()
    if catalog.kind() == "file":
        for block in catalog.blocks():
            digest.update(block)
        return digest.hexdigest()
    held = catalog.names()
    if METADATA not in held:
        raise CatalogError(
            f"no catalogue in {catalog.shown}; make one with: shelftalk catalog import FEED --catalog DIR"
        )
    for name in sorted(held):
        if name.startswith(f"{TABLE}.lance/"):  # these files never change under a name
            digest.update(f"{name} {held[name]}\n".encode())
        elif (
            "/" not in name and not name.startswith(".") and name != facets.NAME
        ):  # facets are read anew by who lacks them
            digest.update(f"{name} {hashlib.sha256((catalog / name).read()).hexdigest()}\n".encode())
    return digest.hexdigest()


def thaw(output: Place) -> None:
    """Removes the copy."""
    target = output / FOLDER
    (target / _WHOLE).remove()
    target.remove_folder()


def opened_here(catalog: Place, home: Path) -> Path:
    """A catalogue's folder as a path on this machine: itself, or from object storage a copy in `home`, made once."""
    if catalog.local is not None:
        return catalog.local
    held = catalog.names()
    told = "\n".join([catalog.shown, *(f"{name} {size}" for name, size in sorted(held.items()))])
    folder = home / "catalogues" / hashlib.sha256(told.encode()).hexdigest()[:24]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder) + ".lock"):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent) as half:
                catalog.copy_to(Place.of(Path(half) / "whole"))
                (Path(half) / "whole").replace(folder)
    return folder


def _import(feed: Place, target: Place, settings: Settings) -> None:
    from shelftalk.catalog import load_embedder

    embedder = load_embedder(settings.embedder, settings.home_folder)
    with tempfile.TemporaryDirectory() as scratch:
        file = feed.local or Path(scratch) / feed.name
        if feed.local is None:
            with file.open("wb") as out:
                out.writelines(feed.blocks())
        made = Path(scratch) / "catalogue"
        import_feed(file, made, embedder=embedder, home=settings.home_folder)
        _copy(Place.of(made), target)


def _copy(catalog: Place, target: Place) -> None:
    source, there = catalog.local, target.local
    with contextlib.ExitStack() as held:
        if source is not None and os.access(source, os.W_OK):
            held.enter_context(lock.writer(source))
        if source is None or there is None:
            catalog.copy_to(target)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, there, copy_function=_link, ignore=_NOT_COPIED)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
            raise
        shutil.copy2(source, target)

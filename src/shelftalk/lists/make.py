"""Lists for many users from beginning to end, on this machine; `on_ray.py` is the other way to make the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shelftalk.lists.frozen import opened_here
from shelftalk.lists.manifest import Report, begin, claimed, finish
from shelftalk.lists.parts import PartReader
from shelftalk.lists.registry import remember
from shelftalk.lists.run import ForYou, Made, Options, Run
from shelftalk.lists.storage import Place
from shelftalk.settings import Settings

Progress = Callable[[int, int], None]


class Opener(Protocol):
    """Opens what makes lists over the catalogue in a folder. It is sent to every worker, so it must pickle."""

    @property
    def settings(self) -> Settings:
        """The settings in force, the same on every worker."""

    def __call__(self, catalog: Path) -> ForYou:
        """The shelf, to be closed by who asked for it."""


@dataclass(frozen=True, slots=True)
class OpenShelf:
    """Opens a Shelf with these settings, its engine chosen for throughput."""

    settings: Settings

    def __call__(self, catalog: Path) -> ForYou:
        """The shelf over that catalogue."""
        from shelftalk.pipeline import Shelf

        return Shelf.open(catalog, settings=self.settings, batch=True)


class Maker(Protocol):
    """Makes the parts of a run that are left, in any order."""

    def __call__(self, run: Run, opener: Opener) -> Iterable[Made]:
        """The parts as they come into place."""


def recommend(
    users: str | Path,
    output: str | Path,
    *,
    catalog: str | Path,
    opener: Opener,
    options: Options | None = None,
    maker: Maker | None = None,
    again: bool = False,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Lists for the users of a file or folder (JSON Lines, Parquet) into a folder; paths may be addresses of object storage.

    Run again after a cut, it goes on with the parts that are not in place. `maker` makes the parts (by default `here`); `progress` is
    called with (users done, users in all). Raises UsageError where the users cannot be read or the folder holds another run's lists,
    CatalogError, EngineError where the language model is gone, StorageError where the output cannot be written.
    """
    target = Place.of(output)
    with claimed(target):
        run = begin(Place.of(users), target, Place.of(catalog), opener.settings, options or Options(), again=again)
        remember(target, "lists", opener.settings.home_folder)
        made = (maker or here)(run, opener) if run.left else ()
        return finish(run, _told(run, made, progress))


def here(run: Run, opener: Opener) -> Iterator[Made]:
    """Makes the parts one after the other in this process: a part's users in memory, never more."""
    reader, shelf = PartReader(), opener(opened_here(run.catalog, opener.settings.home_folder))
    try:
        for part in run.left:
            yield run.make(part, shelf, reader)
    finally:
        shelf.close()


def _told(run: Run, made: Iterable[Made], progress: Progress) -> Iterator[Made]:
    done = sum(one.rows for one in run.done)
    progress(done, run.users)
    for one in made:
        done += one.rows
        progress(done, run.users)
        yield one

"""The parts of a run made on a Ray cluster, as Ray Data: a pool of actors, each with the catalogue and its engine open.

What travels through Ray are the parts' numbers and places, some bytes each: a worker reads its part of the input and puts its lists in
place by itself. A worker or node that is lost takes the part with it that it was at; Ray gives that to another one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from shelftalk import errors
from shelftalk.errors import EngineError, ShelftalkError, UsageError
from shelftalk.lists.frozen import opened_here
from shelftalk.lists.make import Opener
from shelftalk.lists.parts import Part, PartReader
from shelftalk.lists.run import ForYou, Made, Run
from shelftalk.resources import installed_version

log = logging.getLogger(__name__)
STORE = 100 << 20  # bytes of a local cluster's object store, in which next to nothing lies


@dataclass(frozen=True, slots=True)
class OnRay:
    """Makes parts with `workers` actors of `cpus` and `gpus` each. A cluster that this process is connected to, or that RAY_ADDRESS
    names, is used; else one is started here for the length of the run, with CPUs for the workers."""

    workers: int = 1
    cpus: float = 1
    gpus: float = 0

    def __call__(self, run: Run, opener: Opener) -> Iterable[Made]:
        """The parts as they come into place, in no particular order.

        Raises UsageError where Ray is not installed or the workers run another version, EngineError where Ray gives up, and what a worker
        raised.
        """
        try:
            import ray
        except ImportError as error:
            raise UsageError("Ray is not installed: pip install 'shelftalk[cluster]'") from error
        with _cluster(self):
            try:
                yield from self._made(run, opener)
            except ray.exceptions.RayError as error:
                line = next((text for text in reversed(str(error).splitlines()) if text.strip()), type(error).__name__)
                raise EngineError(
                    f"Ray gave up: {line.strip()[:300]}; what was made is kept, and the same command goes on from there"
                ) from error

    def _made(self, run: Run, opener: Opener) -> Iterator[Made]:
        import ray.data

        _quiet()
        room = ray.cluster_resources()
        if room.get("CPU", 0) < self.cpus or room.get("GPU", 0) < self.gpus:
            log.warning("no worker fits the cluster as it is now (%s); waiting for a node that it fits", room)
        parts = [{"part": json.dumps(asdict(part))} for part in run.left]
        # the parts travel as rows; the run itself goes to each actor's constructor and must stay small
        about = replace(run, parts=(), done=())
        made = ray.data.from_items(parts, override_num_blocks=len(parts)).map_batches(
            _Worker,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(self.workers, len(parts))),
            fn_constructor_args=(about, opener, installed_version("shelftalk")),
            num_cpus=self.cpus,
            num_gpus=self.gpus,
        )
        for row in made.iter_rows():
            if row["error"]:
                kind, told = json.loads(row["error"])
                raise getattr(errors, kind)(told)
            yield Made(**json.loads(row["made"]))


class _Worker:
    """An actor: makes one part a call. An error of our own travels as a value, since Ray would wrap it, log it and start the actor anew."""

    def __init__(self, run: Run, opener: Opener, version: str | None) -> None:
        self._run, self._reader = run, PartReader()
        self._shelf: ForYou | ShelftalkError
        try:
            here = installed_version("shelftalk")
            if here != version:
                raise UsageError(
                    f"a worker has shelftalk {here}, the run began with {version}; install the same on all"
                )
            self._shelf = opener(opened_here(run.catalog, opener.settings.home_folder))
        except ShelftalkError as error:
            self._shelf = error

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """The parts of the batch (column `part`) made: columns `made` and `error`, one of which holds something."""
        rows = [self._made(Part(**json.loads(text))) for text in batch["part"].tolist()]
        return {"made": [made for made, _ in rows], "error": [error for _, error in rows]}

    def _made(self, part: Part) -> tuple[str, str]:
        try:
            if isinstance(self._shelf, ShelftalkError):
                raise self._shelf
            return json.dumps(asdict(self._run.make(part, self._shelf, self._reader))), ""
        except ShelftalkError as error:
            return "", json.dumps([type(error).__name__, str(error)])


@contextlib.contextmanager
def _cluster(wanted: OnRay) -> Iterator[None]:
    import ray

    if ray.is_initialized():
        yield
        return
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
        try:
            yield
        finally:
            ray.shutdown()
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anyone
    # a short path: Ray keeps sockets below it, whose paths hold 107 characters at most
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cpus = max(1, int(-(-wanted.workers * wanted.cpus // 1)))
        gpus = int(-(-wanted.workers * wanted.gpus // 1))
        try:
            ray.init(
                address="local", num_cpus=cpus, num_gpus=gpus or None, include_dashboard=False, log_to_driver=False,
                object_store_memory=STORE, _temp_dir=folder, logging_level=logging.ERROR,
            )  # fmt: skip
            yield
        finally:
            ray.shutdown()


def _quiet() -> None:
    """Keeps Ray Data's own lines and bars off the terminal."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)

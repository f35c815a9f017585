"""The experiments that a gateway takes part in: read from the database every few seconds, assigned by hash, logged when they count."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shelftalk.errors import ShelftalkError
from shelftalk.experiments.experiment import Experiment, Unit
from shelftalk.pipeline import Shelf
from shelftalk.server.arms import Served, opened
from shelftalk.server.db.experiments import Experiments
from shelftalk.settings import Settings
from shelftalk.values import Answer

logger = logging.getLogger(__name__)

EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Assigned:
    """The variant that a unit's request is answered by."""

    experiment: str
    variant: str
    unit: Unit
    served: Served
    began: float = field(default_factory=time.perf_counter)

    @property
    def shelf(self) -> Shelf:
        """The variant's."""
        return self.served.shelves[self.variant]


class Experimenting:
    """Serves the running experiments. `base` gives settings and shelf of the path that answers now, `tuned` is told of each new shelf.

    An experiment of which any variant cannot be served here takes no part here: `trouble` says why, and its users are answered as all
    others and not counted.
    """

    def __init__(
        self,
        store: Experiments,
        base: Callable[[], tuple[Settings, Shelf]],
        tuned: Callable[[Shelf], None] = lambda shelf: None,
        *,
        given: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self._base, self._tuned, self._given, self._clock = store, base, tuned, given, clock
        self._serving: list[tuple[Experiment, Served]] = []
        self._retired: list[tuple[float, Served]] = []
        self._base_of: Shelf | None = None
        self.trouble: dict[str, str] = {}
        self._changing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Experimenting:
        """Itself, once it looks for experiments in a thread of its own."""
        self._thread = threading.Thread(target=self._look, name="shelftalk-experiments", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Ends looking, and frees what was opened for variants."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        with self._changing:
            for served in [*(s for _, s in self._serving), *(s for _, s in self._retired)]:
                served.close()
            self._serving, self._retired = [], []

    @property
    def serving(self) -> list[str]:
        """The names of the experiments that take part here."""
        return [experiment.name for experiment, _ in self._serving]

    def assign(self, unit: Unit) -> Assigned | None:
        """What a unit's request is answered by, None where it is in no experiment."""
        for experiment, served in self._serving:
            variant = experiment.variant(unit)
            if variant is not None:
                return Assigned(experiment.name, variant, unit, served)
        return None

    def answered(self, assigned: Assigned, answer: Answer, *, degraded: bool) -> bool:
        """Whether the answer counts, once it is noted (SQLAlchemyError where it cannot be): the variant could have made a difference."""
        if not assigned.served.counts(answer):
            return False
        ms = (time.perf_counter() - assigned.began) * 1000
        self.store.expose(
            assigned.experiment, assigned.variant, assigned.unit, ms=ms, picks=len(answer.picks), degraded=degraded
        )
        return True

    def refresh(self) -> None:
        """Takes up what was started or changed, and drops what was stopped. What is under way is finished."""
        with self._changing:
            settings, shelf = self._base()
            known = {} if self._base_of is not shelf else {e.name: (e, s) for e, s in self._serving}
            serving: list[tuple[Experiment, Served]] = []
            trouble: dict[str, str] = {}
            for experiment in self.store.running():
                served = known[experiment.name][1] if experiment.name in known else None
                if served is None:
                    try:
                        served = self._opened(experiment, settings, shelf)
                    except ShelftalkError as error:
                        trouble[experiment.name] = str(error)
                        if self.trouble.get(experiment.name) != str(error):
                            logger.error("experiment %s is not served here: %s", experiment.name, error)
                        continue
                serving.append((experiment, served))
            kept = {id(served) for _, served in serving}
            self._retired += [(self._clock(), served) for _, served in self._serving if id(served) not in kept]
            self._serving, self._base_of, self.trouble = serving, shelf, trouble
            self._free(settings.serve.limit_s)

    def _opened(self, experiment: Experiment, settings: Settings, shelf: Shelf) -> Served:
        served = opened(experiment.definition, settings, shelf, given=self._given, closing=self._stop.is_set)
        for one in served.shelves.values():
            self._tuned(one)
        logger.info("experiment %s is served: %s", experiment.name, ", ".join(served.shelves))
        return served

    def _free(self, after_s: float) -> None:
        """Closes what no request can be using any more."""
        now = self._clock()
        for at, served in self._retired:
            if now - at > after_s:
                served.close()
        self._retired = [(at, served) for at, served in self._retired if now - at <= after_s]

    def _look(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except Exception as error:  # a database that is away is looked for again
                logger.warning("experiments cannot be read: %s", type(error).__name__)
            self._stop.wait(EVERY_S)

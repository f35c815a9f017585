"""What answers show is counted beside them: an answer only adds to sums in memory, a thread of its own stores them.

The same thread shares with other gateways what the exposure floor owes. Where the database does not take it, it is kept and tried again.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shelftalk.server.db.gaps import day
from shelftalk.server.db.shown import Shown, ShownStore
from shelftalk.settings import ExposureSettings
from shelftalk.shoppers.exposure import ExposureAccount, exposure
from shelftalk.shoppers.newness import Newness
from shelftalk.values import INTERACTION_KINDS, Answer, InteractionKind

logger = logging.getLogger(__name__)

# What counts as meeting a product; being shown it, or sending it away, does not.
MEETING: tuple[InteractionKind, ...] = tuple(k for k in INTERACTION_KINDS if k not in ("shown", "search", "dismiss"))
MOST_HELD = 200_000
_EVERY_S = 5.0
_PRUNE_EVERY_S = 3600.0
_COUNT_EVERY_S = 60.0


class ShownCounting:
    """Counts the products that answers show. `settings` are those in force, `newness` says what is new now; `account` is what the shelves
    of this process settle with. `counts` gives the interactions of each product, asked for at times where the settings want them."""

    def __init__(
        self,
        store: ShownStore,
        settings: Callable[[], ExposureSettings],
        newness: Callable[[], Newness],
        counts: Callable[[], Mapping[str, int]] = dict,
        *,
        every_s: float = _EVERY_S,
    ) -> None:
        self.store, self._settings, self._newness, self._every_s = store, settings, newness, every_s
        self.account = ExposureAccount(settings().window)
        self._counts, self._met, self._counted = counts, dict[str, int](), -math.inf
        self._held: dict[tuple[str, str], Shown] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="shown", daemon=True)

    def start(self) -> ShownCounting:
        """Itself, at work; what other gateways counted is known from the first answer on."""
        self.flush()
        self._thread.start()
        return self

    def note(self, answer: Answer) -> None:
        """Adds what an answer shows; returns at once."""
        if not answer.picks or not self._settings().keep_days:
            return
        newness, today = self._newness(), day()
        with self._lock:
            for pick in answer.picks:
                key, gain = (today, pick.product.id), exposure(pick.rank)
                if key in self._held or len(self._held) < MOST_HELD:
                    one = Shown(1, gain, gain if newness(pick.product) else 0.0)
                    self._held[key] = self._held.get(key, Shown()) + one

    def met(self) -> Mapping[str, int]:
        """The interactions of each product, as of a minute ago or so."""
        return self._met

    def flush(self) -> bool:
        """Whether all that was counted is on disk, and what others counted is known."""
        with self._lock:
            held, self._held = self._held, {}
        try:
            self.store.add(held)
            held = {}
            settings = self._settings()
            if settings.few and time.monotonic() - self._counted > _COUNT_EVERY_S:
                self._met, self._counted = dict(self._counts()), time.monotonic()
            if settings.share:
                since = self._newness().today - timedelta(days=settings.window)
                self.account.share(lambda own: self.store.settle(own, since))
        except SQLAlchemyError as error:
            logger.warning("what was shown waits for the database: %s", type(error).__name__)
            with self._lock:
                for key, shown in held.items():
                    self._held[key] = self._held.get(key, Shown()) + shown
            return False
        return True

    def close(self) -> None:
        """Stores what is left and ends; safe to call twice."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        pruned = self._prune()
        while not self._closing.wait(self._every_s):
            self.flush()
            if time.monotonic() - pruned > _PRUNE_EVERY_S:
                pruned = self._prune()
        if not self.flush():
            logger.error("what was shown of %d products could not be stored", len(self._held))

    def _prune(self) -> float:
        """When it was done, on the monotonic clock."""
        try:
            self.store.prune(max(self._settings().keep_days, self._settings().window))
        except SQLAlchemyError as error:
            logger.warning("old counts of what was shown could not be deleted: %s", type(error).__name__)
        return time.monotonic()

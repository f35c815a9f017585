"""Predictions as the server gives them: learnt from a tenant's own interactions, anew when the catalogue changes or time has passed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Protocol

from shelftalk.catalog import Catalog
from shelftalk.privacy.consent import Purpose
from shelftalk.prompts import PromptLibrary
from shelftalk.server.db import Interactions, Users
from shelftalk.server.db.tables import now
from shelftalk.shoppers.predict import Predictions, open_predictions, predict_records
from shelftalk.shoppers.predict.opening import MOST_INTERACTIONS
from shelftalk.values import Interaction

FRESH_S = 900.0  # how long what was learnt is used
_TENANTS = 8  # whose predictions are kept in memory
_HISTORY = 2000  # interactions of a user that are read
_SPANS = (1, 7, 30, 91, 365)  # days


def latest(stored: Interactions, tenant: str, most: int = MOST_INTERACTIONS) -> Iterator[Interaction]:
    """A tenant's interactions, oldest first: all of them, or those of the last day, week, month, quarter or year where that is enough, so
    that a long past costs nothing."""
    for days in _SPANS:
        since = now() - timedelta(days=days)
        if sum(stored.product_counts(since, tenant=tenant).values()) >= most:
            return stored.between(since, tenant=tenant)
    return stored.between(tenant=tenant)


class _Source(Protocol):
    """What the server's state has of it."""

    users: Users

    def serving(self, purpose: Purpose) -> Interactions:
        """The interactions of those who consent to a purpose."""

    @property
    def shelf(self) -> Any:
        """The shelf in use: its catalogue and prompts."""


class Predicting:
    """Predicts pairs for a tenant. Safe from several threads; each tenant's first call, and the first after FRESH_S, learns."""

    def __init__(self, source: _Source, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._made: OrderedDict[str, tuple[int, float, Predictions]] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def predict(self, records: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
        """One result a record, in order; an "error" stands in the place of one that cannot be predicted."""
        return predict_records(self._of(tenant), [("", record) for record in records])

    def _of(self, tenant: str) -> Predictions:
        catalog: Catalog = self._source.shelf.catalog
        with self._guard:
            lock = self._locks.setdefault(tenant, threading.Lock())
        with lock:
            held = self._made.get(tenant)
            if held is not None and held[0] == catalog.version and self._clock() - held[1] < FRESH_S:
                return held[2]
            pinned = catalog.pinned()
            made = self._learnt(pinned, self._source.shelf.prompts, tenant)
            with self._guard:
                self._made[tenant] = pinned.version, self._clock(), made
                self._made.move_to_end(tenant)
                while len(self._made) > _TENANTS:
                    self._made.popitem(last=False)
            return made

    def _learnt(self, catalog: Catalog, prompts: PromptLibrary, tenant: str) -> Predictions:
        counted, users = self._source.serving("analytics"), self._source.users
        own = self._source.serving("personalisation")
        return open_predictions(
            catalog,
            latest(counted, tenant),
            lambda user: own.of_user(users.of(user, tenant), tenant=tenant, limit=_HISTORY),
            prompts,
        )

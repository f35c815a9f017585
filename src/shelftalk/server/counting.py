"""Gaps are counted beside the answers: an answer only leaves a note in memory, a thread of its own reads and stores them.

Where the database does not take them they are kept, within bounds, and tried again. An orderly stop writes what is left.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError

from shelftalk.gaps import gaps_of
from shelftalk.server.answering import degraded
from shelftalk.server.db.gaps import AT_ONCE, DailyGap, Gaps, batched, day
from shelftalk.values import Answer

logger = logging.getLogger(__name__)

MOST_NOTES = 1000
MOST_GROUPS = 5000
_EVERY_S = 1.0
_PRUNE_EVERY_S = 600.0
_LAST_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Note:
    answer: Answer
    tenant: str
    earlier: tuple[str, ...]
    day: str


class Counting:
    """Counts the gaps that answers show. `days` says how long they are kept; `lost` is told of requests not counted; `held`
    gives the values that fields hold, which are no gaps."""

    def __init__(
        self, gaps: Gaps, *, days: Callable[[], int], lost: Callable[[int], None] = lambda requests: None,
        held: Callable[[], Collection[str]] = lambda: (), every_s: float = _EVERY_S,
    ) -> None:  # fmt: skip
        self._gaps, self._days, self._lost, self._values, self._every_s = gaps, days, lost, held, every_s
        self._notes: deque[_Note] = deque()
        self._held: dict[tuple[str, str, str, str, str], DailyGap] = {}
        self._lock = threading.Lock()
        self._noted, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="gaps", daemon=True)
        self._failing = False

    def start(self) -> Counting:
        """Itself, at work."""
        self._thread.start()
        return self

    def note(self, answer: Answer, *, tenant: str = "", earlier: Sequence[str] = ()) -> None:
        """Remembers an answer to be read for gaps; returns at once. `earlier` are the user's turns before it.

        Answers given without the language model are left out: what they miss the catalogue may well have.
        """
        if not (answer.intent.unanswered or answer.no_match) or degraded(answer):
            return
        with self._lock:
            full = len(self._notes) >= MOST_NOTES
            if not full:
                self._notes.append(_Note(answer, tenant, tuple(earlier), day()))
        if full:
            self._lost(1)
        self._noted.set()

    def close(self) -> None:
        """Writes what is left and ends; safe to call twice."""
        self._closing.set()
        self._noted.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        pruned = self._prune()
        while not self._closing.is_set():
            self._noted.wait(_PRUNE_EVERY_S)
            self._closing.wait(self._every_s)  # some more may come: they are written together
            self._noted.clear()
            self._read()
            if not self._write():
                self._noted.set()  # to be tried again
            if time.monotonic() - pruned > _PRUNE_EVERY_S:
                pruned = self._prune()
        self._read()
        for _ in range(_LAST_TRIES):
            if self._write():
                return
        logger.error("%d counts of gaps could not be stored", len(self._held))
        self._give_up()

    def _give_up(self) -> None:
        self._lost(sum(heard.requests for heard in self._held.values()))

    def _read(self) -> None:
        """Turns the notes into counts, so that no more than the words of wishes is kept."""
        while True:
            with self._lock:
                if not self._notes:
                    return
                note = self._notes.popleft()
            try:
                found = _heard(note, self._values())
            except Exception:
                logger.exception("an answer could not be read for gaps")
                continue
            for heard in found:
                if heard.group in self._held:
                    self._held[heard.group] += heard
                elif len(self._held) < MOST_GROUPS:
                    self._held[heard.group] = heard
                else:
                    self._lost(1)

    def _write(self) -> bool:
        """Whether all counts are on disk."""
        try:
            for some in batched(list(self._held.values()), AT_ONCE):
                self._gaps.add(some)
                for heard in some:
                    del self._held[heard.group]
        except (OperationalError, InterfaceError, TimeoutError) as error:  # locked, full or away
            if not self._failing:
                logger.warning("counts of gaps wait for the database: %s", type(error).__name__)
            self._failing = True
            return False
        except Exception:  # whatever it is, it must not stand in the way of all that follow
            logger.exception("counts of gaps could not be stored")
            self._give_up()
        self._failing = False
        self._held.clear()
        return True

    def _prune(self) -> float:
        """When it was done, on the monotonic clock."""
        try:
            self._gaps.prune(self._days())
        except SQLAlchemyError as error:
            logger.warning("old counts of gaps could not be deleted: %s", type(error).__name__)
        return time.monotonic()


def _heard(note: _Note, held: Collection[str]) -> list[DailyGap]:
    answer = note.answer
    found = gaps_of(
        answer.request, answer.intent, no_match=answer.no_match, relaxed=bool(answer.relaxed), earlier=note.earlier,
        held=held,
    )  # fmt: skip
    return [
        DailyGap(note.tenant, gap.what, gap.key, gap.kinds, note.day, gap.words, conversations=int(not gap.again))
        for gap in found
    ]

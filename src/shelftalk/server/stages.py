"""Which stage an answer is in, since when, and for how long it may stay there. Written and read on the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from shelftalk.errors import ShelftalkError
from shelftalk.pipeline import Event
from shelftalk.values import Answer

STAGES = ("understand", "retrieve", "rank", "explain")
_AFTER = {"understood": "retrieve", "candidates": "rank", "pick": "explain", "reason": "explain", "answer": "done"}


class TooSlow(ShelftalkError):
    """A stage, the wait in the queue or the whole answer took longer than it may; `stage` says which."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"no answer in time (stage {stage})")
        self.stage = stage


class Watcher(Protocol):
    """Who is told about the stages of answers in progress; called on the event loop."""

    def stage(self, name: str, started_ns: int, ended_ns: int, failed: str | None) -> None:
        """A stage (or "queue") ended, well or (`failed`: the kind of error) not. Times are Unix nanoseconds."""


class Silent:
    """Tells nobody."""

    def stage(self, name: str, started_ns: int, ended_ns: int, failed: str | None) -> None:
        """Nothing."""


class StageClock:
    """One answer's way through the stages. `limits` are seconds a stage, `total_s` those of all, the queue included."""

    def __init__(
        self,
        limits: Mapping[str, float] | None = None,
        total_s: float | None = None,
        watcher: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits, self._watcher, self._clock = limits or {}, watcher or Silent(), clock
        self._end = None if total_s is None else clock() + total_s
        self._at = ("queue", clock(), time.time_ns())

    @property
    def stage(self) -> str:
        """ "queue", a stage, or "done"."""
        return self._at[0]

    def begin(self) -> None:
        """The first stage begins: a place came free."""
        self._move("understand", None)

    def saw(self, event: Event) -> None:
        """An event ends its stage."""
        after = _AFTER[event.kind]
        if after == "done" and isinstance(event.value, Answer):
            while self.stage in STAGES and self.stage != "explain":  # an answer without picks passes through the rest
                self._move(STAGES[STAGES.index(self.stage) + 1], None)
        if after != self.stage:
            self._move(after, None)

    def failed(self, error: BaseException) -> None:
        """The current stage ends with an error."""
        if self.stage != "done":
            self._move("done", type(error).__name__)

    def left(self) -> float | None:
        """Seconds until the stage or the whole is over time (negative then), None without a limit."""
        stage, since, _ = self._at
        limit = self._limits.get(stage)
        ends = [end for end in (self._end, None if limit is None else since + limit) if end is not None]
        return min(ends) - self._clock() if ends else None

    def _move(self, to: str, failed: str | None) -> None:
        name, _, started = self._at
        now = time.time_ns()
        self._at = (to, self._clock(), now)
        self._watcher.stage(name, started, now, failed)

"""An answer over HTTP: whole, or as events. Where the language model fails, the record speaks, and the answer says so.

Events, in order: understood, candidates, pick (ranked, no reason yet), then for each pick claim (one checked statement)
and reason (the text, word by word, in `delta`), and last done (the whole answer) or error.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from shelftalk.errors import EngineError
from shelftalk.pipeline import Event, Shelf
from shelftalk.server.failures import Refused
from shelftalk.server.pool import Pool
from shelftalk.server.stages import StageClock, TooSlow, Watcher
from shelftalk.values import Answer, Intent, Pick, Request, Retrieval

logger = logging.getLogger(__name__)

DEGRADED = "this answer was made without it."  # the end of each note below
FELL_BACK = {
    "slow": f"The language model did not answer in time; {DEGRADED}",
    "loading": f"The language model is not ready yet; {DEGRADED}",
    "failed": f"The language model is not available; {DEGRADED}",
}


def degraded(answer: Answer) -> bool:
    """Whether the record answered in the language model's place."""
    return any(note in answer.notes for note in FELL_BACK.values())


_WORDS = re.compile(r"\S+\s*")


class Loading(EngineError):
    """The language model is not loaded yet."""

    def __init__(self) -> None:
        super().__init__("the language model is being loaded")


class AnswerService:
    """Answers requests from a pool of shelves; `fallback` is a pool without a language model, None to fail instead.

    `limits` (seconds a stage) and `limit_s` (the whole, with the wait in the queue) bound an answer of the model; past
    them the fallback answers (its own work takes well under a second). While `loading()` the model is not asked.
    `fell_back` is told why ("loading", "slow" or "failed") and at which stage.
    """

    def __init__(
        self,
        pool: Pool,
        fallback: Pool | None,
        *,
        limit_s: float,
        limits: Mapping[str, float] | None = None,
        loading: Callable[[], bool] = lambda: False,
        watcher: Watcher | None = None,
        fell_back: Callable[[str, str], None] = lambda why, stage: None,
    ) -> None:
        self.pool, self.fallback, self.limit_s, self.limits = pool, fallback, limit_s, limits or {}
        self._loading, self._watcher, self._fell_back = loading, watcher, fell_back

    async def answer(self, request: Request, *, shelf: Shelf | None = None) -> Answer:
        """The whole answer. Raises Busy, UsageError, and EngineError or Refused (504) where there is no fallback."""
        last: Answer | None = None
        async with contextlib.aclosing(self.events(request, shelf=shelf)) as events:
            async for event in events:
                if event.kind == "answer" and isinstance(event.value, Answer):
                    last = event.value
        if last is None:
            raise EngineError("the answer did not come to an end")
        return last

    async def events(
        self, request: Request, *, fall_back: bool = True, shelf: Shelf | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events of the path (of `shelf` where one is given: an experiment's variant); those of the fallback follow where the model fails on the way, unless not wanted."""
        progress = StageClock(self.limits, self.limit_s, self._watcher)
        stage = "queue"
        try:
            if self._loading():
                raise Loading
            async with contextlib.aclosing(self.pool.stream(request, progress, shelf)) as events:
                async for event in events:
                    stage = progress.stage
                    yield event
            return
        except (EngineError, TooSlow) as error:
            slow = isinstance(error, TooSlow)
            why = "slow" if slow else "loading" if isinstance(error, Loading) else "failed"
            stage = error.stage if isinstance(error, TooSlow) else stage
            logger.warning("no answer of the language model: %s at stage %s", why, stage)
            self._fell_back(why, stage)
            if self.fallback is None or not fall_back:
                if slow:
                    raise Refused(504, "timeout", f"no answer in time ({stage})") from error
                raise
        async with contextlib.aclosing(self.fallback.stream(request, StageClock(watcher=self._watcher))) as events:
            async for event in events:
                yield _marked(event, FELL_BACK[why])


def _marked(event: Event, note: str) -> Event:
    if isinstance(event.value, Answer):
        return replace(event, value=replace(event.value, notes=(*event.value.notes, note)))
    return event


def wire(event: Event) -> list[tuple[str, dict[str, Any]]]:
    """The named events that one step of the path becomes, with their JSON data."""
    value = event.value
    if isinstance(value, Intent):
        return [("understood", value.to_dict())]
    if isinstance(value, Retrieval):
        return [
            (
                "candidates",
                {
                    "found": len(value.candidates),
                    "matching": value.matching,
                    "seen": value.seen,
                    "relaxed": [c.to_dict() for c in value.relaxed],
                    "no_match": value.no_match,
                },
            )
        ]
    if isinstance(value, Answer):
        return [("done", value.to_dict())]
    if event.kind == "pick":
        return [("pick", value.to_dict())]
    return _reason(value)


def _reason(pick: Pick) -> list[tuple[str, dict[str, Any]]]:
    about = {"product_id": pick.product.id, "rank": pick.rank}
    claims = [("claim", {**about, **claim.to_dict()}) for claim in pick.claims]
    return [*claims, *(("reason", {**about, "delta": word}) for word in _WORDS.findall(pick.reason))]

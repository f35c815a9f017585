"""An answer over HTTP: whole, or as events. Where the language model fails, the record speaks, and the answer says so.

Events, in order: understood, candidates, pick (ranked, no reason yet), then for each pick claim (one checked statement)
and reason (the text, word by word, in `delta`), and last done (the whole answer) or error.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from shelftalk.errors import EngineError
from shelftalk.recommender import Event
from shelftalk.server.failures import Refused
from shelftalk.server.pool import Pool
from shelftalk.values import Answer, Intent, Pick, Request, Retrieval

logger = logging.getLogger(__name__)

DEGRADED = (
    "The language model did not answer in time; the order is retrieval's and the reasons are the record's own words."
)
_WORDS = re.compile(r"\S+\s*")


class Answering:
    """Answers requests from a pool of shelves; `fallback` is a pool without a language model, None to fail instead.

    `limit_s` bounds one answer of the model; past it the fallback answers (its own work takes well under a second).
    """

    def __init__(self, pool: Pool, fallback: Pool | None, *, limit_s: float) -> None:
        self.pool, self.fallback, self.limit_s = pool, fallback, limit_s

    async def answer(self, request: Request) -> Answer:
        """The whole answer. Raises Busy, UsageError, and EngineError or Refused (504) where there is no fallback."""
        last: Answer | None = None
        async for event in self.events(request):
            if event.kind == "answer" and isinstance(event.value, Answer):
                last = event.value
        if last is None:
            raise EngineError("the answer did not come to an end")
        return last

    async def events(self, request: Request) -> AsyncIterator[Event]:
        """The events of the path; those of the fallback follow where the model fails on the way."""
        try:
            async with asyncio.timeout(self.limit_s):
                async for event in self.pool.stream(request):
                    yield event
                return
        except (EngineError, TimeoutError) as error:
            logger.warning("the language model failed: %s", type(error).__name__)
            if self.fallback is None:
                if isinstance(error, TimeoutError):
                    raise Refused(504, "timeout", f"no answer within {self.limit_s:g} s") from error
                raise
        async for event in self.fallback.stream(request):
            yield _marked(event)


def _marked(event: Event) -> Event:
    if isinstance(event.value, Answer):
        return replace(event, value=replace(event.value, notes=(*event.value.notes, DEGRADED)))
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

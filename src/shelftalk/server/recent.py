"""The last answers that this process gave: when, how long each stage took, what came out. Bounded, in memory alone.

The request's words and the prompts are kept only where the setting serve.keep_requests says so.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from shelftalk.engines.base import Choice, Decoding, Engine, Generation
from shelftalk.pipeline import Event, Shelf
from shelftalk.server.answering import AnswerService, degraded
from shelftalk.server.failures import describe
from shelftalk.server.pool import Pool
from shelftalk.values import Answer, Explanation, Prompt, Request, Tokens

Finished = Callable[[Answer, Sequence[Explanation]], None]
_MOST = 200
_PROMPTS = 40


@dataclass(frozen=True, slots=True)
class PromptReply:
    """A prompt as the language model read it, and what it replied."""

    template: str
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One request; `outcome` is "picks", "no match", "not shopping" or the kind of error."""

    id: str
    at: datetime
    ms: float
    outcome: str
    failed: bool = False
    fell_back: bool = False
    picks: int = 0
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    tokens: Tokens = Tokens()
    prompts: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    request: str | None = None
    written: tuple[PromptReply, ...] = ()


class Recent:
    """The last 200 requests; `keep` says whether their words and prompts are kept too."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self._entries: deque[Entry] = deque(maxlen=_MOST)
        self._finished: deque[tuple[Answer, tuple[PromptReply, ...]]] = deque(maxlen=64)
        self._lock = threading.Lock()

    def entries(self) -> list[Entry]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._entries))

    def add(self, entry: Entry) -> None:
        """Notes a request; the oldest is forgotten."""
        with self._lock:
            self._entries.append(entry)

    def forget(self, texts: Collection[str]) -> int:
        """How many requests were forgotten: those in one of these wordings."""
        with self._lock:
            kept = [entry for entry in self._entries if entry.request is None or entry.request not in texts]
            gone = len(self._entries) - len(kept)
            self._entries = deque(kept, maxlen=_MOST)
            self._finished.clear()
            return gone

    def finished(self, answer: Answer, written: tuple[PromptReply, ...]) -> None:
        """What was asked of the model for an answer, until the answer is noted."""
        with self._lock:
            self._finished.append((answer, written))

    def written(self, answer: Answer) -> tuple[PromptReply, ...]:
        """What was asked of the model for that very answer."""
        with self._lock:
            return next((w for a, w in self._finished if a is answer), ())


class Recorded(AnswerService):
    """Answers, and notes each one."""

    def __init__(self, recent: Recent, pool: Pool, fallback: Pool | None, **options: Any) -> None:
        super().__init__(pool, fallback, **options)
        self.recent = recent

    async def events(
        self, request: Request, *, fall_back: bool = True, shelf: Shelf | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events, unchanged."""
        started, at = time.perf_counter(), datetime.now(UTC)
        answer: Answer | None = None
        failed: str | None = "left by the client"
        try:
            async with contextlib.aclosing(super().events(request, fall_back=fall_back, shelf=shelf)) as events:
                async for event in events:
                    if isinstance(event.value, Answer):
                        answer, failed = event.value, None
                    yield event
        except Exception as error:
            failed = describe(error)[1]
            raise
        finally:
            ms = (time.perf_counter() - started) * 1000
            self.recent.add(self._entry(request, at, ms, answer, failed))

    def _entry(self, request: Request, at: datetime, ms: float, answer: Answer | None, failed: str | None) -> Entry:
        number = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        text = request.request if self.recent.keep else None
        if answer is None:
            return Entry(number, at, ms, failed or "nothing", failed=True, request=text)
        outcome = "not shopping" if not answer.intent.shopping else "no match" if answer.no_match else "picks"
        return Entry(
            number, at, ms, outcome, fell_back=degraded(answer), picks=len(answer.picks),
            timings_ms=answer.timings_ms, tokens=answer.tokens, prompts=answer.prompts, model=answer.model,
            request=text, written=self.recent.written(answer),
        )  # fmt: skip


class Tap:
    """An engine that passes everything on and remembers the prompts of one answer, whose steps share a context."""

    def __init__(self, engine: Engine) -> None:
        self.inner, self.name, self.model = engine, engine.name, engine.model
        self._mine: contextvars.ContextVar[deque[PromptReply] | None] = contextvars.ContextVar("written", default=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def take(self) -> tuple[PromptReply, ...]:
        """What was asked for this answer since the last time."""
        written = self._written()
        self._mine.set(None)
        return tuple(written)

    def _written(self) -> deque[PromptReply]:
        written = self._mine.get()
        if written is None:
            written = deque(maxlen=_PROMPTS)
            self._mine.set(written)
        return written

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """The engine's own choices."""
        found = self.inner.choose(prompts, labels)
        self._note(prompts, [choice.best for choice in found])
        return found

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """The engine's own texts."""
        found = self.inner.generate(prompts, decoding)
        self._note(prompts, [generation.text for generation in found])
        return found

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The engine's own text, piece by piece."""
        pieces = []
        for piece in self.inner.stream(prompt, decoding):
            pieces.append(piece)
            yield piece
        self._note([prompt], ["".join(pieces)])

    def count_tokens(self, text: str) -> int:
        """The engine's own count."""
        return self.inner.count_tokens(text)

    def close(self) -> None:
        """Closes the engine."""
        self.inner.close()

    def _note(self, prompts: Sequence[Prompt], replies: Sequence[str]) -> None:
        for prompt, reply in zip(prompts, replies, strict=True):
            text = "\n".join(f"{m.role}: {m.content}" for m in prompt.messages)
            self._written().append(PromptReply(prompt.template, text, reply))


def watch(shelf: Shelf, recent: Recent, then: Finished) -> None:
    """Has a shelf tell of each finished answer, with the prompts behind it where they are kept."""
    taps: list[Tap] = []

    def tapped(engine: Engine) -> Engine:
        taps.append(Tap(engine.inner if isinstance(engine, Tap) else engine))
        return taps[-1]

    if recent.keep:
        shelf.tap(tapped)

    def told(answer: Answer, explanations: Sequence[Explanation]) -> None:
        if taps:
            recent.finished(answer, taps[-1].take())
        then(answer, explanations)

    shelf.finished = told

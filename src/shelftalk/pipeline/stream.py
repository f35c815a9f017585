"""The events of one request for threads that wait for them. Nothing is held between two events."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shelftalk.engines.call import Cancel, Cancelled, current, opened
from shelftalk.pipeline.state import Event, request_id

__all__ = ["EventStream"]


class EventStream(Iterator[Event]):
    """The events that `steps` make, each step the work of the thread that asks for the next event.

    Any thread may ask, or close the stream, several at once: each event goes to one of them, and a stream that is closed while a
    step works calls it off and does not wait for it. Those that ask at the same time wait for each other, and nobody else does.
    """

    def __init__(self, steps: Iterator[Sequence[Event]]) -> None:
        self._steps = steps
        self._ready: deque[Event] = deque()
        self._cancel, self._id = Cancel(), request_id()
        self._turn = threading.Lock()

    def __next__(self) -> Event:
        with self._turn:
            while not self._ready and not self._cancel.is_set:
                events = self._advance()
                if events is None:
                    raise StopIteration
                self._ready.extend(events)
            if self._cancel.is_set:
                self._end()
                raise StopIteration
            return self._ready.popleft()

    def close(self) -> None:
        """Ends the stream, and calls off what works for it; safe to call twice."""
        self._cancel.set()
        if self._turn.acquire(blocking=False):  # else whoever has it ends the stream
            try:
                self._end()
            finally:
                self._turn.release()

    def _advance(self) -> Sequence[Event] | None:
        """The events of the next step, None after the last. Raises Cancelled where the call that this thread works for is called off."""
        outer = current()
        call = replace(outer, cancel=self._cancel, id=outer.id or self._id)
        events: Sequence[Event] | None = None
        with contextlib.suppress(Cancelled), outer.cancel.hooked(self._cancel.set), opened(call):
            events = next(self._steps, None)
        outer.check()
        return events

    def _end(self) -> None:
        self._ready.clear()
        close = getattr(self._steps, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):
                close()

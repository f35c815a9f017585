"""One request as an async task: it takes the pipeline's steps one after the other on the workers and puts their events into a queue.

The queue is bounded: where nobody reads, the task stops working once it is full. Whoever leaves calls the work off; the task ends when
the step that runs has noticed (`ended`).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from shelftalk.engines.call import Call, current, opened
from shelftalk.pipeline.state import Event, request_id
from shelftalk.pipeline.workers import Workers

__all__ = ["ROOM", "RequestTask", "call_off_with", "on_workers"]

T = TypeVar("T")

ROOM = 8  # events that wait for their reader before the work stops


class RequestTask:
    """The task of one request; begin it in a running loop. Its events are read with `async for`, by one reader.

    `steps` are the request's events, some at a time, each time made by the work of `next`. `saw` is told of each event on the loop
    once there is room for it; `call` is opened around every step.
    """

    def __init__(
        self,
        steps: Iterator[Sequence[Event]],
        workers: Workers,
        call: Call,
        *,
        room: int = ROOM,
        saw: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.call = call
        self._steps, self._workers, self._saw = steps, workers, saw
        self._context = contextvars.copy_context()
        self._room = asyncio.Semaphore(room)
        self._events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    def leave(self) -> None:
        """Calls the work off; safe to call twice, and after the end."""
        self.call.cancel.set()
        self._room.release()  # a task that waits for room has to notice

    @property
    def ready(self) -> bool:
        """Whether an event waits to be read."""
        return not self._events.empty()

    async def next(self) -> Event | None:
        """The next event, None after the last. Raises what a step raised."""
        item = await self._events.get()
        self._room.release()
        if isinstance(item, BaseException):
            raise item
        return item

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self.next()) is not None:
            yield event

    async def _run(self) -> None:
        end: BaseException | None = None
        step: concurrent.futures.Future[Sequence[Event] | None] | None = None
        try:
            urgent = True  # the first event is soon there: whoever waits sees that it goes on
            while not self.call.cancel.is_set:
                step = self._workers.submit(self._step, urgent=urgent)
                events = await asyncio.wrap_future(step)
                if events is None:
                    break
                urgent = False
                for event in events:
                    await self._room.acquire()
                    self._saw(event)
                    self._events.put_nowait(event)
        except asyncio.CancelledError:  # the loop ends
            self.call.cancel.set()
            raise
        except BaseException as error:  # handed to the reader, whatever it is
            end = error
        finally:
            self._finish(step, end)

    def _step(self) -> Sequence[Event] | None:
        """The next events, None after the last; in a worker's thread."""
        return self._context.run(self._advance)

    def _advance(self) -> Sequence[Event] | None:
        with opened(self.call):
            if not self.call.cancel.is_set:
                events = next(self._steps, None)
                if not self.call.cancel.is_set:
                    return events
            _close(self._steps)
            return None

    def _finish(
        self, step: concurrent.futures.Future[Sequence[Event] | None] | None, end: BaseException | None
    ) -> None:
        if step is None or step.done() or step.cancel():
            _close(self._steps)
        if not self.ended.done():
            self.ended.set_result(None)
        self._events.put_nowait(end)


def _close(steps: Iterator[Sequence[Event]]) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        with contextlib.suppress(ValueError):  # a step runs: it closes when it ends, as it was called off
            close()


@contextlib.contextmanager
def call_off_with(outer: Call) -> Iterator[Call]:
    """A call of its own on behalf of `outer`'s, called off with it, and when this closes."""
    call = replace(outer, cancel=type(outer.cancel)(), id=outer.id or request_id())
    with outer.cancel.hooked(call.cancel.set):
        try:
            yield call
        finally:
            call.cancel.set()


async def on_workers(workers: Workers, work: Callable[[], T], *, urgent: bool = False) -> T:
    """What `work` returns, done by a worker. Where the task that awaits it is cancelled, the work is called off."""
    with call_off_with(current()) as call:
        context = contextvars.copy_context()

        def run() -> T:
            with opened(call):
                call.check()
                return work()

        return await asyncio.wrap_future(workers.submit(lambda: context.run(run), urgent=urgent))

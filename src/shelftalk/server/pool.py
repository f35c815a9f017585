"""Backpressure: so many requests are answered at a time, so many wait for a place, the rest is turned away at once.

A request that has a place is an async task of the pipeline, whose steps run on the process's workers (pipeline/workers.py). The pool
knows nothing of HTTP.

A place comes free when no worker is busy with it any more, whoever has stopped waiting; what a language model is doing for it is
called off at once (engines/call.py), so that a slow model holds no place. Who waits for the end is told of it when the place is free,
so that whoever asks next finds it so.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import TypeVar

import structlog

from shelftalk.engines.call import Call, opened
from shelftalk.errors import ShelftalkError
from shelftalk.pipeline import Event, Shelf
from shelftalk.pipeline.task import RequestTask
from shelftalk.pipeline.workers import shared_workers
from shelftalk.server.stages import StageClock, TooSlow
from shelftalk.values import Request

T = TypeVar("T")

# More events than an answer has: a reader that is slow holds no place.
_ROOM = 128

# The tenant on whose behalf the running request is answered; set once the caller is known.
TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("shelftalk_tenant", default="")


class Busy(ShelftalkError):
    """Every place is taken and the queue is full; `retry_after` is the number of seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many requests are waiting; try again in {retry_after} s")
        self.retry_after = retry_after


class Stopping(ShelftalkError):
    """The server is stopping: what is under way finishes, new work is refused."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; try again soon")


class Pool:
    """So many places at one shelf, which the pool does not close. `queue` is how many requests may wait beyond those being answered.

    `headers` gives what a language model's server is sent along with a request (a trace's context).
    """

    def __init__(
        self, shelf: Shelf, size: int, *, queue: int, headers: Callable[[], Mapping[str, str]] | None = None
    ) -> None:
        if size < 1:
            raise ValueError("a pool needs at least one place")
        self.size, self.queue = size, queue
        self._headers = headers or dict
        self._shelf = shelf
        self._free = asyncio.Semaphore(size)
        self._waiting = 0
        self._calls: set[Call] = set()
        self._stopping = self._stopped = False
        self._mean_s = 3.0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return self._waiting

    @property
    def ahead(self) -> int | None:
        """How many requests would be answered before a new one gets a place: None where one is free."""
        return self._waiting if self._free.locked() else None

    @property
    def active(self) -> int:
        """Requests being answered."""
        return len(self._calls)

    async def call(self, work: Callable[[Shelf], T], *, limit_s: float | None = None) -> T:
        """What `work` returns, run with the shelf by a worker.

        Raises Busy or Stopping at once, TooSlow after `limit_s`. The work is called off where the caller leaves.
        """
        progress = StageClock(total_s=limit_s)
        await self._enter(progress)
        with self._placed() as (call, free):
            context, loop = contextvars.copy_context(), asyncio.get_running_loop()

            def run() -> T:
                with opened(call):
                    return work(self._shelf)

            def done(_: concurrent.futures.Future[T]) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(free)

            future = shared_workers().submit(lambda: context.run(run))
            future.add_done_callback(done)
            return await _within(asyncio.wrap_future(future), progress)

    async def stream(
        self, request: Request, progress: StageClock | None = None, shelf: Shelf | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events of `Shelf.stream`, of the pool's shelf or of another one in its place. Leaving early, or TooSlow by `progress`, calls
        the work off."""
        progress = progress or StageClock()
        await self._enter(progress)
        with self._placed() as (call, free):
            progress.begin()
            try:
                task = (shelf or self._shelf).begin(request, call, room=_ROOM, saw=progress.saw)
            except BaseException as error:
                progress.failed(error)
                free()
                raise
            task.ended.add_done_callback(lambda _: free())
            try:
                while (event := await _next(task, progress)) is not None:
                    yield event
            except TooSlow:
                raise
            except Exception as error:
                progress.failed(error)
                raise
            finally:
                task.leave()

    async def drain(self, timeout_s: float) -> bool:
        """Refuses new work and waits for what is under way; whether all of it finished in that time.

        What did not is called off.
        """
        self._stopping = True
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            for call in list(self._calls):
                call.cancel.set()
            return False
        finally:
            self._stopped = True
        return True

    def admit(self) -> None:
        """Raises Busy or Stopping where a request would be turned away now."""
        if self._stopping:
            raise Stopping
        if self._free.locked() and self._waiting >= self.queue:
            raise Busy(max(1, round(self._mean_s * (self._waiting + 1) / self.size)))

    async def _enter(self, progress: StageClock) -> None:
        self.admit()
        self._waiting += 1
        self._empty.clear()
        try:
            left = progress.left()
            await asyncio.wait_for(self._free.acquire(), left)
        except TimeoutError as error:
            late = TooSlow("queue")
            progress.failed(late)
            raise late from error
        finally:
            self._waiting -= 1
            self._note_idle()

    @contextlib.contextmanager
    def _placed(self) -> Iterator[tuple[Call, Callable[[], None]]]:
        """While open, a request has its place: its call, which leaving calls off, and what frees the place, to be called once its work
        is done. Raises Stopping where the pool has stopped meanwhile."""
        if self._stopped:
            self._free.release()
            raise Stopping
        number = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        call = Call(tenant=TENANT.get(), headers=self._headers(), id=number)
        self._calls.add(call)
        self._empty.clear()
        began = time.perf_counter()

        def free() -> None:
            self._mean_s += 0.1 * (time.perf_counter() - began - self._mean_s)
            self._calls.discard(call)
            self._free.release()
            self._note_idle()

        try:
            yield call, free
        finally:
            call.cancel.set()

    def _note_idle(self) -> None:
        if not self._calls and not self._waiting:
            self._empty.set()


async def _next(task: RequestTask, progress: StageClock) -> Event | None:
    """The next event, None after the last; TooSlow where its stage takes too long. Time spent in handing events over does not count."""
    while not task.ready:
        left = progress.left()
        if left is not None and left <= 0:
            raise _late(progress)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(task.next(), left)
    return await task.next()


async def _within(future: asyncio.Future[T], progress: StageClock) -> T:
    try:
        return await asyncio.wait_for(future, progress.left())
    except TimeoutError as error:
        raise _late(progress) from error


def _late(progress: StageClock) -> TooSlow:
    late = TooSlow(progress.stage)
    progress.failed(late)
    return late

"""Requests answered side by side by one shelf, behind a bounded queue.

A Shelf is safe to share between threads. The pool lets so many requests work at a time, each in a thread, lets so many wait, and turns the
rest away at once. It knows nothing of HTTP.

A place comes free when its thread is done, whoever has stopped waiting; what a language model is doing for it is called off at once
(engines/call.py), so that a slow model holds no place. Who waits for the end is told of it when the place is free, so that whoever
asks next finds it so.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shelftalk.engines.call import Call, opened
from shelftalk.errors import ShelftalkError
from shelftalk.recommender import Shelf
from shelftalk.server.stages import StageClock, TooSlow
from shelftalk.values import Request
from shelftalk.work import Event

T = TypeVar("T")

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
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="shelftalk-answer")
        self._waiting = 0
        self._calls: set[Call] = set()
        self._stopping = False
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
        """What `work` returns, run with the shelf in a thread.

        Raises Busy or Stopping at once, TooSlow after `limit_s`. The work is called off where the caller leaves.
        """
        progress = StageClock(total_s=limit_s)
        await self._enter(progress)
        with self._working(work) as ended:
            return await _within(ended, progress)

    async def stream(self, request: Request, progress: StageClock | None = None) -> AsyncGenerator[Event, None]:
        """The events of `Shelf.stream`. Leaving early, or TooSlow by `progress`, calls the work off."""
        progress = progress or StageClock()
        await self._enter(progress)
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        call: list[Call] = []

        def put(event: Event) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, event)

        def work(shelf: Shelf) -> None:
            try:
                for event in shelf.stream(request):
                    progress.saw(event)
                    put(event)
                    if call and call[0].cancel.is_set:
                        break
            except BaseException as error:  # handed to the consumer, whatever it is
                progress.failed(error)
                raise

        progress.begin()
        with self._working(work, call) as ended:
            ended.add_done_callback(lambda end: queue.put_nowait(end.exception()))
            while (item := await _next(queue, progress)) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item

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
            self._threads.shutdown(wait=False)
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
    def _working(self, work: Callable[[Shelf], T], started: list[Call] | None = None) -> Iterator[asyncio.Future[T]]:
        """While open, `work` runs in a thread; leaving calls it off. The place comes free when the thread is done, and the
        future has the work's result once it is."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[T] = loop.create_future()
        call = Call(tenant=TENANT.get(), headers=self._headers())
        if started is not None:
            started.append(call)
        self._calls.add(call)
        self._empty.clear()
        began = time.perf_counter()
        context = contextvars.copy_context()

        def run() -> T:
            with opened(call):
                return work(self._shelf)

        def back() -> None:
            self._mean_s += 0.1 * (time.perf_counter() - began - self._mean_s)
            self._calls.discard(call)
            self._free.release()
            self._note_idle()

        def end(future: concurrent.futures.Future[T]) -> None:
            back()
            if ended.cancelled():
                return
            if (error := future.exception()) is None:
                ended.set_result(future.result())
            else:
                ended.set_exception(error)
                ended.exception()  # seen, so that asyncio does not log it where the caller has left

        def done(future: concurrent.futures.Future[T]) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(end, future)

        try:
            future = self._threads.submit(context.run, run)
        except RuntimeError as error:  # shut down in between
            back()
            raise Stopping from error
        future.add_done_callback(done)
        try:
            yield ended
        finally:
            call.cancel.set()

    def _note_idle(self) -> None:
        if not self._calls and not self._waiting:
            self._empty.set()


async def _next(queue: asyncio.Queue[T], progress: StageClock) -> T:
    """The next item; TooSlow where its stage takes too long. Time spent in handing items over does not count."""
    while queue.empty():
        left = progress.left()
        if left is not None and left <= 0:
            raise _late(progress)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(queue.get(), left)
    return queue.get_nowait()


async def _within(future: asyncio.Future[T], progress: StageClock) -> T:
    try:
        return await asyncio.wait_for(future, progress.left())
    except TimeoutError as error:
        raise _late(progress) from error


def _late(progress: StageClock) -> TooSlow:
    late = TooSlow(progress.stage)
    progress.failed(late)
    return late

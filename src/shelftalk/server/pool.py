"""Shelves that answer side by side, behind a bounded queue.

A Shelf answers one request at a time. The pool holds several over the same catalogue and the same engine, lends one to
each request, lets so many wait, and turns the rest away at once. It knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shelftalk.errors import ShelftalkError
from shelftalk.recommender import Event, Shelf
from shelftalk.values import Request

T = TypeVar("T")


class Busy(ShelftalkError):
    """Every shelf is taken and the queue is full; `retry_after` is the number of seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many requests are waiting; try again in {retry_after} s")
        self.retry_after = retry_after


class Stopping(ShelftalkError):
    """The server is stopping: what is under way finishes, new work is refused."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; try again soon")


class Pool:
    """Lends shelves. `queue` is how many requests may wait beyond those being answered.

    `shelves` share what is costly (catalogue, engine); the pool closes none of them.
    """

    def __init__(self, shelves: Sequence[Shelf], *, queue: int) -> None:
        if not shelves:
            raise ValueError("a pool needs at least one shelf")
        self.size, self.queue = len(shelves), queue
        self._idle = list(shelves)
        self._free = asyncio.Semaphore(len(shelves))
        self._threads = ThreadPoolExecutor(len(shelves), thread_name_prefix="shelftalk-answer")
        self._waiting = 0
        self._active = 0
        self._stopping = False
        self._mean_s = 3.0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def waiting(self) -> int:
        """Requests that wait for a shelf."""
        return self._waiting

    @property
    def active(self) -> int:
        """Requests being answered."""
        return self._active

    async def call(self, work: Callable[[Shelf], T]) -> T:
        """What `work` returns, run in a thread with a shelf of its own. Raises Busy or Stopping at once, without waiting."""
        async with self._lent() as shelf:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, shelf)

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """The events of `Shelf.stream`. Leaving early stops the work at its next event, and the shelf is lent again."""
        async with self._lent() as shelf:
            loop = asyncio.get_running_loop()
            queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
            left = threading.Event()

            def put(item: Event | BaseException | None) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(queue.put_nowait, item)

            def work() -> None:
                end: BaseException | None = None
                try:
                    for event in shelf.stream(request):
                        if left.is_set():
                            break
                        put(event)
                except BaseException as error:  # handed to the consumer, whatever it is
                    end = error
                put(end)

            task = loop.run_in_executor(self._threads, work)
            try:
                while (item := await queue.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    yield item
            finally:
                left.set()
                await asyncio.shield(asyncio.wait([asyncio.ensure_future(task)]))

    async def drain(self, timeout_s: float) -> bool:
        """Refuses new work and waits for what is under way; whether all of it finished in that time."""
        self._stopping = True
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            return False
        self._threads.shutdown(wait=False)
        return True

    def admit(self) -> None:
        """Raises Busy or Stopping where a request would be turned away now."""
        if self._stopping:
            raise Stopping
        if self._free.locked() and self._waiting >= self.queue:
            raise Busy(max(1, round(self._mean_s * (self._waiting + 1) / self.size)))

    @contextlib.asynccontextmanager
    async def _lent(self) -> AsyncIterator[Shelf]:
        self.admit()
        self._waiting += 1
        self._empty.clear()
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
            self._note_idle()
        shelf = self._idle.pop()
        self._active += 1
        self._empty.clear()
        started = time.perf_counter()
        try:
            yield shelf
        finally:
            self._mean_s += 0.1 * (time.perf_counter() - started - self._mean_s)
            self._idle.append(shelf)
            self._active -= 1
            self._free.release()
            self._note_idle()

    def _note_idle(self) -> None:
        if not self._active and not self._waiting:
            self._empty.set()

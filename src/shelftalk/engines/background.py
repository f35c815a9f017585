"""An event loop in a thread of its own, for engines whose calls must be called off while they wait on a network."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from shelftalk.engines.call import Cancelled, current, waiting
from shelftalk.errors import EngineError

__all__ = ["Background"]

T = TypeVar("T")
_END = object()


class Background:
    """Runs coroutines for threads that wait for them; what the current call called off is cancelled on the loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.closed = False
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns or raises. Raises Cancelled where the current call is called off."""
        future = self._submit(work)
        try:
            with current().cancel.hooked(future.cancel), waiting():
                return future.result()
        except concurrent.futures.CancelledError as error:
            raise self._gone() from error
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """What the async iterator yields; leaving early, or calling the call off, ends it."""
        ready: queue.SimpleQueue[Any] = queue.SimpleQueue()

        async def read() -> None:
            async for item in items:
                ready.put(item)

        future = self._submit(read())
        future.add_done_callback(lambda _: ready.put(_END))
        try:
            with current().cancel.hooked(future.cancel):
                while (item := _taken(ready)) is not _END:
                    yield item
            future.result()
        except concurrent.futures.CancelledError as error:
            raise self._gone() from error
        finally:
            future.cancel()

    def close(self, last: Callable[[], Awaitable[object]]) -> None:
        """Cancels what runs, awaits `last()` and ends the thread; safe to call twice."""
        if self.closed:
            return
        self.closed = True

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            with contextlib.suppress(Exception):
                await last()

        with contextlib.suppress(concurrent.futures.TimeoutError):
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    def _submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        if self.closed:
            work.close()
            raise self._gone()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _gone(self) -> EngineError:
        if current().cancel.is_set:
            return Cancelled()
        return EngineError("the connection to the language model's server was closed")


def _taken(ready: queue.SimpleQueue[Any]) -> Any:
    with waiting():
        return ready.get()

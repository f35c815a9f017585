"""The CPU work of this process's requests: as many jobs at a time as it has cores, each in a thread, off any event loop.

More threads than cores only take the interpreter from each other, and then every request is late. A job that waits for a language
model lends its place (`engines.call.waiting`): the next job begins, and the one that waited goes on at once when the model is
done, without waiting for a place, so that no thread that may hold something ever waits for another one. Of the jobs that wait the
most urgent begins first, the longest waiting of equals.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import TypeVar

from shelftalk.engines.call import holding

__all__ = ["Workers", "shared_workers"]

T = TypeVar("T")

MOST_THREADS = 256  # those that wait for a language model included


class Workers:
    """A bounded pool: `at_once` jobs work (by default one a core), `threads` at most have begun."""

    def __init__(self, at_once: int | None = None, threads: int = MOST_THREADS) -> None:
        self.at_once = at_once or _cores()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="shelftalk-worker")
        self._most = threads
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._number = count()
        self._working = self._begun = 0

    @property
    def working(self) -> int:
        """The jobs that work now, those that lent their place not counted."""
        return self._working

    def submit(self, work: Callable[[], T], *, urgent: bool = False) -> Future[T]:
        """The future of what `work` returns. Cancelling it before it has begun keeps it from beginning."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            heapq.heappush(self._waiting, (0 if urgent else 1, next(self._number), job))
            self._start()
        return future

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """While open, this thread's place is lent: it waits, and the next job may begin."""
        with self._lock:
            self._working -= 1
            self._start()
        try:
            yield
        finally:
            with self._lock:
                self._working += 1

    def close(self) -> None:
        """Begins nothing more and waits for what has begun; for tests, as the process's own workers stay."""
        with self._lock:
            self._waiting.clear()
        self._pool.shutdown()

    def _start(self) -> None:
        """Begins what may begin; the lock is held."""
        while self._waiting and self._working < self.at_once and self._begun < self._most:
            *_, job = heapq.heappop(self._waiting)
            self._working += 1
            self._begun += 1
            self._pool.submit(self._work, job)

    def _work(self, job: Callable[[], None]) -> None:
        try:
            with holding(self):
                job()
        finally:
            with self._lock:
                self._working -= 1
                self._begun -= 1
                self._start()


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_shared: list[Workers] = []
_sharing = threading.Lock()


def shared_workers() -> Workers:
    """The workers of this process."""
    with _sharing:
        if not _shared:
            _shared.append(Workers())
        return _shared[0]

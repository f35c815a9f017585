"""The pool lends shelves, keeps a bounded queue, and takes a shelf back whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from shelftalk.recommender import Event
from shelftalk.server.pool import Busy, Pool, Stopping
from shelftalk.values import Answer, Intent, Request


class SlowShelf:
    """Streams an intent at once, and its answer when `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.closed = False

    def stream(self, request: Request) -> Iterator[Event]:
        try:
            yield Event("understood", Intent(query=request.request))
            self.go.wait(5)
            yield Event("answer", Answer(request.id, request.request, Intent()))
        finally:
            self.closed = True


async def _ask(pool: Pool, text: str) -> str:
    last = [event async for event in pool.stream(Request(text))][-1].value
    assert isinstance(last, Answer)
    return last.request


def test_each_request_gets_its_own_answer_when_several_share_few_shelves() -> None:
    async def run() -> None:
        shelves = [SlowShelf(), SlowShelf()]
        for shelf in shelves:
            shelf.go.set()
        pool = Pool(shelves, queue=20)  # type: ignore[arg-type]
        asked = [f"request {i}" for i in range(20)]
        assert await asyncio.gather(*(_ask(pool, text) for text in asked)) == asked
        assert (pool.active, pool.waiting) == (0, 0)

    asyncio.run(run())


def test_a_request_beyond_the_queue_is_turned_away_at_once_with_a_time_to_come_back() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool([shelf], queue=1)  # type: ignore[list-item]
        first, second = asyncio.create_task(_ask(pool, "a")), asyncio.create_task(_ask(pool, "b"))
        await asyncio.sleep(0.05)
        with pytest.raises(Busy) as turned_away:
            await _ask(pool, "c")
        assert turned_away.value.retry_after >= 1
        shelf.go.set()
        assert await asyncio.gather(first, second) == ["a", "b"]

    asyncio.run(run())


def test_a_client_that_leaves_frees_the_shelf_for_the_next() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool([shelf], queue=0)  # type: ignore[list-item]
        events = pool.stream(Request("a"))
        await anext(events)
        leaving = asyncio.create_task(events.aclose())
        shelf.go.set()
        await leaving
        assert shelf.closed
        assert await _ask(pool, "b") == "b"

    asyncio.run(run())


def test_draining_lets_what_is_under_way_finish_and_refuses_the_rest() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool([shelf], queue=5)  # type: ignore[list-item]
        under_way = asyncio.create_task(_ask(pool, "a"))
        await asyncio.sleep(0.05)
        draining = asyncio.create_task(pool.drain(5))
        await asyncio.sleep(0.05)
        with pytest.raises(Stopping):
            await _ask(pool, "b")
        shelf.go.set()
        assert await draining
        assert await under_way == "a"

    asyncio.run(run())

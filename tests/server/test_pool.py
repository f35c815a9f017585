"""The pool lends places, keeps a bounded queue, and takes a place back whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from shelftalk.engines.call import Call, Cancelled, current
from shelftalk.pipeline import Event
from shelftalk.pipeline.task import RequestTask
from shelftalk.pipeline.workers import shared_workers
from shelftalk.server.pool import TENANT, Busy, Pool, Stopping
from shelftalk.server.stages import StageClock, TooSlow
from shelftalk.values import Answer, Intent, Request

FOREVER = 60  # seconds after which a test has failed, however busy the machine is


class Clock:
    """A clock that stands until it is put forward, so that no test depends on how long anything takes."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def until(what: Callable[[], bool]) -> None:
    while not what():
        await asyncio.sleep(0)


def run_to_the_end(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, FOREVER))


class Steps:
    """A shelf whose events are those of `stream`, one a step."""

    def begin(self, request: Request, call: Call, *, room: int, saw: Callable[[Event], None]) -> RequestTask:
        steps = ((event,) for event in self.stream(request))
        return RequestTask(steps, shared_workers(), call, room=room, saw=saw)


class SlowShelf(Steps):
    """Streams an intent at once, and its answer when `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.closed = False

    def stream(self, request: Request) -> Iterator[Event]:
        try:
            yield Event("understood", Intent(query=request.request))
            self.go.wait(FOREVER)
            yield Event("answer", Answer(request.id, request.request, Intent()))
        finally:
            self.closed = True


async def _ask(pool: Pool, text: str) -> str:
    last = [event async for event in pool.stream(Request(text))][-1].value
    assert isinstance(last, Answer)
    return last.request


def test_each_request_gets_its_own_answer_when_several_share_few_places() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        shelf.go.set()
        pool = Pool(shelf, 2, queue=20)  # type: ignore[arg-type]
        asked = [f"request {i}" for i in range(20)]
        assert await asyncio.gather(*(_ask(pool, text) for text in asked)) == asked
        assert (pool.active, pool.waiting) == (0, 0)

    run_to_the_end(run())


def test_a_request_beyond_the_queue_is_turned_away_at_once_with_a_time_to_come_back() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool(shelf, 1, queue=1)  # type: ignore[arg-type]
        first, second = asyncio.create_task(_ask(pool, "a")), asyncio.create_task(_ask(pool, "b"))
        await until(lambda: (pool.active, pool.waiting) == (1, 1))
        with pytest.raises(Busy) as turned_away:
            await _ask(pool, "c")
        assert turned_away.value.retry_after >= 1
        shelf.go.set()
        assert await asyncio.gather(first, second) == ["a", "b"]

    run_to_the_end(run())


def test_a_client_that_leaves_frees_the_shelf_for_the_next() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool(shelf, 1, queue=0)  # type: ignore[arg-type]
        events = pool.stream(Request("a"))
        await anext(events)
        await events.aclose()
        assert pool.active == 1, "the thread is not done with the shelf yet"
        shelf.go.set()
        await until(lambda: not pool.active)
        assert shelf.closed
        assert await _ask(pool, "b") == "b"

    run_to_the_end(run())


def test_draining_lets_what_is_under_way_finish_and_refuses_the_rest() -> None:
    async def run() -> None:
        shelf = SlowShelf()
        pool = Pool(shelf, 1, queue=5)  # type: ignore[arg-type]
        under_way = asyncio.create_task(_ask(pool, "a"))
        await until(lambda: pool.active == 1)
        draining = asyncio.create_task(pool.drain(FOREVER))
        await asyncio.sleep(0)  # it has begun
        with pytest.raises(Stopping):
            await _ask(pool, "b")
        shelf.go.set()
        assert await draining
        assert await under_way == "a"

    run_to_the_end(run())


class HangingShelf(Steps):
    """Understands at once, then asks a language model that answers only when it is called off."""

    def stream(self, request: Request) -> Iterator[Event]:
        yield Event("understood", Intent(query=current().tenant))
        if request.request != "quick":
            off = threading.Event()
            with current().cancel.hooked(off.set):
                off.wait(FOREVER)
            raise Cancelled
        yield Event("answer", Answer(request.id, request.request, Intent()))


@pytest.mark.parametrize(
    ("limits", "total"), [({"retrieve": 0.1}, 5.0), ({}, 0.1), ({"rank": 0.1}, 0.1)], ids=["stage", "whole", "both"]
)
def test_a_stage_that_takes_too_long_is_called_off_and_its_shelf_is_free_again(
    limits: dict[str, float], total: float
) -> None:
    async def run() -> None:
        clock = Clock()
        pool = Pool(HangingShelf(), 1, queue=0)  # type: ignore[arg-type]
        events = pool.stream(Request("a"), StageClock(limits, total, clock=clock))
        assert (await anext(events)).kind == "understood"
        clock.now = 1.0 if limits.get("retrieve") else 6.0
        with pytest.raises(TooSlow) as late:
            await anext(events)
        assert late.value.stage == "retrieve"
        await until(lambda: not pool.active)
        assert await _ask(pool, "quick") == "quick"

    run_to_the_end(run())


def test_waiting_in_the_queue_counts_against_the_whole() -> None:
    async def run() -> None:
        pool = Pool(HangingShelf(), 1, queue=1)  # type: ignore[arg-type]
        first = pool.stream(Request("a"))
        await anext(first)
        with pytest.raises(TooSlow) as late:
            await anext(pool.stream(Request("b"), StageClock(total_s=0.1)))
        assert late.value.stage == "queue"
        assert pool.waiting == 0
        await first.aclose()

    run_to_the_end(run())


def test_a_slow_reader_is_not_taken_for_a_slow_stage() -> None:
    async def run() -> None:
        pool = Pool(HangingShelf(), 1, queue=0)  # type: ignore[arg-type]
        clock = Clock()
        events = pool.stream(Request("quick"), StageClock({"retrieve": 0.7}, 0.9, clock=clock))
        await anext(events)
        await until(lambda: not pool.active)
        clock.now = 100.0
        assert (await anext(events)).kind == "answer"

    run_to_the_end(run())


def test_a_drain_that_runs_out_of_time_calls_the_rest_off() -> None:
    async def run() -> None:
        pool = Pool(HangingShelf(), 1, queue=0)  # type: ignore[arg-type]
        events = pool.stream(Request("a"))
        await anext(events)
        assert not await pool.drain(0.05)
        with pytest.raises(Cancelled):
            await anext(events)

    run_to_the_end(run())


def test_the_thread_that_answers_knows_the_tenant() -> None:
    async def run() -> None:
        pool = Pool(HangingShelf(), 1, queue=0)  # type: ignore[arg-type]
        TENANT.set("acme")
        events = [event async for event in pool.stream(Request("quick"))]
        assert isinstance(events[0].value, Intent)
        assert events[0].value.query == "acme"

    run_to_the_end(run())

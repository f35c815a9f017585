"""Streams hold nothing between two events: any thread may go on with one or close it, and a task stops when nobody wants it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shelftalk import Event, Request, Shelf, load_settings
from shelftalk.engines.call import Call, Cancelled, current, opened
from shelftalk.engines.fake import FakeEngine
from shelftalk.pipeline.stream import EventStream
from shelftalk.pipeline.task import ROOM, RequestTask, on_workers
from shelftalk.pipeline.workers import Workers
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Answer, Intent

KINDS = ("understood", "candidates", "pick", "reason", "answer")
LATE_S = 60  # only a test that hangs takes so long


def until(stream: Iterator[Event], kind: str) -> Event:
    """The first event of that kind."""
    return next(event for event in stream if event.kind == kind)


def first(shelf: Shelf, text: str) -> str:
    return shelf.ask(text).picks[0].product.id


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_closed_by_another_thread_after_any_event_and_the_shelf_goes_on(shelf: Shelf, kind: str) -> None:
    stream = shelf.stream("a red kettle")
    until(stream, kind)
    with ThreadPoolExecutor(1) as other:
        other.submit(stream.close).result(LATE_S)
        assert other.submit(next, stream, None).result(LATE_S) is None
        assert other.submit(first, shelf, "the cheapest kettle").result(LATE_S) == "k1"


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_goes_on_in_another_thread_after_any_event_and_ends_in_the_same_answer(
    shelf: Shelf, kind: str
) -> None:
    whole = shelf.ask("a red kettle")
    stream = shelf.stream("a red kettle")
    held = until(stream, kind)
    with ThreadPoolExecutor(1) as other:
        rest = other.submit(list, stream).result(LATE_S)
    last = (rest or [held])[-1].value
    assert isinstance(last, Answer)
    assert last.picks == whole.picks


def test_several_threads_that_go_on_with_one_stream_at_once_get_each_event_once(shelf: Shelf) -> None:
    stream = shelf.stream("a kettle")
    start = threading.Barrier(4)

    def some() -> list[Event]:
        start.wait(LATE_S)
        return list(stream)

    with ThreadPoolExecutor(4) as pool:
        shares = [pool.submit(some) for _ in range(4)]
        kinds = [event.kind for share in shares for event in share.result(LATE_S)]
    assert sorted(kinds) == sorted(event.kind for event in shelf.stream("a kettle"))


def hanging(entered: threading.Event) -> Any:
    """What a language model replies that answers only when it is called off."""

    def reply(prompt: Any) -> str:
        off = threading.Event()
        with current().cancel.hooked(off.set):
            entered.set()
            assert off.wait(LATE_S), "nobody called it off"
        raise Cancelled

    return reply


@pytest.fixture
def stuck(shelf: Shelf) -> Iterator[tuple[Shelf, threading.Event]]:
    """A shelf whose language model hangs over the reasons, and what is set once it does."""
    settings = load_settings(explain={"mode": "model"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    entered = threading.Event()
    with Shelf(shelf.catalog, settings, PromptLibrary.default(), FakeEngine(default=hanging(entered))) as opened:
        yield opened, entered


def test_closing_a_stream_while_another_thread_works_on_it_calls_the_model_off_and_does_not_wait(
    stuck: tuple[Shelf, threading.Event],
) -> None:
    shelf, entered = stuck
    stream = shelf.stream("a red kettle")
    with ThreadPoolExecutor(1) as other:
        rest = other.submit(list, stream)
        assert entered.wait(LATE_S)
        stream.close()
        assert "answer" not in [event.kind for event in rest.result(LATE_S)]


def test_a_stream_that_is_advanced_on_behalf_of_a_call_is_called_off_with_it(shelf: Shelf) -> None:
    stream, call = shelf.stream("a red kettle"), Call()
    with opened(call):
        next(stream)
        call.cancel.set()
        with pytest.raises(Cancelled):
            next(stream)


def test_a_call_that_is_called_off_while_its_stream_waits_for_the_model_calls_the_model_off(
    stuck: tuple[Shelf, threading.Event],
) -> None:
    shelf, entered = stuck
    stream, call = shelf.stream("a red kettle"), Call()

    def work() -> list[Event]:
        with opened(call):
            return list(stream)

    with ThreadPoolExecutor(1) as other:
        working = other.submit(work)
        assert entered.wait(LATE_S)
        call.cancel.set()
        with pytest.raises(Cancelled):
            working.result(LATE_S)


def test_an_error_of_a_step_reaches_the_thread_that_asks_and_ends_the_stream() -> None:
    def steps() -> Iterator[tuple[Event, ...]]:
        yield (Event("understood", Intent()),)
        raise ValueError("broken")

    stream = EventStream(steps())
    next(stream)
    with pytest.raises(ValueError, match="broken"):
        next(stream)
    assert list(stream) == []


def run(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, LATE_S))


class Counted:
    """Steps of one event each that tell how many were taken, and whether they were closed."""

    def __init__(self, steps: int) -> None:
        self.taken, self.closed, self._steps = 0, threading.Event(), steps

    def __iter__(self) -> Iterator[tuple[Event, ...]]:
        try:
            for _ in range(self._steps):
                self.taken += 1
                yield (Event("understood", Intent()),)
        finally:
            self.closed.set()


def test_a_slow_reader_stops_the_work_once_the_queue_is_full() -> None:
    steps = Counted(1000)

    async def read() -> None:
        workers = Workers(1)
        task = RequestTask(iter(steps), workers, Call())
        await task.next()
        while steps.taken < ROOM + 2:
            await asyncio.sleep(0)
        for _ in range(20):  # what the task might begin would come before these
            await on_workers(workers, lambda: None)
        assert steps.taken == ROOM + 2, "those in the queue, the one read, and the one that waits for room"
        await task.next()
        task.leave()
        await task.ended
        assert steps.closed.is_set()
        assert steps.taken <= ROOM + 3

    run(read())


def test_every_event_reaches_a_reader_in_order_whatever_the_room() -> None:
    async def read() -> list[Event]:
        steps = iter([tuple(Event("understood", Intent(limit=n)) for n in range(start, start + 5)) for start in (0, 5)])
        return [event async for event in RequestTask(steps, Workers(2), Call(), room=1)]

    assert [event.value.limit for event in run(read())] == list(range(10))  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["understood", "candidates", "pick"])
def test_a_consumer_that_leaves_a_stream_calls_the_work_off(stuck: tuple[Shelf, threading.Event], kind: str) -> None:
    shelf, _ = stuck

    async def read() -> int:
        before = asyncio.all_tasks()
        async with contextlib.aclosing(shelf.astream("a red kettle")) as events:
            async for event in events:
                if event.kind == kind:
                    break
        left = asyncio.all_tasks() - before
        await asyncio.gather(*left)  # ends, though the model would hang
        return len(left)

    assert run(read()) <= 1


def test_cancelling_who_reads_a_stream_calls_the_model_off(stuck: tuple[Shelf, threading.Event]) -> None:
    shelf, entered = stuck

    async def read() -> None:
        async def all_of_it() -> list[Event]:
            return [event async for event in shelf.astream("a red kettle")]

        reading = asyncio.create_task(all_of_it())
        await asyncio.to_thread(entered.wait, LATE_S)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    run(read())  # the loop's end would wait for a worker that hangs


def test_cancelling_who_waits_for_an_answer_calls_the_model_off(stuck: tuple[Shelf, threading.Event]) -> None:
    shelf, entered = stuck

    async def ask() -> None:
        asking = asyncio.create_task(shelf.aask("a red kettle"))
        await asyncio.to_thread(entered.wait, LATE_S)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(ask())


def test_requests_of_one_loop_are_answered_side_by_side_without_a_mix_up(shelf: Shelf) -> None:
    asked = {"the cheapest kettle": "k1", "a black kettle": "k4", "a teapot of glass": "t1"}

    async def ask() -> list[Answer]:
        async def last(text: str) -> Any:
            return [event async for event in shelf.astream(text)][-1].value

        return await asyncio.gather(*(last(text) for text in list(asked) * 8))

    answers = run(ask())
    assert [(a.request, a.picks[0].product.id) for a in answers] == list(asked.items()) * 8


def test_a_request_of_a_task_may_be_refused_before_anything_begins(shelf: Shelf) -> None:
    async def begin() -> None:
        shelf.begin(Request(""), Call())

    with pytest.raises(Exception, match="empty"):
        run(begin())

"""The workers: as many jobs as cores, the urgent first, and a job that waits for a model lends its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from shelftalk.engines.call import waiting
from shelftalk.pipeline.workers import Workers, shared_workers

LATE_S = 60


@pytest.fixture
def one() -> Iterator[Workers]:
    workers = Workers(1)
    yield workers
    workers.close()


def test_no_more_jobs_work_at_a_time_than_allowed() -> None:
    workers, most, now, lock = Workers(2), [0], [0], threading.Lock()

    def job() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        with lock:
            now[0] -= 1

    for future in [workers.submit(job) for _ in range(50)]:
        future.result(LATE_S)
    workers.close()
    assert most[0] <= 2


def test_the_urgent_come_first_and_equals_in_their_order(one: Workers) -> None:
    go, done = threading.Event(), []
    futures = [one.submit(lambda: go.wait(LATE_S))]
    futures += [one.submit(lambda n=n: done.append(n), urgent=n >= 3) for n in range(5)]  # type: ignore[misc]
    go.set()
    for future in futures:
        future.result(LATE_S)
    assert done == [3, 4, 0, 1, 2]


def test_a_job_that_waits_for_a_model_lends_its_place_and_goes_on_without_waiting_for_one(one: Workers) -> None:
    answered, second_works, go = threading.Event(), threading.Event(), threading.Event()

    def asks() -> int:
        with waiting():
            assert answered.wait(LATE_S)
        return one.working

    def works() -> None:
        second_works.set()
        assert go.wait(LATE_S)

    first, second = one.submit(asks), one.submit(works)
    assert second_works.wait(LATE_S), "it began while the first waits"
    answered.set()
    assert first.result(LATE_S) == 2, "the first went on while the second holds the place"
    go.set()
    second.result(LATE_S)


def test_outside_of_the_workers_waiting_is_nothing() -> None:
    with waiting():
        assert shared_workers() is shared_workers()


def test_what_a_job_raises_is_its_futures_and_the_place_is_free_again(one: Workers) -> None:
    def fails() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        one.submit(fails).result(LATE_S)
    assert one.submit(lambda: "next").result(LATE_S) == "next"


def test_a_job_cancelled_before_it_begins_never_does(one: Workers) -> None:
    go, ran = threading.Event(), []
    first = one.submit(lambda: go.wait(LATE_S))
    second = one.submit(lambda: ran.append(1))
    assert second.cancel()
    go.set()
    first.result(LATE_S)
    one.submit(lambda: None).result(LATE_S)
    assert ran == []

"""Threads share one engine: what waits goes together, answers go to whom they belong, and one caller's fault or leaving is its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from shelftalk.engines.base import Choice, Decoding, Engine, Generation
from shelftalk.engines.call import Call, Cancelled, opened
from shelftalk.engines.shared import MOST_PROMPTS, SharedEngine
from shelftalk.errors import EngineError
from shelftalk.values import Message, Prompt


class Slow:
    """Writes what it is asked; the first batch waits until it is let go."""

    name, model = "slow", "none"

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.began, self.go = threading.Event(), threading.Event()
        self.closed = False

    def _run(self, prompts: Sequence[Prompt]) -> None:
        self.batches.append(len(prompts))
        self.began.set()
        assert self.go.wait(20)
        if any("bad" in p.messages[0].content for p in prompts):
            raise EngineError("too long")

    def generate(self, prompts: Sequence[Prompt], decoding: Sequence[Decoding]) -> list[Generation]:
        self._run(prompts)
        return [Generation(f"{p.messages[0].content} {d.max_tokens}") for p, d in zip(prompts, decoding, strict=True)]

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        self._run(prompts)
        return [Choice({label: float(p.messages[0].content == label) for label in labels}) for p in prompts]

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        self.closed = True


def says(text: str) -> Prompt:
    return Prompt((Message("user", text),))


@pytest.fixture
def slow() -> Slow:
    return Slow()


def waiting(shared: SharedEngine, many: int) -> None:
    """Returns once so many callers wait."""
    with shared._change:
        pass
    for _ in range(2000):
        if len(shared._waiting) >= many:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{len(shared._waiting)} wait")


def put(pool: ThreadPoolExecutor, work: Callable[[], object], call: Call | None = None):
    def run() -> object:
        with opened(call or Call()):
            return work()

    return pool.submit(run)


def test_what_waits_goes_in_one_batch_and_every_caller_gets_its_own(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    assert isinstance(shared, Engine)
    with ThreadPoolExecutor(12) as pool:
        first = put(pool, lambda: shared.generate([says("first")], Decoding(max_tokens=1)))
        assert slow.began.wait(20)
        more = [
            put(pool, lambda n=n: shared.generate([says(f"{n}a"), says(f"{n}b")], Decoding(max_tokens=n)))
            for n in range(8)
        ]
        waiting(shared, 8)
        slow.go.set()
        assert [g.text for g in first.result(20)] == ["first 1"]
        for n, one in enumerate(more):
            assert [g.text for g in one.result(20)] == [f"{n}a {n}", f"{n}b {n}"]
    assert slow.batches == [1, 16]
    shared.close()
    assert slow.closed


def test_choices_of_other_labels_and_of_another_tenant_go_apart_and_no_batch_grows_too_large(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    with ThreadPoolExecutor(12) as pool:
        first = put(pool, lambda: shared.choose([says("a")], ["a", "b"]))
        assert slow.began.wait(20)
        alike = [put(pool, lambda: shared.choose([says("b")], ["a", "b"])) for _ in range(2)]
        other = put(pool, lambda: shared.choose([says("c")], ["c", "d"]))
        tenant = put(pool, lambda: shared.choose([says("b")], ["a", "b"]), Call(tenant="shop"))
        large = [put(pool, lambda: shared.choose([says("d")] * (MOST_PROMPTS - 1), ["c", "d"])) for _ in range(2)]
        waiting(shared, 6)
        slow.go.set()
        assert first.result(20)[0].best == "a"
        assert [one.result(20)[0].best for one in (*alike, other, tenant)] == ["b", "b", "c", "b"]
        assert {c.best for one in large for c in one.result(20)} == {"d"}
    assert max(slow.batches) <= MOST_PROMPTS
    assert sorted(slow.batches) == sorted([1, 2, MOST_PROMPTS, 1, MOST_PROMPTS - 1])
    shared.close()


def test_a_prompt_that_fails_fails_its_own_caller_alone(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        first = put(pool, lambda: shared.generate([says("first")], Decoding()))
        assert slow.began.wait(20)
        good = put(pool, lambda: shared.generate([says("good")], Decoding(max_tokens=2)))
        bad = put(pool, lambda: shared.generate([says("bad")], Decoding()))
        waiting(shared, 2)
        slow.go.set()
        first.result(20)
        assert good.result(20)[0].text == "good 2"
        with pytest.raises(EngineError, match="too long"):
            bad.result(20)
    shared.close()


def test_who_leaves_is_let_go_at_once_and_is_not_asked_for(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    call = Call()
    with ThreadPoolExecutor(4) as pool:
        first = put(pool, lambda: shared.generate([says("first")], Decoding()))
        assert slow.began.wait(20)
        gone = put(pool, lambda: shared.generate([says("gone")], Decoding()), call)
        waiting(shared, 1)
        call.cancel.set()
        with pytest.raises(Cancelled):
            gone.result(20)
        slow.go.set()
        first.result(20)
    assert slow.batches == [1]
    shared.close()


def test_closing_fails_what_waits_and_later_calls(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        first = put(pool, lambda: shared.generate([says("first")], Decoding()))
        assert slow.began.wait(20)
        late = put(pool, lambda: shared.generate([says("late")], Decoding()))
        waiting(shared, 1)
        end = pool.submit(shared.close)
        with pytest.raises(EngineError, match="closed"):
            late.result(20)
        slow.go.set()
        first.result(20)
        end.result(20)
    with pytest.raises(EngineError, match="closed"):
        shared.generate([says("after")], Decoding())
    shared.close()


def test_nothing_asked_is_nothing_answered_and_lengths_must_agree(slow: Slow) -> None:
    shared = SharedEngine(slow)  # type: ignore[arg-type]
    assert shared.generate([], Decoding()) == []
    assert shared.count_tokens("a b c") == 3
    with pytest.raises(ValueError, match="2 decodings"):
        shared.generate([says("a")], [Decoding(), Decoding()])
    slow.go.set()
    assert list(shared.stream(says("a"), Decoding(max_tokens=3))) == ["a 3"]
    shared.close()

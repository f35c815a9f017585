"""Several servers are one engine: the least busy healthy one is asked, and one that fails is gone round."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.server.helpers import StandIn, stand_in, until

from shelftalk.engines import Decoding
from shelftalk.engines.fake import prompt
from shelftalk.errors import EngineError
from shelftalk.server.upstreams import Upstreams

HELLO = prompt("hello")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[StandIn, StandIn]]:
    with stand_in() as one, stand_in() as two:
        yield one, two


@pytest.fixture
def engine(servers: tuple[StandIn, StandIn]) -> Iterator[Upstreams]:
    for server in servers:
        server.mood("well")
    made = Upstreams([server.address for server in servers], every_s=0.1, patience_s=0.5).start()
    until(lambda: [up for up, _, _ in made.states()] == [True, True])
    yield made
    made.close()


def _asked(servers: tuple[StandIn, StandIn]) -> list[int]:
    return [server.seen()["asked"] for server in servers]


def test_requests_are_spread(engine: Upstreams, servers: tuple[StandIn, StandIn]) -> None:
    before = _asked(servers)
    for _ in range(10):
        engine.generate([HELLO], Decoding())
    assert [now - then for now, then in zip(_asked(servers), before, strict=True)] == [5, 5]
    assert engine.model == "small"


def test_the_one_with_the_least_under_way_is_asked(engine: Upstreams, servers: tuple[StandIn, StandIn]) -> None:
    servers[0].mood("slow")
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(engine.generate, [HELLO], Decoding()) for _ in range(2)]
        until(lambda: engine.states()[0][1] == 1)
        until(lambda: engine.states()[1][1] == 0)
        before = _asked(servers)[1]
        for _ in range(4):
            engine.generate([HELLO], Decoding())
        assert _asked(servers)[1] == before + 4
        engine.close()  # ends what is still under way
        assert sum(f.exception() is not None for f in waiting) == 1


def test_a_failing_server_is_gone_round_and_comes_back(engine: Upstreams, servers: tuple[StandIn, StandIn]) -> None:
    servers[0].mood("broken")
    for _ in range(6):
        assert engine.generate([HELLO], Decoding())[0].text
    servers[0].mood("well")
    until(lambda: all(up for up, _, _ in engine.states()))


def test_a_server_that_does_not_answer_its_health_check_is_not_asked(
    engine: Upstreams, servers: tuple[StandIn, StandIn]
) -> None:
    servers[1].mood("deaf")
    until(lambda: not engine.states()[1][0])
    before = _asked(servers)[1]
    for _ in range(4):
        engine.generate([HELLO], Decoding())
    assert _asked(servers)[1] == before


def test_where_none_is_up_the_error_says_why_for_each_and_comes_at_once() -> None:
    with stand_in() as one:
        engine = Upstreams([one.address, "http://127.0.0.1:9"], every_s=0.1).start()
        assert engine.wait(10)
        one.kill()
        with pytest.raises(EngineError, match="no language model server can answer"):
            engine.generate([HELLO], Decoding())
        until(lambda: not engine.any_up())
        done = threading.Event()
        with pytest.raises(EngineError, match=one.address):
            list(engine.stream(HELLO, Decoding()))
        done.set()
        again = StandIn(one.port)
        assert engine.wait(10), "a server that came back is used again"
        assert engine.generate([HELLO], Decoding())[0].text
        again.kill()
        engine.close()

"""An answer that nobody waits for any more is called off, down to the connection."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest

from shelftalk.engines import Decoding
from shelftalk.engines.call import Call, Cancel, Cancelled, current, opened
from shelftalk.engines.fake import prompt
from shelftalk.engines.server_engine import ServerEngine

HELLO = prompt("hello")


class Slow(httpx.AsyncBaseTransport):
    """A server that never comes to an end, and notes which requests were cut off."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.cut = threading.Event()
        self.sent: dict[str, Any] = {}
        self.headers: httpx.Headers = httpx.Headers()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "slow"}]})
        self.sent, self.headers = json.loads(request.content), request.headers
        self.begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.cut.set()
            raise
        raise AssertionError("nobody called it off")


@pytest.mark.parametrize("way", ["generate", "many", "stream"])
def test_calling_off_ends_the_request_in_flight_at_once(way: str) -> None:
    slow = Slow()
    engine = ServerEngine("http://shop:8000", transport=slow)
    call = Call()
    threading.Thread(target=lambda: slow.begun.wait(60) and call.cancel.set()).start()
    ways = {
        "generate": lambda: engine.generate([HELLO], Decoding()),
        "many": lambda: engine.generate([HELLO] * 3, Decoding()),
        "stream": lambda: list(engine.stream(HELLO, Decoding())),
    }
    with opened(call), pytest.raises(Cancelled):
        ways[way]()
    assert slow.cut.wait(60), "the connection was left open, so the server would write on"
    with opened(call), pytest.raises(Cancelled):
        engine.generate([HELLO], Decoding())
    engine.close()


def test_closing_an_engine_ends_what_is_in_flight() -> None:
    slow = Slow()
    engine = ServerEngine("http://shop:8000", transport=slow)
    threading.Thread(target=lambda: slow.begun.wait(60) and engine.close()).start()
    with pytest.raises(Exception, match="was closed"):
        engine.generate([HELLO], Decoding())
    assert slow.cut.wait(60)


def test_a_tenants_prompts_are_salted_and_carry_the_trace() -> None:
    slow = Slow()
    engine = ServerEngine("http://shop:8000", transport=slow)
    salts = []
    for tenant in ("acme", "other", ""):
        call = Call(tenant=tenant, headers={"traceparent": "00-1-2-01"})
        slow.begun.clear()
        threading.Thread(target=lambda call=call: slow.begun.wait(60) and call.cancel.set()).start()
        with opened(call), pytest.raises(Cancelled):
            engine.generate([HELLO], Decoding())
        salts.append(slow.sent.get("cache_salt"))
        assert slow.headers["traceparent"] == "00-1-2-01"
    acme, other, none = salts
    assert acme
    assert acme != other
    assert "acme" not in acme
    assert none is None
    engine.close()


def test_a_hook_that_comes_too_late_is_called_at_once_and_one_that_left_is_not() -> None:
    cancel, called = Cancel(), []
    with cancel.hooked(lambda: called.append("left")):
        pass
    cancel.set()
    cancel.set()
    with cancel.hooked(lambda: called.append("late")):
        pass
    assert called == ["late"]
    assert not current().cancel.is_set


@pytest.mark.model
def test_the_model_in_process_stops_between_two_tokens(engine: Any) -> None:
    call = Call()
    timer = threading.Timer(0.5, call.cancel.set)
    timer.start()
    with opened(call), pytest.raises(Cancelled):
        engine.generate([prompt("Count on.", prefix="1, 2,")] * 4, Decoding(max_tokens=1500))

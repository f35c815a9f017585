"""A HEAD has the headers of GET and no body, and the connection serves the next request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tests.server.helpers import listening

from shelftalk.server.heads import Heads

seen: list[str] = []


async def _app(scope: Any, receive: Any, send: Any) -> None:
    seen.append(scope["method"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port() -> Iterator[int]:
    with listening(Heads(_app)) as port:
        yield port


def test_a_head_is_answered_as_get_without_the_body_and_the_connection_stays_open(port: int) -> None:
    seen.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n")
        head = line.recv(1000)
        assert b"200 OK" in head
        assert b"content-length: 2" in head
        assert head.endswith(b"\r\n\r\n")
        line.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        got = b""
        while not got.endswith(b"ok"):
            more = line.recv(1000)
            assert more, "the server hung up"
            got += more
    assert seen == ["GET", "GET"]

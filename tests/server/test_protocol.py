"""The head of a request: bounded in size and in time, on a connection's first request and on every later one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.server.helpers import listening

from shelftalk.server import protocol
from shelftalk.server.protocol import HEAD_BYTES

GET = b"GET / HTTP/1.1\r\nHost: shop\r\n"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that gives a head all the time there is, and an idle connection too, until `hurry`."""
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 3600.0)
    with listening(_app, timeout_keep_alive=3600) as port:
        yield port


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on a head has a fifth of a second."""
    return lambda: monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.2)


@pytest.fixture
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        yield line


def _hung_up_on(line: socket.socket) -> bool:
    """Whether the server hangs up with nothing said: nothing else ends a line here, and a socket's time-out raises."""
    return line.recv(1000) == b""


def _answer(line: socket.socket, sent: bytes) -> bytes:
    line.sendall(sent)
    got = b""
    while not got.endswith(b"ok"):
        got += line.recv(1000)
    return got


def _pour(line: socket.socket, piece: bytes, times: int, every_s: float = 0.0) -> None:
    for _ in range(times):
        line.sendall(piece)
        time.sleep(every_s)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET, GET + b"X-Half: one"])
def test_half_a_request_is_hung_up_on(port: int, hurry: Callable[[], None], sent: bytes) -> None:
    hurry()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(sent)
        assert _hung_up_on(line)


@pytest.mark.parametrize("sent", [b"\r\n", b"GET / HT", GET])
def test_half_of_a_later_request_is_hung_up_on_too(line: socket.socket, hurry: Callable[[], None], sent: bytes) -> None:
    assert _answer(line, GET + b"\r\n").startswith(b"HTTP/1.1 200")
    hurry()
    line.sendall(sent)
    assert _hung_up_on(line)


def test_a_client_that_dribbles_bytes_of_a_head_wins_no_time(port: int, hurry: Callable[[], None]) -> None:
    hurry()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(GET)
        with pytest.raises(OSError):
            _pour(line, b"X-A: b\r\n", 100, every_s=0.05)


def test_connections_that_ask_again_and_again_are_kept(line: socket.socket, hurry: Callable[[], None]) -> None:
    assert _answer(line, GET + b"\r\n").startswith(b"HTTP/1.1 200")
    hurry()
    for _ in range(3):
        time.sleep(0.3)  # longer than a head may take
        assert _answer(line, GET + b"\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X-Long: " + b"a" * HEAD_BYTES + b"\r\n\r\n",
        GET + b"".join(b"X-%d: a\r\n" % i for i in range(8000)) + b"\r\n",
        b"GET /" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\nHost: shop\r\n\r\n",
    ],
    ids=["one long header", "many headers", "a long path"],
)
def test_too_large_a_head_is_refused(port: int, sent: bytes) -> None:
    for earlier in (False, True):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            if earlier:
                _answer(line, GET + b"\r\n")
            line.sendall(sent)
            assert line.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_a_head_that_never_ends_is_cut_off_early(line: socket.socket) -> None:
    line.sendall(GET + b"X-Long: ")
    with pytest.raises(OSError):
        _pour(line, b"a" * 65_536, 150)


def test_a_head_below_the_limit_and_a_large_body_are_taken(line: socket.socket) -> None:
    head = (
        GET.replace(b"GET", b"POST") + b"X-Long: " + b"a" * (HEAD_BYTES - 1000) + b"\r\nContent-Length: 300000\r\n\r\n"
    )
    assert _answer(line, head + b"b" * 300_000).startswith(b"HTTP/1.1 200")


async def _streaming(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        headers = [(b"content-length", b"6")] if scope["path"] == "/whole" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in (b"one", b"two"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("path", [b"/", b"/whole"])
@pytest.mark.parametrize(
    ("version", "more"), [(b"1.0", b""), (b"1.0", b"Connection: keep-alive\r\n"), (b"1.1", b"Connection: close\r\n")]
)
def test_a_client_of_http_1_0_is_sent_no_chunks(path: bytes, version: bytes, more: bytes) -> None:
    with listening(_streaming) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(b"GET " + path + b" HTTP/" + version + b"\r\nHost: shop\r\n" + more + b"\r\n")
        got = b""
        while piece := line.recv(1000):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    chunked = version == b"1.1" and path == b"/"
    assert (b"transfer-encoding: chunked" in head) == chunked
    assert body == (b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" if chunked else b"onetwo")

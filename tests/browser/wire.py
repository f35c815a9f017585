"""A line between browser and server that can be cut: a TCP proxy that meddles with streams of answers alone."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

Mood = Literal["well", "cut", "finish", "hold"]
_MARK = b"event: pick"


class Wire:
    """`mood` is what happens to a stream once a pick is on its way: nothing, both sides are cut, the browser's side is
    cut and the server's read to its end, or nothing more gets through while both stay open."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.removeprefix("http://").partition(":")
        self._upstream = (host, int(port))
        self.mood: Mood = "well"
        self.streams = 0
        self.holds = threading.Event()  # a stream is held: its pick has come and is kept back
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in [self._server, *self._open]:
            _end(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._server.accept()
                server = socket.create_connection(self._upstream)
                self._open += [browser, server]
                threading.Thread(target=self._up, args=(browser, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, browser), daemon=True).start()

    def _up(self, browser: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := browser.recv(65536):
                self.streams += sent.count(b"POST /v1/recommendations")
                server.sendall(sent)
            server.shutdown(socket.SHUT_WR)

    def _down(self, server: socket.socket, browser: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while got := server.recv(65536):
                if self.mood != "well" and _MARK in got:
                    browser.sendall(got[: got.index(_MARK)])
                    self._meddle(server, browser)
                    return
                browser.sendall(got)
            browser.close()

    def _meddle(self, server: socket.socket, browser: socket.socket) -> None:
        if self.mood == "hold":
            self.holds.set()
            return
        if self.mood == "finish":
            rest = b""
            while b"event: done" not in rest:
                rest += server.recv(65536)
        _end(browser)
        _end(server)


def _end(one: socket.socket) -> None:
    """Closes it, though another thread reads from it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextlib.contextmanager
def wired(upstream: str) -> Iterator[Wire]:
    """A line to that server, closed at the end."""
    wire = Wire(upstream)
    try:
        yield wire
    finally:
        wire.close()

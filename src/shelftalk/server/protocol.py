"""The HTTP protocol of the server: uvicorn's, which also bounds the head of a request, in size and in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from shelftalk.server.failures import body

__all__ = ["HurriedProtocol", "raise_open_files"]

HEAD_WITHIN_S = 20.0
HEAD_BYTES = 32 * 1024


class _UntilClosed(int):
    """The length that uvicorn is to expect of a body that ends where the connection does: any."""

    def __lt__(self, other: object) -> bool:
        return False

    def __sub__(self, other: int) -> _UntilClosed:
        return self


class HurriedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Hangs up where the head of a request is not there after 20 s, so that half-open connections do not pile up, and
    answers 431 to a head of more than 32 KiB. (Of uvicorn's two parsers h11 has such a limit, httptools none.)
    A client of HTTP/1.0 knows no chunks: its body comes as it is, and ends with the connection (RFC 9112, 6.3; again h11 knows.)"""

    _clock: asyncio.TimerHandle | None = None
    _in_head = _too_large = False
    _size = 0

    def connection_made(self, transport: Any) -> None:
        """The clock starts."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Bytes of a head count; the clock runs until it is whole."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._size += len(data)
        if self._in_head and self._size > HEAD_BYTES:
            self._refuse()
        elif self._answering():
            self._stop()
        else:
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """The clock ends with the connection."""
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """httptools: a head begins."""
        super().on_message_begin()
        self._in_head, self._size = True, 0

    def on_headers_complete(self) -> None:
        """httptools: the head is whole. An error here ends the parsing; `send_400_response` is asked for the reply."""
        self._in_head = False
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._too_large = True
            raise ValueError("the head is too large")
        super().on_headers_complete()
        if self.parser.get_http_version() == "1.0" and self.cycle is not None:
            self.cycle.chunked_encoding, self.cycle.expected_content_length = False, _UntilClosed()

    def send_400_response(self, msg: str) -> None:
        """The reply to what is no request, or too large a head."""
        if self._too_large:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start(self) -> None:
        if self._clock is None:
            self._clock = asyncio.get_running_loop().call_later(HEAD_WITHIN_S, self._hang_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _hang_up(self) -> None:
        self._clock = None
        if not self._answering() and not self.transport.is_closing():
            self.transport.close()

    def _refuse(self) -> None:
        told = json.dumps(body("too_large", f"the request's head is larger than {HEAD_BYTES} bytes", None)).encode()
        lines = [
            b"HTTP/1.1 431 Request Header Fields Too Large",
            b"content-type: application/json",
            b"connection: close",
        ]
        lines += [b"content-length: " + str(len(told)).encode(), b"", told]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()


def raise_open_files() -> None:
    """Lets this process hold as many connections as the system allows it (where there is such a limit)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

"""The size of a body, held while it arrives: a client that announces too much, or sends more than it said, is cut off."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelftalk.server.failures import Refused, body


class BodyLimit:
    """ASGI middleware: bodies over `most` bytes get 413 before they are read whole.

    The application may turn the error that ends the reading into a reply of its own; that reply is replaced.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's own reply, or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        read, started, replaced = 0, False, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise Refused(413, "too_large", self._words())
            return message

        async def noted(message: Message) -> None:
            nonlocal started, replaced
            if read > self._most and not started and not replaced:
                replaced = True
                await self._refuse(send)
            if not replaced:
                started = True
                await send(message)

        if announced.isdigit() and int(announced) > self._most:
            await self._refuse(send)
            return
        try:
            await self._app(scope, counted, noted)
        except Refused:
            if started:
                raise
            if not replaced:
                await self._refuse(send)

    def _words(self) -> str:
        return f"the body is larger than {self._most} bytes"

    async def _refuse(self, send: Send) -> None:
        import json

        content = json.dumps(body("too_large", self._words(), None)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
        await send({"type": "http.response.body", "body": content})

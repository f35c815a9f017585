"""The size of a body, held while it arrives, and the time that may take: who announces or sends too much is cut off."""

from __future__ import annotations

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelftalk.server.failures import Refused, body


class BodyLimit:
    """ASGI middleware: bodies over `most` bytes get 413 before they are read whole, those that stall get 408.

    The application may turn the error that ends the reading into a reply of its own; that reply is replaced.
    """

    def __init__(self, app: ASGIApp, *, most: int, stall_s: float = 20.0) -> None:
        self._app, self._most, self._stall_s = app, most, stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's own reply, or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        read, started, replaced, whole = 0, False, False, False
        refusal: Refused | None = None

        async def counted() -> Message:
            nonlocal read, whole, refusal
            try:
                message = await asyncio.wait_for(receive(), None if whole else self._stall_s)
            except TimeoutError as error:
                refusal = Refused(408, "timeout", f"nothing of the body came for {self._stall_s:g} s")
                raise refusal from error
            whole = whole or not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > self._most:
                refusal = self._too_large()
                raise refusal
            return message

        async def noted(message: Message) -> None:
            nonlocal started, replaced
            if refusal is not None and not started and not replaced:
                replaced = True
                await _refuse(send, refusal, scope)
            if not replaced:
                started = True
                await send(message)

        if announced.isdigit() and int(announced) > self._most:
            await _refuse(send, self._too_large(), scope)
            return
        try:
            await self._app(scope, counted, noted)
        except Refused as error:
            if started:
                raise
            if not replaced:
                await _refuse(send, error, scope)

    def _too_large(self) -> Refused:
        return Refused(413, "too_large", f"the body is larger than {self._most} bytes")


async def _refuse(send: Send, refusal: Refused, scope: Scope) -> None:
    request_id = scope.get("state", {}).get("request_id")
    content = json.dumps(body(refusal.kind, str(refusal), request_id)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})

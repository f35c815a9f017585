"""HEAD as RFC 9110 (9.3.2) has it: the headers of GET, without the body. Monitors and proxies ask so."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """ASGI middleware: a HEAD is answered as a GET whose body is left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's reply to GET, its body empty."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            scope["method"] = (
                "HEAD"  # routed by now; uvicorn holds a reply to GET to its length, and hangs up where it is short
            )
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"] = "GET"  # in place: what routing finds is noted in this very scope
        try:
            await self._app(scope, receive, bare)
        finally:
            scope["method"] = "HEAD"

"""A key kept by the browser in a cookie that no script can read, so that a person signs in once.

The cookie holds the key itself: any process serves it, and revoking the key ends it. It counts only on requests that this
very site makes (SameSite=Strict, and Sec-Fetch-Site where a browser sends it).
"""

from __future__ import annotations

from fastapi import Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "shelftalk_key"
_OURS = (None, "same-origin", "none")


class KeyCookie:
    """ASGI middleware: a request without a key of its own takes the one in the cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's reply."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            own = headers.get("authorization") or headers.get("x-api-key")
            key = cookie_parser(headers.get("cookie", "")).get(COOKIE)
            if key and key.isascii() and key.isprintable() and not own and headers.get("sec-fetch-site") in _OURS:
                added = (b"authorization", f"Bearer {key}".encode("ascii"))
                scope["headers"] = [
                    *scope["headers"],
                    added,
                ]  # in place: what routing finds is noted in this very scope
        await self._app(scope, receive, send)


def remember(response: Response, key: str, *, secure: bool) -> Response:
    """The response that makes the browser keep the key until it is closed."""
    response.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=secure, path="/")
    return response


def forget(response: Response) -> Response:
    """The response that makes the browser drop the key."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return response

"""The outermost layer around every request: its id, span, metrics, log line, and the headers that all replies carry."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping

import structlog
from opentelemetry import propagate, trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelftalk.server.failures import body, describe
from shelftalk.server.telemetry import Telemetry

logger = logging.getLogger("shelftalk.access")
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
LEFT = 499


class Observed:
    """ASGI middleware. An error that nothing else has turned into a reply becomes the 500 that says nothing."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry, headers: Mapping[str, str]) -> None:
        self._app, self._telemetry = app, telemetry
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The reply, with its headers; counted, timed and logged when its last byte is sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, ended = time.perf_counter(), LEFT, False

        async def sent(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._with_ours(message.get("headers", []), request_id)}
            await send(message)
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body"))

        incoming = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        parent = propagate.extract({k: v for k, v in incoming.items() if k in ("traceparent", "tracestate")})
        tracer = self._telemetry.tracer
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            tracer.start_as_current_span("request", context=parent, kind=trace.SpanKind.SERVER) as span,
        ):
            try:
                await self._app(scope, receive, sent)
            except Exception as error:
                if status != LEFT:  # the reply has begun: nothing can be told any more
                    logger.exception("a reply broke off", exc_info=error)
                else:
                    self._telemetry.error("internal")
                    logger.exception("an error that nothing handles", exc_info=error)
                    await _fail(sent, error, request_id)
            finally:
                self._note(scope, span, status if ended else LEFT, time.perf_counter() - began)

    def _with_ours(self, headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in headers}
        ours = [(name, value) for name, value in self._headers if name not in there]
        return [*headers, *ours, (b"x-request-id", request_id.encode())]

    def _note(self, scope: Scope, span: trace.Span, status: int, seconds: float) -> None:
        route = str(
            getattr(scope.get("route"), "path", "none")
        )  # the template, never the path: ids and users stand there
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._telemetry.request(route, method, status, seconds)
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        quiet = route in ("/healthz", "/readyz", "/metrics")
        logger.log(
            logging.DEBUG if quiet else logging.INFO,
            "request",
            extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)},
        )


async def _fail(send: Send, error: Exception, request_id: str) -> None:
    status, kind, message, param = describe(error)
    content = json.dumps(body(kind, message, request_id, param)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})

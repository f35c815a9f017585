"""Errors as a client sees them: one JSON shape, a status, nothing of the inside.

{"error": {"type", "message", "param", "request_id"}}: the shape that OpenAI's clients read, used everywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from shelftalk.errors import CatalogError, EngineError, ShelftalkError, StorageError, UsageError
from shelftalk.server import plainly
from shelftalk.server.db.conversations import UnknownConversation
from shelftalk.server.pool import Busy, Stopping
from shelftalk.server.stages import TooSlow
from shelftalk.text import clean

logger = logging.getLogger(__name__)

# What a client may read of each kind of error; the rest says only that it failed.
_STATUS: dict[type[ShelftalkError], tuple[int, str]] = {
    Busy: (429, "overloaded"),
    Stopping: (503, "stopping"),
    TooSlow: (504, "timeout"),
    UsageError: (400, "invalid_request"),
    CatalogError: (404, "not_found"),
    EngineError: (503, "model_unavailable"),
    StorageError: (507, "storage"),
}
_OWN_WORDS = (Busy, Stopping, TooSlow, UsageError)


class Refused(ShelftalkError):
    """A request refused by the server itself, with the status and the kind of error that the client sees."""

    def __init__(self, status: int, kind: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.param = status, kind, param


class FailureDetail(BaseModel):
    """What went wrong: `type` for programs, `message` for people, `param` the field at fault, `request_id` for the log."""

    type: str
    message: str
    param: str | None
    request_id: str | None


class Failure(BaseModel):
    """Every error has this shape."""

    error: FailureDetail

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "type": "invalid_request", "message": "the request is empty; say what to look for",
                        "param": "request", "request_id": "0f8fad5bd9cb469fa16570867728950e",
                    }
                }
            ]
        }
    )  # fmt: skip


_TOLD = {
    400: "The request cannot be used as it is.",
    401: "A key is needed, or this one is not known.",
    403: "The key lacks the scope.",
    404: "There is no such thing.",
    408: "Nothing of the body came for too long.",
    409: "The catalogue cannot be asked that, as a field has no order that could be compared; or the user does not consent to it.",
    413: "The body is too large.",
    422: "The body or a parameter does not have the form described.",
    429: "The queue is full, or the key's rate or budget is spent; Retry-After says when to come back.",
    431: "Path and headers together are too large.",
    500: "Something went wrong; the request id finds it in the log.",
    503: "The language model or the database is not available, or the server is stopping.",
    504: "No answer in time.",
    507: "The server has no room left.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": words} for status, words in _TOLD.items()
}


def body(kind: str, message: str, request_id: str | None, param: str | None = None) -> dict[str, Any]:
    """The error object of an answer or an event."""
    told = {"type": kind, "message": _sound(clean(message)), "param": param and _sound(param), "request_id": request_id}
    return {"error": told}


def _sound(text: str) -> str:
    """The text as it can be sent: half of a surrogate pair, which JSON can hold, is "?"."""
    return text.encode("utf-8", "replace").decode()


def describe(error: BaseException) -> tuple[int, str, str, str | None]:
    """Status, kind, message and parameter of an error, with nothing in it that a client must not read."""
    if isinstance(error, Refused):
        return error.status, error.kind, str(error), error.param
    if isinstance(error, UnknownConversation):
        return 404, "not_found", "no such conversation; begin a new one", "conversation"
    for kind, (status, name) in _STATUS.items():
        if isinstance(error, kind):
            if isinstance(error, _OWN_WORDS):
                return status, name, str(error), None
            plain = {
                "not_found": "no such product or catalogue",
                "model_unavailable": "the language model is not available",
            }
            return status, name, plain.get(name, "the server has no room left"), None
    if isinstance(error, DBAPIError):
        full = "full" in str(error.orig)
        what = "the server has no room left" if full else "the database does not answer; try again soon"
        return (507 if full else 503), "storage", what, None
    return 500, "internal", "something went wrong; the request id finds it in the log", None


def install(app: FastAPI, told: Callable[[str], None] = lambda kind: None) -> None:
    """Makes every error of the app one of these; `told` hears the type of each. What is not here, observed.py catches."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        status, kind, message, param = describe(error)
        told(kind)
        after = getattr(error, "retry_after", 5 if status == 503 else None)
        headers = {"Retry-After": str(after)} if after is not None else {}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if status >= 500:
            what = error.orig if isinstance(error, DBAPIError) else error  # SQL parameters may be a request's words
            logger.error("%s: %s", type(error).__name__, clean(str(what))[:500])
        return JSONResponse(body(kind, message, request_id(request), param), status, headers)

    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        told("invalid_request")
        message, where = plainly.told(error.errors(), error.body)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not where and not (kind.endswith(("/json", "+json"))):
            message = "send the body as JSON, with the header Content-Type: application/json"
        return JSONResponse(body("invalid_request", message, request_id(request), where), 422)

    async def http(request: Request, error: HTTPException) -> JSONResponse:
        kind = {
            400: "invalid_request",
            401: "unauthorized",
            403: "forbidden",
            404: "not_found",
            405: "method_not_allowed",
        }.get(error.status_code, "http")
        told(kind)
        return JSONResponse(
            body(kind, str(error.detail), request_id(request)), error.status_code, dict(error.headers or {})
        )

    app.add_exception_handler(ShelftalkError, known)
    app.add_exception_handler(RequestValidationError, invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, http)  # type: ignore[arg-type]
    app.add_exception_handler(DBAPIError, known)


def request_id(request: Request) -> str | None:
    """The id that the server gave this request."""
    return getattr(request.state, "request_id", None)

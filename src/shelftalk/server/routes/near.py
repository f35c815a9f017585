"""For `shelftalk ask` and `chat` of the same user on the same machine: answers exactly as their own shelf would give them.

They know the server by its notice (notice.py), whose secret is their key. Nothing here is for anyone else, so it stands in no
description. Where the language model fails no record speaks in its place: the command then answers by itself.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import TypeAdapter

from shelftalk.conversation import BESIDE
from shelftalk.errors import CatalogError, UsageError
from shelftalk.server import sse
from shelftalk.server.addresses import loopback
from shelftalk.server.exact import packed, unpacked
from shelftalk.server.failures import Refused, describe
from shelftalk.server.leaving import while_there
from shelftalk.server.notice import proof
from shelftalk.server.personal_data import without_personal_data
from shelftalk.server.pool import Busy, Stopping
from shelftalk.values import Request as Asked

router = APIRouter(prefix="/near", include_in_schema=False)
logger = logging.getLogger(__name__)
_OWN = (UsageError, CatalogError)  # what the command tells the user as its own; anything else has it answer by itself

_FORM = TypeAdapter(Asked)  # each part of a request is of its own type, or the stages would fail on it


def _secret(request: Request) -> str:
    """The secret of this server's notice. Refused (404) where there is none, and to whoever is not on this machine."""
    secret = getattr(request.app.state, "near", None)
    if not secret or request.client is None or not loopback(request.client.host):
        raise Refused(404, "not_found", "there is nothing at this address")
    return str(secret)


async def _read(request: Request, secret: Annotated[str, Depends(_secret)]) -> Any:
    """What was sent by whoever knows the secret. Refused otherwise."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise Refused(401, "unauthorized", "this is for commands on the server's own machine")
    try:
        sent = unpacked(json.loads(await request.body()))
        for part in sent if isinstance(sent, tuple) else (sent,):
            if isinstance(part, Asked):
                _FORM.validate_python(asdict(part))
        return sent
    except ValueError as error:
        raise Refused(422, "invalid_request", "not what this version sends") from error


Secret = Annotated[str, Depends(_secret)]
Sent = Annotated[Any, Depends(_read)]


@router.get("")
async def known(request: Request, secret: Secret, nonce: Annotated[str, Query(max_length=200)]) -> JSONResponse:
    """Whether this server can answer now, and what a command compares with its own, proven by the secret."""
    server: Any = request.app.state.server
    said = {"likeness": server.likeness, "not_ready": server.not_ready, "starting": server.starting}
    try:
        server.pool.admit()
    except (Busy, Stopping) as error:
        said["not_ready"] = str(error)
    return JSONResponse({"said": said, "proof": proof(secret, nonce, said)})


@router.post("/stream")
async def stream(request: Request, sent: Sent) -> StreamingResponse:
    """The events of `Shelf.stream`, each when it comes; last an error where there is one."""
    if not isinstance(sent, Asked):
        raise Refused(422, "invalid_request", "not what this version sends")
    server: Any = request.app.state.server

    async def events() -> AsyncIterator[bytes]:
        try:
            asked = await without_personal_data(sent, server.settings)
            async with contextlib.aclosing(server.answering.events(asked, fall_back=False)) as told:
                async for event in told:
                    yield _line(event.kind, packed(event.value))
        except Exception as error:  # the status is sent already
            yield _failed(error)

    return StreamingResponse(sse.alive(events()), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


@router.post("/{aside}")
async def tell(aside: str, request: Request, sent: Sent) -> JSONResponse:
    """What a function of `conversation.BESIDE` returns for the arguments sent."""
    if aside not in BESIDE or not isinstance(sent, tuple):
        raise Refused(404, "not_found", "there is nothing at this address")
    server: Any = request.app.state.server
    call = server.pool.call(lambda shelf: BESIDE[aside](shelf, *sent), limit_s=server.settings.serve.limit_s)
    try:
        return JSONResponse({"returned": packed(await while_there(request, call))})
    except _OWN as error:
        return JSONResponse({"error": [type(error).__name__, str(error)]})


def _failed(error: Exception) -> bytes:
    if isinstance(error, _OWN):
        return _line("error", [type(error).__name__, str(error)])
    _, kind, message, _ = describe(error)
    if kind == "internal":
        logger.exception("no answer for a command on this machine", exc_info=error)
    return _line("unserved", message)


def _line(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode("ascii")


__all__ = ["router"]

"""POST /v1/recommendations: the answer of `shelftalk ask`, as JSON or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ConfigDict, Field

from shelftalk.schema import AnswerModel
from shelftalk.server import sse
from shelftalk.server.answering import wire
from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL, Body, ContextBody, RecommendationBody
from shelftalk.server.conversing import Conversing
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused, describe, request_id
from shelftalk.server.failures import body as failure
from shelftalk.server.knowing import shopper_of
from shelftalk.server.leaving import while_there
from shelftalk.values import Answer, Context, Facets, Shopper

router = APIRouter(prefix="/v1", tags=["recommendations"])
_STREAM: dict[str, Any] = {"content": {sse.MEDIA_TYPE: {"schema": {}}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {**sse.RESPONSES[200], **_STREAM, "model": AnswerModel}}
Ask = Annotated[Caller, Depends(needs("ask"))]


class ForYouBody(Body):
    """Whose list, and how long; without a user, what sells here now and what is new."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"user": "u-17", "k": 6}]})

    user: str | None = Field(
        None, max_length=200, pattern=NO_NUL, description="The shop's own id of who is to read it."
    )
    k: int | None = Field(None, ge=1, le=50, description="How many picks.")
    conversation: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="What was liked and refused in it counts too."
    )
    context: ContextBody | None = None


@router.post("/for-you", summary="A list without a request", response_model=AnswerModel)
async def for_you(body: ForYouBody, request: Request, caller: Ask) -> Response:
    """Picks for a shopper from their own history, with reasons that it and the catalogue prove; what was refused is not among them."""
    server: Any = request.app.state.server
    if body.conversation:
        await asyncio.to_thread(server.conversations.history, body.conversation, caller.tenant)
    who = await shopper_of(
        server, caller.tenant, user=body.user or "", conversation=body.conversation, context=body.context
    )
    shopper = who or Shopper(context=Context(datetime.now(UTC)))
    k = body.k or server.settings.k
    pool = server.pool if server.settings.explain.mode == "model" else server.fallback
    answer = await while_there(request, pool.call(lambda shelf: shelf.for_you(shopper, k=k)))
    return JSONResponse(answer.to_dict())


@router.post("/recommendations", summary="What should I buy?", response_model=None, responses=_RESPONSES)
async def recommend(body: RecommendationBody, request: Request, caller: Ask) -> Response:
    """Picks with reasons that the catalogue proves. With "stream": true, events as they come into being (docs/api.md)."""
    server: Any = request.app.state.server
    user = await asyncio.to_thread(server.users.of, body.user or "", caller.tenant)
    talk = Conversing(server, caller, body.conversation, user=user, context=body.context)
    facets = Facets() if body.intent is None else await asyncio.to_thread(server.shelf.catalog.facets)
    if body.candidates:
        known = await asyncio.to_thread(server.shelf.catalog.get_many, body.candidates)
        if missing := [c for c in body.candidates if c not in known]:
            told = f"no such product{'s' if len(missing) > 1 else ''}: {', '.join(missing[:5])}"
            raise Refused(404, "not_found", told, param="candidates")
    asked = await talk.continued(body.to_request(facets))
    if not body.stream:
        answer = await while_there(request, server.answering.answer(asked, shelf=talk.shelf))
        return JSONResponse((await talk.finished(answer)).to_dict())
    server.pool.admit()  # a full queue is told by the status, while there is still one to give

    async def events() -> AsyncIterator[bytes]:
        number = 0
        if (ahead := server.pool.ahead) is not None:  # heard, though nothing can be said for a while
            yield sse.event("queued", {"ahead": ahead}, number)
            number += 1
        try:
            async for step in server.answering.events(asked, shelf=talk.shelf):
                if isinstance(step.value, Answer):
                    step = replace(step, value=await talk.finished(step.value))  # noqa: PLW2901
                told = [sse.event(name, data, n) for n, (name, data) in enumerate(wire(step), number)]
                number += len(told)
                if told:
                    yield b"".join(told)  # what a step tells goes out together
        except Exception as error:  # the status is sent already: the error is the last event
            _, kind, message, param = describe(error)
            yield sse.event("error", failure(kind, message, request_id(request), param), number)

    return StreamingResponse(sse.alive(events()), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)

"""POST /v1/chat/completions and GET /v1/models: the form that OpenAI's clients speak; the picks ride in "shelftalk"."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from shelftalk.pipeline import NOTHING_FITS, Event, Shelf
from shelftalk.server import sse
from shelftalk.server.auth import needs
from shelftalk.server.background import Chore, chore
from shelftalk.server.background_reply import reply
from shelftalk.server.chat_text import chat_end, chat_pick, chat_text
from shelftalk.server.conversing import Conversing
from shelftalk.server.db.keys import Caller
from shelftalk.server.described import SEEN
from shelftalk.server.failures import Refused, describe, request_id
from shelftalk.server.failures import body as failure
from shelftalk.server.leaving import while_there
from shelftalk.server.page.shelves import shelves
from shelftalk.text import clean
from shelftalk.values import Answer, Pick, Retrieval, Turn
from shelftalk.values import Request as Asked

router = APIRouter(prefix="/v1", tags=["chat"])
MODEL = "shelftalk"
_MODEL: dict[str, Any] = {"id": MODEL, "object": "model", "created": 0, "owned_by": "shelftalk"}
Ask = Annotated[Caller, Depends(needs("ask"))]


class Part(BaseModel):
    """One part of a message's content; only text is read."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message of a conversation. System and developer messages are taken and not used: the shop's prompts stand."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """The text of the content, its parts joined by line breaks."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream carries beside the text."""

    include_usage: StrictBool | None = False


_TEXT: dict[str, Any] = {"type": "string", "pattern": SEEN}
_TEXT_PART: dict[str, Any] = {
    "type": "object", "properties": {"type": {"const": "text"}, "text": _TEXT}, "required": ["type", "text"],
}  # fmt: skip
# What one message at least must be.
_ASKED: dict[str, Any] = {
    "type": "object",
    "properties": {"role": {"const": "user"}, "content": {"anyOf": [_TEXT, {"type": "array", "contains": _TEXT_PART}]}},
    "required": ["role", "content"],
}


class ChatBody(BaseModel):
    """A conversation; settings of decoding that clients send along (temperature, max_tokens, ...) have no effect here, and null
    is what is left out, in every field. How many messages there may be is bounded by the size of the body alone."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "a rain jacket under 80"}]}]
        },
    )

    model: str | None = Field(MODEL, max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, json_schema_extra={"contains": _ASKED})
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(1, ge=1, le=1, description="One answer; more are not given.")
    k: int | None = Field(None, ge=1, le=50, description="How many picks (an addition of this server).")
    user: Any = Field(
        None, description="The shop's id of who asks, a text; kept as a keyed hash. Their profile then counts."
    )

    def to_request(self, longest: int) -> Asked:
        """The user's last message is the request, what stands before it the history (`longest` characters of a message), what stands
        after it is not read.

        Refused (400) where no message of the user's has text.
        """
        talk = [m for m in self.messages if m.role in ("user", "assistant") and clean(m.text())]
        while talk and talk[-1].role != "user":
            talk.pop()
        if not talk:
            raise Refused(400, "invalid_request", "a message of the user's, with text, is needed", param="messages")
        # a message once refused for its length stays in a client's history, and must not end the talk
        history = tuple(Turn("user" if m.role == "user" else "assistant", m.text()[:longest]) for m in talk[:-1])
        return Asked(talk[-1].text(), history=history[-50:], k=self.k)

    @property
    def with_usage(self) -> bool:
        """Whether a stream is to end with the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def to_chore(self) -> Chore | None:
        """What a chat client asks behind the shopper's back, None where a shopper speaks."""
        return chore([(m.role, m.text()) for m in self.messages], self.model_extra)


@router.get("/models", summary="The one model that there is")
async def models(caller: Ask) -> dict[str, Any]:
    """A list with the name that clients give as `model`."""
    return {"object": "list", "data": [_MODEL]}


@router.get("/models/{name}", summary="The one model, by its name")
async def model(name: str, caller: Ask) -> dict[str, Any]:
    """What the list says of it; 404 for another name."""
    if name != MODEL:
        raise Refused(404, "not_found", f"there is one model, {MODEL!r}", param="model")
    return _MODEL


@router.post(
    "/chat/completions",
    summary="A conversation, as OpenAI's clients hold it",
    response_model=None,
    responses=sse.RESPONSES,
)
async def complete(body: ChatBody, request: Request, caller: Ask) -> Response:
    """The answer as an assistant's message; "shelftalk" holds the whole answer with picks, claims and evidence."""
    server: Any = request.app.state.server
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body.model or MODEL}
    if (behind := body.to_chore()) is not None:
        return await background(behind, body, head, server.shelf)
    named = body.user[:200] if isinstance(body.user, str) else ""
    user = await asyncio.to_thread(server.users.of, named, caller.tenant)
    talk = Conversing(server, caller, None, user=user)
    asked = await talk.continued(body.to_request(4 * server.settings.max_request_chars))
    if not body.stream:
        answer = await while_there(request, server.answering.answer(asked, shelf=talk.shelf))
        answer = await talk.finished(answer)
        message = {"role": "assistant", "content": chat_text(answer), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return JSONResponse(
            {**head, "object": "chat.completion", "choices": [choice], "usage": usage(answer), "shelftalk": answer.to_dict()}
        )  # fmt: skip
    server.pool.admit()
    head["object"] = "chat.completion.chunk"

    async def events() -> AsyncIterator[bytes]:
        said_none = False
        try:
            yield sse.event(None, _chunk(head, {"role": "assistant", "content": ""}))
            async for step in server.answering.events(asked, shelf=talk.shelf):
                if isinstance(step.value, Answer):
                    step = replace(step, value=await talk.finished(step.value))  # noqa: PLW2901
                if says_that_nothing_fits(step) and not said_none:
                    said_none = True
                    yield sse.event(None, _chunk(head, {"content": f"{NOTHING_FITS}\n"}))
                if parts := chunks(head, step, body.with_usage):
                    yield b"".join(sse.event(None, part) for part in parts)
        except Exception as error:  # the status is sent already: the error is the last event
            _, kind, message, param = describe(error)
            yield sse.event(None, failure(kind, message, request_id(request), param))
        yield sse.event(None, "[DONE]")

    return StreamingResponse(sse.alive(events()), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


async def background(found: Chore, body: ChatBody, head: dict[str, Any], shelf: Shelf) -> Response:
    """The reply to a chat client's own instruction, as a message or, where a tool must be called, as that call."""
    facets = await asyncio.to_thread(shelf.catalog.facets)
    text = await asyncio.to_thread(reply, found, shelf.catalog.get, shelves(facets))
    called = {"name": found.tool, "arguments": text}
    message: dict[str, Any] = {"role": "assistant", "content": None if found.tool else text}
    if found.tool:
        message["tool_calls"] = [{"id": f"call_{uuid.uuid4().hex}", "type": "function", "function": called}]
    none, told = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {"background": found.what}
    if not body.stream:
        choice = {"index": 0, "message": {**message, "refusal": None}, "finish_reason": "stop", "logprobs": None}
        return JSONResponse(
            {**head, "object": "chat.completion", "choices": [choice], "usage": none, "shelftalk": told}
        )
    head["object"] = "chat.completion.chunk"
    if found.tool:
        message["tool_calls"][0]["index"] = 0
    parts = [_chunk(head, message), {**_chunk(head, {}, "stop"), "shelftalk": told}]
    parts += [{**head, "choices": [], "usage": none}] if body.with_usage else []
    events = b"".join(sse.event(None, part) for part in [*parts, "[DONE]"])
    return Response(events, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


def says_that_nothing_fits(step: Event) -> bool:
    """Whether a step of the path knows that nothing fits: the search does, before the first pick."""
    value = step.value
    return (isinstance(value, Retrieval) and value.no_match and not value.unlike and not value.seen) or (
        isinstance(value, Answer) and NOTHING_FITS in value.notes
    )


def chunks(head: dict[str, Any], step: Event, with_usage: bool) -> list[dict[str, Any]]:
    """The chunks that one step of the path becomes: each pick's text once its reason is checked, then the end."""
    value = step.value
    if step.kind == "reason" and isinstance(value, Pick):
        return [_chunk(head, {"content": chat_pick(value) + "\n"})]
    if not isinstance(value, Answer):
        return []
    end = chat_end(value)
    out = [_chunk(head, {"content": end})] if end else []
    last = {**_chunk(head, {}, "stop"), "shelftalk": value.to_dict()}
    out.append(last)
    if with_usage:
        out.append({**head, "choices": [], "usage": usage(value)})
    return out


def usage(answer: Answer) -> dict[str, int]:
    """Tokens that the language model read and wrote for the answer; none where it was not asked."""
    read, wrote = answer.tokens.prompt, answer.tokens.completion
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

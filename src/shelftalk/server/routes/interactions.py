"""What users did: kept under pseudonyms, each thing once; read back, merged, and forgotten when asked."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse

from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL, InteractionBody, MergeBody
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused, request_id
from shelftalk.server.failures import body as failure
from shelftalk.server.personal_data import without_personal
from shelftalk.server.recording import Recorded, record
from shelftalk.server.routes.segments import SegmentRoute
from shelftalk.shoppers.events.records import record_of

router = APIRouter(prefix="/v1", tags=["interactions"], route_class=SegmentRoute)
Ask = Annotated[Caller, Depends(needs("ask"))]
User = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=190, pattern="^[\\x21-\\x7e]*$",
        description="The id of what is sent, where it has none of its own (of several: with its place, KEY:0).",
    ),
]  # fmt: skip
_MISSING = ("unknown_product", "unknown_conversation")


@router.post(
    "/interactions",
    status_code=201,
    summary="Note what users did",
    response_model=None,
    responses={
        200: {"description": "It was there before; or all of several are there now."},
        207: {"description": "Some of several went in, and some were rejected."},
    },
)
async def add(body: InteractionBody, request: Request, caller: Ask, key: Key = "") -> JSONResponse:
    """What became of it, or of each of several, once what is accepted is on disk: durable against a killed process and a power cut.

    Sent again with the same id it is a duplicate and changes nothing. One alone is refused with 404 for a product or conversation that is
    not there, and with 422 for what is no interaction; of several the others go in.
    """
    server: Any = request.app.state.server
    told = await asyncio.to_thread(
        record,
        server,
        body.records(),
        tenant=caller.tenant,
        key=key,
        unknown=body.unknown or "reject",
        texts=lambda text: without_personal(text, server.settings),
    )
    return _one(told[0]) if body.interactions is None else _several(told, request)


def _one(told: Recorded) -> JSONResponse:
    if told.result == "rejected":
        missing = told.reason in _MISSING
        raise Refused(
            404 if missing else 422, "not_found" if missing else "invalid_request", told.message, param=told.field
        )
    return JSONResponse({"id": told.id, "result": told.result}, 201 if told.result == "accepted" else 200)


def _several(told: list[Recorded], request: Request) -> JSONResponse:
    results = [one.result for one in told]
    counts = {
        "accepted": results.count("accepted"), "duplicates": results.count("duplicate"), "rejected": results.count("rejected"),
    }  # fmt: skip
    whole = {**counts, "results": [one.to_dict() for one in told]}
    if counts["rejected"] == len(told):
        none = failure(
            "invalid_request", "none of these interactions can be taken", request_id(request), "interactions"
        )
        return JSONResponse({**none, **whole}, 422)
    return JSONResponse(whole, 207 if counts["rejected"] else 200)


@router.get("/users/{user}/interactions", summary="A user's latest interactions")
async def read(
    user: User, request: Request, caller: Ask, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Newest first; of a user that is not known there are none."""
    server: Any = request.app.state.server
    known = server.users.pseudonyms.of(user, caller.tenant)
    found = await asyncio.to_thread(lambda: server.interactions.of_user(known, tenant=caller.tenant, limit=limit))
    return {"user": user, "interactions": [record_of(one) for one in found]}


@router.post("/users/{user}/merge", summary="Make two users one")
async def merge(user: User, body: MergeBody, request: Request, caller: Ask) -> dict[str, Any]:
    """The pseudonym under which both stand, and how many interactions went over: all of the user's are `into`'s from now on, and so is
    what still comes under the old id. Done again it changes nothing."""
    server: Any = request.app.state.server
    done = await asyncio.to_thread(lambda: server.users.merge(user, body.into, tenant=caller.tenant))
    return {"user": done.into, "moved": done.moved}

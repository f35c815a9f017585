"""What users did with products: kept by the shop's own pseudonym, read back, and forgotten when asked."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL, InteractionBody
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.personal_data import scrubbed_text
from shelftalk.server.routes.segments import SegmentRoute

router = APIRouter(prefix="/v1", tags=["interactions"], route_class=SegmentRoute)
Ask = Annotated[Caller, Depends(needs("ask"))]
User = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL)]


@router.post("/interactions", status_code=201, summary="Note what a user did")
async def add(body: InteractionBody, request: Request, caller: Ask) -> dict[str, int]:
    """The number of the interaction, once it is on disk. 404 for a product or conversation that is not there."""
    server: Any = request.app.state.server
    if await asyncio.to_thread(server.shelf.catalog.get, body.product_id) is None:
        raise Refused(404, "not_found", "no such product", param="product_id")
    if body.conversation:
        await asyncio.to_thread(server.conversations.history, body.conversation, caller.tenant)
    words = None if body.request is None else await scrubbed_text(body.request, server.settings)
    number = await asyncio.to_thread(
        lambda: server.interactions.add(
            body.product_id, body.kind, tenant=caller.tenant, user=body.user, conversation_id=body.conversation,
            request=words, at=body.at,
        )
    )  # fmt: skip
    return {"id": number}


@router.get("/users/{user}/interactions", summary="A user's latest interactions")
async def read(
    user: User, request: Request, caller: Ask, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Newest first."""
    server: Any = request.app.state.server
    found = await asyncio.to_thread(lambda: server.interactions.of_user(user, tenant=caller.tenant, limit=limit))
    return {"user": user, "interactions": found}


@router.delete("/users/{user}", summary="Forget a user")
async def forget(user: User, request: Request, caller: Ask) -> dict[str, int]:
    """How many interactions were deleted."""
    server: Any = request.app.state.server
    return {"deleted": await asyncio.to_thread(lambda: server.interactions.forget(user, tenant=caller.tenant))}

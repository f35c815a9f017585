"""Conversations: begin one, read it, delete it. Turns are added by asking with its id."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from shelftalk.server.auth import needs
from shelftalk.server.db.keys import Caller

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])
Ask = Annotated[Caller, Depends(needs("ask"))]
Identity = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.post("", status_code=201, summary="Begin a conversation")
async def begin(request: Request, caller: Ask) -> dict[str, str]:
    """The id to send as "conversation" with each request."""
    server: Any = request.app.state.server
    return {"id": await asyncio.to_thread(server.conversations.create, caller.tenant)}


@router.get("/{identity}", summary="All turns of a conversation")
async def read(identity: Identity, request: Request, caller: Ask) -> dict[str, Any]:
    """Turns in order, an assistant's with the whole answer."""
    server: Any = request.app.state.server
    turns = await asyncio.to_thread(server.conversations.turns, identity, caller.tenant)
    return {"id": identity, "turns": turns}


@router.delete("/{identity}", status_code=204, summary="Delete a conversation")
async def remove(identity: Identity, request: Request, caller: Ask) -> None:
    """Nothing of it is kept."""
    server: Any = request.app.state.server
    await asyncio.to_thread(server.conversations.remove, identity, caller.tenant)

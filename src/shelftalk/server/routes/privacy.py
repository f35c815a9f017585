"""A person's own: what they consent to, all that is kept of them, and having it erased."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ConfigDict, StrictBool, model_validator

from shelftalk.privacy.consent import told
from shelftalk.privacy.keepers import erase, export
from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL, Body
from shelftalk.server.db.keys import Caller
from shelftalk.server.routes.segments import SegmentRoute

router = APIRouter(prefix="/v1", tags=["privacy"], route_class=SegmentRoute)
Ask = Annotated[Caller, Depends(needs("ask"))]
User = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL)]


class ConsentBody(Body):
    """What is consented to from now on; a purpose that is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"personalisation": False}], "minProperties": 1}
    )

    personalisation: StrictBool | None = None
    analytics: StrictBool | None = None
    training: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ConsentBody:
        if not self.changes():
            raise ValueError("give at least one of personalisation, analytics and training")
        return self

    def changes(self) -> dict[str, bool]:
        """What is to change."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


@router.get("/users/{user}/consent", summary="What a user consented to")
async def consent(user: User, request: Request, caller: Ask) -> dict[str, Any]:
    """What holds for each purpose and since when ("at" null: the shop's default, as nobody asked yet), and every change."""
    server: Any = request.app.state.server
    known = await asyncio.to_thread(server.users.of, user, caller.tenant)
    return await asyncio.to_thread(_consent, server, known, caller.tenant)


@router.put("/users/{user}/consent", summary="Change what a user consents to")
async def change(user: User, body: ConsentBody, request: Request, caller: Ask) -> dict[str, Any]:
    """What holds now. It acts from the next answer on; done again it changes nothing."""
    server: Any = request.app.state.server

    def put() -> dict[str, Any]:
        known = server.users.of(user, caller.tenant)
        server.consents.put(known, body.changes(), tenant=caller.tenant, by="rest")
        return _consent(server, known, caller.tenant)

    return await asyncio.to_thread(put)


def _consent(server: Any, known: str, tenant: str) -> dict[str, Any]:
    held = server.consents.of(known, tenant=tenant)
    return {"user": known, "purposes": told(held), "changes": server.consents.history(known, tenant=tenant)}


@router.get("/users/{user}/export", summary="All that is kept of a user")
async def exported(user: User, request: Request, caller: Ask) -> dict[str, Any]:
    """By place: tables, lists, training sets. Empty where nothing is kept."""
    server: Any = request.app.state.server
    return await asyncio.to_thread(lambda: export(*server.person(user, caller.tenant)))


@router.delete("/users/{user}", summary="Erase a user")
async def erased(user: User, request: Request, caller: Ask) -> dict[str, Any]:
    """What was removed, place by place, and in words what could not be; "deleted" counts the interactions. Done again it removes
    nothing more."""
    server: Any = request.app.state.server
    done = await asyncio.to_thread(lambda: erase(*server.person(user, caller.tenant)))
    return {"deleted": done["removed"].get("interactions", {}).get("table interactions", 0), **done}

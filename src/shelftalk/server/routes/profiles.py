"""Profiles over REST: read, corrected, switched and forgotten; of shoppers, products and conversations. A correction holds at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request

from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.items import session_profile
from shelftalk.server.leaving import while_there
from shelftalk.server.profile_bodies import LineBody, LineChangeBody, SwitchBody
from shelftalk.server.profiling import Profiling, UnknownLine, WithoutConsent
from shelftalk.server.routes.segments import SegmentRoute
from shelftalk.shoppers.profiles import Profile

router = APIRouter(prefix="/v1", tags=["profiles"], route_class=SegmentRoute)
Ask = Annotated[Caller, Depends(needs("ask"))]
User = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL, description="The shop's own id of the user.")]
Line = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
Session = Annotated[str, Query(max_length=200, pattern=NO_NUL, description="The conversation or visit at hand.")]
Made = TypeVar("Made")
Identity = Annotated[str, Path(min_length=1, max_length=512)]


@router.get("/users/{user}/profile", summary="A shopper's profile")
async def read(user: User, request: Request, caller: Ask, session: Session = "") -> dict[str, Any]:
    """Lines with their evidence, switched off ones too, and all of it in words. Empty for a user that nothing is known of. Of one who does
    not consent to personalisation, `personalisation` and `on` are false, as is `on` of each line that they stated; `notes` say so in words."""
    return await _told(request, lambda profiling: profiling.of(user, tenant=caller.tenant, session=session))


@router.patch("/users/{user}/profile", summary="Switch a profile, or aspects of it, on or off")
async def switch(user: User, body: SwitchBody, request: Request, caller: Ask) -> dict[str, Any]:
    """The profile afterwards. What is not named stays. 409 where the user does not consent to personalisation and this would switch it on."""
    aspects = None if body.aspects is None else {str(name): on for name, on in body.aspects.items()}
    return await _told(request, lambda profiling: profiling.switch(user, on=body.on, aspects=aspects, tenant=caller.tenant))  # fmt: skip


@router.post("/users/{user}/profile/lines", status_code=201, summary="Add a line to a profile")
async def add(user: User, body: LineBody, request: Request, caller: Ask) -> dict[str, Any]:
    """The profile afterwards. `words` alone are read as a request is: "nothing with perfume"; else `field`, `want` and `value` or `span`. What
    the user stated before and this contradicts is gone. 409 where the user does not consent to personalisation."""
    server: Any = request.app.state.server
    if body.field is not None:
        line = body.line()
        return await _told(request, lambda profiling: profiling.add(user, line, tenant=caller.tenant))
    await _asked(request, lambda profiling: profiling.may_add(user, tenant=caller.tenant))
    words = body.words or ""
    reading = server.pool.call(lambda shelf: shelf.understand(words), limit_s=server.settings.serve.limit_s)
    understood = await while_there(request, reading)
    return await _told(request, lambda profiling: profiling.say(user, words, understood.intent, tenant=caller.tenant))


@router.patch("/users/{user}/profile/lines/{line}", summary="Correct or switch a line")
async def change(user: User, line: Line, body: LineChangeBody, request: Request, caller: Ask) -> dict[str, Any]:
    """The profile afterwards: the line says what it was changed to, whatever is done from now on. 404 for a line that is not there, 409
    where the user does not consent to personalisation and this would switch it on or change what it says."""
    change = body.change()
    return await _told(request, lambda profiling: profiling.change(user, line, change, tenant=caller.tenant))


@router.delete("/users/{user}/profile/lines/{line}", summary="Delete a line")
async def delete(user: User, line: Line, request: Request, caller: Ask) -> dict[str, Any]:
    """The profile afterwards. The line comes back only from what is done from now on."""
    return await _told(request, lambda profiling: profiling.delete(user, line, tenant=caller.tenant))


@router.delete("/users/{user}/profile", summary="Forget a shopper")
async def forget(user: User, request: Request, caller: Ask) -> dict[str, Any]:
    """How many interactions and corrections were deleted: all of the user's. Nothing from before counts again, should it be sent again."""
    server: Any = request.app.state.server
    return dict(await asyncio.to_thread(lambda: server.profiling.forget(user, tenant=caller.tenant)))


@router.get("/products/{product_id}/profile", summary="A product's profile")
async def item(product_id: Identity, request: Request, caller: Ask) -> dict[str, Any]:
    """Facts, what reviews say, who buys it, with what, and the trend; nothing of fewer than five shoppers."""
    server: Any = request.app.state.server
    if await asyncio.to_thread(server.shelf.catalog.get, product_id) is None:
        raise Refused(404, "not_found", "no such product", param="product_id")
    return dict((await asyncio.to_thread(lambda: server.items.of(product_id, tenant=caller.tenant))).to_dict())


@router.get("/conversations/{identity}/profile", summary="A conversation's profile")
async def session(
    identity: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], request: Request, caller: Ask
) -> dict[str, Any]:
    """What was asked, shown, liked and refused in it."""
    server: Any = request.app.state.server
    made = await asyncio.to_thread(
        lambda: session_profile(identity, server.conversations, server.profiling, tenant=caller.tenant)
    )
    return made.to_dict()


async def _told(request: Request, work: Callable[[Profiling], Profile]) -> dict[str, Any]:
    return (await _asked(request, work)).to_dict()


async def _asked(request: Request, work: Callable[[Profiling], Made]) -> Made:
    server: Any = request.app.state.server
    try:
        return await asyncio.to_thread(work, server.profiling)
    except UnknownLine as error:
        raise Refused(404, "not_found", str(error), param="line") from error
    except WithoutConsent as error:
        raise Refused(409, "no_consent", str(error), param="user") from error

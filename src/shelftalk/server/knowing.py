"""Who asks, as far as the server knows: from the interactions of the user and of the conversation, and the profile's corrections."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shelftalk.server.bodies import ContextBody
from shelftalk.values import Context, Shopper

if TYPE_CHECKING:
    from shelftalk.server.state import ServerState

__all__ = ["shopper_of"]


async def shopper_of(
    server: ServerState,
    tenant: str,
    *,
    user: str = "",
    conversation: str | None = None,
    context: ContextBody | None = None,
    now: datetime | None = None,
) -> Shopper | None:
    """What is known of who asks; None of somebody who gives no id and has done nothing in this conversation.

    `user` is the shop's own id. The work is done in a thread.
    """
    if not user and conversation is None and context is None:
        return None
    given = context or ContextBody()
    when = given.known(now or datetime.now(UTC))
    return await asyncio.to_thread(_read, server, tenant, user, conversation or "", when, context is not None)


def _read(
    server: ServerState, tenant: str, user: str, conversation: str, context: Context, given: bool
) -> Shopper | None:
    known = server.users.of(user, tenant) if user else ""
    allowed = bool(known) and server.may_personalise(known, tenant)
    settings = server.settings.shoppers
    theirs = server.interactions.of_user(known, tenant=tenant, limit=settings.history) if allowed else []
    here = server.interactions.of_session(conversation, tenant=tenant) if conversation else []
    if not theirs and not here and not given and not allowed:
        return None
    both = list({one.id: one for one in (*theirs, *here)}.values())
    corrections = server.corrections.corrections(known, tenant=tenant) if allowed else None
    return server.shelf.known(
        known if allowed else "", both, session=conversation, corrections=corrections, context=context
    )

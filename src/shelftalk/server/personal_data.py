"""Personal data is taken out of what shoppers send at the door, before anything is stored, logged or prompted."""

from __future__ import annotations

import asyncio

from shelftalk.privacy.pii import may_hold, scrub, scrub_request
from shelftalk.settings import Settings
from shelftalk.values import Request


async def without_personal_data(request: Request, settings: Settings) -> Request:
    """The request as it may go on, by the setting privacy.scrub. Loading the recognisers, once, does not hold up others."""
    texts = (request.request, *(turn.content for turn in request.history))
    if not settings.privacy.scrub or (request.intent is None and not any(map(may_hold, texts))):
        return request
    return await asyncio.to_thread(scrub_request, request)


def without_personal(text: str, settings: Settings) -> str:
    """A text as it may be stored, by the setting privacy.scrub; loads the recognisers where a text may need them."""
    return scrub(text).text if settings.privacy.scrub and may_hold(text) else text

"""An answer is only worked on while its client is there: without a stream nothing else notices that it left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from shelftalk.server.failures import Refused

T = TypeVar("T")
_LOOK_EVERY_S = 0.25


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work returns. Where the client leaves first it is cancelled, and Refused (499) is raised for the log."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=_LOOK_EVERY_S))[0]:
            if await request.is_disconnected():
                raise Refused(499, "client_left", "the client left")
        return task.result()
    finally:
        task.cancel()

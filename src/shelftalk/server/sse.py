"""Server-sent events (WHATWG HTML, section 9.2): one JSON object an event, a number each, a comment when nothing comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

MEDIA_TYPE = "text/event-stream"
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": 'One JSON object; or, with "stream": true, server-sent events.',
        "content": {"application/json": {"schema": {}}, MEDIA_TYPE: {"schema": {}}},
    }
}
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


def event(name: str | None, data: Any, number: int | None = None) -> bytes:
    """One event on the wire; data is written as JSON on one line, a str "[DONE]" as it is."""
    text = data if data == "[DONE]" else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    lines = [f"id: {number}"] if number is not None else []
    if name:
        lines.append(f"event: {name}")
    return ("\n".join([*lines, f"data: {text}"]) + "\n\n").encode()


async def alive(events: AsyncIterator[bytes], every_s: float = 10.0) -> AsyncIterator[bytes]:
    """The same events, with a comment after each `every_s` seconds of silence, so that proxies keep the line open."""
    pending: asyncio.Future[bytes] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait([pending], timeout=every_s)
            if not done:
                yield b": still here\n\n"
                continue
            finished, pending = pending, None
            try:
                yield finished.result()
            except StopAsyncIteration:
                return
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.wait([pending])
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()

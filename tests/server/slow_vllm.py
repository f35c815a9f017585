"""A stand-in for a vLLM server, run as a process: answers, hangs, breaks off or dies as the last message tells it to.

Used where the real one's speed is not the point; tests/server/test_real_vllm.py asks the real one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()
seen: dict[str, Any] = {"asked": 0, "aborted": 0, "salts": [], "mood": os.environ.get("MOOD", "well")}


@app.get("/health")
async def health() -> dict[str, str]:
    if seen["mood"] == "deaf":
        await asyncio.sleep(60)
    return {}


@app.get("/v1/models")
async def models() -> dict[str, Any]:
    return {"data": [{"id": "small"}]}


@app.get("/seen")
async def tell() -> dict[str, Any]:
    return {**seen, "pid": os.getpid()}


@app.post("/mood/{mood}")
async def change(mood: str) -> None:
    seen["mood"] = mood


@app.post("/v1/chat/completions")
async def complete(request: Request) -> Any:
    body = await request.json()
    seen["asked"] += 1
    seen["salts"].append(body.get("cache_salt"))
    if seen["mood"] == "dead":
        os._exit(3)
    if seen["mood"] == "broken":
        return JSONResponse({"error": {"message": "out of memory"}}, 500)
    if seen["mood"] == "cut":  # a reply that breaks off in the middle

        async def half() -> Any:
            yield b'{"choices": [{"mess'
            os._exit(3)

        return StreamingResponse(half(), media_type="application/json")
    try:
        for _ in range(600 if seen["mood"] == "slow" else 0):
            await asyncio.sleep(0.1)
            if await request.is_disconnected():
                seen["aborted"] += 1
                return {}
    except asyncio.CancelledError:
        seen["aborted"] += 1
        raise
    choice = {"message": {"content": '"x [1]"'}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}


if __name__ == "__main__":
    print(json.dumps({"pid": os.getpid()}), flush=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error")

"""Is the process alive, and can it answer? Ready only once a real answer has been given."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process runs")
async def healthz() -> dict[str, str]:
    """Always {"status": "ok"} while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="A real answer has been given", responses={503: {"description": "not ready yet"}})
async def readyz(request: Request) -> JSONResponse:
    """200 once the warm-up request was answered through the whole path, 503 with the reason until then."""
    state: Any = request.app.state
    reason = state.server.not_ready
    if reason:
        return JSONResponse({"status": "not ready", "reason": reason}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", summary="Metrics in Prometheus's text form", response_class=Response)
async def metrics(request: Request) -> Response:
    """What is counted and timed (docs/operations.md). Keep it from the outside: it shows how much the shop is asked."""
    server: Any = request.app.state.server
    return Response(server.telemetry.text(), media_type=CONTENT_TYPE_LATEST)

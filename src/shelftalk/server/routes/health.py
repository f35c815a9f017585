"""Is the process alive, and can it answer? Ready only once a real answer has been given."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from shelftalk.errors import ShelftalkError

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process runs")
async def healthz() -> dict[str, str]:
    """Always {"status": "ok"} while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="A real answer has been given", responses={503: {"description": "not ready yet"}})
async def readyz(request: Request) -> JSONResponse:
    """200 once the warm-up request was answered through the whole path, 503 with the reason until then.

    Who may see the studio (without keys: who asks on the loopback) also reads the cause, as the log has it.
    """
    server: Any = request.app.state.server
    reason = server.not_ready
    if not reason:
        return JSONResponse({"status": "ready"})
    told = {"status": "not ready", "reason": reason}
    if server.cause and await _of_the_house(request):
        told["cause"] = server.cause
    return JSONResponse(told, 503)


async def _of_the_house(request: Request) -> bool:
    gate: Any = request.app.state.server.gate
    try:
        await gate.admit(request, "studio")
    except (ShelftalkError, SQLAlchemyError):
        return False
    return True


@router.get("/metrics", summary="Metrics in Prometheus's text form", response_class=Response)
async def metrics(request: Request) -> Response:
    """What is counted and timed (docs/operations.md). Keep it from the outside: it shows how much the shop is asked."""
    server: Any = request.app.state.server
    return Response(server.telemetry.text(), media_type=CONTENT_TYPE_LATEST)

"""The gateway: a FastAPI application over one shelf. Made by `create_app`, so that tests and processes share nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match

from shelftalk.pipeline import Shelf
from shelftalk.server import failures
from shelftalk.server.described import bounded
from shelftalk.server.failures import Refused
from shelftalk.server.heads import Heads
from shelftalk.server.limits import BodyLimit
from shelftalk.server.observed import Observed
from shelftalk.server.page.session import KeyCookie
from shelftalk.server.routes import (
    chat,
    conversations,
    critiques,
    experiments,
    exposure,
    health,
    interactions,
    near,
    page,
    predictions,
    privacy,
    products,
    profiles,
    recommendations,
    rerank,
    studio,
)
from shelftalk.server.state import ServerState
from shelftalk.server.telemetry import Telemetry
from shelftalk.settings import Settings, load_settings

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(
    settings: Settings | None = None, shelf: Shelf | None = None, *, load: Callable[[], Settings] | None = None
) -> FastAPI:
    """The application. `shelf` is used as given (and not closed); else the catalogue of the settings is opened, and the
    language model that they name: by address, as a vLLM server that is started beside, or in this process.

    `load` gives the settings anew when the process gets SIGHUP. Raises CatalogError at start where there is no catalogue.
    """
    settings = settings or load_settings()

    telemetry = Telemetry()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = shelf if shelf is not None else await asyncio.to_thread(Shelf.open, None, settings=settings)
        server = app.state.server = await asyncio.to_thread(
            lambda: ServerState(settings, opened, telemetry, given=shelf is not None, load=load)
        )
        warming = asyncio.create_task(asyncio.to_thread(server.warm_up))
        _reload_on_hangup(server)
        try:
            yield
        finally:
            server.stop()
            await server.pool.drain(settings.serve.drain_s)
            with contextlib.suppress(Exception):
                await warming
            await asyncio.to_thread(server.close)

    app = FastAPI(title="Shelftalk", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    failures.install(app, telemetry.error)
    app.add_middleware(BodyLimit, most=settings.serve.body_bytes)
    app.add_middleware(KeyCookie)
    app.add_middleware(Heads)
    if settings.serve.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.rstrip("/") for origin in settings.serve.origins],
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-API-Key"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Observed, telemetry=telemetry, headers=_SECURITY)

    app.include_router(health.router)
    app.include_router(near.router)
    for part in (
        recommendations,
        chat,
        rerank,
        critiques,
        products,
        profiles,
        exposure,
        interactions,
        predictions,
        conversations,
        privacy,
        page,
        studio,
        experiments,
    ):
        app.include_router(part.router, responses=failures.RESPONSES)

    @app.api_route(
        "/{path:path}",
        methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"],
        include_in_schema=False,
    )
    async def unknown(path: str, request: Request) -> Response:
        others = [route for route in request.app.router.routes if getattr(route, "path", "") != "/{path:path}"]
        here = [route for route in others if route.matches(request.scope)[0] is Match.PARTIAL]
        if here:
            taken = {method for route in here for method in getattr(route, "methods", None) or ()}
            taken |= {"HEAD"} if "GET" in taken else set()
            raise HTTPException(405, "this address does not take that method", {"Allow": ", ".join(sorted(taken))})
        raise Refused(404, "not_found", "there is nothing at this address")

    plain = app.openapi
    app.openapi = lambda: bounded(plain(), settings.max_request_chars)  # type: ignore[method-assign]
    return app


def _reload_on_hangup(server: ServerState) -> None:
    """SIGHUP reads settings and prompts anew, where this process can have it (its main thread, not on Windows)."""
    tasks: set[asyncio.Task[str]] = set()

    def reload() -> None:
        task = asyncio.get_running_loop().create_task(server.reload())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)

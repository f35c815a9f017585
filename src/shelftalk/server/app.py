"""The gateway: a FastAPI application over one shelf. Made by `create_app`, so that tests and processes share nothing."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import FastAPI, Request, Response

from shelftalk.recommender import Shelf
from shelftalk.server import failures
from shelftalk.server.failures import Refused
from shelftalk.server.limits import BodyLimit
from shelftalk.server.page.session import KeyCookie
from shelftalk.server.routes import (
    chat,
    conversations,
    critiques,
    health,
    interactions,
    page,
    products,
    recommendations,
    rerank,
)
from shelftalk.server.state import ServerState
from shelftalk.settings import Settings, load_settings

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(settings: Settings | None = None, shelf: Shelf | None = None) -> FastAPI:
    """The application. `shelf` is used as given (and not closed); else the catalogue of the settings is opened.

    Raises CatalogError at start where there is no catalogue.
    """
    settings = settings or load_settings()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = shelf if shelf is not None else await asyncio.to_thread(Shelf.open, None, settings=settings)
        server = app.state.server = await asyncio.to_thread(ServerState, settings, opened)
        warming = asyncio.create_task(asyncio.to_thread(server.warm_up))
        try:
            yield
        finally:
            await server.pool.drain(settings.serve.drain_s)
            with contextlib.suppress(Exception):
                await warming
            if shelf is None:
                await asyncio.to_thread(server.close)

    app = FastAPI(title="Shelftalk", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    failures.install(app)
    app.add_middleware(BodyLimit, most=settings.serve.body_bytes)
    app.add_middleware(KeyCookie)

    @app.middleware("http")
    async def identify(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.request_id = uuid.uuid4().hex
        response = await call_next(request)
        response.headers["X-Request-Id"] = request.state.request_id
        for name, value in _SECURITY.items():
            response.headers.setdefault(name, value)
        return response

    app.include_router(health.router)
    for part in (recommendations, chat, rerank, critiques, products, interactions, conversations, page):
        app.include_router(part.router)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def unknown(path: str) -> Response:
        raise Refused(404, "not_found", "there is nothing at this address")

    return app

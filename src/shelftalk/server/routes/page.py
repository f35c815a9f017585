"""The chat at /, its files, and signing in with a key."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shelftalk.server.db.keys import SCOPES
from shelftalk.server.failures import Refused
from shelftalk.server.page.files import page, static
from shelftalk.server.page.session import forget, remember
from shelftalk.server.page.shelves import shelves

router = APIRouter(include_in_schema=False)


@router.get("/")
async def chat(request: Request) -> Response:
    """The page; what it shows it asks the API for, with the key of whoever has signed in."""
    server: Any = request.app.state.server
    facets = await asyncio.to_thread(server.shelf.catalog.facets)
    told = {"shelves": shelves(facets), "products": facets.products, "currency": facets.currency}
    return page("chat.html.jinja", {**told, "shop": server.settings.shop})


@router.get("/static/{name}")
async def file(name: str, request: Request) -> Response:
    """A script or a style of the page."""
    found = static(name, request.headers.get("if-none-match"))
    if found is None:
        raise Refused(404, "not_found", "there is nothing at this address")
    return found


@router.post("/session")
async def sign_in(request: Request) -> Response:
    """204 and a cookie, where the key in the header is known. Refused with 401 where not."""
    server: Any = request.app.state.server
    for scope in SCOPES:
        try:
            await server.gate.admit(request, scope)
            break
        except Refused as error:
            if error.status != 403:
                raise
    key = request.headers.get("authorization", "").partition(" ")[2].strip()
    return remember(Response(status_code=204), key, secure=request.url.scheme == "https")


@router.delete("/session")
async def sign_out() -> Response:
    """204; the browser drops the key."""
    return forget(Response(status_code=204))

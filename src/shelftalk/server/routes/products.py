"""Products over REST: upsert, read, remove, facets, and why one is or is not picked. The next request sees a change."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse

from shelftalk.catalog.facets import to_dict as facets_dict
from shelftalk.catalog.product import FieldError, parse_product, shown_record
from shelftalk.schema import ProductModel
from shelftalk.server.auth import needs
from shelftalk.server.bodies import Identifier, ProductsBody
from shelftalk.server.db.keys import Caller
from shelftalk.server.described import WORDS
from shelftalk.server.failures import Refused, request_id
from shelftalk.server.failures import body as failure
from shelftalk.server.intents import MOST_ID
from shelftalk.server.leaving import while_there
from shelftalk.server.routes.segments import SegmentRoute
from shelftalk.values import Request as Asked

router = APIRouter(prefix="/v1", tags=["products"], route_class=SegmentRoute)
Ask = Annotated[Caller, Depends(needs("ask"))]
Manage = Annotated[Caller, Depends(needs("catalogue"))]
Identity = Annotated[
    str, Path(min_length=1, max_length=MOST_ID, description='The product\'s id, percent-encoded ("/" as %2F).')
]


@router.post(
    "/products",
    summary="Add or change products",
    response_model=None,
    responses={207: {"description": "Some went in, and some were rejected."}},
)
async def upsert(body: ProductsBody, request: Request, caller: Manage) -> JSONResponse:
    """Counts, each row that was left out with field, value and reason, and each value that was left out of a product that went
    in; 200 where all products went in, 207 where not all."""
    server: Any = request.app.state.server
    good, rejected, dropped, seen = [], [], [], set()
    for row, record in enumerate(body.products):
        try:
            left: list[FieldError] = []
            product = parse_product(record, left)
        except FieldError as error:
            rejected.append({"row": row, "message": str(error)[:500]})
            continue
        if product.id in seen:
            rejected.append({"row": row, "message": f"id {product.id!r} stands in this list already"})
            continue
        seen.add(product.id)
        good.append(product)
        dropped += [{"row": row, "id": product.id, **error.to_dict()} for error in left]
    report = await asyncio.to_thread(server.shelf.catalog.upsert, good) if good else None
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    if report is not None:
        counts = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    if rejected and not good:
        told = failure("invalid_request", "none of these products can be taken", request_id(request), "products")
        return JSONResponse({**told, **counts, "rejected": rejected, "dropped": dropped}, 422)
    return JSONResponse({**counts, "rejected": rejected, "dropped": dropped}, 207 if rejected else 200)


@router.get(
    "/products/{product_id}", summary="One product", response_model=None, responses={200: {"model": ProductModel}}
)
async def read(product_id: Identity, request: Request, caller: Ask) -> dict[str, Any]:
    """The record as the catalogue holds it."""
    server: Any = request.app.state.server
    product = await asyncio.to_thread(server.shelf.catalog.get, product_id)
    if product is None:
        raise Refused(404, "not_found", "no such product", param="product_id")
    return shown_record(product)


@router.delete("/products/{product_id}", status_code=204, summary="Take a product out")
async def remove(product_id: Identity, request: Request, caller: Manage) -> None:
    """204 once it is gone, 404 where it was not there."""
    server: Any = request.app.state.server
    if not await asyncio.to_thread(server.shelf.catalog.remove, [product_id]):
        raise Refused(404, "not_found", "no such product", param="product_id")


@router.delete("/products", summary="Take products out")
async def remove_many(
    request: Request,
    caller: Manage,
    ids: Annotated[list[Identifier], Query(min_length=1, max_length=50, description="The products of these ids.")],
) -> dict[str, int]:
    """How many there were. Ids that no path can carry ("..") are given here."""
    server: Any = request.app.state.server
    return {"removed": await asyncio.to_thread(server.shelf.catalog.remove, ids)}


@router.get("/facets", summary="What can be asked for")
async def facets(request: Request, caller: Ask) -> dict[str, Any]:
    """Fields with their types, ranges and commonest values."""
    server: Any = request.app.state.server
    return facets_dict(await asyncio.to_thread(server.shelf.catalog.facets))


@router.get("/products/{product_id}/why", summary="Why is this product picked, or why not?")
async def why(
    product_id: Identity,
    request: Request,
    caller: Ask,
    asked: Annotated[
        str,
        Query(
            alias="request", min_length=1, max_length=4000, description="The shopper's words.", json_schema_extra=WORDS
        ),
    ],
) -> dict[str, Any]:
    """The verdict, with the limits it fails or what stands above it."""
    server: Any = request.app.state.server
    if await asyncio.to_thread(server.shelf.catalog.get, product_id) is None:
        raise Refused(404, "not_found", "no such product", param="product_id")
    why = server.pool.call(lambda shelf: shelf.why(Asked(asked), product_id), limit_s=server.settings.serve.limit_s)
    answer = await while_there(request, why)
    return dict(answer.to_dict())

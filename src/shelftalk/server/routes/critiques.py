"""What a page asks around an answer: trade-offs with their counts, products by id or words, and why one was not picked."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from shelftalk.catalog.product import shown_record
from shelftalk.schema import ProductModel
from shelftalk.server.auth import needs
from shelftalk.server.bodies import Body, Identifier
from shelftalk.server.conversing import Conversing
from shelftalk.server.critiques import critiques
from shelftalk.server.db.keys import Caller
from shelftalk.server.described import WORDS
from shelftalk.server.failures import Refused
from shelftalk.server.finding import found_by_name
from shelftalk.server.intents import IntentBody
from shelftalk.server.leaving import while_there
from shelftalk.values import Request as Asked

router = APIRouter(prefix="/v1", tags=["around an answer"])
Ask = Annotated[Caller, Depends(needs("ask"))]


class CritiquesBody(Body):
    """An answer's intent, and the products that it picked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"intent": {"query": "tent"}, "picks": ["TENT-110"]}]}
    )

    intent: IntentBody
    picks: list[Identifier] = Field(max_length=50)


class ProductsFound(BaseModel):
    """Products as the catalogue holds them."""

    products: list[ProductModel]


class WhyBody(Body):
    """A product, the request that an answer was given to, and the edited intent where there was one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"product_id": "TENT-110", "request": "a tent for two"}]}
    )

    product_id: Identifier
    request: str = Field(min_length=1, max_length=4000, json_schema_extra=WORDS)
    intent: IntentBody | None = None


@router.post("/critiques", summary="Trade-offs around the picks")
async def around(body: CritiquesBody, request: Request, caller: Ask) -> dict[str, Any]:
    """Each with the number of products that it leads to and the intent to send for them."""
    catalog = request.app.state.server.shelf.catalog
    facets = await asyncio.to_thread(catalog.facets)
    intent = body.intent.to_intent(facets)
    found = await asyncio.to_thread(critiques, catalog, intent, body.picks)
    return {"critiques": [c.to_dict() for c in found]}


@router.get(
    "/products", summary="Products by id or by words", response_model=None, responses={200: {"model": ProductsFound}}
)
async def find(
    request: Request,
    caller: Ask,
    ids: Annotated[
        list[Identifier], Query(default_factory=list, max_length=50, description="The products of these ids.")
    ],
    words: Annotated[
        str,
        Query(max_length=400, description="A name or an id, as it is remembered, or words of a brand or a property."),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> dict[str, Any]:
    """Whole records: of the ids, in their order, then those of that name and those that hold the words, best first; the first ones where neither
    is given."""
    catalog = request.app.state.server.shelf.catalog

    def look() -> list[dict[str, Any]]:
        wanted = list(ids) if ids or "words" in request.query_params else catalog.scan(None, limit=limit)
        found = catalog.get_many(wanted)
        found |= {p.id: p for p in found_by_name(catalog, words, limit) if p.id not in found}
        return [shown_record(p) for p in found.values()]

    return {"products": await asyncio.to_thread(look)}


@router.post("/why", summary="Why is this product picked, or why not, with the intent that was edited?")
async def why(body: WhyBody, request: Request, caller: Ask) -> dict[str, Any]:
    """The verdict, as GET /v1/products/{product_id}/why gives it; for edited intents, and for ids that no path can carry."""
    server: Any = request.app.state.server
    if await asyncio.to_thread(server.shelf.catalog.get, body.product_id) is None:
        raise Refused(404, "not_found", "no such product", param="product_id")
    intent = None
    if body.intent is not None:
        intent = body.intent.to_intent(await asyncio.to_thread(server.shelf.catalog.facets))
    asked = await Conversing(server, caller, None).continued(Asked(body.request, intent=intent))
    why = server.pool.call(lambda shelf: shelf.why(asked, body.product_id), limit_s=server.settings.serve.limit_s)
    answer = await while_there(request, why)
    return dict(answer.to_dict())

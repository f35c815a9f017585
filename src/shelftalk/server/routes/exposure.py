"""What a product suits before anyone has seen it, over REST."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from shelftalk.pipeline import Shelf
from shelftalk.pipeline.outlook import Outlook, outlook
from shelftalk.server.auth import needs
from shelftalk.server.db.asked import past_requests
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.leaving import while_there
from shelftalk.server.routes.products import Identity
from shelftalk.server.routes.segments import SegmentRoute

router = APIRouter(prefix="/v1", tags=["products"], route_class=SegmentRoute)
MOST_LOOKED_AT = 1000  # shoppers; `shelftalk exposure` looks at all
Manage = Annotated[Caller, Depends(needs("catalogue"))]


@router.get("/products/{product_id}/exposure", summary="Which requests and shoppers does this product suit?")
async def exposure(
    product_id: Identity,
    request: Request,
    caller: Manage,
    limit: Annotated[int, Query(ge=1, le=50, description="How many past requests to try, the commonest first.")] = 20,
) -> dict[str, Any]:
    """Its place for each past request of this key, what stands before it, the shoppers whose profile it meets (by pseudonym; 1,000 are looked at), and what its
    record lacks; without past requests, over some written from the fields of its kind."""
    server: Any = request.app.state.server
    if await asyncio.to_thread(server.shelf.catalog.get, product_id) is None:
        raise Refused(404, "not_found", "no such product", param="product_id")

    def work(shelf: Shelf) -> Outlook:
        asked = past_requests(server.database, tenant=caller.tenant, most=limit, gaps=server.gaps)
        shoppers = islice(server.serving("personalisation").by_user(tenant=caller.tenant), MOST_LOOKED_AT)
        return outlook(
            shelf, product_id, asked, shoppers, lambda user: server.corrections.corrections(user, tenant=caller.tenant)
        )

    found: Outlook = await while_there(request, server.pool.call(work, limit_s=server.settings.serve.limit_s))
    return found.to_dict()

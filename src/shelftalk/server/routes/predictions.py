"""POST /v1/predictions: will a shopper like a product, for one pair or many."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from shelftalk.server.auth import needs
from shelftalk.server.bodies import NO_NUL, Body, Identifier, Row
from shelftalk.server.db.keys import Caller
from shelftalk.server.leaving import while_there
from shelftalk.server.predicting import Predicting

router = APIRouter(prefix="/v1", tags=["predictions"])
Ask = Annotated[Caller, Depends(needs("ask"))]


class PairBody(Body):
    """A shopper or a history, and a product. An entry of a history is a product's id, or a record with a title; the shopper's own
    "rating" (1 to 5), or the "kind" of what they did, may stand with it. One that cannot be predicted is told of in its place."""

    id: str | None = Field(None, max_length=200, description="Yours; it comes back.")
    user: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = None
    history: list[Identifier | dict[str, Any]] | None = Field(None, max_length=1000)
    product_id: Identifier | None = None
    product: Row | None = Field(None, description="The record of a product that is not in the catalogue.")


class PredictionsBody(Body):
    """The pairs to predict."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "pairs": [
                        {
                            "history": [{"title": "A light tent for two", "rating": 5}],
                            "product": {"title": "A light tent for three", "price": "189.00", "currency": "EUR"},
                        }
                    ]
                }
            ]
        },
    )

    pairs: list[PairBody] = Field(min_length=1, max_length=256)


@router.post("/predictions", summary="Will a shopper like a product?")
async def predict(body: PredictionsBody, request: Request, caller: Ask) -> dict[str, Any]:
    """One result a pair, in order: probability, yes or no, rating where the shopper's ratings are known, and why (docs/predict.md).

    A pair that cannot be predicted has an "error" in its place, and the others are predicted.
    """
    server: Any = request.app.state.server
    predicting: Predicting = server.predicting
    records = [pair.model_dump(exclude_none=True) for pair in body.pairs]
    work = server.pool.call(
        lambda shelf: predicting.predict(records, caller.tenant), limit_s=server.settings.serve.limit_s
    )
    return {"predictions": await while_there(request, work)}

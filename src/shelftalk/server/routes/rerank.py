"""POST /v1/rerank (and /v2/rerank): texts ordered by how well they meet a query, in the form of Cohere and Jina clients.

The score is the cosine of the shelf's own embedder, brought to 0..1; no catalogue and no language model take part.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from shelftalk.pipeline import Shelf
from shelftalk.server.auth import needs
from shelftalk.server.db.keys import Caller
from shelftalk.server.described import WORDS
from shelftalk.server.failures import Refused
from shelftalk.server.leaving import while_there
from shelftalk.text import clean

router = APIRouter(tags=["rerank"])
Ask = Annotated[Caller, Depends(needs("ask"))]


class Document(BaseModel):
    """A document given as an object; only its text is read."""

    model_config = ConfigDict(extra="allow")
    text: str


class RerankBody(BaseModel):
    """What Cohere's (v1, v2) and Jina's clients send; keys of theirs that have no meaning here are taken and not used."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"query": "dry feet", "documents": ["a lamp", "rubber boots"], "top_n": 1}]},
    )

    query: str = Field(min_length=1, max_length=4000, json_schema_extra=WORDS)
    documents: list[str | Document] = Field(min_length=1, max_length=1000)
    model: str | None = Field(None, max_length=200)
    top_n: int | None = Field(None, ge=1)
    return_documents: StrictBool | None = False


@router.post("/v1/rerank", summary="Order texts by a query")
@router.post("/v2/rerank", summary="Order texts by a query", include_in_schema=False)
async def rerank(body: RerankBody, request: Request, caller: Ask) -> dict[str, Any]:
    """Results with index and relevance_score (0 to 1), best first; ties keep the order given."""
    texts = [d if isinstance(d, str) else d.text for d in body.documents]
    if not clean(body.query):
        raise Refused(400, "invalid_request", "the query is empty", param="query")

    def score(shelf: Shelf) -> dict[str, float]:
        embedder, distinct = shelf.catalog.embedder, list(dict.fromkeys(texts))  # equal texts have one score
        cosines = embedder.encode(distinct) @ embedder.encode_query(body.query)
        return {
            text: round(min(1.0, max(0.0, (float(x) + 1) / 2)), 6) for text, x in zip(distinct, cosines, strict=True)
        }

    server: Any = request.app.state.server
    scores = await while_there(request, server.pool.call(score, limit_s=server.settings.serve.limit_s))
    order = sorted(range(len(texts)), key=lambda i: -scores[texts[i]])[: body.top_n]
    results: list[dict[str, Any]] = []
    for i in order:
        found: dict[str, Any] = {"index": i, "relevance_score": scores[texts[i]]}
        if body.return_documents:
            found["document"] = {"text": texts[i]}
        results.append(found)
    words = len(body.query.split()) + sum(len(text.split()) for text in texts)
    return {
        "id": str(uuid.uuid4()),
        "model": request.app.state.server.shelf.catalog.embedder.name,
        "results": results,
        "usage": {"total_tokens": words},
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }

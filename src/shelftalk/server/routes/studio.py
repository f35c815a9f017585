"""The studio at /studio, for those who run the shop: what was asked of late, what answers now, and two variants side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from shelftalk.gaps import by_kind
from shelftalk.recommender import Shelf
from shelftalk.server.auth import needs
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.leaving import while_there
from shelftalk.server.live import needs_model
from shelftalk.server.page.files import page
from shelftalk.server.page.plots import STAGES, figures, latency
from shelftalk.settings import Settings
from shelftalk.values import Request as Asked

router = APIRouter(include_in_schema=False)
Studio = Annotated[Caller, Depends(needs("studio"))]
_PROMPTED = ("understand", "rank", "explain")
_GAPS, _KINDS, _NEEDS = 200, 8, 10


class Variant(BaseModel):
    """Settings of one side; what is not given is as the server runs."""

    model_config = ConfigDict(extra="forbid")

    understand: Literal["reader", "model", "both"] | None = None
    strategy: Literal["none", "listwise", "pointwise", "generated"] | None = None
    explain: Literal["model", "record"] | None = None
    prompts: dict[Literal["understand", "rank", "explain"], str] = Field(default_factory=dict)


class TryBody(BaseModel):
    """One request, two variants."""

    model_config = ConfigDict(extra="forbid")

    request: str = Field(min_length=1, max_length=4000)
    variants: list[Variant] = Field(min_length=2, max_length=2)


@router.get("/studio")
async def studio(request: Request) -> Response:
    """The page; or, without a key that opens it, the form to sign in with."""
    server: Any = request.app.state.server
    try:
        caller = await server.gate.admit(request, "studio")
    except Refused as error:
        if error.status not in (401, 403):
            raise
        return page("signin.html.jinja", {"wrong": error.status == 403}, error.status)
    entries = server.recent.entries()
    counts = await asyncio.to_thread(lambda: server.interactions.counts(tenant=caller.tenant))
    gaps = await asyncio.to_thread(missing, server, caller.tenant)
    refs = server.shelf.prompts.refs()
    return page(
        "studio.html.jinja",
        {
            "entries": entries[:50], "keep": server.recent.keep, "figures": figures(entries), "plot": latency(entries),
            "stages": STAGES, "counts": counts, "live": await asyncio.to_thread(live, server), **gaps,
            "options": {task: [r for r in refs if r.startswith(f"{task}/")] for task in _PROMPTED},
        },
    )  # fmt: skip


@router.post("/studio/try")
async def compare(body: TryBody, request: Request, caller: Studio) -> dict[str, Any]:
    """The answers of both variants to one request, one after the other, in the pool's turn."""
    server: Any = request.app.state.server
    answers = []
    for i, variant in enumerate(body.variants):
        settings = varied(server.settings, variant)
        engine = server.shelf.loaded
        if needs_model(settings) and engine is None:
            raise Refused(
                409, "no_model", "this server runs without a language model; choose reader, none and record",
                param=f"variants.{i}",
            )  # fmt: skip
        _known(server.shelf, variant, i)

        def ask(shelf: Shelf, settings: Settings = settings) -> dict[str, Any]:
            other = Shelf(shelf.catalog, settings, shelf.prompts, shelf.loaded)
            return other.ask(Asked(body.request)).to_dict()

        answers.append(await while_there(request, server.pool.call(ask, limit_s=server.settings.serve.limit_s)))
    return {"answers": answers}


def missing(server: Any, tenant: str) -> dict[str, Any]:
    """What the panel of gaps shows: wishes by kind of product, needs, and from how many conversations on they are shown."""
    serve = server.settings.serve
    found = server.gaps.top(tenant=tenant, least=serve.gap_least, limit=_GAPS)
    return {
        "wishes": by_kind([gap for gap in found if gap.what == "wish"])[:_KINDS],
        "needs": [gap for gap in found if gap.what == "need"][:_NEEDS],
        "gap_least": serve.gap_least,
        "count_gaps": serve.count_gaps,
    }


def varied(settings: Settings, variant: Variant) -> Settings:
    """The server's settings with those of the variant."""
    prompts = {task: ref.removeprefix(f"{task}/") if task == "rank" else ref for task, ref in variant.prompts.items()}
    parts: dict[str, dict[str, Any]] = {
        "understand": {"mode": variant.understand, "prompt": prompts.get("understand")},
        "rank": {"strategy": variant.strategy, "prompt": prompts.get("rank")},
        "explain": {"mode": variant.explain, "prompt": prompts.get("explain")},
    }
    update = {
        name: getattr(settings, name).model_copy(update={k: v for k, v in given.items() if v is not None})
        for name, given in parts.items()
    }
    return settings.model_copy(update=update)


def _known(shelf: Shelf, variant: Variant, i: int) -> None:
    for task, ref in variant.prompts.items():
        if ref not in shelf.prompts.refs() or not ref.startswith(f"{task}/"):
            raise Refused(422, "invalid_request", "there is no such prompt", param=f"variants.{i}.prompts.{task}")


def live(server: Any) -> list[tuple[str, str]]:
    """What answers now, as lines of name and value."""
    settings: Settings = server.settings
    engine = server.shelf.loaded
    rows = [
        ("Catalogue", f"{server.shelf.catalog.count():,} products, version {server.shelf.catalog.version}"),
        ("Language model", f"{engine.model} ({engine.name})" if engine else "none: the record speaks"),
        ("Adapter", (settings.adapter_in_force if engine else None) or "none"),
        ("Reading", settings.understand.mode),
        ("Ranking", settings.rank.strategy),
        ("Reasons", settings.explain.mode),
    ]
    if settings.understand.mode != "reader":
        rows.append(("Prompt of reading", server.shelf.prompts.get(settings.understand.prompt).ref))
    if settings.rank.strategy != "none":
        rows.append(("Prompt of ranking", settings.rank.prompt or settings.rank.strategy))
    if settings.explain.mode == "model":
        rows.append(("Prompt of reasons", server.shelf.prompts.get(settings.explain.prompt).ref))
    for i, (up, under_way, answered) in enumerate(server.upstreams(), start=1):
        rows.append((f"Model server {i}", f"{'up' if up else 'down'}, {under_way} under way, {answered} answered"))
    return rows

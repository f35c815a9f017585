"""The studio at /studio, for those who run the shop: what was asked of late, what answers now, and two variants side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from shelftalk.gaps import by_kind
from shelftalk.pipeline import Shelf
from shelftalk.prompts import LayeredLibrary, PromptLibrary
from shelftalk.server.auth import needs
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.leaving import while_there
from shelftalk.server.live import needs_model
from shelftalk.server.page.exposure import exposure_view
from shelftalk.server.page.files import page
from shelftalk.server.page.plots import STAGES, figures, latency
from shelftalk.settings import Settings, UnderstandMode
from shelftalk.values import Request as Asked

router = APIRouter(include_in_schema=False)
Studio = Annotated[Caller, Depends(needs("studio"))]
Strategy = Literal["graded", "none", "listwise", "pointwise", "generated"]
Reasons = Literal["record", "model"]
# What a variant may give another prompt to, and how the names of such prompts begin. "wishes" and "needs" are what the mode
# "wishes" asks with, "understand" what "model" and "both" do.
PromptOf = Literal["wishes", "needs", "understand", "rank", "explain"]
_WISHES, _NEEDS_PROMPT = "understand/wishes@", "understand/kinds@"
_PROMPTED: dict[str, str] = {
    "wishes": _WISHES, "needs": _NEEDS_PROMPT, "understand": "understand/", "rank": "rank/", "explain": "explain/",
}  # fmt: skip
_GAPS, _KINDS, _NEEDS = 200, 8, 10


class Variant(BaseModel):
    """Settings of one side; what is not given is as the server runs."""

    model_config = ConfigDict(extra="forbid")

    understand: UnderstandMode | None = None
    strategy: Strategy | None = None
    explain: Reasons | None = None
    prompts: dict[PromptOf, str] = Field(default_factory=dict)


class TryBody(BaseModel):
    """One request, two variants."""

    model_config = ConfigDict(extra="forbid")

    request: str = Field(min_length=1, max_length=4000)
    variants: list[Variant] = Field(min_length=2, max_length=2)


@router.get("/studio")
async def studio(request: Request) -> Response:
    """The page; or, without a key that opens it, the form to sign in with. It is for whoever runs the server: like the requests,
    feedback and gaps are those under all keys."""
    server: Any = request.app.state.server
    try:
        await server.gate.admit(request, "studio")
    except Refused as error:
        if error.status not in (401, 403):
            raise
        return page("signin.html.jinja", {"wrong": error.status == 403}, error.status)
    entries = server.recent.entries()
    counts = await asyncio.to_thread(lambda: server.interactions.counts(tenant=None))
    gaps = await asyncio.to_thread(missing, server)
    exposure = await asyncio.to_thread(exposure_view, server)
    refs = server.shelf.prompts.refs()
    return page(
        "studio.html.jinja",
        {
            "entries": entries[:50], "keep": server.recent.keep, "figures": figures(entries), "plot": latency(entries),
            "stages": STAGES, "counts": counts, "exposure": exposure, "live": await asyncio.to_thread(live, server), **gaps,
            "readings": get_args(get_args(UnderstandMode)[0]), "strategies": get_args(Strategy), "reasons": get_args(Reasons),
            "options": {of: [r for r in refs if _fits(of, r)] for of in _PROMPTED},
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
                409, "no_model", "this server runs without a language model; choose rules, none and record",
                param=f"variants.{i}",
            )  # fmt: skip
        _known(server.shelf, variant, i)

        prompts = prompted(server.shelf.prompts, variant)

        def ask(shelf: Shelf, settings: Settings = settings, prompts: PromptLibrary = prompts) -> dict[str, Any]:
            other = Shelf(shelf.catalog, settings, prompts, shelf.loaded)
            return other.ask(Asked(body.request)).to_dict()

        answers.append(await while_there(request, server.pool.call(ask, limit_s=server.settings.serve.limit_s)))
    return {"answers": answers}


def missing(server: Any) -> dict[str, Any]:
    """What the panel of gaps shows: wishes by kind of product, needs, and from how many conversations on they are shown."""
    serve = server.settings.serve
    found = server.gaps.top(tenant=None, least=serve.gap_least, limit=_GAPS)
    return {
        "wishes": by_kind([gap for gap in found if gap.what == "wish"])[:_KINDS],
        "needs": [gap for gap in found if gap.what == "need"][:_NEEDS],
        "gap_least": serve.gap_least,
        "count_gaps": serve.count_gaps,
    }


def varied(settings: Settings, variant: Variant) -> Settings:
    """The server's settings with those of the variant; another strategy asks with its own prompt where none is given."""
    given = variant.prompts
    rank = given["rank"].removeprefix("rank/") if "rank" in given else None
    parts: dict[str, dict[str, Any]] = {
        "understand": {"mode": variant.understand, "prompt": given.get("understand")},
        "rank": {"strategy": variant.strategy, "prompt": rank},
        "explain": {"mode": variant.explain, "prompt": given.get("explain")},
    }
    update = {}
    for name, changes in parts.items():
        kept = {key: value for key, value in changes.items() if value is not None}
        if name == "rank" and kept.get("strategy", settings.rank.strategy) != settings.rank.strategy:
            kept.setdefault("prompt", None)
        update[name] = getattr(settings, name).model_copy(update=kept)
    return settings.model_copy(update=update)


def prompted(prompts: PromptLibrary, variant: Variant) -> PromptLibrary:
    """The server's prompts, with the variant's for wishes and needs, which no setting names, in front."""
    named = [prompts.get(ref) for of, ref in variant.prompts.items() if of in ("wishes", "needs")]
    return LayeredLibrary(prompts, named) if named else prompts


def _fits(of: str, ref: str) -> bool:
    """Whether a prompt may be given to that."""
    return ref.startswith(_PROMPTED[of]) and not (of == "understand" and ref.startswith((_WISHES, _NEEDS_PROMPT)))


def _known(shelf: Shelf, variant: Variant, i: int) -> None:
    for of, ref in variant.prompts.items():
        if ref not in shelf.prompts.refs() or not _fits(of, ref):
            raise Refused(422, "invalid_request", "there is no such prompt", param=f"variants.{i}.prompts.{of}")


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
    if settings.understand.mode == "wishes":
        rows += [(f"Prompt of {of}", server.shelf.prompts.get(_PROMPTED[of][:-1]).ref) for of in ("wishes", "needs")]
    elif settings.understand.asks_model:
        rows.append(
            (
                "Prompt of reading",
                server.shelf.prompts.named("understand", settings.understand.prompt, "understand.prompt").ref,
            )
        )
    if settings.rank.strategy != "none":
        rows.append(
            (
                "Prompt of ranking",
                server.shelf.prompts.named("rank", settings.rank.prompt or settings.rank.strategy, "rank.prompt").ref,
            )
        )
    if settings.explain.mode == "model":
        rows.append(
            ("Prompt of reasons", server.shelf.prompts.named("explain", settings.explain.prompt, "explain.prompt").ref)
        )
    for i, (up, under_way, answered) in enumerate(server.upstreams(), start=1):
        rows.append((f"Model server {i}", f"{'up' if up else 'down'}, {under_way} under way, {answered} answered"))
    return rows

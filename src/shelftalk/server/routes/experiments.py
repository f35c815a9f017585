"""Experiments for those who run the shop: started, changed, stopped and read under the scope `studio`, and a page with plots."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from shelftalk.errors import EngineError, PromptError, UsageError
from shelftalk.experiments.definition import Arm, Definition
from shelftalk.experiments.experiment import Experiment
from shelftalk.experiments.metrics import parse_guardrail
from shelftalk.server.arms import check
from shelftalk.server.auth import needs
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.page.files import page
from shelftalk.server.page.trials import exposure, panels

router = APIRouter(include_in_schema=False)
Studio = Annotated[Caller, Depends(needs("studio"))]
Name = Annotated[str, Path(min_length=1, max_length=40)]
_SHOWN = 5


class ArmBody(BaseModel):
    """A variant; `given` as the command line spells it: KEY=VALUE,KEY=VALUE."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=40)
    given: str = Field("", max_length=2000)
    weight: float = Field(1.0, gt=0, le=1e6)


class StartBody(BaseModel):
    """An experiment to start; the first variant is the control."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=40)
    variants: list[ArmBody] = Field(min_length=2, max_length=8)
    metric: str = Field("click_through", max_length=40)
    guardrails: list[str] = Field(default_factory=list, max_length=10)
    share: float = Field(1.0, gt=0, le=1)
    window_s: float = Field(7 * 86400.0, ge=60, le=90 * 86400)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    least: int = Field(200, ge=2, le=10**9)
    expected: int = Field(10_000, ge=2, le=10**9)

    def definition(self) -> Definition:
        """What is meant. UsageError for what cannot be."""
        arms = tuple(Arm(a.name, a.given, a.weight) for a in self.variants)
        rails = tuple(map(parse_guardrail, self.guardrails))
        return Definition(
            self.name, arms, self.metric, rails, self.share, timedelta(seconds=self.window_s), self.alpha, self.least, self.expected
        )  # fmt: skip


class ChangeBody(BaseModel):
    """Other weights, or another share of the traffic."""

    model_config = ConfigDict(extra="forbid")

    weights: dict[str, float] | None = None
    share: float | None = Field(None, gt=0, le=1)


class StopBody(BaseModel):
    """A note that stays with the experiment."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field("", max_length=400)


@router.get("/v1/experiments")
async def every(request: Request, caller: Studio) -> dict[str, Any]:
    """All experiments, newest first, with what keeps this gateway from serving one."""
    server: Any = request.app.state.server
    found = await asyncio.to_thread(server.experiments.all)
    return {"experiments": [{**one.to_dict(), "trouble": server.experimenting.trouble.get(one.name)} for one in found]}


@router.post("/v1/experiments", status_code=201)
async def start(body: StartBody, request: Request, caller: Studio) -> dict[str, Any]:
    """The experiment, running. Refused (400) for what cannot be served, and where too little of the traffic is left."""
    server: Any = request.app.state.server
    try:
        definition = body.definition()
        await asyncio.to_thread(check, definition, server.settings, server.shelf.prompts)
    except (EngineError, PromptError) as error:
        raise UsageError(str(error)) from error
    made: Experiment = await asyncio.to_thread(server.experiments.start, definition)
    await asyncio.to_thread(server.experimenting.refresh)
    return {**made.to_dict(), "trouble": server.experimenting.trouble.get(made.name)}


@router.get("/v1/experiments/{name}")
async def read(name: Name, request: Request, caller: Studio) -> dict[str, Any]:
    """The experiment and its report."""
    server: Any = request.app.state.server
    found = await _found(server, name)
    told = await asyncio.to_thread(server.experiments.report, name)
    return {"experiment": found.to_dict(), "report": told.to_dict()}


@router.post("/v1/experiments/{name}/change")
async def change(name: Name, body: ChangeBody, request: Request, caller: Studio) -> dict[str, Any]:
    """The experiment with other weights or another share from now on."""
    server: Any = request.app.state.server
    await _found(server, name)
    changed: Experiment = await asyncio.to_thread(
        lambda: server.experiments.change(name, weights=body.weights, share=body.share)
    )
    await asyncio.to_thread(server.experimenting.refresh)
    return changed.to_dict()


@router.post("/v1/experiments/{name}/stop")
async def stop(name: Name, body: StopBody, request: Request, caller: Studio) -> dict[str, Any]:
    """The experiment, stopped."""
    server: Any = request.app.state.server
    await _found(server, name)
    stopped: Experiment = await asyncio.to_thread(server.experiments.stop, name, body.why)
    await asyncio.to_thread(server.experimenting.refresh)
    return stopped.to_dict()


@router.get("/studio/experiments")
async def studio(request: Request) -> Response:
    """The page of the newest experiments; or, without a key that opens it, the form to sign in with."""
    server: Any = request.app.state.server
    try:
        await server.gate.admit(request, "studio")
    except Refused as error:
        if error.status not in (401, 403):
            raise
        return page("signin.html.jinja", {"wrong": error.status == 403}, error.status)
    found = await asyncio.to_thread(server.experiments.all)
    shown = [await asyncio.to_thread(_shown, server, one) for one in found[:_SHOWN]]
    return page("experiments.html.jinja", {"shown": shown, "more": max(0, len(found) - _SHOWN)})


def _shown(server: Any, one: Experiment) -> dict[str, Any]:
    told = server.experiments.report(one.name)
    answers = server.experiments.counts(one.name)
    return {
        **one.to_dict(), "answers": f"{sum(answers.values()):,}", "trouble": server.experimenting.trouble.get(one.name, ""),
        "given": {arm.name: arm.given for arm in one.definition.variants}, "report": told, "panels": panels(told),
        "exposure": exposure(told),
    }  # fmt: skip


async def _found(server: Any, name: str) -> Experiment:
    try:
        found: Experiment = await asyncio.to_thread(server.experiments.get, name)
    except UsageError as error:
        raise Refused(404, "not_found", f"there is no experiment {name!r}", param="name") from error
    return found

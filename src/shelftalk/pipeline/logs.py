"""What the log tells of a request: one line a stage with counts, names of fields and milliseconds.

A line never holds what the shopper wrote, nor a value read from it: a limit is told by its field and operator. `request_id` is the
server's (`X-Request-Id`), or one made for the request where there is no server.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from shelftalk.pipeline.state import PipelineState
from shelftalk.values import Answer

logger = logging.getLogger("shelftalk.pipeline")


def understood(state: PipelineState) -> None:
    """What the request was read as."""
    if not logger.isEnabledFor(logging.INFO):
        return
    read, intent = state.understood, state.intent
    _line(
        state,
        "understand",
        shopping=intent.shopping,
        question=read.follow_up.kind if read.follow_up else None,
        constraints=[f"{c.field} {c.operator}" for c in intent.constraints],
        criteria=[f"{c.field} {c.want}" for c in intent.criteria],
        sort=f"{intent.sort.field} {intent.sort.direction}" if intent.sort else None,
        kinds=len(intent.named_kinds),
        kinds_by_model=read.chosen,
        unanswered=len(intent.unanswered),
        excluded=len(intent.exclude),
        turns=len(state.request.history),
        notes=len(read.notes),
        prompt=read.prompt,
        tokens=read.tokens.prompt + read.tokens.completion,
    )


def retrieved(state: PipelineState) -> None:
    """How many candidates there are, and which limits were given up for them."""
    if not logger.isEnabledFor(logging.INFO):
        return
    found = state.retrieval
    _line(
        state,
        "retrieve",
        candidates=len(found.candidates),
        matching=found.matching,
        relaxed=_fields(c.field for c in found.relaxed),
        no_match=found.no_match,
        unlike=found.unlike,
    )


def ranked(state: PipelineState) -> None:
    """What the language model decided of the order."""
    if not logger.isEnabledFor(logging.INFO):
        return
    ranking = state.ranking
    before = [c.product.id for c in state.retrieval.candidates]
    graded = [c for c in ranking.candidates if "grade" in c.scores or "model" in c.scores]
    _line(
        state,
        "rank",
        strategy=ranking.strategy,
        judged=len(graded),
        moved=sum(c.product.id != b for c, b in zip(ranking.candidates, before, strict=False)),
        prompt=ranking.prompt,
        tokens=ranking.tokens.prompt + ranking.tokens.completion,
        new_placed=len(state.reordered.placed) if state.reordered else 0,
        given_up=round(state.reordered.given_up, 4) if state.reordered else 0.0,
    )


def explained(state: PipelineState, answer: Answer) -> None:
    """What the picks are told with: claims by source, and the wordings that did not hold."""
    if not logger.isEnabledFor(logging.INFO):
        return
    claims = [claim for explanation in state.explanations for claim in explanation.claims]
    _line(
        state,
        "explain",
        picks=len(answer.picks),
        claims_by_model=sum(c.source == "model" for c in claims),
        claims_by_record=sum(c.source == "record" for c in claims),
        dropped=sum(e.dropped for e in state.explanations),
        no_match=answer.no_match,
        asks_back=answer.follow_up is not None,
        notes=len(answer.notes),
        prompt=answer.prompts.get("explain"),
        tokens=sum(e.tokens.prompt + e.tokens.completion for e in state.explanations),
    )


def _fields(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _line(state: PipelineState, stage: str, **told: Any) -> None:
    ms = round(state.timings.get(stage, 0.0), 1)
    logger.info("stage", extra={"request_id": state.id, "stage": stage, "ms": ms, **told})

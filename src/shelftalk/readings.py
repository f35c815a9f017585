"""A need with several readings: the picks are spread over the kinds that help, and the answer asks back which was meant.

The readings are the kinds of product that the model chose for a need that names none. The picks are given all the same; each
kind with a candidate in front is offered as an answer to tap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shelftalk.prompts import PromptLibrary
from shelftalk.text import shorten
from shelftalk.understand import Understood
from shelftalk.values import Candidate, FollowUp, Ranking, Retrieval

MOST_ANSWERS = 4
LONGEST_REQUEST = 300
_NEAR = 20  # candidates in front among which a kind must be to be worth asking for


def spread(ranking: Ranking, kinds: Sequence[str], *, chosen: bool) -> Ranking:
    """The ranking with its front spread over the kinds: one of each in turn; of two that were chosen, likeliest first, the first
    has two turns. Within a kind the order stays. What is of no kind follows."""
    if len(kinds) < 2:
        return ranking
    lines = {kind: [c for c in ranking.candidates if _kind(c, kinds) == kind] for kind in kinds}
    turns = [*kinds, kinds[0]] if chosen and len(kinds) == 2 else kinds
    front: list[Candidate] = []
    while any(lines.values()):
        for kind in turns:
            if lines[kind]:
                front.append(lines[kind].pop(0))
    rest = [c for c in ranking.candidates if _kind(c, kinds) is None]
    ordered = (*front, *rest)
    return replace(ranking, candidates=tuple(replace(c, score=1 - n / len(ordered)) for n, c in enumerate(ordered)))


def _kind(candidate: Candidate, kinds: Sequence[str]) -> str | None:
    return next((kind for kind in kinds if kind in candidate.product.categories), None)


def follow_up(request: str, understood: Understood, retrieval: Retrieval, prompts: PromptLibrary) -> FollowUp | None:
    """The question to the shopper, None where the request has one reading."""
    if not understood.chosen or retrieval.no_match:
        return None
    here = {c for candidate in retrieval.candidates[:_NEAR] for c in candidate.product.categories}
    kinds = [kind for kind in understood.intent.kinds if kind in here][:MOST_ANSWERS]
    if len(kinds) < 2:
        return None
    asked = prompts.get("answer/follow_up").render(kinds=kinds)
    said = shorten(request, LONGEST_REQUEST)
    return FollowUp(asked.messages[0].content, tuple((kind, f"{kind}: {said}") for kind in kinds))

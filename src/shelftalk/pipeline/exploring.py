"""Draws the order of an answer at random with known probabilities, for off-policy estimates (experiments/slates.py)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from shelftalk.experiments.slates import draw
from shelftalk.pipeline.state import PipelineState
from shelftalk.retrieve.criteria import answering
from shelftalk.settings import ExploreSettings
from shelftalk.values import Ranking, Slate


def explored(state: PipelineState, ranking: Ranking, k: int, settings: ExploreSettings, random: Random) -> Ranking:
    """The ranking with its first `k` drawn among the first `depth`; `state.slate` tells how. As it was where fewer than `k` + 1 of them
    may be shown, or where it depends on which is first whether another one may."""
    pool = answering(list(ranking.candidates[: settings.depth]), state.intent.criteria)
    if len(pool) <= k or any(len(answering([c, *pool], state.intent.criteria)) <= len(pool) for c in pool):
        return ranking
    by_id = relevance(ranking)
    scores = [by_id[c.product.id] for c in pool]
    order, chances = draw(scores, k, settings.temperature, random)
    state.slate = Slate(
        tuple(c.product.id for c in pool), tuple(scores), tuple(pool[i].product.id for i in order), chances,
        settings.temperature, tuple(c.scores for c in pool),
    )  # fmt: skip
    first = [pool[i] for i in order]
    rest = [c for c in ranking.candidates if c not in first]
    # each keeps its own relevance beside the score of its place, so that scores fall from place to place
    candidates = tuple(
        replace(c, score=old.score, scores={**c.scores, "relevance": by_id[c.product.id]})
        for c, old in zip([*first, *rest], ranking.candidates, strict=True)
    )
    return replace(ranking, candidates=candidates)


def relevance(ranking: Ranking) -> dict[str, float]:
    """The relevance of each candidate in 0..1, never rising from one to the next: retrieval's own score, where it told one, over the best."""
    own = [max(0.0, c.scores.get("relevance", c.score)) for c in ranking.candidates]
    top = max(own, default=0.0)
    found, least = {}, 1.0
    for candidate, score in zip(ranking.candidates, own, strict=True):
        least = min(least, score / top) if top else 0.0
        found[candidate.product.id] = least
    return found

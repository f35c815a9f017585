"""Two lists of scored products become one. It knows no database and no intent.

"convex" adds the cosine similarity and the BM25 score, the latter divided by the best one of the list (BM25 has no upper
bound, a cosine has), each with its weight: Bruch, Gai and Ingber 2023 (arXiv 2210.11934) find such a combination better
than ranks where some judged queries are there to fit the weights. "rrf" adds weighted reciprocal ranks: Cormack, Clarke
and Büttcher 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shelftalk.settings import RetrieveSettings

Scored = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Fused:
    """A product's fused score in 0..1, and its scores in the lists that hold it."""

    id: str
    score: float
    scores: dict[str, float]


def fuse(dense: Scored, bm25: Scored, settings: RetrieveSettings) -> list[Fused]:
    """All products of both lists, best first; ties by cosine, then by id.

    Lists come best first. A product that only full-text search found takes the cosine of the last of the dense list, its
    upper bound there; one that only dense search found has no full-text score.
    """
    cosine, full_text = dict(dense), dict(bm25)
    ranks = settings.fusion == "rrf"
    scores = _reciprocal(dense, bm25, settings) if ranks else _convex(cosine, full_text, settings)
    fused = [
        Fused(
            i,
            score,
            {
                **({"dense": cosine[i]} if i in cosine else {}),
                **({"bm25": full_text[i]} if i in full_text else {}),
                "fused": score,
            },
        )
        for i, score in scores.items()
    ]
    fused.sort(key=lambda f: (-f.score, -f.scores.get("dense", 0.0), f.id))
    return fused


def _convex(cosine: dict[str, float], full_text: dict[str, float], settings: RetrieveSettings) -> dict[str, float]:
    total = (settings.dense_weight + settings.bm25_weight) or 1.0
    dense_weight, bm25_weight = settings.dense_weight / total, settings.bm25_weight / total
    floor = max(0.0, min(cosine.values(), default=0.0))
    best = max(full_text.values(), default=0.0) or 1.0
    return {
        i: dense_weight * max(0.0, cosine.get(i, floor)) + bm25_weight * full_text.get(i, 0.0) / best
        for i in {**cosine, **full_text}
    }


def _reciprocal(dense: Scored, bm25: Scored, settings: RetrieveSettings) -> dict[str, float]:
    total = ((settings.dense_weight + settings.bm25_weight) or 1.0) / (settings.rrf_k + 1)
    scores: dict[str, float] = {}
    for found, weight in ((dense, settings.dense_weight), (bm25, settings.bm25_weight)):
        for rank, (i, _) in enumerate(found, start=1):
            scores[i] = scores.get(i, 0.0) + weight / (settings.rrf_k + rank) / total
    return scores

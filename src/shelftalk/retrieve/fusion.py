"""Two lists of scored products become one. It knows no database and no intent.

"convex" adds the cosine similarity and the BM25 score, the latter divided by the best one of the list (BM25 has no upper
bound, a cosine has), each with its weight: Bruch, Gai and Ingber 2023 (arXiv 2210.11934) find such a combination better
than ranks where some judged queries are there to fit the weights. "rrf" adds weighted reciprocal ranks: Cormack, Clarke
and Büttcher 2009.

The weights are two pairs: keywords name the thing and full-text search finds it; of a sentence most words name nothing,
and its meaning counts for more.

Feedback (Rocchio 1971) moves the request's vector toward the products found first and searches once more: they say in the
catalogue's words what was asked in the shopper's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shelftalk.catalog.words import content_words
from shelftalk.settings import RetrieveSettings

if TYPE_CHECKING:
    import numpy as np

Scored = Sequence[tuple[str, float]]
# A text of this many words that say something is a sentence.
SENTENCE = 5
# So many of the first products found give feedback (docs/decisions/0003-fusion.md).
FEEDBACK = 3


@dataclass(frozen=True, slots=True)
class Fused:
    """A product's fused score in 0..1, and its scores in the lists that hold it."""

    id: str
    score: float
    scores: dict[str, float]


def weights_for(text: str, settings: RetrieveSettings) -> tuple[float, float]:
    """The weights of dense and full-text search for a text, keywords or a sentence, as shares that add up to 1."""
    long = len(content_words(text).split()) >= SENTENCE
    dense = settings.sentence_dense_weight if long else settings.dense_weight
    bm25 = settings.sentence_bm25_weight if long else settings.bm25_weight
    total = dense + bm25
    return (dense / total, bm25 / total) if total else (0.5, 0.5)


def fuse(
    dense: Scored, bm25: Scored, weights: tuple[float, float], *, fusion: str = "convex", rrf_k: int = 60
) -> list[Fused]:
    """All products of both lists, best first, with weights (dense, full text) that add up to 1; ties by cosine, then id.

    Lists come best first. A product that only full-text search found takes the cosine of the last of the dense list, its
    upper bound there; one that only dense search found has no full-text score.
    """
    cosine, full_text = dict(dense), dict(bm25)
    scores = _reciprocal(dense, bm25, weights, rrf_k) if fusion == "rrf" else _convex(cosine, full_text, weights)
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


def moved(vector: np.ndarray, first: np.ndarray, weight: float) -> np.ndarray:
    """The request's unit vector (d,) moved toward the mean of the first products' vectors (n, d) by a weight, of unit length."""
    import numpy as np

    if not len(first):
        return vector
    toward = vector + weight * first.mean(axis=0)
    length = float(np.sqrt(toward @ toward))
    out: np.ndarray = (toward / length).astype(np.float32) if length > 0 else vector
    return out


def with_cosines(fused: Sequence[Fused], cosine: Mapping[str, float]) -> list[Fused]:
    """The same order with the request's own cosines, where they are known, in place of those of a moved vector."""
    out = []
    for found in fused:
        scores = {name: score for name, score in found.scores.items() if name != "dense"}
        out.append(replace(found, scores={"dense": cosine[found.id], **scores} if found.id in cosine else scores))
    return out


def _convex(cosine: dict[str, float], full_text: dict[str, float], weights: tuple[float, float]) -> dict[str, float]:
    floor = max(0.0, min(cosine.values(), default=0.0))
    best = max(full_text.values(), default=0.0) or 1.0
    return {
        i: weights[0] * max(0.0, cosine.get(i, floor)) + weights[1] * (full_text.get(i, 0.0) / best)
        for i in {**cosine, **full_text}
    }


def _reciprocal(dense: Scored, bm25: Scored, weights: tuple[float, float], rrf_k: int) -> dict[str, float]:
    scores: dict[str, float] = {}
    for found, weight in zip((dense, bm25), weights, strict=True):
        for rank, (i, _) in enumerate(found, start=1):
            scores[i] = scores.get(i, 0.0) + weight * (rrf_k + 1) / (rrf_k + rank)
    return scores


def relevant(fused: Sequence[Fused], cut: float) -> list[Fused]:
    """Those whose score is at least `cut` times the best one, best first."""
    best = max((f.score for f in fused), default=0.0)
    return [f for f in fused if f.score >= cut * best]

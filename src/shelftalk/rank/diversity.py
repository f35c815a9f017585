"""Which candidates are shown where being different counts beside being good: MMR, or the greedy MAP of a DPP.

Both choose the set; those chosen keep the order of the ranking among them, and the best stays first. How alike two products are is the
mean of the cosine of their vectors, brought to 0..1, and of Jaccard's index of their categories, brand and attribute values; as a matrix
that has no negative eigenvalue (the sum of two kernels). It knows no database.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from shelftalk.facts.traits import traits_of
from shelftalk.settings import RankSettings
from shelftalk.values import Candidate

POOL = 4  # times the number shown: so many candidates compete


def mmr(scores: np.ndarray, alike: np.ndarray, k: int, weight: float) -> list[int]:
    """The places of k candidates in the order in which they are chosen: each time the one with the most (1 - weight) x score - weight x
    its likeness to the likest chosen (Carbonell and Goldstein 1998). `scores` (n,) and `alike` (n, n) lie in 0..1."""
    chosen: list[int] = []
    nearest = np.zeros(len(scores))
    for _ in range(min(k, len(scores))):
        worth = (1 - weight) * scores - weight * nearest
        worth[chosen] = -np.inf
        best = int(np.argmax(worth))
        chosen.append(best)
        nearest = np.maximum(nearest, alike[best]) if len(chosen) > 1 else alike[best].copy()
    return chosen


def dpp(scores: np.ndarray, alike: np.ndarray, k: int, weight: float) -> list[int]:
    """The places of k candidates that a determinantal point process makes likeliest, found greedily, in the order in which they are chosen.

    The kernel is q_i x alike_ij x q_j with q = exp((1 - weight) / (2 weight) x score); each step adds the candidate with the largest gain of
    the log-determinant, by an incremental Cholesky factor (Chen, Zhang and Zhou 2018, algorithm 1). Where no candidate gains any more
    (all are copies of those chosen) the rest is filled up by score. `scores` (n,) and `alike` (n, n) lie in 0..1.
    """
    n = len(scores)
    if weight <= 0:
        return [int(i) for i in np.argsort(-scores, kind="stable")[:k]]
    q = np.exp((1 - weight) / (2 * weight) * (scores - scores.max(initial=0.0)))
    kernel = q[:, None] * alike * q[None, :]
    factor = np.zeros((min(k, n), n))
    left = np.diag(kernel).copy()
    chosen: list[int] = []
    for step in range(min(k, n)):
        gain = left.copy()
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] <= 1e-10:
            rest = [int(i) for i in np.argsort(-scores, kind="stable") if i not in chosen]
            return [*chosen, *rest[: min(k, n) - step]]
        row = (kernel[best] - factor[:step, best] @ factor[:step]) / math.sqrt(left[best])
        factor[step] = row
        left = left - row**2
        chosen.append(best)
    return chosen


def diversified(
    candidates: Sequence[Candidate], vectors: Mapping[str, np.ndarray], settings: RankSettings, k: int
) -> tuple[Candidate, ...]:
    """The candidates with `k` of the first `POOL` x k in front that are good and unlike each other, by the settings `diversity` and
    `diversity_weight`; in front and behind the ranking's order stays, and scores stay with the places. Those without a score of their own
    (below 0) do not compete."""
    pool = [c for c in candidates[: POOL * k] if c.score >= 0]
    if settings.diversity == "none" or not settings.diversity_weight or len(pool) <= k or k < 2:
        return tuple(candidates)
    top = max(c.score for c in pool) or 1.0
    scores = np.array([c.score / top for c in pool])
    choose = mmr if settings.diversity == "mmr" else dpp
    chosen = set(choose(scores, likeness(pool, vectors), k, settings.diversity_weight))
    front = [c for i, c in enumerate(pool) if i in chosen]
    behind = [c for i, c in enumerate(pool) if i not in chosen]
    places = [c.score for c in pool]
    ordered = [_at(c, score) for c, score in zip([*front, *behind], places, strict=True)]
    rest = [c for n, c in enumerate(candidates) if n >= POOL * k or c.score < 0]
    return (*ordered, *rest)


def likeness(candidates: Sequence[Candidate], vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """How alike the candidates' products are, (n, n) in 0..1; without a vector for each, by what their records say alone."""
    held = [vectors.get(c.product.id) for c in candidates]
    traits = [traits_of(c.product) for c in candidates]
    jaccard = np.array([[len(a & b) / len(a | b) if a | b else 1.0 for b in traits] for a in traits])
    known = [v for v in held if v is not None]
    if len(known) < len(held):
        return jaccard
    matrix = np.stack(known).astype(np.float64)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    cosine = np.clip(matrix @ matrix.T, -1.0, 1.0)
    return np.asarray(((1 + cosine) / 2 + jaccard) / 2)


def _at(candidate: Candidate, score: float) -> Candidate:
    return candidate if candidate.score == score else replace(candidate, score=score)

"""Lists drawn at random with known probabilities, so that what another order would have earned can be estimated from the logs.

The draw is Plackett-Luce's (Plackett 1975; Luce 1959): position by position, each candidate that is left with a probability proportional
to exp(score / temperature). A low temperature stays close to the order, a high one comes close to a draw by lot; no candidate has
probability 0, which is what off-policy estimates need.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import exp, perm
from random import Random

import numpy as np

from shelftalk.experiments.metrics import Array

ENUMERATED = 1_000  # lists at most that are gone through one by one; of more, as many are drawn
Order = tuple[int, ...]


def draw(scores: Sequence[float], k: int, temperature: float, random: Random) -> tuple[Order, tuple[float, ...]]:
    """(indices of the `k` drawn, in their order; the probability of each at its position, given those before)."""
    left, drawn, chances = list(range(len(scores))), [], []
    for _ in range(min(k, len(scores))):
        weights = _weights([scores[i] for i in left], temperature)
        (at,) = random.choices(range(len(left)), weights)
        chances.append(weights[at] / sum(weights))
        drawn.append(left.pop(at))
    return tuple(drawn), tuple(chances)


def propensities(scores: Sequence[float], shown: Sequence[int], temperature: float) -> tuple[float, ...]:
    """The probability of each shown candidate at its position, given those before; a temperature of 0 is the order itself (1 or 0,
    the first given one where two tie)."""
    left, chances = list(range(len(scores))), []
    for i in shown:
        values = [scores[j] for j in left]
        if temperature > 0:
            weights = _weights(values, temperature)
            chances.append(weights[left.index(i)] / sum(weights))
        else:
            chances.append(float(left[values.index(max(values))] == i))
        left.remove(i)
    return tuple(chances)


def lists(n: int, k: int, scores: Sequence[float], temperature: float, random: Random) -> list[tuple[Order, float]]:
    """Lists of `k` of `n` candidates with their probabilities: all of them, or as many drawn (each with the same weight)."""
    if perm(n, k) <= ENUMERATED:
        return [
            (order, float(np.prod(propensities(scores, order, temperature)))) for order in permutations(range(n), k)
        ]
    if temperature <= 0:
        best = tuple(sorted(range(n), key=lambda i: -scores[i])[:k])
        return [(best, 1.0)]
    return [(draw(scores, k, temperature, random)[0], 1 / ENUMERATED) for _ in range(ENUMERATED)]


def marginals(n: int, k: int, scores: Sequence[float], temperature: float, random: Random) -> Array:
    """The probability that a candidate stands at a position: an array of `k` rows and `n` columns."""
    out: Array = np.zeros((k, n))
    for order, chance in lists(n, k, scores, temperature, random):
        out[np.arange(k), list(order)] += chance
    return out


def _weights(values: Sequence[float], temperature: float) -> list[float]:
    top = max(values)
    return [exp((value - top) / temperature) for value in values]

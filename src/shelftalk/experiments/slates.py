"""Lists drawn at random with known probabilities, so that what another order would have earned can be estimated from the logs.

The draw is Plackett-Luce's (Plackett 1975; Luce 1959): position by position, each candidate that is left with a probability proportional
to exp(score / temperature). A low temperature stays close to the order, a high one comes close to a draw by lot; no candidate has
probability 0, which is what off-policy estimates need. A temperature of 0 is the order itself, the first given one where two tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from math import exp, perm
from random import Random

import numpy as np
from numpy.typing import NDArray

from shelftalk.experiments.metrics import Array

ENUMERATED = 1_000  # so many lists at most are gone through one by one; of more, so many are drawn
Orders = NDArray[np.int64]


def draw(
    scores: Sequence[float], k: int, temperature: float, random: Random
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """(indices of the `k` drawn, in their order; the probability of each at its position, given those before)."""
    left, drawn, chances = list(range(len(scores))), [], []
    for _ in range(min(k, len(scores))):
        weights = _weights([scores[i] for i in left], temperature)
        (at,) = random.choices(range(len(left)), weights)
        chances.append(weights[at] / sum(weights))
        drawn.append(left.pop(at))
    return tuple(drawn), tuple(chances)


def propensities(scores: Sequence[float], shown: Sequence[int], temperature: float) -> tuple[float, ...]:
    """The probability of each shown candidate at its position, given those before."""
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


def lists(scores: Array, k: int, temperature: float, random: np.random.Generator) -> tuple[Orders, Array]:
    """(lists of `k` candidates, their probabilities): all lists or, of more than ENUMERATED, so many drawn with the same weight."""
    n = len(scores)
    if temperature <= 0:
        return np.argsort(-scores, kind="stable")[None, :k], np.ones(1)
    if perm(n, k) <= ENUMERATED:
        orders, left = _all(n, k)
        weights = np.exp((scores - scores.max()) / temperature)
        # what is left is summed up anew at each position: taking away from the sum would lose small weights
        chances: Array = np.prod(weights[orders] / np.maximum(left @ weights, np.finfo(float).tiny), axis=1)
        return orders, chances
    noise = random.gumbel(size=(ENUMERATED, n))  # the largest of scores with Gumbel noise are Plackett-Luce's draws
    drawn = np.argsort(-(scores / temperature + noise), axis=1)[:, :k]
    return drawn, np.full(ENUMERATED, 1 / ENUMERATED)


def marginals(scores: Array, k: int, temperature: float, random: np.random.Generator) -> Array:
    """The probability that a candidate stands at a position: `k` rows, a column a candidate."""
    orders, chances = lists(scores, k, temperature, random)
    out: Array = np.zeros((k, len(scores)))
    for position in range(k):
        np.add.at(out[position], orders[:, position], chances)
    return out


@lru_cache(maxsize=64)
def _all(n: int, k: int) -> tuple[Orders, Array]:
    """(all lists, and for each list and position 1 for the candidates that are left there)."""
    orders = np.array(list(permutations(range(n), k)), dtype=np.int64)
    left = np.ones((len(orders), k, n))
    for position in range(1, k):
        left[:, position:, :][
            np.arange(len(orders))[:, None], np.arange(k - position)[None, :], orders[:, position - 1][:, None]
        ] = 0.0
    return orders, left


def _weights(values: Sequence[float], temperature: float) -> list[float]:
    top = max(values)
    return [exp((value - top) / temperature) for value in values]

"""Orders more candidates than one prompt holds, and averages over permutations against position bias.

An ordering is a generator: it yields the groups of candidates that are to be scored next and is sent their scores, so
that many requests can share the batches of one engine.
"""

from __future__ import annotations

import random
from collections.abc import Generator

Asked = list[tuple[int, ...]]
Scored = list[tuple[float, ...]]


def ordering(
    count: int, window: int | None, permutations: int = 1, seed: int = 0
) -> Generator[Asked, Scored, list[float]]:
    """A score for each of `count` candidates, 0 to 1, higher is better.

    One window: the softmax-free mean of the scores over the permutations, scaled to 0..1. More: windows of `window`
    slide from the back by half their size, as in RankGPT (Sun et al. 2023), and the score is the final position.
    Permutations (Tang et al. 2023, permutation self-consistency): each window is shown in `permutations` orders (the
    first as it came, the second reversed, the rest shuffled by `seed`), and the scores are averaged.
    """
    shuffler = random.Random(seed)
    if window is None or count <= window:
        scores = yield from _one(tuple(range(count)), permutations, shuffler)
        return scale([scores[i] for i in range(count)])
    order = list(range(count))
    step = max(1, window // 2)
    start = count - window
    while True:
        group = tuple(order[start : start + window])
        scores = yield from _one(group, permutations, shuffler)
        order[start : start + window] = sorted(group, key=lambda i: -scores[i])
        if start == 0:
            break
        start = max(0, start - step)
    place = {index: position for position, index in enumerate(order)}
    return [1 - place[i] / (count - 1) for i in range(count)]


def _one(
    group: tuple[int, ...], permutations: int, shuffler: random.Random
) -> Generator[Asked, Scored, dict[int, float]]:
    orders = [group]
    if permutations > 1:
        orders.append(group[::-1])
    while len(orders) < permutations:
        orders.append(tuple(shuffler.sample(group, len(group))))
    answers = yield orders
    totals = dict.fromkeys(group, 0.0)
    for shown, scores in zip(orders, answers, strict=True):
        for index, score in zip(shown, scores, strict=True):
            totals[index] += score / len(orders)
    return totals


def scale(scores: list[float]) -> list[float]:
    """The scores moved to 0..1 by their own least and greatest; all 0 where they are equal."""
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if high - low <= 1e-12:
        return [0.0] * len(scores)
    return [(s - low) / (high - low) for s in scores]

"""Whether a count is more than chance: the hypergeometric tail, and which of many tests stand together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["narrow", "standing_together", "tail", "tail_of_sum"]


@lru_cache(maxsize=65_536)
def tail(hits: int, drawn: int, holding: int, of: int) -> float:
    """The chance that `drawn` things taken at random, without putting back, from `of` things, `holding` of which hold a value, hold it
    `hits` times or more: Fisher's exact test, one-sided (the hypergeometric distribution). `drawn` is cut to `of`."""
    drawn, holding = min(drawn, of), min(holding, of)
    most = min(drawn, holding)
    if hits <= max(0, drawn + holding - of):
        return 1.0
    if hits > most:
        return 0.0
    whole = _choose(of, drawn)
    logs = (_choose(holding, k) + _choose(of - holding, drawn - k) - whole for k in range(hits, most + 1))
    return min(1.0, math.fsum(map(math.exp, logs)))


@lru_cache(maxsize=65_536)
def tail_of_sum(hits: int, strata: tuple[tuple[int, int, int], ...]) -> float:
    """The same for things taken from several shelves, each (drawn, holding, of): the chance that they hold it `hits` times or more
    together, so that a shelf on which a value is common makes none (the exact test of Mantel and Haenszel's stratified tables)."""
    if len(strata) == 1:
        return tail(hits, *strata[0])
    sums = [1.0]
    for drawn, holding, of in ((min(d, of), min(h, of), of) for d, h, of in strata):
        whole = _choose(of, drawn)
        least, most = max(0, drawn + holding - of), min(drawn, holding)
        here = [0.0] * least
        here += [
            math.exp(_choose(holding, k) + _choose(of - holding, drawn - k) - whole) for k in range(least, most + 1)
        ]
        longer = [0.0] * (len(sums) + len(here) - 1)
        for i, a in enumerate(sums):
            for j, b in enumerate(here):
                longer[i + j] += a * b
        sums = longer
    return min(1.0, math.fsum(sums[hits:]))


def narrow(held: int, drawn: int, share: float) -> float:
    """The chance that `drawn` numbers taken at random have `held` in a row, ordered, within a stretch that takes in no more than `share` of
    what there is: the coverage between order statistics (Wilks, 1941), Beta(held - 1, drawn - held + 2), told as a binomial tail."""
    least = held - 1
    return math.fsum(math.comb(drawn, k) * share**k * (1 - share) ** (drawn - k) for k in range(least, drawn + 1))


def standing_together(chances: Sequence[float], tests: int, share: float) -> float:
    """The greatest of the chances that may be called more than chance when `tests` were made and a share of `share` of those called so may
    be wrong (Benjamini and Hochberg, 1995); -1 where none may."""
    best = -1.0
    for rank, chance in enumerate(sorted(chances), 1):
        if chance <= share * rank / max(tests, 1):
            best = chance
    return best


def _choose(n: int, k: int) -> float:
    """The logarithm of n over k."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

"""The check that units came to the variants in the shares they were meant to: a sequential multinomial test.

Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022): the Bayes factor of a Dirichlet prior about the
intended shares against these shares themselves is a martingale where they hold, so that one over its largest value is a p-value at
every moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.01
_CONCENTRATION = 100.0  # units that the prior is worth: small deviations, which are what goes wrong, are found soonest


@dataclass(frozen=True, slots=True)
class Srm:
    """The p-value, and the units of each variant beside those expected."""

    p: float
    seen: Mapping[str, int]
    expected: Mapping[str, float]

    @property
    def mismatch(self) -> bool:
        """Whether the assignment or the logging is broken, so that nothing else may be concluded."""
        return self.p <= ALPHA

    def to_dict(self) -> dict[str, Any]:
        """As it is reported."""
        return {
            "p": self.p, "alpha": ALPHA, "mismatch": self.mismatch, "seen": dict(self.seen),
            "expected": {name: round(n, 1) for name, n in self.expected.items()},
        }  # fmt: skip


def check(phases: Sequence[tuple[Mapping[str, float], Sequence[str]]]) -> Srm:
    """The test over the units' variants in the order of their first exposure. A phase is the time between two changes of weights:
    its shares (of 1) and its units; each phase begins with the prior again, and the martingale goes on."""
    names = list(dict.fromkeys(name for weights, _ in phases for name in weights))
    log_e, most = 0.0, 0.0
    expected = dict.fromkeys(names, 0.0)
    seen = dict.fromkeys(names, 0)
    for weights, units in phases:
        index = {name: i for i, name in enumerate(weights)}
        which = np.array([index[u] for u in units if u in index], dtype=np.int64)
        if not which.size:
            continue
        way = log_e + walk(weights, which)
        log_e, most = float(way[-1]), max(most, float(way.max()))
        for name, i in index.items():
            seen[name] += int((which == i).sum())
            expected[name] += float(weights[name] * which.size)
    return Srm(exp(-most), seen, expected)


def walk(weights: Mapping[str, float], which: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of the Bayes factor after each unit, `which` being the index of its variant in the weights (shares of 1)."""
    share = np.array(list(weights.values()), dtype=np.float64)
    before = np.cumsum(which[:, None] == np.arange(share.size)[None, :], axis=0)[np.arange(which.size), which] - 1
    foretold = (_CONCENTRATION * share[which] + before) / (_CONCENTRATION + np.arange(which.size))
    steps: NDArray[np.float64] = np.cumsum(np.log(foretold / share[which]))
    return steps

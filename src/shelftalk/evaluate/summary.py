"""The mean of each metric of a run with its 95% bootstrap interval over requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import is_share
from shelftalk.evaluate.metrics.intervals import wilson

RESAMPLES = 2000


def summary(
    cases: Mapping[str, Case], outcomes: Sequence[Outcome], values: Sequence[Mapping[str, float | None]], seed: int = 0
) -> dict[str, dict[str, float | int | None]]:
    """By metric: mean, n (values that apply), low and high of the percentile bootstrap (Efron 1979), 2,000 resamples; of
    shares that are all 0 or all 1, where a bootstrap has no width, of Wilson's interval (1927) for that many requests.

    Repeats and variations of one request are drawn together, since they are not independent; low and high are None where
    there is one request only.
    """
    names = list(dict.fromkeys(name for found in values for name in found))
    return {name: _metric(name, cases, outcomes, values, seed) for name in names}


def _metric(
    name: str,
    cases: Mapping[str, Case],
    outcomes: Sequence[Outcome],
    values: Sequence[Mapping[str, float | None]],
    seed: int,
) -> dict[str, float | int | None]:
    clusters: dict[str, list[float]] = defaultdict(list)
    for outcome, found in zip(outcomes, values, strict=True):
        value = found.get(name)
        if value is not None:
            clusters[cases[outcome.id].group or outcome.id].append(float(value))
    n = sum(map(len, clusters.values()))
    if not n:
        return {"mean": None, "n": 0, "low": None, "high": None}
    sums = np.array([sum(c) for c in clusters.values()])
    sizes = np.array([len(c) for c in clusters.values()], dtype=float)
    mean = float(sums.sum() / n)
    if len(sums) < 2:
        return {"mean": mean, "n": n, "low": None, "high": None}
    if mean in (0.0, 1.0) and is_share(name) and bool(np.all(sums == mean * sizes)):
        low, high = wilson(mean, len(sums))
        return {"mean": mean, "n": n, "low": low, "high": high}
    rng = np.random.default_rng(seed)
    means = np.concatenate(
        [_drawn(rng, sums, sizes, min(200, RESAMPLES - at)) for at in range(0, RESAMPLES, 200)]
    )  # fmt: skip
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": mean, "n": n, "low": float(low), "high": float(high)}


def _drawn(rng: np.random.Generator, sums: np.ndarray, sizes: np.ndarray, times: int) -> np.ndarray:
    chosen = rng.integers(0, len(sums), (times, len(sums)))
    return np.asarray(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1))

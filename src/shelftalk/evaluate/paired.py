"""Statistics of paired differences: bootstrap intervals, a randomisation test, Holm's correction. It knows no run.

A difference is one request's value under a variant minus its value under the baseline. Requests that are variations of one
(a group) are not independent: they are resampled, and their signs flipped, together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
SEED = 0
# Numbers held at a time while resampling, so that many requests do not need much memory.
_CHUNK = 4_000_000
_TIE = 1e-12


@dataclass(frozen=True)
class Paired:
    """What the differences of one metric show. `low` and `high` bound the mean difference at the confidence asked for (NaN
    with fewer than two groups), `p` is two-sided, `error` is the standard error of the mean; `wins` are differences above 0."""

    n: int
    groups: int
    mean: float
    low: float
    high: float
    p: float
    error: float
    wins: int
    ties: int
    losses: int


def paired(
    differences: np.ndarray,
    groups: Sequence[object] | np.ndarray | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Paired]:
    """What each column of differences (requests x metrics, NaN: does not apply) shows.

    Interval: bootstrap over groups, percentiles widened for few groups (Hesterberg 2015, "expanded percentile"). p-value:
    randomisation test that flips the signs of groups, (1 + extreme) / (1 + permutations) (Phipson and Smyth 2010).
    """
    data = np.asarray(differences, dtype=float)
    data = data[:, None] if data.ndim == 1 else data
    index = _index(groups, len(data))
    there = ~np.isnan(data)
    filled = np.where(there, data, 0.0)
    size = int(index.max()) + 1 if len(index) else 0
    sums, counts = np.zeros((size, data.shape[1])), np.zeros((size, data.shape[1]))
    np.add.at(sums, index, filled)
    np.add.at(counts, index, there)
    totals, held = counts.sum(axis=0), (counts > 0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums.sum(axis=0) / totals
    extreme, boot = _randomise(sums, resamples, seed), _bootstrap(sums, counts, resamples, seed + 1)
    out = []
    for m in range(data.shape[1]):
        g, mean = int(held[m]), float(means[m])
        low, high = _bounds(boot[:, m], g, confidence)
        column = data[there[:, m], m]
        out.append(
            Paired(
                int(totals[m]), g, mean, low, high,
                (1 + int(extreme[m])) / (1 + resamples) if g else float("nan"),
                _standard_error(sums[:, m], counts[:, m], mean, g),
                int((column > _TIE).sum()), int((np.abs(column) <= _TIE).sum()), int((column < -_TIE).sum()),
            )
        )  # fmt: skip
    return out


def one_sided(
    differences: np.ndarray, groups: Sequence[object] | None = None, *, confidence: float = 0.95,
    resamples: int = RESAMPLES, seed: int = SEED,
) -> Paired:  # fmt: skip
    """The same for one metric, with bounds that each hold by itself at that confidence."""
    return paired(differences, groups, confidence=2 * confidence - 1, resamples=resamples, seed=seed)[0]


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for there being so many (Holm 1979), in the same order; NaN stays and does not count."""
    known = sorted((p, i) for i, p in enumerate(p_values) if not np.isnan(p))
    out, running = [float("nan")] * len(p_values), 0.0
    for place, (p, i) in enumerate(known):
        running = max(running, min(1.0, p * (len(known) - place)))
        out[i] = running
    return out


def _index(groups: Sequence[object] | np.ndarray | None, n: int) -> np.ndarray:
    if groups is None:
        return np.arange(n)
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(g, len(seen)) for g in groups], dtype=int)


def _chunks(resamples: int, groups: int) -> Iterator[int]:
    step = max(1, _CHUNK // max(1, groups))
    for start in range(0, resamples, step):
        yield min(step, resamples - start)


def _randomise(sums: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """How many of the sign flips give a total at least as far from 0 as the one seen."""
    rng = np.random.default_rng(seed)
    seen = np.abs(sums.sum(axis=0))
    count = np.zeros(sums.shape[1])
    for rows in _chunks(permutations, len(sums)):
        signs = rng.integers(0, 2, (rows, len(sums)), dtype=np.int8).astype(float) * 2 - 1
        count += (np.abs(signs @ sums) >= seen * (1 - 1e-9) - _TIE).sum(axis=0)
    return count


def _bootstrap(sums: np.ndarray, counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means of resamples x metrics."""
    rng = np.random.default_rng(seed)
    size, parts = len(sums), []
    for rows in _chunks(resamples, size):
        drawn = rng.integers(0, size, (rows, size)) + np.arange(rows)[:, None] * size
        weights = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append((weights @ sums) / (weights @ counts))
    return np.concatenate(parts) if parts else np.zeros((0, sums.shape[1]))


def _bounds(means: np.ndarray, groups: int, confidence: float) -> tuple[float, float]:
    known = means[~np.isnan(means)]
    if groups < 2 or not len(known):
        return float("nan"), float("nan")
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, (1 - confidence) / 2)))
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _standard_error(sums: np.ndarray, counts: np.ndarray, mean: float, groups: int) -> float:
    if groups < 2:
        return float("nan")
    off = sums - mean * counts
    return float(np.sqrt(groups / (groups - 1) * (off**2).sum()) / counts.sum())

"""95% intervals of figures that exist for a whole run only. Requests are what is drawn: values that belong to one request
(repeats, variations) carry the same key and are never taken for independent.

Shares have Wilson's interval, which has a width even where all went well or nothing happened; means, quantiles and gaps a
bootstrap over requests; coverage, which a bootstrap would understate since a draw holds each request several times, the
jackknife. An interval is left out (None) where there is only one request.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from math import isclose, log, sqrt

import numpy as np

from shelftalk.evaluate.metrics.base import Figure

Z = 1.959964
DRAWS = 2_000
_CHUNK = 4_000_000


def wilson(share: float, n: float, z: float = Z) -> tuple[float, float]:
    """The 95% score interval of a share of n (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if share == 0 else max(0.0, middle - half)), (1.0 if share == 1 else min(1.0, middle + half))


def share(hits: Sequence[bool | float], keys: Sequence[Hashable]) -> Figure | None:
    """The share of hits; where requests have several values, Wilson's interval at the effective number of requests (Korn
    and Graubard 1998): as many independent ones as would spread so much, and the number of requests where none differ."""
    if not len(hits):
        return None
    values = np.asarray(hits, dtype=float)
    sums, counts = _summed(values, keys)
    n, groups, found = len(values), len(sums), float(values.mean())
    if groups == n:
        return Figure(found, n, *wilson(found, n))
    spread = groups / (groups - 1) * float(((sums - found * counts) ** 2).sum()) / n**2 if groups > 1 else 0.0
    effective = min(float(n), found * (1 - found) / spread) if spread > 0 else float(groups)
    return Figure(found, n, *wilson(found, effective, _t(groups) if groups > 1 else Z))


def f1(right: Sequence[bool], keys: Sequence[Hashable]) -> Figure | None:
    """The harmonic mean of precision and recall, of the cases that are said, due, or both; `right` says which are both.

    It rises with their share, s to 2s / (1 + s), so the ends of the share's interval give its own.
    """
    of = share(right, keys)
    if of is None or of.low is None or of.high is None:
        return of and Figure(_f1(of.value), of.n)
    return Figure(_f1(of.value), of.n, _f1(of.low), _f1(of.high))


def _f1(share_of_both: float) -> float:
    return 2 * share_of_both / (1 + share_of_both)


def told_apart(part: str, told: Sequence[tuple[bool, bool, Hashable]]) -> Figure | None:
    """Precision, recall or F1 over what was (said, due, by which request)."""
    of = {
        "precision": [(due, key) for said, due, key in told if said],
        "recall": [(said, key) for said, due, key in told if due],
        "f1": [(said and due, key) for said, due, key in told if said or due],
    }[part]
    return (f1 if part == "f1" else share)([hit for hit, _ in of], [key for _, key in of])


def halfway(a: Figure, b: Figure) -> Figure:
    """The mean of two shares of different requests, from their own intervals (MOVER, Zou and Donner 2008)."""
    middle = (a.value + b.value) / 2
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Figure(middle, a.n + b.n)
    below, above = sqrt((a.value - a.low) ** 2 + (b.value - b.low) ** 2), sqrt((a.high - a.value) ** 2 + (b.high - b.value) ** 2)  # fmt: skip
    return Figure(middle, a.n + b.n, middle - below / 2, middle + above / 2)


def mean(values: Sequence[float], keys: Sequence[Hashable], *, shares: bool = False) -> Figure | None:
    """The mean with a percentile bootstrap interval over requests (Efron and Tibshirani 1993); of `shares` that are all 0
    or all 1, where that has no width, with Wilson's for so many requests."""
    if not len(values):
        return None
    found = np.asarray(values, dtype=float)
    sums, counts = _summed(found, keys)
    if len(sums) < 2:
        return Figure(float(found.mean()), len(found))
    if shares and found[0] in (0.0, 1.0) and bool(np.all(found == found[0])):
        return Figure(float(found[0]), len(found), *wilson(float(found[0]), len(sums)))
    return Figure(float(found.mean()), len(found), *_ends(_drawn(np.stack([sums, counts]))))


def gap(a: Sequence[float], a_keys: Sequence[Hashable], b: Sequence[float], b_keys: Sequence[Hashable]) -> Figure:
    """The mean of `a` minus that of `b`; a request with values on both sides is drawn with both."""
    every = [*a_keys, *b_keys]
    place = {key: i for i, key in enumerate(dict.fromkeys(every))}
    table = np.zeros((4, len(place)))
    for row, (values, keys) in enumerate(((a, a_keys), (b, b_keys))):
        at = [place[k] for k in keys]
        np.add.at(table[2 * row], at, np.asarray(values, dtype=float))
        np.add.at(table[2 * row + 1], at, 1.0)
    found = float(np.mean(a) - np.mean(b))
    if len(set(a_keys)) < 2 or len(set(b_keys)) < 2:
        return Figure(found, len(every))
    totals = _totals(table)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = totals[:, 0] / totals[:, 1] - totals[:, 2] / totals[:, 3]
    return Figure(found, len(every), *_ends(gaps))


def quantiles(values: Sequence[float], keys: Sequence[Hashable], at: Sequence[float]) -> list[Figure]:
    """Quantiles with percentile bootstrap intervals over requests."""
    found = np.asarray(values, dtype=float)
    middles = [float(np.quantile(found, q)) for q in at]
    index = _index(keys)
    groups = int(index.max()) + 1
    if groups < 2:
        return [Figure(m, len(found)) for m in middles]
    order = np.argsort(found, kind="stable")
    ranked, of = found[order], index[order]
    drawn: list[list[float]] = [[] for _ in at]
    for weights in _weights(groups, width=len(found)):
        reached = np.cumsum(weights[:, of], axis=1)
        for q, out in zip(at, drawn, strict=True):
            out.extend(ranked[np.argmax(reached >= q * reached[:, -1:], axis=1)])
    return [Figure(m, len(found), *_ends(np.array(d))) for m, d in zip(middles, drawn, strict=True)]


def distinct(shown: Sequence[Sequence[Hashable]], keys: Sequence[Hashable], of: int) -> Figure:
    """How many different things are shown, as a share of `of`, with a jackknife interval over requests.

    Leaving out a request loses what it alone shows; the spread of that, over all requests, bounds the figure's variance
    from above on average (Efron and Stein 1981).
    """
    by_key: dict[Hashable, set[Hashable]] = {}
    for things, key in zip(shown, keys, strict=True):
        by_key.setdefault(key, set()).update(things)
    times: dict[Hashable, int] = {}
    for held in by_key.values():
        for thing in held:
            times[thing] = times.get(thing, 0) + 1
    found, groups = len(times) / of, len(by_key)
    if groups < 2:
        return Figure(found, len(shown))
    alone = np.array([sum(times[thing] == 1 for thing in held) for held in by_key.values()], dtype=float)
    error = sqrt((groups - 1) / groups * float(((alone - alone.mean()) ** 2).sum())) / of
    half = _t(groups) * error
    return Figure(found, len(shown), max(0.0, found - half), min(1.0, found + half))


def area(yes: np.ndarray, no: np.ndarray, yes_keys: Sequence[Hashable], no_keys: Sequence[Hashable]) -> Figure:
    """The area under the curve of scores of true yes and true no, ties counting a half, with an interval on the logit
    scale from the spread of the placements (DeLong et al. 1988), summed by request (Obuchowski 1997)."""
    low_no, low_yes = np.sort(no), np.sort(yes)
    placed_yes = np.array([_below(low_no, x) for x in yes])
    placed_no = np.array([1 - _below(low_yes, x) for x in no])
    found, n = float(placed_yes.mean()), len(yes) + len(no)
    off = np.concatenate([(placed_yes - found) / len(yes), (placed_no - found) / len(no)])
    sums, _ = _summed(off, [*yes_keys, *no_keys])
    groups = len(sums)
    error = sqrt(groups / (groups - 1) * float((sums**2).sum())) if groups > 1 else 0.0
    if isclose(found, 0.0) or isclose(found, 1.0) or error == 0:
        return Figure(found, n, *wilson(found, min(len(yes), len(no)))) if groups > 1 else Figure(found, n)
    middle, half = log(found / (1 - found)), Z * error / (found * (1 - found))
    low, high = (1 / (1 + np.exp(-x)) for x in (middle - half, middle + half))
    return Figure(found, n, float(low), float(high))


def _below(values: np.ndarray, x: float) -> float:
    """The share of the sorted `values` below x, those equal to it counting a half."""
    left, right = np.searchsorted(values, x, "left"), np.searchsorted(values, x, "right")
    return float((left + right) / 2 / len(values))


def _index(keys: Sequence[Hashable]) -> np.ndarray:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=int)


def _summed(values: np.ndarray, keys: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    index = _index(keys)
    return np.bincount(index, weights=values), np.bincount(index).astype(float)


def _weights(groups: int, width: int = 0, seed: int = 0) -> Iterator[np.ndarray]:
    """How often each request is drawn, draws x requests, some draws at a time."""
    rng = np.random.default_rng(seed)
    step = max(1, min(DRAWS, _CHUNK // max(groups, width)))
    for start in range(0, DRAWS, step):
        some = min(step, DRAWS - start)
        chosen = rng.integers(0, groups, (some, groups)) + np.arange(some)[:, None] * groups
        yield np.bincount(chosen.ravel(), minlength=some * groups).reshape(some, groups).astype(float)


def _totals(table: np.ndarray) -> np.ndarray:
    """Draws x rows: the sum of each row of `table` (rows x requests) over the requests drawn."""
    return np.concatenate([weights @ table.T for weights in _weights(table.shape[1])])


def _drawn(table: np.ndarray) -> np.ndarray:
    totals = _totals(table)
    return np.asarray(totals[:, 0] / totals[:, 1])


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _t(groups: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(groups - 1, 0.975))

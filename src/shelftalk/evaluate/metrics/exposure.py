"""How exposure is shared: how unequally over the catalogue, what the long tail gets, what new items get against plain ranking, at what loss.

The exposure of a place is 1 / log2(1 + rank) (Singh and Joachims 2018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import sqrt

import numpy as np

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Figure, Metric, MetricContext, Pair, register, request_of, shown
from shelftalk.evaluate.metrics.catalogue import popularity_of
from shelftalk.evaluate.metrics.intervals import Z
from shelftalk.evaluate.metrics.select import selector
from shelftalk.shoppers.exposure import exposure, gini

__all__ = ["exposures", "gini"]


def exposures(ids: Sequence[str]) -> dict[str, float]:
    """The exposure of each product of a list, best first."""
    return {i: exposure(rank) for rank, i in enumerate(ids, start=1)}


def _gini(pairs: Sequence[Pair], context: MetricContext, k: int | None) -> Figure | None:
    """Gini's index of exposure over the products of the catalogues asked, with a jackknife interval over requests: a bootstrap, which
    holds each request several times, would find it more unequal than it is."""
    asked = {case.catalog: selector(context, case.catalog) for case, _ in pairs}
    sizes = [len(of.products) for of in asked.values() if of is not None]
    if not sizes or len(sizes) < len(asked):
        return None
    by_request: dict[Hashable, dict[tuple[str, str], float]] = defaultdict(lambda: defaultdict(float))
    for case, outcome in pairs:
        for i, gain in exposures(shown(outcome, k)).items():
            by_request[request_of(case)][case.catalog, i] += gain
    total: dict[tuple[str, str], float] = defaultdict(float)
    for held in by_request.values():
        for product, gain in held.items():
            total[product] += gain
    if not total:
        return None
    found, n = gini(total.values(), sum(sizes)), len(by_request)
    if n < 2:
        return Figure(found, len(pairs))
    left_out = np.array([gini(_without(total, held), sum(sizes)) for held in by_request.values()])
    half = Z * sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
    return Figure(found, len(pairs), max(0.0, found - half), min(1.0, found + half))


def _without(total: Mapping[tuple[str, str], float], held: Mapping[tuple[str, str], float]) -> Iterable[float]:
    return [max(0.0, gain - held.get(product, 0.0)) for product, gain in total.items()]


def _tail(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    popularity, gains = popularity_of(context), exposures(shown(outcome, k))
    if popularity is None or not gains:
        return None
    return sum(gain for i, gain in gains.items() if i not in popularity.head) / sum(gains.values())


def _ratio(pairs: Sequence[Pair], context: MetricContext, k: int | None) -> Figure | None:
    """Exposure of new items over what ranking alone would have given them, with a bootstrap interval over requests."""
    rows: dict[Hashable, np.ndarray] = defaultdict(lambda: np.zeros(2))
    for case, outcome in pairs:
        if outcome.answer is not None:
            rows[request_of(case)] += _got_and_plain(outcome, context, k)
    table = np.array(list(rows.values()))
    if not context.new_items or not len(table) or not table[:, 1].sum():
        return None
    found = float(table[:, 0].sum() / table[:, 1].sum())
    if len(table) < 2:
        return Figure(found, len(table))
    drawn = table[np.random.default_rng(0).integers(0, len(table), (2000, len(table)))].sum(axis=1)
    some = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(some[:, 0] / some[:, 1], [2.5, 97.5])
    return Figure(found, len(table), float(low), float(high))


def _got_and_plain(outcome: Outcome, context: MetricContext, k: int | None) -> np.ndarray:
    """The exposure of new items in an answer, and by ranking alone: each stands where it did before it, or one it passed, was lifted."""
    ids = shown(outcome, k)
    told = (outcome.answer or {}).get("exposure") or {}
    placed = {str(p["product_id"]): p for p in told.get("placed", ())}
    got = plain = 0.0
    for rank, i in enumerate(ids, start=1):
        if i not in context.new_items:
            continue
        before = (
            placed[i]["before"] if i in placed else rank - sum(p["rank"] < rank <= p["before"] for p in placed.values())
        )
        got += exposure(rank)
        plain += exposure(before) if before <= len(ids) else 0.0
    return np.array([got, plain])


def _given_up(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    if outcome.answer is None or not shown(outcome, k):
        return None
    return float((outcome.answer.get("exposure") or {}).get("given_up", 0.0))


register(Metric("exposure_gini", "Gini's index of exposure over the catalogue: 0 where all products get the same, 1 where one gets all", "neither", whole=_gini, cut=True))  # fmt: skip
register(Metric("tail_exposure", "share of the exposure that goes to products outside those with 80% of the interactions", "neither", per_case=_tail, cut=True))  # fmt: skip
register(Metric("new_items_ratio", "exposure of new items over what ranking alone would have given them (exposure.share)", "neither", whole=_ratio, cut=True, unit="times"))  # fmt: skip
register(Metric("relevance_given_up", "part of the discounted score of the shown places that the exposure floor cost", "lower", per_case=_given_up))  # fmt: skip

"""What a variant shows of the catalogue: coverage, diversity, novelty, the long tail, and new items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import log2
from weakref import WeakKeyDictionary

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Figure, Metric, MetricContext, Pair, register, request_of, shown
from shelftalk.evaluate.metrics.intervals import distinct
from shelftalk.evaluate.metrics.select import selector
from shelftalk.facts.traits import traits_of
from shelftalk.shoppers.exposure import head_of

# Share of all interactions that the head of the catalogue gathers; the rest is the long tail.
HEAD = 0.8


def _coverage(pairs: Sequence[Pair], context: MetricContext, k: int | None) -> Figure | None:
    """Products shown to anyone over the products of the catalogues asked."""
    asked = {case.catalog: selector(context, case.catalog) for case, _ in pairs}
    sizes = [len(of.products) for of in asked.values() if of is not None]
    if not sizes or len(sizes) < len(asked) or not sum(sizes):
        return None
    seen = [
        [(case.catalog, i) for i in shown(outcome, k) if (of := asked[case.catalog]) is not None and i in of.products]
        for case, outcome in pairs
    ]
    return distinct(seen, [request_of(case) for case, _ in pairs], sum(sizes))


def _diversity(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    """Mean distance of the pairs shown: 1 - Jaccard's index of brand, categories and attribute values (Ziegler 2005)."""
    found = [context.products(case.catalog, i) for i in shown(outcome, k)]
    traits = [traits_of(p) for p in found if p is not None]
    distances = [1 - len(a & b) / len(a | b) if a | b else 0.0 for a, b in combinations(traits, 2)]
    return sum(distances) / len(distances) if distances else None


class Popularity:
    """Self-information of each product in bits, and the head of the catalogue, from counts of interactions."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        # One more interaction for each product and one for all unseen ones, so that nothing is infinitely novel.
        self._all = sum(counts.values()) + len(counts) + 1
        self.head = head_of(counts, HEAD)

    def bits(self, product_id: str) -> float:
        return -log2((self._counts.get(product_id, 0) + 1) / self._all)


_POPULARITY: WeakKeyDictionary[MetricContext, Popularity] = WeakKeyDictionary()


def popularity_of(context: MetricContext) -> Popularity | None:
    """What counts of interactions tell of each product; None where there are none."""
    if not context.interactions:
        return None
    if context not in _POPULARITY:
        _POPULARITY[context] = Popularity(context.interactions)
    return _POPULARITY[context]


def _novelty(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    """Mean self-information of what is shown, in bits (Zhou et al. 2010)."""
    popularity, ids = popularity_of(context), shown(outcome, k)
    return sum(map(popularity.bits, ids)) / len(ids) if popularity and ids else None


def _long_tail(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    popularity, ids = popularity_of(context), shown(outcome, k)
    return sum(i not in popularity.head for i in ids) / len(ids) if popularity and ids else None


def _new_items(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    """Share of the exposure that new items get; a place's exposure is 1 / log2(rank + 1) (Singh and Joachims 2018)."""
    ids = shown(outcome, k)
    if not context.new_items or not ids:
        return None
    exposure = {i: 1 / log2(rank + 1) for rank, i in enumerate(ids, start=1)}
    return sum(e for i, e in exposure.items() if i in context.new_items) / sum(exposure.values())


register(Metric("coverage", "share of the catalogue that is shown to anyone", whole=_coverage, cut=True))
register(Metric("diversity", "mean distance of the pairs shown: 1 - Jaccard's index of brand, categories and attributes", per_case=_diversity, cut=True))  # fmt: skip
register(Metric("novelty", "mean self-information of what is shown, by interactions", "neither", per_case=_novelty, cut=True, unit="bits"))  # fmt: skip
register(Metric("long_tail", "share of what is shown that lies outside the products with 80% of the interactions", "neither", per_case=_long_tail, cut=True))  # fmt: skip
register(Metric("new_items", "share of the exposure that new items get, by 1 / log2(rank + 1)", "neither", per_case=_new_items, cut=True))  # fmt: skip

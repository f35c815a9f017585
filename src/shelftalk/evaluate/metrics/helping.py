"""Whether what is shown is of a kind that helps with a need that names no product (`meta["kinds"]` of its case)."""

from __future__ import annotations

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, register, shown


def _helping(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> list[bool] | None:
    """For each product shown, whether one of its categories is a kind that helps; None for a case without a need."""
    kinds = {str(kind).casefold() for kind in case.meta.get("kinds") or ()}
    if not kinds:
        return None
    found = [context.products(case.catalog, i) for i in shown(outcome, k)]
    return [p is not None and any(c.casefold() in kinds for c in p.categories) for p in found]


def _first(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    found = _helping(case, outcome, context, 1)
    return None if found is None else float(any(found))


def _among(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    found = _helping(case, outcome, context, k)
    return None if found is None else float(any(found))


def _share(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    found = _helping(case, outcome, context, k)
    return None if found is None else sum(found) / len(found) if found else 0.0


register(Metric("helps_first", "the first product shown is of a kind that helps with the need", per_case=_first))
register(Metric("helps_among", "one of those shown is of a kind that helps", per_case=_among, cut=True))
register(Metric("helps_share", "share of those shown that are of a kind that helps", per_case=_share, cut=True))

"""Metrics, a family a file; `score_case` gives the values of one request, `score_run` the figures of a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import METRICS, Figure, Metric, MetricContext, direction, find, register, unit

__all__ = [
    "FAMILIES", "METRICS", "Figure", "Metric", "MetricContext", "check_names", "direction", "find", "register", "score_case", "score_run", "unit",
]  # fmt: skip

# The modules whose import registers metrics, in the order they are listed.
FAMILIES = (
    "ranking",
    "constraints",
    "yesno",
    "catalogue",
    "exposure",
    "validity",
    "cost",
    "robustness",
    "faithfulness",
    "standing",
    "helping",
)
for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")


def check_names(names: Sequence[str]) -> None:
    """Raises UsageError for a name that is no metric, with the list of those that are."""
    for name in names:
        find(name)


def score_case(names: Sequence[str], case: Case, outcome: Outcome, context: MetricContext) -> dict[str, float | None]:
    """The values of one request by metric, for the metrics that have values by request; None where one does not apply."""
    values: dict[str, float | None] = {}
    for name in names:
        metric, k = find(name)
        if metric.per_case is not None:
            values[name] = metric.per_case(case, outcome, context, k)
    return values


def score_run(
    names: Sequence[str],
    cases: Mapping[str, Case] | Iterable[Case],
    outcomes: Iterable[Outcome],
    context: MetricContext,
) -> dict[str, float]:
    """The figures that exist for a run only (coverage, AUC, F1): by metric, or "metric.part" where there are several; with
    NAME.low and NAME.high, the ends of a 95% interval over requests, and NAME.n, the values it is over."""
    by_id = dict(cases) if isinstance(cases, Mapping) else {case.id: case for case in cases}
    pairs = [(by_id[outcome.id], outcome) for outcome in outcomes]
    figures: dict[str, float] = {}
    for name in names:
        metric, k = find(name)
        found = metric.whole(pairs, context, k) if metric.whole is not None else None
        if isinstance(found, Mapping):
            for part, value in found.items():
                figures |= _flat(f"{name}.{part}", value)
        elif found is not None:
            figures |= _flat(name, found)
    return figures


def _flat(name: str, found: float | Figure) -> dict[str, float]:
    if not isinstance(found, Figure):
        return {name: float(found)}
    ends = {} if found.low is None or found.high is None else {f"{name}.low": found.low, f"{name}.high": found.high}
    return {name: found.value, **ends, f"{name}.n": float(found.n)}

"""Answers held against what was asked: constraints met, the exact set, a valid first pick, and refusals.

The gold set (Case.gold) are the products that satisfy the request; an empty one says that nothing does, and that the right
answer is to say so. An answer refuses when it offers nothing, or says that nothing fits (`no_match`), near misses or not.
"""

from __future__ import annotations

from collections.abc import Sequence

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Figure, Metric, MetricContext, Pair, register, request_of, shown
from shelftalk.evaluate.metrics.intervals import told_apart
from shelftalk.evaluate.metrics.select import constraints_of, selector
from shelftalk.facts.holds import holds


def refuses(outcome: Outcome) -> bool:
    """Whether the answer says that nothing fits, or offers nothing; a failed request refuses nothing."""
    if outcome.error is not None:
        return False
    return not shown(outcome) or bool(outcome.answer and outcome.answer.get("no_match"))


def _constraints_met(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    """Share of picks that satisfy each constraint the answer states and did not give up openly."""
    if outcome.answer is None:
        return None
    relaxed = set(constraints_of(outcome.answer["relaxed"]))
    stated = [c for c in constraints_of(outcome.answer["intent"]["constraints"]) if c not in relaxed]
    ids = shown(outcome)
    if not stated or not ids:
        return None
    products = [context.products(case.catalog, i) for i in ids]
    return sum(p is not None and all(holds(c, p) for c in stated) for p in products) / len(ids)


def _exact_set(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    if case.gold is None:
        return None
    if outcome.error is not None:
        return 0.0
    of = selector(context, case.catalog)
    if of is None or outcome.answer is None:
        return None
    return float(of.select(outcome.answer["intent"]) == case.gold)


def _valid_first(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    if case.gold is None:
        return None
    if outcome.error is not None:
        return 0.0
    if not case.gold:
        return float(refuses(outcome))
    first = shown(outcome, 1)
    return float(bool(first) and first[0] in case.gold)


def _refusal_right(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return None if case.gold is None else float(outcome.error is None and refuses(outcome) == (not case.gold))


def _refusals(part: str) -> Metric:
    """Precision, recall or F1 of refusals, over the requests with a gold set."""

    def whole(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Figure | None:
        told = [
            (refuses(outcome), not case.gold, request_of(case)) for case, outcome in pairs if case.gold is not None
        ]  # fmt: skip
        return told_apart(part, told)

    about = {
        "precision": "share of refusals that are right",
        "recall": "share of requests that nothing fits which are refused",
        "f1": "harmonic mean of refusal precision and recall",
    }
    return Metric(f"refusal_{part}", about[part], whole=whole)


register(Metric("constraints_met", "share of picks that satisfy every constraint the answer states", per_case=_constraints_met))  # fmt: skip
register(Metric("exact_set", "the constraints and sort as understood select exactly the gold set (ties included, the number wanted ignored)", per_case=_exact_set))  # fmt: skip
register(Metric("valid_first", "the first pick is in the gold set, or nothing fits and the answer says so", per_case=_valid_first))  # fmt: skip
register(Metric("refusal_right", "refused where nothing fits, and only there", per_case=_refusal_right))
for _part in ("precision", "recall", "f1"):
    register(_refusals(_part))

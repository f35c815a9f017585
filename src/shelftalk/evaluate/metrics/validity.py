"""Whether an answer can be used at all: products that exist, JSON that its schema admits, no failure."""

from __future__ import annotations

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, register, shown


def _out_of_catalogue(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    ids = shown(outcome, k)
    added = {p.id for p in case.overlay}
    return sum(i not in added and context.products(case.catalog, i) is None for i in ids) / len(ids) if ids else None


def _valid_json(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    from pydantic import ValidationError

    from shelftalk.schema import AnswerModel

    if outcome.answer is None:
        return None if outcome.error is None else 0.0
    try:
        AnswerModel.model_validate(dict(outcome.answer), strict=True)
    except ValidationError:
        return 0.0
    return 1.0


def _failed(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float:
    return float(outcome.error is not None)


register(Metric("out_of_catalogue", "share of what is shown that the catalogue does not hold", "lower", per_case=_out_of_catalogue, cut=True))  # fmt: skip
register(Metric("valid_json", "the answer is valid under its published schema", per_case=_valid_json))
register(Metric("failed", "the request ended in an error", "lower", per_case=_failed))

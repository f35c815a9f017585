"""Ranking metrics, computed by trec_eval (pytrec_eval-terrier); ranx agrees to 1e-6 in a test.

What stands in every figure: gains are linear (the grade itself, discounted by log2(rank + 1)); a product is relevant where
its grade is above 0; a product without a judgment counts as MetricContext.unjudged says; the order is the order shown, also
where scores tie; a request without any relevant product does not apply; nothing ranked scores 0.
Formulas: https://trec.nist.gov/trec_eval, and Jaervelin and Kekaelaeinen 2002 for nDCG.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, register

# trec_eval reads whole grades; nDCG does not change when all are scaled alike.
_SCALE = 1000


def judged(case: Case) -> Mapping[str, float] | None:
    """What is known of the products' worth: the grades, or 1 for each of the gold set; None where nothing is."""
    if case.grades is not None:
        return case.grades
    return dict.fromkeys(case.gold, 1.0) if case.gold else None


def _of_trec(measure: str = "", whole: str = "", *, cut_first: bool = False) -> Any:
    """A metric by trec_eval's names of it: with a cut, and over the whole ranking ("": cut where the ranking ends).

    With `cut_first` the ranking itself is cut at k, since trec_eval has no such measure with a cut.
    """

    def value(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
        grades = judged(case)
        if not grades or not any(g > 0 for g in grades.values()):
            return None
        ids = _ranked(outcome, grades, context)
        ids = ids[:k] if cut_first else ids
        if not ids:
            return 0.0
        name = whole if cut_first or (k is None and whole) else f"{measure}.{k or len(ids)}"
        found = _evaluator(_whole(grades), name).evaluate({"q": {d: float(len(ids) - i) for i, d in enumerate(ids)}})
        return float(next(iter(found["q"].values())))

    return value


def _ranked(outcome: Outcome, grades: Mapping[str, float], context: MetricContext) -> list[str]:
    ids = list(dict.fromkeys(outcome.ranking))
    return [d for d in ids if d in grades] if context.unjudged == "removed" else ids


def _whole(grades: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    scale = 1 if all(float(g).is_integer() for g in grades.values()) else _SCALE
    return tuple((d, max(0, round(g * scale))) for d, g in sorted(grades.items()))


@lru_cache(maxsize=64)
def _evaluator(grades: tuple[tuple[str, int], ...], measure: str) -> Any:
    import pytrec_eval

    return pytrec_eval.RelevanceEvaluator({"q": dict(grades)}, {measure})


def _judged_share(case: Case, outcome: Outcome, context: MetricContext, k: int | None) -> float | None:
    grades = judged(case)
    ids = list(dict.fromkeys(outcome.ranking))[:k]
    return sum(d in grades for d in ids) / len(ids) if grades and ids else None


register(Metric("ndcg", "discounted gain over the best possible one; linear gains", per_case=_of_trec("ndcg_cut", "ndcg"), cut=True))  # fmt: skip
register(Metric("mrr", "1 / rank of the first relevant product", per_case=_of_trec(whole="recip_rank", cut_first=True), cut=True))  # fmt: skip
register(Metric("map", "mean precision at the ranks of the relevant products", per_case=_of_trec(whole="map", cut_first=True), cut=True))  # fmt: skip
register(Metric("recall", "share of the relevant products ranked", per_case=_of_trec("recall"), cut=True))
register(Metric("hit_rate", "whether a relevant product is ranked", per_case=_of_trec("success"), cut=True))
register(Metric("precision", "share of the places that hold a relevant product; places left empty count against it", per_case=_of_trec("P"), cut=True))  # fmt: skip
register(Metric("judged", "share of the ranked products that have a judgment", "neither", per_case=_judged_share, cut=True))  # fmt: skip

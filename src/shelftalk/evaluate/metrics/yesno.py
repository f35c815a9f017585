"""Yes/no tasks: accuracy by request; precision, recall, F1 of yes, balanced accuracy and the area under the curve by run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Figure, Metric, MetricContext, Pair, register, request_of
from shelftalk.evaluate.metrics.intervals import area, halfway, told_apart


def _accuracy(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return None if case.label is None else float(outcome.verdict is not None and outcome.verdict == case.label)


def _log_loss(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    if case.label is None or outcome.probability is None:
        return None
    held = outcome.probability if case.label else 1 - outcome.probability
    return float(-np.log(min(1.0, max(held, 1e-15))))


def _told(pairs: Sequence[Pair]) -> list[tuple[bool, bool, str]]:
    """What was said, what is true, and of which request; a request without a verdict counts as the wrong one."""
    return [
        (o.verdict if o.verdict is not None else not c.label, c.label, request_of(c)) for c, o in pairs if c.label is not None
    ]  # fmt: skip


def _yes(part: str) -> Callable[..., Figure | None]:
    return lambda pairs, context, k: told_apart(part, _told(pairs))


def _balanced(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Figure | None:
    told = _told(pairs)
    yes = told_apart("recall", told)
    no = told_apart("recall", [(not said, not due, key) for said, due, key in told])
    return halfway(yes, no) if yes is not None and no is not None else None


def _auc(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Figure | None:
    known = sorted(
        (o.probability, bool(c.label), request_of(c)) for c, o in pairs if c.label is not None and o.probability is not None
    )  # fmt: skip
    yes, no = ([(p, key) for p, label, key in known if label == wanted] for wanted in (True, False))
    if not yes or not no:
        return None
    return area(np.array([p for p, _ in yes]), np.array([p for p, _ in no]), [k for _, k in yes], [k for _, k in no])


register(Metric("accuracy", "share of right verdicts", per_case=_accuracy))
register(Metric("log_loss", "minus the logarithm of the probability given to the right verdict", "lower", per_case=_log_loss, unit="nats"))  # fmt: skip
register(Metric("yes_precision", "share of the yes that are right", whole=_yes("precision")))  # fmt: skip
register(Metric("yes_recall", "share of the true yes that are found", whole=_yes("recall")))  # fmt: skip
register(Metric("f1", "harmonic mean of precision and recall of yes", whole=_yes("f1")))  # fmt: skip
register(Metric("balanced_accuracy", "mean of the recall of yes and of no", whole=_balanced))
register(Metric("auc", "probability that a yes has a higher probability than a no", whole=_auc))

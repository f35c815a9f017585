"""Yes/no tasks: accuracy by request; precision, recall, F1 of yes, balanced accuracy and the area under the curve by run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, Pair, register


def auc(labels: Sequence[bool], scores: Sequence[float]) -> float | None:
    """Probability that a random yes has a higher score than a random no, ties counting a half; None without both.

    Mann and Whitney's U over the number of pairs (Hanley and McNeil 1982).
    """
    truth = np.asarray(labels, dtype=bool)
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return None
    _, inverse, counts = np.unique(np.asarray(scores, dtype=float), return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(counts) - (counts - 1) / 2
    return float((middle_rank[inverse][truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _accuracy(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return None if case.label is None else float(outcome.verdict is not None and outcome.verdict == case.label)


def _log_loss(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    if case.label is None or outcome.probability is None:
        return None
    held = outcome.probability if case.label else 1 - outcome.probability
    return float(-np.log(min(1.0, max(held, 1e-15))))


def _counted(figure: Callable[[int, int, int, int], float | None]) -> Callable[..., float | None]:
    """A figure of true and false yes, and false and true no; a request without a verdict counts against it."""

    def whole(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> float | None:
        known = [
            (c.label, o.verdict if o.verdict is not None else not c.label) for c, o in pairs if c.label is not None
        ]
        both = [sum(1 for pair in known if pair == kind) for kind in ((True, True), (False, True), (True, False))]
        return figure(both[0], both[1], both[2], len(known) - sum(both)) if known else None

    return whole


def _auc(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> float | None:
    known = [(c.label, o.probability) for c, o in pairs if c.label is not None and o.probability is not None]
    return auc([bool(label) for label, _ in known], [float(p) for _, p in known])


def _share(part: float, of: float) -> float | None:
    return part / of if of else None


def _balanced(tp: int, fp: int, fn: int, tn: int) -> float | None:
    return (tp / (tp + fn) + tn / (tn + fp)) / 2 if tp + fn and tn + fp else None


register(Metric("accuracy", "share of right verdicts", per_case=_accuracy))
register(Metric("log_loss", "minus the logarithm of the probability given to the right verdict", "lower", per_case=_log_loss))  # fmt: skip
register(Metric("yes_precision", "share of the yes that are right", whole=_counted(lambda tp, fp, fn, tn: _share(tp, tp + fp))))  # fmt: skip
register(Metric("yes_recall", "share of the true yes that are found", whole=_counted(lambda tp, fp, fn, tn: _share(tp, tp + fn))))  # fmt: skip
register(Metric("f1", "harmonic mean of precision and recall of yes", whole=_counted(lambda tp, fp, fn, tn: _share(2 * tp, 2 * tp + fp + fn))))  # fmt: skip
register(Metric("balanced_accuracy", "mean of the recall of yes and of no", whole=_counted(_balanced)))
register(Metric("auc", "probability that a yes has a higher probability than a no", whole=_auc))

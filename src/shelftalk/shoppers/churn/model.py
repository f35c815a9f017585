"""Who will not buy again within a horizon: a model over customers' signs, fitted on earlier windows, calibrated on a later one and tested on
the last.

Churn of a customer on a day is that no purchase follows within `horizon` days from it. Windows lie half a horizon apart; none whose outcome
reaches into the test's is fitted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np

from shelftalk.errors import UsageError
from shelftalk.shoppers.churn.signs import NAMES, Customer, bought_between, customer, features
from shelftalk.values.shopper import Interaction

__all__ = ["ChurnModel", "Score", "Tested", "Window", "days_of", "windows"]

Users = Iterable[tuple[str, Sequence[Interaction]]]
Kind = Literal["auto", "logistic", "boosting"]
_BOOSTED_FROM = 2000  # rows to fit on; fewer are for a logistic model
LEAST_CUSTOMERS, LEAST_EACH = 60, 20
_LONGEST = 365.0  # days: who bought nothing for longer is gone, and no score is needed to say so
_ISOTONIC_FROM = 1000
_RECENCY = NAMES.index("recency")


@dataclass(frozen=True, slots=True)
class Window:
    """The customers of one day: features of shape (n, d), and whether each then bought nothing within the horizon (None where the
    horizon is not over yet)."""

    as_of: datetime
    users: tuple[str, ...]
    x: np.ndarray
    churned: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with its 95% bootstrap interval over customers."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Tested:
    """How the model did on the last window, fitted on what was known before it; beside recency alone, calibrated in the same way.

    `bins` are (mean probability told, share that churned, customers) in fifths.
    """

    as_of: datetime
    customers: int
    churned: float
    auc: Score
    brier: Score
    recency_auc: Score
    recency_brier: Score
    gain: Score
    bins: tuple[tuple[float, float, int], ...]


def days_of(last: datetime, first: datetime, horizon: int) -> list[datetime]:
    """The days of the windows whose outcome is known, the latest first: from `last` minus the horizon back, half a horizon apart."""
    out, day = [], last - timedelta(days=horizon)
    while day - first >= timedelta(days=horizon):
        out.append(day)
        day -= timedelta(days=horizon / 2)
    return out


def windows(
    users: Users, days: Sequence[datetime], horizon: int, last: datetime
) -> tuple[list[Window], list[Customer]]:
    """A window for each day, and the customers of the first day in `days`. One pass over the users; memory: a row a customer and day."""
    rows: dict[datetime, list[tuple[str, np.ndarray, bool]]] = {day: [] for day in days}
    now: list[Customer] = []
    for user, events in users:
        for day in days:
            known = customer(user, events, day)
            if known is None or known.recency > _LONGEST:
                continue
            until = day + timedelta(days=horizon)
            rows[day].append((user, features(known), not bought_between(events, day, until)))
            if day == days[0]:
                now.append(known)
    return [_window(day, found, day + timedelta(days=horizon) <= last) for day, found in rows.items()], now


def _window(day: datetime, found: Sequence[tuple[str, np.ndarray, bool]], known: bool) -> Window:
    x = np.array([f for _, f, _ in found]).reshape(len(found), len(NAMES))
    return Window(
        day, tuple(u for u, _, _ in found), x, np.array([c for *_, c in found], dtype=bool) if known else None
    )


class ChurnModel:
    """A fitted, calibrated model: boosted trees (chosen on the benchmark's earlier windows, docs/churn.md), or a logistic model where there
    are few rows."""

    def __init__(self, kind: Kind = "auto", seed: int = 0) -> None:
        self._kind, self._seed = kind, seed
        self._model: Any = None

    def fit(self, past: Sequence[Window], columns: Sequence[int] | None = None) -> ChurnModel:
        """Fits on all but the latest of these windows and calibrates on that one. UsageError says what is missing."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.frozen import FrozenEstimator

        enough(past)
        ordered = sorted(past, key=lambda w: w.as_of)
        self._columns = list(columns) if columns is not None else list(range(len(NAMES)))
        x = np.vstack([w.x for w in ordered[:-1]])[:, self._columns]
        y = np.concatenate([_known(w) for w in ordered[:-1]])
        method = "isotonic" if len(ordered[-1].users) >= _ISOTONIC_FROM else "sigmoid"
        fitted = self._estimator(len(y)).fit(x, y)
        self._model = CalibratedClassifierCV(FrozenEstimator(fitted), method=method)
        self._model.fit(ordered[-1].x[:, self._columns], _known(ordered[-1]))
        return self

    def probability(self, x: np.ndarray) -> np.ndarray:
        """The probability that each customer churns: shape (n,)."""
        if not len(x):
            return np.zeros(0)
        return np.asarray(self._model.predict_proba(x[:, self._columns])[:, 1])

    def _estimator(self, rows: int) -> Any:
        if self._kind == "boosting" or (self._kind == "auto" and rows >= _BOOSTED_FROM):
            from sklearn.ensemble import HistGradientBoostingClassifier

            return HistGradientBoostingClassifier(
                learning_rate=0.05, max_iter=150, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=1.0,
                random_state=self._seed,
            )  # fmt: skip
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import QuantileTransformer, StandardScaler

        return make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            QuantileTransformer(n_quantiles=50, output_distribution="normal", random_state=self._seed),
            StandardScaler(),
            LogisticRegression(max_iter=2000, C=0.3),
        )


def enough(past: Sequence[Window], apart: int = 1) -> None:
    """UsageError where there is too little to fit and calibrate on, saying how much is there and how much is needed. The latest `apart`
    windows are those that calibrate and test: each alone must be large enough, the earlier ones together."""
    ordered = sorted(past, key=lambda w: w.as_of)
    parts = [ordered[: len(ordered) - apart], *([w] for w in ordered[len(ordered) - apart :])]
    for part in parts:
        y = np.concatenate([_known(w) for w in part]) if part else np.zeros(0, dtype=bool)
        if len(ordered) <= apart or len(y) < LEAST_CUSTOMERS or min(int(y.sum()), int((~y).sum())) < LEAST_EACH:
            sizes = ", ".join(
                f"{w.as_of.date()}: {len(w.users)} customers, {int(_known(w).sum())} churned" for w in ordered[-3:]
            )
            raise UsageError(
                "too little data for a churn model: it needs days to fit, to calibrate and to test on, half a horizon or more apart, each with "
                f"{LEAST_CUSTOMERS} customers, {LEAST_EACH} of whom bought again within the horizon and {LEAST_EACH} did not; the latest there are: "
                f"{sizes or 'no day whose outcome is known'}. Give more history, or another --horizon"
            )


def measured(past: Sequence[Window], horizon: int, kind: Kind = "auto", seed: int = 0) -> tuple[Tested, np.ndarray]:
    """How a model fitted on the windows whose outcome was known on the last one's day does on that one; and its probabilities there."""
    ordered = sorted(past, key=lambda w: w.as_of)
    last = ordered[-1]
    earlier = [w for w in ordered[:-1] if w.as_of + timedelta(days=horizon) <= last.as_of]
    enough([*earlier, last], apart=2)
    model, plain = ChurnModel(kind, seed).fit(earlier), ChurnModel("logistic", seed).fit(earlier, [_RECENCY])
    p, base, y = model.probability(last.x), plain.probability(last.x), _known(last)
    order = np.array_split(np.argsort(p, kind="stable"), 5)
    result = Tested(
        last.as_of, len(y), float(y.mean()), _boot(y, lambda at: _auc(y[at], p[at])), _boot(y, lambda at: _brier(y[at], p[at])),
        _boot(y, lambda at: _auc(y[at], base[at])), _boot(y, lambda at: _brier(y[at], base[at])),
        _boot(y, lambda at: _auc(y[at], p[at]) - _auc(y[at], base[at])),
        tuple((float(p[b].mean()), float(y[b].mean()), len(b)) for b in order if len(b)),
    )  # fmt: skip
    return result, p


def _auc(y: np.ndarray, p: np.ndarray) -> float:
    """The share of pairs of one who churned and one who did not in which the first has the higher probability, half for a tie: by ranks,
    which a bootstrap can afford."""
    from scipy.stats import rankdata

    churned = int(y.sum())
    return float((rankdata(p)[y].sum() - churned * (churned + 1) / 2) / (churned * (len(y) - churned)))


def _brier(y: np.ndarray, p: np.ndarray) -> float:
    return float(np.mean((p - y) ** 2))


def _boot(y: np.ndarray, measure: Any, rounds: int = 300) -> Score:
    rng, drawn = np.random.default_rng(0), []
    for _ in range(rounds):
        at = rng.integers(0, len(y), len(y))
        if 0 < y[at].sum() < len(at):
            drawn.append(measure(at))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Score(float(measure(np.arange(len(y)))), float(low), float(high))


def _known(window: Window) -> np.ndarray:
    if window.churned is None:
        raise ValueError("the outcome of this window is not known yet")
    return window.churned

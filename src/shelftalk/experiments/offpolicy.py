"""What another policy would have earned per answer, estimated from lists that were drawn with known probabilities.

The action is the whole list, its reward the sum of its products' rewards. IPS (Horvitz and Thompson 1952; Strehl et al. 2010) weighs each
list by its probability under the policy over that under the one that drew it; SNIPS (Swaminathan and Joachims 2015) divides by the mean
weight; DR (Dudik, Langford and Li 2011) adds what a model of the rewards foretells, and weighs only what the model missed. The model is
fitted on other users' lists than those it foretells (cross-fitting, Chernozhukov et al. 2018). Intervals are those of the means of
influence values, clustered by user.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shelftalk.experiments.logs import Logged
from shelftalk.experiments.metrics import Array
from shelftalk.experiments.slates import marginals, propensities

Z = 1.959964
FOLDS = 3
FEW = 100  # effective lists below which an estimate is told to rest on little
Estimator = Literal["IPS", "SNIPS", "DR"]
Scores = Callable[[Logged], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Policy:
    """Ranks candidates by `scores`, drawn by Plackett-Luce at the temperature (0: in their order)."""

    name: str
    scores: Scores
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The reward per answer with its 95% interval; `effective` is how many lists it rests on (Kish 1965) of `lists`."""

    policy: str
    estimator: str
    value: float
    low: float
    high: float
    effective: float
    lists: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As it is reported."""
        return {**asdict(self), "notes": list(self.notes)}


def estimate(rows: Sequence[Logged], policy: Policy, *, seed: int = 0) -> list[Estimate]:
    """IPS, SNIPS and DR of a policy. Needs scikit-learn."""
    random = np.random.default_rng(seed)
    scores = [np.asarray(policy.scores(row), dtype=np.float64) for row in rows]
    weight = np.array(
        [
            np.prod(propensities(s.tolist(), row.shown, policy.temperature)) / np.prod(row.propensities)
            for row, s in zip(rows, scores, strict=True)
        ]
    )
    reward = np.array([row.reward for row in rows])
    missed, foretold = _modelled(rows, scores, policy.temperature, random)
    units = np.unique([row.unit or f"\0{i}" for i, row in enumerate(rows)], return_inverse=True)[1]
    effective = float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0
    notes = _notes(policy, weight, effective)
    return [
        Estimate(policy.name, name, *interval, effective, len(rows), notes)
        for name, interval in estimators(weight, reward, missed, foretold, units).items()
    ]


def estimators(
    weight: Array, reward: Array, missed: Array, foretold: Array, units: NDArray[np.int64]
) -> dict[Estimator, tuple[float, float, float]]:
    """(value, low, high) by estimator from each list's weight and reward, what the model missed of its reward, what it foretells for the
    policy, and the number of its user."""
    ips = weight * reward
    mean = weight.mean()
    own = float(ips.sum() / weight.sum()) if mean > 0 else 0.0
    return {
        "IPS": _interval(float(ips.mean()), ips - ips.mean(), units),
        "SNIPS": _interval(own, weight * (reward - own) / (mean or 1.0), units),
        "DR": _interval(
            float((foretold + weight * missed).mean()),
            foretold + weight * missed - (foretold + weight * missed).mean(),
            units,
        ),
    }


def _interval(value: float, influence: Array, units: NDArray[np.int64]) -> tuple[float, float, float]:
    error = float(np.sqrt((np.bincount(units, influence) ** 2).sum())) / influence.size
    return value, value - Z * error, value + Z * error


def _notes(policy: Policy, weight: Array, effective: float) -> tuple[str, ...]:
    notes = []
    if effective < FEW:
        notes.append(
            f"{policy.name}: the lists that were drawn are seldom what it would show: the estimates rest on {effective:.0f} effective lists; "
            "log at a higher temperature, or ask for a policy that draws (--temperature)"
        )
    error = weight.std() / np.sqrt(weight.size)
    if effective >= FEW and abs(weight.mean() - 1) > 5 * error:
        notes.append(f"{policy.name}: the weights are {weight.mean():.3f} on average, and should be 1: the logged probabilities are not those of the draws")  # fmt: skip
    return tuple(notes)


def _modelled(
    rows: Sequence[Logged], scores: Sequence[Array], temperature: float, random: np.random.Generator
) -> tuple[Array, Array]:
    """(reward less what the model foretold of the list shown; what it foretells of the policy's lists), each row by a model fitted on
    other units' rows."""
    names = sorted({name for row in rows for features in row.features for name in features})
    fold = _folds(rows, random)
    missed, foretold = np.zeros(len(rows)), np.zeros(len(rows))
    tables = [_table(row, names) for row in rows]
    for number in range(FOLDS):
        train = [i for i in range(len(rows)) if fold[i] != number]
        held = [i for i in range(len(rows)) if fold[i] == number]
        if not train or not held:
            continue
        predict = _fitted(
            np.concatenate([_placed(tables[i][list(rows[i].shown)], np.arange(len(rows[i].shown))) for i in train]),
            np.concatenate([rows[i].rewards for i in train]),
        )
        worths = predict(np.concatenate([_everywhere(tables[i], len(rows[i].shown)) for i in held]))
        at = 0
        for i in held:
            k, n = len(rows[i].shown), len(rows[i].candidates)
            worth = worths[at : at + k * n].reshape(k, n)
            at += k * n
            missed[i] = rows[i].reward - worth[np.arange(k), list(rows[i].shown)].sum()
            foretold[i] = (marginals(scores[i], k, temperature, random) * worth).sum()
    return missed, foretold


def _folds(rows: Sequence[Logged], random: np.random.Generator) -> NDArray[np.int64]:
    units: dict[str, int] = {}
    number = [units.setdefault(row.unit or f"\0{i}", len(units)) for i, row in enumerate(rows)]
    return (random.permutation(len(units)) % FOLDS)[number]


def _table(row: Logged, names: Sequence[str]) -> Array:
    """What the model is told of each candidate: its score, whether it is the best by it, and its scores by source."""
    features = row.features or tuple({} for _ in row.candidates)
    best = max(row.scores)
    return np.array(
        [
            [s, float(s == best), *(f.get(name, 0.0) for name in names)]
            for s, f in zip(row.scores, features, strict=True)
        ]
    )


def _everywhere(table: Array, k: int) -> Array:
    """Each candidate at each of `k` positions."""
    return _placed(np.tile(table, (k, 1)), np.repeat(np.arange(k), len(table)))


def _placed(table: Array, position: NDArray[np.int64]) -> Array:
    """The table with one column a position, up to the tenth; and its first column at the first position apart."""
    at = np.minimum(position, 9)
    first = np.where(position == 0, table[:, 0], 0.0)
    return np.column_stack([table, np.eye(10)[at], first])


def _fitted(x: Array, y: Array) -> Callable[[Array], Array]:
    """A model of the reward: logistic regression where it is 0 or 1, else gradient-boosted trees; the mean where all are equal."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kinds = np.unique(y)
    if kinds.size == 1:
        return lambda x: np.full(len(x), float(kinds[0]))
    if kinds.tolist() == [0.0, 1.0]:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        model.fit(x, y)
        return lambda x: model.predict_proba(x)[:, 1]
    trees = HistGradientBoostingRegressor(max_iter=100, random_state=0).fit(x, y)
    return lambda x: np.asarray(trees.predict(x))

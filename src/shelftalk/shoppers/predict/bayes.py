"""Logistic regression with a prior: weights drawn to what shops have in common, or to what other shoppers taught, so that a few examples
are enough.

The prior is Gaussian. The posterior is found by Newton's method (Laplace), and a probability is that of the posterior's mean, widened by
its variance (MacKay 1992, the probit approximation). With no examples the prior alone speaks; with many they outweigh it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shelftalk.shoppers.predict.expected import EXPECTED

__all__ = ["Posterior", "Prior", "update"]

SPREAD = 0.3  # how far a shop's weights lie from what is expected
SPREAD_OTHERS = 0.1  # how far those of some shoppers lie from those of others of the same shop
# Both were chosen on dev (benchmarks/fewshot.py --dev). The intercept is free: how often things are liked is each shop's own.
_FREE = 10.0
_FURTHEST = 4.0  # standard deviations; beyond it a feature says no more


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of the weights: `mean`, the intercept first, each but that one with standard deviation `spread`; `center` and
    `scale` bring features to comparable size. `examples` is how many it was learnt from."""

    center: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    spread: float = SPREAD
    examples: int = 0

    @classmethod
    def expected(cls, names: Sequence[str] = tuple(EXPECTED), spread: float = SPREAD) -> Prior:
        """What shops have in common, for features of these names."""
        center, scale, weight = np.array([EXPECTED[name] for name in names]).T
        return cls(center, scale, np.array([0.0, *weight]), spread)

    def standard(self, x: np.ndarray) -> np.ndarray:
        """Features of shape (n, d) standardised and bounded, with a column of ones first: (n, d + 1)."""
        z = np.clip((np.atleast_2d(x) - self.center) / self.scale, -_FURTHEST, _FURTHEST)
        return np.hstack([np.ones((len(z), 1)), z])


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weights after examples, with their covariance."""

    prior: Prior
    mean: np.ndarray
    covariance: np.ndarray
    examples: int = 0

    def probability(self, x: np.ndarray) -> np.ndarray:
        """The probability of a like for features of shape (n, d): shape (n,)."""
        z = self.prior.standard(x)
        variance = np.einsum("ij,jk,ik->i", z, self.covariance, z)
        return _sigmoid(z @ self.mean / np.sqrt(1 + np.pi * variance / 8))

    def as_prior(self, spread: float = SPREAD_OTHERS) -> Prior:
        """What these shoppers taught, as a prior for others of the same shop."""
        return replace(self.prior, mean=self.mean, spread=spread, examples=self.examples)


def update(prior: Prior, x: np.ndarray, y: np.ndarray) -> Posterior:
    """The posterior after examples: features of shape (n, d), labels of 0 and 1; n may be 0."""
    precision = np.full(len(prior.mean), 1 / prior.spread**2)
    precision[0] = 1 / _FREE**2
    if not len(y):
        covariance = np.diag(1 / precision)
        covariance[0, 0] = 1.0  # no label was seen, so the rate is not known; but it is no coin of any bias
        return Posterior(prior, prior.mean, covariance, prior.examples)
    mean, covariance = _fit(prior.standard(x), np.asarray(y, dtype=float), prior.mean, precision)
    return Posterior(prior, mean, covariance, prior.examples + len(y))


def _fit(z: np.ndarray, y: np.ndarray, start: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable weights and their covariance: Newton's method, the step halved while it makes things worse."""
    weights = start.copy()

    def objective(w: np.ndarray) -> float:
        margin = z @ w
        return float(np.logaddexp(0, margin).sum() - y @ margin + 0.5 * precision @ (w - start) ** 2)

    def curvature(w: np.ndarray) -> np.ndarray:
        p = _sigmoid(z @ w)
        return np.asarray((z * (p * (1 - p))[:, None]).T @ z + np.diag(precision))

    for _ in range(50):
        gradient = z.T @ (_sigmoid(z @ weights) - y) + precision * (weights - start)
        step = np.linalg.solve(curvature(weights), gradient)
        before, size = objective(weights), 1.0
        while objective(weights - size * step) > before + 1e-12 and size > 1e-4:
            size /= 2
        weights = weights - size * step
        if np.abs(size * step).max() < 1e-7:
            break
    return weights, np.linalg.inv(curvature(weights))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -35, 35))))

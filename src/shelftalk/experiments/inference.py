"""Always-valid inference: intervals and p-values that hold however often they are looked at, and whenever one stops.

The interval is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory
and asymptotic confidence sequences" (arXiv 2103.06476, Annals of Statistics 2024), theorem 2.2, from Robbins' normal mixture; the
p-value is one over the same mixture's martingale. Both are applied to the influence values of an estimator (their section on
asymptotically linear estimators), so that means and ratios (delta method) of users are treated alike. All functions take arrays and work
element by element, an element being a moment at which one looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftalk.experiments.metrics import Array

__all__ = ["Difference", "Moments", "always_valid_p", "difference", "half_width", "moments", "tuned"]


def tuned(n: float, alpha: float) -> float:
    """rho^2 for which the interval is about narrowest after `n` units (Waudby-Smith et al. 2021, appendix B.2)."""
    return (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / n


def half_width(n: Array, variance: Array, alpha: float, rho2: float) -> Array:
    """Half the width of the confidence sequence of a mean of `n` values with that variance."""
    grown = n * rho2 + 1
    width: Array = np.sqrt(variance * 2 * grown / (n * n * rho2) * np.log(np.sqrt(grown) / alpha))
    return width


def always_valid_p(n: Array, mean: Array, variance: Array, rho2: float) -> Array:
    """The p-value of a mean of 0 against any other; at or below alpha exactly where the interval leaves 0 out."""
    grown = n * rho2 + 1
    log_e = rho2 * n * n * mean * mean / (2 * variance * grown) - np.log(grown) / 2
    p: Array = np.exp(-np.maximum(log_e, 0.0))
    return p


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one variant at some moments: its number of units, the metric, and the variance of one unit's influence on it."""

    n: Array
    value: Array
    variance: Array


@dataclass(frozen=True, slots=True)
class Difference:
    """A variant's metric less the control's, with its always-valid interval and p-value (1 - alpha, two-sided)."""

    value: Array
    low: Array
    high: Array
    p: Array


def moments(top: Array, bottom: Array, at: NDArray[Any], *, least: float = 0.0) -> Moments:
    """The metric sum(top) / sum(bottom) after the first `at` units, for each of those numbers; 0 where there is none.

    The variance is that of the influence values (top - value * bottom) / mean(bottom), which for a mean (bottom 1) is the sample's.
    Their squares sum up to `least` at least: 1 for shares, as if one unit had differed, so that of what never happened to many units
    something can be said.
    """
    sums = [np.concatenate([np.zeros(1), np.cumsum(v)])[at] for v in (top, bottom, top**2, bottom**2, top * bottom)]
    over, under, over2, under2, both = sums
    n = at.astype(np.float64)
    some = under > 0
    value = np.divide(over, under, out=np.zeros_like(over), where=some)
    mean = np.divide(under, n, out=np.ones_like(under), where=some)
    spread = np.maximum((over2 - 2 * value * both + value**2 * under2) / mean**2, least)
    return Moments(n, value, np.divide(spread, n - 1, out=np.zeros_like(spread), where=some & (n > 1)))


def difference(
    control: Moments, variant: Moments, alpha: float, rho2: float, *, scale: float = 1.0, shift: float = 0.0
) -> Difference:
    """variant - scale * control - shift; unbounded, with p 1, where a side has fewer than two units or nothing ever differed.

    The units of both together are the sample: its influence values have the variance N (v1 / n1 + scale^2 v0 / n0).
    """
    value = variant.value - scale * control.value - shift
    n = np.maximum(control.n + variant.n, 1.0)
    spread = n * (
        variant.variance / np.maximum(variant.n, 1.0) + scale * scale * control.variance / np.maximum(control.n, 1.0)
    )
    known = (control.n > 1) & (variant.n > 1) & (spread > 0)
    held = np.where(known, spread, 1.0)
    half = np.where(known, half_width(n, held, alpha, rho2), np.inf)
    p = np.where(known, always_valid_p(n, value, held, rho2), 1.0)
    return Difference(value, value - half, value + half, p)

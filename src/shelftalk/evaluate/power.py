"""How small a difference this many requests can show, and how many requests a difference needs."""

from __future__ import annotations

from math import ceil, inf

POWER = 0.8
ALPHA = 0.05


def detectable(error: float, groups: int, *, power: float = POWER, alpha: float = ALPHA) -> float | None:
    """The smallest true difference that a two-sided paired test at `alpha` finds with probability `power`.

    `error` is the standard error of the mean difference over `groups` independent requests. None where nothing can be
    said: fewer than two, or no spread at all. (t(1 - alpha/2) + t(power)) * error with groups - 1 degrees of freedom; see
    Bloom 1995, Minimum detectable effects.
    """
    if groups < 2 or not error > 0:
        return None
    return _multiplier(groups, power, alpha) * error


def requests_needed(
    difference: float, error: float, groups: int, *, power: float = POWER, alpha: float = ALPHA
) -> int | None:
    """How many requests like these would show that difference with probability `power`; None where nothing can be said."""
    smallest = detectable(error, groups, power=power, alpha=alpha)
    if smallest is None or difference == 0:
        return None
    needed = groups * (smallest / abs(difference)) ** 2
    return ceil(needed) if needed < inf else None


def rounded(n: int) -> int:
    """The number rounded up to two digits: an estimate should not look exact."""
    step = int(10 ** max(0, len(str(n)) - 2))
    return -(-n // step) * step


def _multiplier(groups: int, power: float, alpha: float) -> float:
    from scipy.special import stdtrit

    freedom = groups - 1
    return float(stdtrit(freedom, 1 - alpha / 2) + stdtrit(freedom, power))

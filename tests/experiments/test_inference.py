"""Intervals that may be looked at always: they agree with another implementation, and peeking does not break them."""

from __future__ import annotations

import numpy as np
import pytest

from shelftalk.experiments import srm
from shelftalk.experiments.inference import Moments, difference, half_width, moments, tuned

ALPHA, EXPECTED = 0.05, 4_000


def look(top, bottom, treated, every: int = 1):  # type: ignore[no-untyped-def]
    at = np.arange(every, treated.size + 1, every)
    return [moments(top[s], bottom[s], np.cumsum(s)[at - 1]) for s in (~treated, treated)]


def ever(found, sides, least: int = 200) -> bool:  # type: ignore[no-untyped-def]
    enough = (sides[0].n >= least) & (sides[1].n >= least)
    return bool((((found.low > 0) | (found.high < 0)) & enough).any())


def clicks(rng: np.random.Generator, users: int, lift: float = 0.0):  # type: ignore[no-untyped-def]
    treated = rng.random(users) < 0.5
    answers = rng.geometric(0.3, users)
    rate = np.minimum(rng.beta(1, 4, users) * (1 + lift * treated), 1)
    return rng.binomial(answers, rate).astype(float), answers.astype(float), treated


def test_under_a_a_with_a_look_after_every_user_few_are_ever_told_a_difference() -> None:
    rng = np.random.default_rng(3)
    always = fixed = 0
    runs = 300
    for _ in range(runs):
        sides = look(*clicks(rng, 8_000))
        always += ever(difference(*sides, ALPHA, tuned(EXPECTED, ALPHA)), sides)
        error = np.sqrt(sum(s.variance / s.n.clip(1) for s in sides))
        fixed += bool((np.abs(sides[1].value - sides[0].value) > 1.96 * error)[500:].any())
    # 15 of 300 are expected at most; 24 is the 99th percentile of a binomial of 5%
    assert always <= 24
    assert fixed > 60, "a test that is not made for it would be broken by these looks"


def test_a_true_difference_is_found_and_the_interval_covers_it() -> None:
    rng = np.random.default_rng(4)
    top, bottom, treated = clicks(rng, 200_000, lift=0.2)
    truth = top[treated].sum() / bottom[treated].sum() - top[~treated].sum() / bottom[~treated].sum()
    found = covered = 0
    for _ in range(60):
        sides = look(*clicks(rng, 12_000, lift=0.2), every=100)
        told = difference(*sides, ALPHA, tuned(EXPECTED, ALPHA))
        found += told.low[-1] > 0
        covered += bool(((told.low <= truth) & (truth <= told.high))[5:].all())
    assert found >= 54
    assert covered >= 54


def test_interval_and_p_value_are_those_of_growthbook() -> None:
    # gbstats 0.8.0, SequentialTwoSidedTTest with RatioStatistic: python benchmarks/experiments.py --peer
    rng = np.random.default_rng(8)
    top, bottom, treated = clicks(rng, 500, lift=0.5)
    sides = look(top, bottom, treated, every=500)
    told = difference(*sides, ALPHA, tuned(EXPECTED, ALPHA))
    assert (told.low[0], told.high[0], told.p[0]) == pytest.approx(PEER, rel=1e-9)


PEER = (0.03105857630863, 0.27012781408702397, 0.0070335881418831575)


def test_the_p_value_falls_to_alpha_where_the_interval_leaves_zero() -> None:
    rho2 = tuned(EXPECTED, ALPHA)
    n, variance = np.array([500.0, 4_000.0, 90_000.0]), np.array([2.0, 0.5, 9.0])
    edge = half_width(n, variance, ALPHA, rho2)
    sides = [Moments(n / 2, np.zeros(3), variance / 4), Moments(n / 2, edge, variance / 4)]
    told = difference(sides[0], sides[1], ALPHA, rho2)
    assert told.p == pytest.approx(np.full(3, ALPHA))
    assert told.low == pytest.approx(np.zeros(3), abs=1e-12)


def test_where_nothing_ever_differed_nothing_is_concluded() -> None:
    none = np.zeros(400)
    treated = np.arange(400) % 2 == 0
    told = difference(*look(none, np.ones(400), treated), ALPHA, tuned(EXPECTED, ALPHA))
    assert np.isinf(told.high).all()
    assert (told.p == 1).all()
    assert not np.isnan(told.value).any()


HALVES = {"control": 0.5, "warm": 0.5}


def units(rng: np.random.Generator, share: float, n: int = 6_000) -> list[str]:
    return ["warm" if u < share else "control" for u in rng.random(n)]


def test_shares_as_meant_are_seldom_called_broken_however_often_one_looks() -> None:
    rng = np.random.default_rng(5)
    alarms = sum(srm.check([(HALVES, units(rng, 0.5))]).mismatch for _ in range(300))
    assert alarms <= 8  # 3 expected at most at 1%; 8 is the 99.5th percentile


def test_users_lost_from_one_variant_are_noticed() -> None:
    told = srm.check([(HALVES, units(np.random.default_rng(6), 0.44))])
    assert told.mismatch
    assert told.seen["warm"] < 0.47 * told.expected["warm"] * 2
    assert sum(told.expected.values()) == pytest.approx(6_000)


def test_changed_weights_are_no_mismatch_but_users_lost_after_them_are() -> None:
    rng = np.random.default_rng(7)
    changed = {"control": 0.8, "warm": 0.2}
    assert not srm.check([(HALVES, units(rng, 0.5)), (changed, units(rng, 0.2))]).mismatch
    assert srm.check([(HALVES, units(rng, 0.5)), (changed, units(rng, 0.14))]).mismatch

"""The statistics keep their word: simulated data with a known truth are judged as often right as they claim."""

from __future__ import annotations

import numpy as np
import pytest

from shelftalk.evaluate.paired import holm, one_sided, paired
from shelftalk.evaluate.power import detectable, requests_needed

SIMULATIONS = 1500


def simulated(n: int, difference: float = 0.0, seed: int = 1) -> np.ndarray:
    """Differences of requests x simulations as nDCG gives them: many exactly 0, the others anywhere from -1 to 1."""
    rng = np.random.default_rng(seed)
    moved = rng.random((n, SIMULATIONS)) < 0.5
    return np.where(moved, rng.uniform(-1, 1, (n, SIMULATIONS)), 0.0) + difference


def test_with_no_difference_about_one_test_in_twenty_finds_one() -> None:
    found = paired(simulated(40), resamples=999)
    assert np.mean([r.p <= 0.05 for r in found]) == pytest.approx(0.05, abs=0.017)


@pytest.mark.parametrize("n", [20, 40, 150])
def test_the_interval_holds_the_truth_about_19_times_in_20(n: int) -> None:
    found = paired(simulated(n, 0.1), resamples=2000)
    assert np.mean([r.low <= 0.1 <= r.high for r in found]) == pytest.approx(0.95, abs=0.02)


def test_the_interval_and_the_test_hold_for_groups_of_requests_that_move_together() -> None:
    rng = np.random.default_rng(2)
    shared = rng.normal(size=(30, SIMULATIONS)) * 0.3
    data = np.repeat(shared, 5, axis=0) + rng.normal(size=(150, SIMULATIONS)) * 0.1
    groups = np.repeat(np.arange(30), 5)
    together, alone = paired(data, groups, resamples=999), paired(data, resamples=999)
    assert np.mean([r.p <= 0.05 for r in together]) == pytest.approx(0.05, abs=0.017)
    assert np.mean([r.low <= 0 <= r.high for r in together]) == pytest.approx(0.95, abs=0.02)
    assert np.mean([r.p <= 0.05 for r in alone]) > 0.2, "taken for independent, they would mislead"


def test_the_smallest_difference_to_show_is_shown_four_times_in_five() -> None:
    spread = paired(simulated(60, seed=7), resamples=99)
    error = float(np.sqrt(np.mean([r.error**2 for r in spread])))
    smallest = detectable(error, 60)
    found = paired(simulated(60, smallest, seed=8), resamples=999)
    assert np.mean([r.p <= 0.05 for r in found]) == pytest.approx(0.8, abs=0.04)


def test_the_number_of_requests_needed_would_show_the_difference() -> None:
    [small] = paired(simulated(2000, 0.05)[:, :1], resamples=99)
    needed = requests_needed(0.05, small.error, 2000)
    found = paired(simulated(needed, 0.05, seed=9), resamples=999)
    assert np.mean([r.p <= 0.05 for r in found]) == pytest.approx(0.8, abs=0.05)


def test_a_one_sided_bound_is_wrong_about_once_in_twenty() -> None:
    data = simulated(50, 0.05)[:, :400]
    bounds = [one_sided(data[:, i], resamples=499).low for i in range(400)]
    assert np.mean([low > 0.05 for low in bounds]) == pytest.approx(0.05, abs=0.03)


def test_the_same_seed_gives_the_same_figures_and_another_seed_nearly_the_same() -> None:
    data = simulated(40)[:, :3]
    assert paired(data, seed=4) == paired(data, seed=4)
    assert paired(data, seed=4)[0].low == pytest.approx(paired(data, seed=5)[0].low, abs=0.01)


def test_the_p_value_is_never_zero_and_counts_the_order_seen() -> None:
    [certain] = paired(np.ones(40), resamples=999)
    assert certain.p == 1 / 1000


def test_the_p_value_is_that_of_all_sign_flips() -> None:
    differences = np.array([0.3, -0.1, 0.4, 0.2, 0.5, -0.2, 0.6, 0.1])
    flips = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1)
    exact = np.mean(np.abs(differences @ flips) >= abs(differences.sum()) - 1e-12)
    assert paired(differences, resamples=50_000)[0].p == pytest.approx(exact, abs=0.006)


def test_what_does_not_apply_is_left_out_of_every_count() -> None:
    with_holes = np.array([[1.0, np.nan], [-1.0, 0.5], [np.nan, 0.0], [1.0, 0.25]])
    first, second = paired(with_holes)
    assert (first.n, first.wins, first.ties, first.losses) == (3, 2, 0, 1)
    assert (second.n, second.wins, second.ties, second.losses) == (3, 2, 1, 0)
    assert second.mean == pytest.approx(0.25)


def test_one_request_or_none_bounds_nothing() -> None:
    [one], [none] = paired(np.array([0.5])), paired(np.array([np.nan, np.nan]))
    assert np.isnan(one.low)
    assert np.isnan(none.p)
    assert none.n == 0
    assert detectable(one.error, 1) is None
    assert detectable(0.0, 50) is None


def test_holm_is_worked_out_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03, float("nan")])[:3] == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_with_holm_a_family_without_differences_finds_any_at_most_one_time_in_twenty() -> None:
    found = [r.p for r in paired(simulated(40), resamples=999)]
    families = [holm(found[i : i + 10]) for i in range(0, SIMULATIONS, 10)]
    assert np.mean([min(f) <= 0.05 for f in families]) <= 0.1


def test_many_requests_need_little_time() -> None:
    import time

    start = time.process_time()
    paired(np.random.default_rng(0).normal(size=(2000, 15)))
    assert time.process_time() - start < 15

"""Intervals of whole-run figures hold the truth as often as they say, also where requests come in several versions."""

from __future__ import annotations

import numpy as np
import pytest

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import MetricContext, score_run
from shelftalk.evaluate.metrics import intervals as of
from shelftalk.evaluate.summary import summary
from shelftalk.values import Request

TRIALS = 300


def held(truth: float, figures) -> float:
    """The share of the figures whose interval holds the truth."""
    return float(np.mean([f.low <= truth <= f.high for f in figures]))


def test_a_share_of_nothing_or_all_still_has_a_width() -> None:
    found = of.share([False] * 48, range(48))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.0741, abs=1e-4)  # Wilson: z^2 / (n + z^2)
    assert of.share([True] * 48, range(48)).low == pytest.approx(1 - 0.0741, abs=1e-4)
    assert of.share([], []) is None


def test_a_share_of_requests_with_several_values_counts_requests_not_values() -> None:
    alone = of.share([True, False] * 20, range(40))
    doubled = of.share([True, False] * 80, [i % 40 for i in range(160)])
    assert doubled.n == 160
    assert doubled.high - doubled.low >= alone.high - alone.low
    assert of.share([False] * 160, [i % 40 for i in range(160)]).high > of.share([False] * 160, range(160)).high


def test_shares_of_clustered_requests_hold_the_truth() -> None:
    rng = np.random.default_rng(1)
    figures = []
    for _ in range(TRIALS):
        chances = rng.beta(0.6, 2.4, 40)  # mean .2; the six values of a request are alike
        figures.append(of.share(list((rng.random((40, 6)) < chances[:, None]).ravel()), np.repeat(np.arange(40), 6)))
    assert 0.91 <= held(0.2, figures) <= 0.99


def test_coverage_holds_what_other_requests_of_the_kind_would_show() -> None:
    """Products are shown with unequal chances; a bootstrap over requests would lie below the truth in every trial."""
    rng = np.random.default_rng(2)
    weights = rng.pareto(1.2, 200) + 0.05
    weights /= weights.sum()
    trials = [[list(rng.choice(200, 3, replace=False, p=weights)) for _ in range(60)] for _ in range(TRIALS)]
    figures = [of.distinct(shown, range(60), 200) for shown in trials]
    truth = float(np.mean([f.value for f in figures]))
    assert 0.93 <= held(truth, figures) <= 1.0
    assert all(f.low < f.value < f.high for f in figures)


def test_the_area_under_the_curve_holds_the_truth() -> None:
    rng = np.random.default_rng(3)
    figures = []
    for _ in range(TRIALS):
        yes, no = np.sort(rng.normal(1, 1, 25)), np.sort(rng.normal(0, 1, 35))
        figures.append(of.area(yes, no, range(25), range(25, 60)))
    assert 0.91 <= held(0.7602, figures) <= 0.99  # Phi(1 / sqrt 2)
    perfect = of.area(np.array([2.0, 3.0]), np.array([0.0, 1.0]), "ab", "cd")
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low < 0.7


def test_the_area_does_not_hang_on_the_order_of_the_scores() -> None:
    yes, no = np.array([0.9, 0.2, 0.6]), np.array([0.8, 0.1, 0.6, 0.3])
    assert of.area(yes, no, "abc", "defg").value == np.mean([(a > b) + (a == b) / 2 for a in yes for b in no])
    turned = of.area(yes[::-1], no[::-1], "cba", "gfed")
    assert turned == pytest.approx(of.area(yes, no, "abc", "defg"))


def test_f1_and_balanced_accuracy_hold_the_truth() -> None:
    rng = np.random.default_rng(4)
    f1s, balanced = [], []
    for _ in range(TRIALS):
        due = rng.random(80) < 0.3
        said = np.where(due, rng.random(80) < 0.8, rng.random(80) < 0.1)
        told = [(bool(s), bool(d), i) for i, (s, d) in enumerate(zip(said, due, strict=True))]
        f1s.append(of.told_apart("f1", told))
        turned = [(not s, not d, i) for s, d, i in told]
        balanced.append(of.halfway(of.told_apart("recall", told), of.told_apart("recall", turned)))
    assert 0.91 <= held(2 * 0.24 / (0.3 + 0.24 + 0.07), f1s) <= 0.99
    assert 0.91 <= held(0.85, balanced) <= 0.99


def test_means_quantiles_and_gaps_hold_the_truth() -> None:
    rng = np.random.default_rng(5)
    means, medians, gaps = [], [], []
    for _ in range(100):
        a, b = rng.gamma(4, 20, 60), rng.gamma(4, 15, 40)
        means.append(of.mean(list(a), range(60)))
        medians += of.quantiles(list(a), range(60), [0.5])
        gaps.append(of.gap(list(a), range(60), list(b), range(60, 100)))
    assert held(80.0, means) >= 0.88
    assert held(73.44, medians) >= 0.88
    assert held(20.0, gaps) >= 0.88


def test_a_single_request_has_no_interval() -> None:
    assert of.mean([1.0, 2.0], "aa").low is None
    assert of.distinct([["p"], ["q"]], "aa", 4).low is None
    assert of.quantiles([1.0, 2.0], "aa", [0.5])[0].low is None


def test_a_run_states_every_whole_figure_with_its_interval_and_number() -> None:
    cases = [Case(f"q{i}", Request("x", f"q{i}"), gold=frozenset() if i < 10 else frozenset({"p"})) for i in range(30)]
    outcomes = [Outcome(c.id, () if i < 9 else ("p",), latency_ms=10.0 + i) for i, c in enumerate(cases)]
    context = MetricContext(products=lambda catalog, product: None, wall_s=sum(o.latency_ms for o in outcomes) / 1000)
    found = score_run(["refusal_recall", "refusal_f1", "latency_ms", "throughput"], cases, outcomes, context)
    assert found["refusal_recall"] == 0.9
    assert found["refusal_recall.n"] == 10
    for name in ("refusal_recall", "refusal_f1", "latency_ms.p50", "latency_ms.p95", "throughput"):
        assert found[f"{name}.low"] < found[name] <= found[f"{name}.high"], name


def test_a_mean_of_all_ones_does_not_claim_to_be_certain_but_one_of_equal_costs_does() -> None:
    cases = {f"q{i}": Case(f"q{i}", Request("x", f"q{i}")) for i in range(40)}
    outcomes = [Outcome(i) for i in cases]
    found = summary(cases, outcomes, [{"valid_first": 1.0, "tokens_prompt": 0.0}] * 40)
    assert found["valid_first"]["low"] == pytest.approx(40 / (40 + of.Z**2))
    assert found["valid_first"]["high"] == 1.0
    assert (found["tokens_prompt"]["low"], found["tokens_prompt"]["high"]) == (0.0, 0.0)

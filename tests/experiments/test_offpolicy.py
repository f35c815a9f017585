"""Off-policy estimates: equal to Open Bandit Pipeline's, right about a known truth, and honest about logs that cannot tell."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from random import Random

import numpy as np
import pytest

from shelftalk.errors import UsageError
from shelftalk.experiments.logs import Logged, read_logs, write_logs
from shelftalk.experiments.offpolicy import Policy, estimate, estimators
from shelftalk.experiments.slates import ENUMERATED, draw, lists, marginals, propensities

SCORES = (1.0, 0.8, 0.5, 0.1)


def test_the_estimates_are_those_of_open_bandit_pipeline() -> None:
    # written by: python benchmarks/offpolicy.py --peer tests/experiments/obp.json (obp 0.5.7)
    told = json.loads(Path(__file__).with_name("obp.json").read_text())
    scores, model = np.array(told["scores"]), np.array(told["model"])
    action, reward, at = np.array(told["action"]), np.array(told["reward"]), np.arange(len(told["action"]))
    drew = np.array([propensities(s.tolist(), [a], 0.5)[0] for s, a in zip(scores, action, strict=True)])
    target = np.array([[propensities((1 - s).tolist(), [a], 0.3)[0] for a in range(4)] for s in scores])
    found = estimators(target[at, action] / drew, reward, reward - model[at, action], (target * model).sum(axis=1), at)
    for name, theirs in told["obp"].items():
        assert found[name][0] == pytest.approx(theirs, abs=1e-12), name


def test_lists_are_drawn_as_often_as_is_said() -> None:
    random, many = Random(1), 40_000
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(many):
        order, chances = draw(SCORES, 2, 0.4, random)
        assert chances == pytest.approx(propensities(SCORES, order, 0.4))
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 12
    for order, count in seen.items():
        chance = float(np.prod(propensities(SCORES, order, 0.4)))
        assert count / many == pytest.approx(chance, abs=4.5 * (chance * (1 - chance) / many) ** 0.5)


@pytest.mark.parametrize("temperature", [0.4, 0.01, 0.002, 5.0])
def test_all_lists_together_have_probability_one_however_cold(temperature: float) -> None:
    orders, chances = lists(np.array(SCORES), 3, temperature, np.random.default_rng(0))
    assert len(orders) == 24
    assert chances.sum() == pytest.approx(1)
    for order, chance in zip(orders, chances, strict=True):
        assert chance == pytest.approx(np.prod(propensities(SCORES, order.tolist(), temperature)), rel=1e-9, abs=1e-300)
    by_hand = np.zeros((3, 4))
    for order in permutations(range(4), 3):
        by_hand[range(3), list(order)] += np.prod(propensities(SCORES, order, temperature))
    assert marginals(np.array(SCORES), 3, temperature, np.random.default_rng(0)) == pytest.approx(by_hand)


def test_of_too_many_lists_some_are_drawn_and_at_temperature_zero_there_is_one() -> None:
    scores = np.linspace(1, 0, 12)
    orders, chances = lists(scores, 4, 0.3, np.random.default_rng(2))
    assert (len(orders), chances.sum()) == (ENUMERATED, pytest.approx(1))
    first = float(propensities(scores.tolist(), [0], 0.3)[0])
    assert (orders[:, 0] == 0).mean() == pytest.approx(first, abs=4.5 * (first * (1 - first) / ENUMERATED) ** 0.5)
    assert all(len(set(order)) == 4 for order in orders.tolist())
    order, chance = lists(np.array([0.2, 0.9, 0.9]), 2, 0.0, np.random.default_rng(0))
    assert (order.tolist(), chance.tolist()) == ([[1, 2]], [1.0])
    assert propensities([0.2, 0.9, 0.9], [1, 2], 0.0) == (1.0, 1.0)
    assert propensities([0.2, 0.9, 0.9], [2, 1], 0.0) == (0.0, 1.0)


def world(lists_: int, seed: int, temperature: float = 0.3) -> list[Logged]:
    """Logs of a shop whose shoppers click by the other score and hardly by the one that lists are drawn by."""
    rng, random = np.random.default_rng(seed), Random(seed)
    rows = []
    for i in range(lists_):
        scores = np.sort(rng.random(4))[::-1]
        other = rng.random(4)
        shown, chances = draw(scores.tolist(), 2, temperature, random)
        clicks = tuple(float(rng.random() < 0.1 + 0.5 * other[j]) for j in shown)
        rows.append(
            Logged(f"u{i // 3}", ("a", "b", "c", "d"), tuple(scores.tolist()), shown, chances, temperature, clicks, tuple({"other": float(o)} for o in other))
        )  # fmt: skip
    return rows


OTHER = Policy("other", lambda row: [f["other"] for f in row.features])
# the best and second best of four uniform numbers are 4/5 and 3/5 on average
TRUTH = 2 * 0.1 + 0.5 * (4 / 5 + 3 / 5)


def test_each_estimator_finds_a_known_truth_within_its_interval() -> None:
    held = {"IPS": 0, "SNIPS": 0, "DR": 0}
    errors: dict[str, list[float]] = {"IPS": [], "SNIPS": [], "DR": []}
    for seed in range(16):
        for found in estimate(world(600, seed), OTHER):
            held[found.estimator] += found.low <= TRUTH <= found.high
            errors[found.estimator].append(found.value - TRUTH)
    assert all(count >= 12 for count in held.values()), held  # of 16; 15.2 expected
    spread = {name: float(np.std(e)) for name, e in errors.items()}
    for name, told in errors.items():
        assert abs(np.mean(told)) < 4 * spread[name] / 16**0.5
    assert spread["DR"] < spread["IPS"], "the model of the rewards takes spread away"


def test_what_was_logged_is_worth_what_it_earned() -> None:
    rows = world(600, 5)
    mean = np.mean([row.reward for row in rows])
    for found in estimate(rows, Policy("same", lambda row: row.scores, 0.3)):
        assert found.value == pytest.approx(mean, abs=1e-9 if found.estimator != "DR" else 0.02)
        assert found.effective == pytest.approx(600)
        assert found.notes == ()


def test_lists_that_are_seldom_what_the_policy_shows_are_said_to_tell_little() -> None:
    (note,) = estimate(world(200, 6, temperature=0.05), OTHER)[0].notes
    assert "effective lists" in note


def test_propensities_that_are_not_those_of_the_draws_are_noticed() -> None:
    rows = [
        Logged(r.unit, r.candidates, r.scores, r.shown, tuple(p * 0.7 for p in r.propensities), 0.3, r.rewards, r.features)
        for r in world(900, 7)
    ]  # fmt: skip
    (note,) = estimate(rows, Policy("same", lambda row: row.scores, 0.3))[0].notes
    assert "should be 1" in note


def test_rewards_that_are_amounts_or_all_alike_are_estimated_too() -> None:
    rows = world(300, 8)
    paid = [Logged(r.unit, r.candidates, r.scores, r.shown, r.propensities, r.temperature, tuple(20 * x for x in r.rewards), r.features) for r in rows]  # fmt: skip
    plain, amounts = estimate(rows, OTHER), estimate(paid, OTHER)
    assert amounts[0].value == pytest.approx(20 * plain[0].value)
    none = [Logged(r.unit, r.candidates, r.scores, r.shown, r.propensities, r.temperature, (0.0, 0.0)) for r in rows]
    assert [found.value for found in estimate(none, Policy("x", lambda row: row.scores, 0.1))] == [0, 0, 0]


LINE = {
    "unit": "u1", "candidates": ["a", "b", "c"], "scores": [1, 0.5, 0.2], "features": [{"dense": 0.1}] * 3, "shown": ["b", "a"],
    "propensities": [0.3, 0.6], "temperature": 0.2, "rewards": [1, 0], "request": "a tent", "context": "x", "at": "2026-03-01",
}  # fmt: skip


def test_a_file_of_logs_is_read_line_by_line_and_bad_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    bad = [
        {**LINE, "shown": ["z", "a"]}, {**LINE, "propensities": [0, 0.5]}, {**LINE, "rewards": [1]}, {"unit": "u"},
        {**LINE, "candidates": ["a", "a", "b"]}, {**LINE, "scores": [1, 2]}, {**LINE, "features": [{}]},
    ]  # fmt: skip
    assert write_logs(path, [LINE, *bad]) == 8
    path.write_text(path.read_text() + "not json\n\n")
    (found,), wrong = read_logs(path)
    assert (found.shown, found.reward, found.request) == ((1, 0), 1, "a tent")
    assert [line.split(": ")[0] for line in wrong] == [f"{path}:{n}" for n in range(2, 10)]
    path.write_text("\n")
    with pytest.raises(UsageError, match="no logged list"):
        read_logs(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_logs(tmp_path / "none")

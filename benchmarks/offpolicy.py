"""Off-policy estimates against a known truth: the error of IPS, SNIPS and DR, and how often their 95% intervals hold it.

    python benchmarks/offpolicy.py [--runs 40]
    python benchmarks/offpolicy.py --peer tests/experiments/obp.json

A world of made-up requests: six candidates, each with a score and two scores by source, three shown, clicks by a logistic model that
the estimators do not know (their model lacks the products' own appeal). Lists are drawn by Plackett-Luce at temperature 0.1 to 0.3 on the
scores. The truth of a policy is the mean of what it earns over 100,000 requests. `--peer` writes a small log of single actions with the
estimates of Open Bandit Pipeline (obp 0.5.7, in an environment of its own), which a test holds these against.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from shelftalk.experiments.logs import Logged
from shelftalk.experiments.offpolicy import Policy, estimate, estimators
from shelftalk.experiments.slates import draw, propensities

N, K = 6, 3
SEEN = (1.0, 0.6, 0.4)  # how many look at each position


class World:
    """Requests and what is clicked."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.appeal = np.random.default_rng(99).normal(0, 0.7, 40)  # of 40 products, unknown to everybody

    def request(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(products, scores 0 to 1 in falling order, scores by another source)."""
        products = self.rng.choice(40, N, replace=False)
        scores = np.sort(self.rng.beta(2, 2, N))[::-1]
        return products, scores / scores[0], self.rng.random(N)

    def chance(self, products: np.ndarray, scores: np.ndarray, other: np.ndarray) -> np.ndarray:
        """How likely each is clicked where it is looked at."""
        return 1 / (1 + np.exp(2.5 - 1.0 * scores - 1.5 * other - self.appeal[products]))


def logged(world: World, lists: int, temperature: float, random: Random) -> list[Logged]:
    """Lists that were drawn and clicked; users have one to many of them."""
    rows, user = [], 0
    while len(rows) < lists:
        user += 1
        taste = world.rng.normal(0, 0.5)  # a user's own readiness: lists of one user are alike
        for _ in range(min(int(world.rng.geometric(0.4)), lists - len(rows))):
            products, scores, other = world.request()
            shown, chances = draw(scores.tolist(), K, temperature, random)
            odds = world.chance(products, scores, other)
            odds = odds * np.exp(taste) / (1 - odds + odds * np.exp(taste))
            clicks = tuple(float(world.rng.random() < odds[i] * SEEN[p]) for p, i in enumerate(shown))
            rows.append(
                Logged(
                    f"u{user}", tuple(map(str, products)), tuple(scores.tolist()), shown, chances, temperature, clicks,
                    tuple({"other": float(o)} for o in other),
                )
            )  # fmt: skip
    return rows


POLICIES = {
    "its own order (temperature 0)": Policy("greedy", lambda row: row.scores),
    "temperature 0.05": Policy("0.05", lambda row: row.scores, 0.05),
    "by the other score, temperature 0.2": Policy("other", lambda row: [f["other"] for f in row.features], 0.2),
}


@cache
def truth(policy: Policy, lists: int = 100_000) -> float:
    """What a policy earns, by letting it act."""
    world, random, total = World(7), Random(7), 0.0
    for _ in range(lists // 20):
        products, scores, other = world.request()
        row = Logged("", (), tuple(scores), (), (), 0, (), tuple({"other": float(o)} for o in other))
        odds = world.chance(products, scores, other)
        # the mean over users' readiness, as the logs have it
        tastes = np.exp(world.rng.normal(0, 0.5, 20))[:, None]
        odds = (odds * tastes / (1 - odds + odds * tastes)).mean(axis=0)
        values = list(policy.scores(row))
        for _ in range(20):
            shown = (
                draw(values, K, policy.temperature, random)[0]
                if policy.temperature
                else np.argsort(-np.array(values))[:K]
            )
            total += sum(odds[i] * SEEN[p] for p, i in enumerate(shown))
    return total / (lists // 20 * 20)


def table(runs: int, lists: int, temperatures: list[float]) -> None:
    """Prints the errors."""
    print(
        f"| logged at | policy | truth | estimator | mean error | root mean square error | 95% interval holds the truth | effective lists of {lists:,} |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for temperature in temperatures:
        for name, policy in POLICIES.items():
            real = truth(policy)
            found: dict[str, list[tuple[float, bool, float]]] = defaultdict(list)
            for seed in range(runs):
                rows = logged(World(1000 + seed), lists, temperature, Random(seed))
                for e in estimate(rows, policy, seed=seed):
                    found[e.estimator].append((e.value - real, e.low <= real <= e.high, e.effective))
            for estimator, told in found.items():
                error = np.array([t[0] for t in told])
                held = float(np.mean([t[1] for t in told]))
                half = 1.96 * (held * (1 - held) / runs) ** 0.5
                print(
                    f"| {temperature} | {name} | {real:.4f} | {estimator} | {error.mean():+.4f} ± {1.96 * error.std() / runs**0.5:.4f} | "
                    f"{(error**2).mean() ** 0.5:.4f} | {held:.2f} ± {half:.2f} | {np.median([t[2] for t in told]):,.0f} |",
                    flush=True,
                )


def peer(path: Path) -> None:
    """Writes a log of single actions and obp's estimates of it."""
    from obp.ope import DoublyRobust, InverseProbabilityWeighting, SelfNormalizedInverseProbabilityWeighting

    rng, random = np.random.default_rng(3), Random(3)
    n, lists = 4, 60
    scores = rng.random((lists, n)).round(4)
    model = rng.random((lists, n)).round(4)
    action = [draw(s.tolist(), 1, 0.5, random)[0][0] for s in scores]
    pscore = np.array([propensities(s.tolist(), [a], 0.5)[0] for s, a in zip(scores, action, strict=True)])
    reward = (rng.random(lists) < 0.4).astype(float)
    target = np.array([[propensities((1 - s).tolist(), [a], 0.3)[0] for a in range(n)] for s in scores])
    given = {
        "reward": reward, "action": np.array(action), "pscore": pscore, "action_dist": target[:, :, None],
        "estimated_rewards_by_reg_model": model[:, :, None],
    }  # fmt: skip
    theirs = {
        "IPS": InverseProbabilityWeighting().estimate_policy_value(**given),
        "SNIPS": SelfNormalizedInverseProbabilityWeighting().estimate_policy_value(**given),
        "DR": DoublyRobust().estimate_policy_value(**given),
    }
    at = np.arange(lists)
    weight = target[at, action] / pscore
    ours = estimators(weight, reward, reward - model[at, action], (target * model).sum(axis=1), at)
    for name, value in theirs.items():
        print(f"{name}: obp {value:.12f}, here {ours[name][0]:.12f}")
    told = {
        "scores": scores.tolist(),
        "model": model.tolist(),
        "action": action,
        "reward": reward.tolist(),
        "obp": theirs,
    }
    path.write_text(json.dumps(told) + "\n", encoding="utf-8")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--lists", type=int, default=800)
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.1, 0.3])
    parser.add_argument("--peer", type=Path)
    args = parser.parse_args()
    if args.peer:
        peer(args.peer)
    else:
        table(args.runs, args.lists, args.temperature)


if __name__ == "__main__":
    main()

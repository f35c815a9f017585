"""What the always-valid intervals are worth: false differences under A/A with a look after every user, and what that costs in users.

    python benchmarks/experiments.py [--runs 1000] [--peer]

Prints Markdown. Worlds are drawn with a seed: purchases (5% of users), clicks per answer with a few heavy users, revenue with a long
tail, latency. "z, looked at always" is what a fixed-horizon z-test (1.96) does when it is looked at after every user. `--peer` compares
the interval with GrowthBook's own (gbstats 0.8.0, in an environment of its own) on the same moments.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

import numpy as np

from shelftalk.experiments import srm
from shelftalk.experiments.inference import Moments, difference, moments, tuned

ALPHA, LEAST, EXPECTED = 0.05, 200, 10_000
World = Callable[[np.random.Generator, np.ndarray, float], tuple[np.ndarray, np.ndarray]]


def purchases(rng: np.random.Generator, treated: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """One user in twenty buys."""
    return (rng.random(treated.size) < 0.05 * (1 + lift * treated)).astype(float), np.ones(treated.size)


def clicks(rng: np.random.Generator, treated: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Clicks per answer: users differ in how much they ask (geometric) and in how readily they click (beta)."""
    answers = rng.geometric(0.3, treated.size).astype(float)
    rate = rng.beta(1, 4, treated.size) * (1 + lift * treated)
    return rng.binomial(answers.astype(int), np.minimum(rate, 1)).astype(float), answers


def revenue(rng: np.random.Generator, treated: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """One user in twenty buys for a log-normal amount (sigma 1)."""
    bought = rng.random(treated.size) < 0.05 * (1 + lift * treated)
    return bought * rng.lognormal(3.5, 1.0, treated.size), np.ones(treated.size)


def latency(rng: np.random.Generator, treated: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds per answer, log-normal over users."""
    answers = rng.geometric(0.3, treated.size).astype(float)
    return answers * rng.lognormal(6.5, 0.6, treated.size) * (1 + lift * treated), answers


WORLDS: dict[str, World] = {"purchase": purchases, "click_through": clicks, "revenue": revenue, "latency_ms": latency}


def run(rng: np.random.Generator, world: World, users: int, lift: float) -> tuple[Moments, Moments]:
    """Both variants' moments after every user."""
    treated = rng.random(users) < 0.5
    top, bottom = world(rng, treated.astype(float), lift)
    return tuple(  # type: ignore[return-value]
        moments(top[side], bottom[side], np.cumsum(side)) for side in (~treated, treated)
    )


def looked(control: Moments, variant: Moments, least: int = LEAST) -> tuple[np.ndarray, np.ndarray]:
    """(always-valid, fixed-horizon z) significance after every user from `least` users a variant on."""
    enough = (control.n >= least) & (variant.n >= least)
    found = difference(control, variant, ALPHA, tuned(EXPECTED, ALPHA))
    error = np.sqrt(control.variance / control.n.clip(1) + variant.variance / variant.n.clip(1))
    z = np.abs(found.value) > NormalDist().inv_cdf(1 - ALPHA / 2) * error
    return ((found.low > 0) | (found.high < 0)) & enough, z & enough


def wilson(hits: int, runs: int) -> str:
    """A share with its 95% interval."""
    z, p = 1.96, hits / runs
    middle, half = p + z * z / (2 * runs), z * sqrt(p * (1 - p) / runs + z * z / (4 * runs * runs))
    return f"{p:.3f} ({(middle - half) / (1 + z * z / runs):.3f} to {(middle + half) / (1 + z * z / runs):.3f})"


def false_positives(runs: int, users: int) -> None:
    """A/A: how many experiments ever show a difference."""
    print(
        f"| metric, A/A, {users:,} users, {runs:,} runs | always-valid, a look after every user | z-test, a look after every user |"
    )
    print("|---|---|---|")
    for name, world in WORLDS.items():
        rng = np.random.default_rng(17)
        hits = np.array([[s.any() for s in looked(*run(rng, world, users, 0.0))] for _ in range(runs)]).sum(axis=0)
        print(f"| {name} | {wilson(int(hits[0]), runs)} | {wilson(int(hits[1]), runs)} |")


def power(runs: int) -> None:
    """Users until a difference is shown, against the fixed-horizon test with 80% power for the same lift."""
    print(
        "\n| metric, lift | users of a z-test planned for it (80% power) | always-valid: shown by then | median users until shown | 80th percentile |"
    )
    print("|---|---|---|---|---|")
    for name, lift in (("purchase", 0.3), ("click_through", 0.15), ("latency_ms", 0.05)):
        rng = np.random.default_rng(29)
        control, variant = run(rng, WORLDS[name], 200_000, lift)
        error2 = 2 * (control.variance[-1] + variant.variance[-1])
        effect = variant.value[-1] - control.value[-1]
        planned = int(error2 * (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)) ** 2 / effect**2)
        users = 4 * planned
        first = []
        for _ in range(runs):
            shown, _z = looked(*run(rng, WORLDS[name], users, lift))
            first.append(int(shown.argmax()) if shown.any() else users + 1)
        told = np.array(first)
        median, most = np.quantile(told, [0.5, 0.8])
        print(
            f"| {name}, +{lift:.0%} | {planned:,} | {wilson(int((told <= planned).sum()), runs)} | {median:,.0f} | {most:,.0f} |"
        )


def ratios(runs: int, users: int) -> None:
    """The check of shares: false alarms, and how soon a loss of users from one variant is found."""
    print("\n| sample-ratio check, 50/50 | ever alarmed | median users until found |")
    print("|---|---|---|")
    shares = {"control": 0.5, "warm": 0.5}
    for lost in (0.0, 0.05, 0.1, 0.2):
        rng = np.random.default_rng(41)
        found = []
        for _ in range(runs):
            warm = rng.random(users) < 0.5 * (1 - lost) / (1 - 0.5 * lost)
            walk = srm.walk(shares, warm.astype(np.int64))
            hit = walk >= -np.log(srm.ALPHA)
            found.append(int(hit.argmax()) if hit.any() else users + 1)
        hits = int((np.array(found) <= users).sum())
        middle = f"{np.median(found):,.0f}" if hits > runs / 2 else "not found"
        print(f"| {lost:.0%} of one variant's users lost, {users:,} users | {wilson(hits, runs)} | {middle} |")


def peer() -> None:
    """GrowthBook's sequential test (gbstats, MIT) on the same users: interval and p-value of both."""
    from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
    from gbstats.models.statistics import RatioStatistic, SampleMeanStatistic

    for name, world in WORLDS.items():
        for users in (1_000, 20_000):
            rng = np.random.default_rng(5)
            treated = rng.random(users) < 0.5
            top, bottom = world(rng, treated.astype(float), 0.3)
            sides = [(top[s], bottom[s]) for s in (~treated, treated)]
            theirs = SequentialTwoSidedTTest(
                *(
                    RatioStatistic(
                        n=t.size,
                        m_statistic=SampleMeanStatistic(n=t.size, sum=t.sum(), sum_squares=(t**2).sum()),
                        d_statistic=SampleMeanStatistic(n=t.size, sum=b.sum(), sum_squares=(b**2).sum()),
                        m_d_sum_of_products=(t * b).sum(),
                    )
                    for t, b in sides
                ),
                SequentialConfig(difference_type="absolute", alpha=ALPHA, sequential_tuning_parameter=EXPECTED),
            )  # fmt: skip
            control, variant = (moments(t, b, np.array([t.size])) for t, b in sides)
            ours = difference(control, variant, ALPHA, tuned(EXPECTED, ALPHA))
            low, high = theirs.confidence_interval
            print(
                f"{name}, {users:,} users: gbstats {low:.8g} to {high:.8g}, p {theirs.p_value:.6g}; "
                f"here {ours.low[0]:.8g} to {ours.high[0]:.8g}, p {ours.p[0]:.6g}"
            )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--peer", action="store_true")
    args = parser.parse_args()
    if args.peer:
        peer()
        return
    false_positives(args.runs, args.users)
    power(max(100, args.runs // 4))
    ratios(args.runs, args.users)


if __name__ == "__main__":
    main()

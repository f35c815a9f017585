"""How well cards are graded: accuracy, order within a request, and calibration before and after the temperature is fitted.

    python benchmarks/judge.py --set runs/sets/served --split dev --adapter shop-smollm2-135m
    python benchmarks/judge.py --set runs/sets/served --split test --temperature 1.3

With --split dev the temperature that makes the right grades likeliest is fitted; with --split test none is, and the one given
holds. ECE is the expected calibration error over ten bins of the likeliest grade's probability (Guo et al. 2017, arXiv
1706.04599). Intervals are 95% bootstrap intervals over requests.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from shelftalk.engines import load_engine
from shelftalk.rank.graded import GRADES, expected
from shelftalk.settings import load_settings
from shelftalk.train.encode import answer_of, prompt_of
from shelftalk.train.score import ndcg


def probabilities(logprobs: dict[str, float], temperature: float) -> dict[str, float]:
    """The grades' probabilities at a temperature."""
    weights = {g: math.exp(logprobs[g] / temperature) for g in GRADES}
    total = sum(weights.values())
    return {g: w / total for g, w in weights.items()}


def likelihood(read: list[tuple[dict[str, float], str]], temperature: float) -> float:
    """The mean log-probability of the right grades."""
    return fmean(math.log(max(1e-9, probabilities(lp, temperature)[right])) for lp, right in read)


def ece(read: list[tuple[dict[str, float], str]], temperature: float, bins: int = 10) -> float:
    """Expected calibration error of the likeliest grade."""
    held: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for logprobs, right in read:
        p = probabilities(logprobs, temperature)
        best = max(p, key=lambda g: p[g])
        held[min(bins - 1, int(p[best] * bins))].append((p[best], best == right))
    return sum(len(b) * abs(fmean(c for c, _ in b) - fmean(float(r) for _, r in b)) for b in held.values()) / len(read)


def interval(values: list[float]) -> str:
    """The mean with its bootstrap interval."""
    draw = random.Random(0)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(1000))
    return f"{fmean(values):.3f} ({means[25]:.3f} to {means[974]:.3f}, n={len(values)})"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--adapter", default="default")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--limit", type=int, default=600)
    given = parser.parse_args()
    import datasets

    rows = [r for r in datasets.load_from_disk(str(given.set))[given.split] if r["task"] == "graded"][: given.limit]
    engine = load_engine(load_settings(adapter=given.adapter), batch=True)
    choices = engine.choose([prompt_of(r) for r in rows], list(GRADES))
    read = [(dict(c.logprobs), answer_of(r)) for c, r in zip(choices, rows, strict=True)]
    temperature = given.temperature
    if given.split == "dev":
        temperature = max((t / 20 for t in range(8, 81)), key=lambda t: likelihood(read, t))
    print(f"{engine.model}, {given.set.name} {given.split}, {len(rows)} cards; temperature {temperature:.2f}")
    print(f"ECE {ece(read, 1.0):.3f} at 1, {ece(read, temperature):.3f} at {temperature:.2f}")
    for source in sorted({r["source"] for r in rows}):
        mine = [(r, x) for r, x in zip(rows, read, strict=True) if r["source"] == source]
        right = [float(max(lp, key=lambda g: lp[g]) == answer) for _, (lp, answer) in mine]
        groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row, (lp, answer) in mine:
            groups[row["query"]].append((expected(lp, temperature), float(answer)))
        orders = [ndcg(g) for g in groups.values() if len({a for _, a in g}) > 1]
        chance = [
            fmean(ndcg([(random.Random(n).random(), a) for _, a in g]) for n in range(20))
            for g in groups.values()
            if len({a for _, a in g}) > 1
        ]
        print(
            f"{source:10} accuracy {interval(right)}; nDCG {interval(orders) if orders else '-'}; at random {fmean(chance) if chance else 0:.3f}"
        )
    engine.close()


if __name__ == "__main__":
    main()

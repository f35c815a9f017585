"""Differentially private popularity and co-purchase against the true figures, on uci_online_retail.

    python benchmarks/private_figures.py --data DIR [--draws 20] [--most 5]

Persons are customers (rows without a customer and cancellations are left out), baskets invoices. The truth is in how many persons' purchases
each product is, and each pair of the 50 products that came out first, on one invoice; it has neither bounds nor noise. For epsilon .1, 1 and
10, shared equally by products and pairs, over `draws` releases: the share of the true 50 commonest among the 50 that come first, the median
error of these relative to the truth (bounding one person's contribution makes all counts too low), and Spearman's correlation with the truth
over all keys. Intervals are the least and the most over releases.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from shelftalk.privacy.figures import MOST, TOP, clipped, pairs_of, products_of, release


def people(file: Path) -> list[list[frozenset[str]]]:
    """The baskets of each customer."""
    held: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["CustomerID"] and not row["InvoiceNo"].startswith("C") and int(row["Quantity"]) > 0:
                held[row["CustomerID"]][row["InvoiceNo"]].add(row["StockCode"])
    return [[frozenset(basket) for basket in baskets.values()] for baskets in held.values()]


def compared(noisy: Mapping[str, int], truth: Mapping[str, int]) -> tuple[float, float, float]:
    """(share of the true top among the first, median relative error of the first, Spearman over all)."""
    best = set(sorted(noisy, key=lambda k: -truth[k])[:TOP])
    first = sorted(noisy, key=lambda k: -noisy[k])[:TOP]
    errors = [abs(noisy[key] - truth[key]) / max(1, truth[key]) for key in first]
    told = spearmanr([noisy[k] for k in noisy], [truth[k] for k in noisy]).statistic
    return len(best & set(first)) / TOP, float(np.median(errors)), float(told)


def line(name: str, told: list[tuple[float, float, float]]) -> str:
    """The means over releases, each with the least and the most."""
    cells = []
    for what, column in zip(("top 50", "relative error", "spearman"), np.array(told).T, strict=True):
        cells.append(f"{what} {column.mean():.2f} ({column.min():.2f} to {column.max():.2f})")
    return f"  {name}: {', '.join(cells)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="folder that holds uci_online_retail/")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--most", type=int, default=MOST)
    given = parser.parse_args()
    held = people(given.data / "uci_online_retail" / "online_retail.csv.gz")
    bought = list(map(products_of, held))
    truth = clipped(bought, 10**9)
    keys = sorted(truth)
    print(
        f"{len(held)} persons, {sum(map(len, held))} baskets, {len(keys)} products; {given.most} products and pairs of a person at most"
    )
    print(f"the {TOP} commonest products: {truth.most_common(TOP)[-1][1]} to {truth.most_common(1)[0][1]} persons")
    for epsilon in (0.1, 1.0, 10.0):
        single, double = [], []
        for _ in range(given.draws):
            made = release(clipped(bought, given.most), keys, most=given.most, epsilon=epsilon / 2)
            single.append(compared(made.counts, truth))
            first = sorted(list(made.counts)[:TOP])
            together = [pairs_of(person, first) for person in held]
            pairs = ["\x1f".join(pair) for pair in combinations(first, 2)]
            told = release(clipped(together, given.most), pairs, most=given.most, epsilon=epsilon / 2)
            double.append(compared(told.counts, clipped(together, 10**9)))
        print(f"epsilon {epsilon:g}, noise of {made.scale:.0f} persons at the mean")
        print(line("products", single))
        print(line("pairs of the first 50", double), flush=True)


if __name__ == "__main__":
    main()

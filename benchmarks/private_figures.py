"""Differentially private popularity and co-purchase against the true figures, on uci_online_retail.

    python benchmarks/private_figures.py --data DIR [--draws 20] [--most 5]

Persons are customers (rows without a customer and cancellations are left out), baskets invoices. The truth is in how many persons' purchases
each product, and each pair on one invoice, is; it has neither bounds nor noise. For epsilon .1, 1 and 10 (delta 1e-6, shared equally by
products and pairs), over `draws` releases: how many are released, the overlap of the 50 commonest with the true 50, the median error of
the released counts relative to the truth (bounding one person's contribution makes all of them too low), and Spearman's correlation with the
truth over what is released. Intervals are the 2.5th and 97.5th percentile over releases.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from shelftalk.privacy.figures import DELTA, MOST, clipped, pairs_of, products_of, release

TOP = 50


def people(file: Path) -> list[list[frozenset[str]]]:
    """The baskets of each customer."""
    held: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["CustomerID"] and not row["InvoiceNo"].startswith("C") and int(row["Quantity"]) > 0:
                held[row["CustomerID"]][row["InvoiceNo"]].add(row["StockCode"])
    return [[frozenset(basket) for basket in baskets.values()] for baskets in held.values()]


def compared(noisy: Mapping[str, int], truth: Counter[str]) -> tuple[float, float, float, float]:
    """(released, share of the true top among the released top, median relative error, Spearman)."""
    if not noisy:
        return 0.0, 0.0, float("nan"), float("nan")
    best = {key for key, _ in truth.most_common(TOP)}
    first = set(sorted(noisy, key=lambda k: -noisy[k])[:TOP])
    errors = [abs(count - truth[key]) / truth[key] for key, count in noisy.items()]
    told = spearmanr([noisy[k] for k in noisy], [truth[k] for k in noisy]).statistic if len(noisy) > 2 else float("nan")
    return float(len(noisy)), len(best & first) / TOP, float(np.median(errors)), float(told)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="folder that holds uci_online_retail/")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--most", type=int, default=MOST)
    given = parser.parse_args()
    held = people(given.data / "uci_online_retail" / "online_retail.csv.gz")
    print(
        f"{len(held)} persons, {sum(map(len, held))} baskets; each counts for at most {given.most} products and {given.most} pairs"
    )
    for what, keys in (("products", list(map(products_of, held))), ("pairs", list(map(pairs_of, held)))):
        truth: Counter[str] = Counter()
        for mine in keys:
            truth.update(mine)
        print(
            f"{what}: {len(truth)} in truth, the {TOP} commonest from {truth.most_common(TOP)[-1][1]} to {truth.most_common(1)[0][1]} persons"
        )
        for epsilon in (0.1, 1.0, 10.0):
            told = []
            for _ in range(given.draws):
                made = release(clipped(keys, given.most), most=given.most, epsilon=epsilon / 2, delta=DELTA / 2)
                told.append(compared(made.counts, truth))
            cells = []
            for name, column in zip(
                ("released", "top 50", "relative error", "spearman"), np.array(told).T, strict=True
            ):
                if np.isnan(column).all():
                    cells.append(f"{name} none")
                    continue
                low, high = np.nanpercentile(column, (2.5, 97.5))
                cells.append(f"{name} {np.nanmean(column):.3g} ({low:.3g} to {high:.3g})")
            print(
                f"  epsilon {epsilon:g}: {', '.join(cells)}; noise {made.scale:.0f}, least {made.threshold} persons",
                flush=True,
            )


if __name__ == "__main__":
    main()

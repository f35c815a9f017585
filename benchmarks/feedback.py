"""What feedback adds to retrieval (docs/decisions/0003-fusion.md): nDCG@10 over a whole catalogue, by weight of the feedback.

    python benchmarks/feedback.py --data DATA --catalog DIR --set esci|chorus [--split test]

The catalogue is imported into DIR where there is none (minutes). Gains of ESCI are 1, .1, .01, 0 for E, S, C, I, those of
Chorus its grades; unjudged products count 0. Intervals are 95% paired bootstrap over queries.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

import chorus
from retrieval import fused, one_field
from shelftalk.catalog import Catalog
from shelftalk.catalog.importer import import_feed
from shelftalk.evaluate.sources import chorus as chorus_source
from shelftalk.evaluate.sources import esci
from shelftalk.retrieve import Retriever
from shelftalk.settings import load_settings
from shelftalk.values import Intent

GAINS = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
WEIGHTS = (0.0, 0.6, 1.0)
Gains = dict[str, dict[str, float]]


def gains(data: Path, name: str, split: str) -> Gains:
    """The gains by query of those queries that have an exact (ESCI) or any suiting (Chorus) product."""
    if name == "chorus":
        held = chorus_source.grades(data / "chorus", split)
        return {q: {i: float(g) for i, g in grades.items()} for q, grades in held.items()}
    found: Gains = {}
    for _, query, product, label in esci.labels(data / "esci" / f"labels.{split}.csv"):
        found.setdefault(query, {})[product] = GAINS[label]
    return {q: held for q, held in found.items() if max(held.values()) == 1.0}


def ndcg(ids: list[str], held: dict[str, float]) -> float:
    """nDCG@10 with linear gains."""
    discount = 1 / np.log2(np.arange(2, 12))
    got = np.array([held.get(i, 0.0) for i in ids[:10]])
    best = np.sort(list(held.values()))[::-1][:10]
    return float((got * discount[: len(got)]).sum() / (best * discount[: len(best)]).sum())


def measured(catalog: Catalog, judged: Gains) -> dict[str, np.ndarray]:
    """nDCG@10 of each query by way, plain RRF first."""

    def plain(query: str) -> list[str]:
        dense = catalog.dense(catalog.embedder.encode_query(query), None, 100)
        return [i for i, _ in fused(dense, one_field(catalog, query), 0.5, fusion="rrf", rrf_k=60)]

    ways = {"plain RRF, k 60": np.array([ndcg(plain(q), held) for q, held in judged.items()])}
    settings = load_settings().retrieve
    for weight in WEIGHTS:
        retriever = Retriever(catalog, settings.model_copy(update={"feedback_weight": weight}))
        found = {q: [c.product.id for c in retriever.retrieve(Intent(query=q)).candidates] for q in judged}
        ways[f"retrieve, feedback {weight:g}"] = np.array([ndcg(found[q], held) for q, held in judged.items()])
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFTALK_DATA"), help="folder of data sets")
    parser.add_argument("--catalog", type=Path, required=True, help="folder of the catalogue; made if absent")
    parser.add_argument("--set", choices=("esci", "chorus"), default="esci")
    parser.add_argument("--split", choices=("train", "test"), default="train")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data, the folder that holds esci/ and chorus/")
    if not arguments.catalog.exists():
        import_feed(arguments.data / arguments.set / "products.jsonl.gz", arguments.catalog, format=arguments.set)
    catalog = Catalog.open(arguments.catalog)
    ways = measured(catalog, gains(arguments.data, arguments.set, arguments.split))
    first, now = list(ways)[:2]
    print(f"{arguments.set} {arguments.split}: {catalog.count()} products, {len(ways[first])} queries\n")
    print("| way | nDCG@10 | against plain RRF | against no feedback |\n|---|---|---|---|")
    for name, values in ways.items():
        cells = []
        for other in (first, now):
            less, more = chorus.interval(values - ways[other])
            cells.append(f"{(values - ways[other]).mean():+.3f} ({less:+.3f} to {more:+.3f})")
        print(f"| {name} | {values.mean():.3f} | {' | '.join(cells)} |")
    print(f"\n{chorus.setting()}")


if __name__ == "__main__":
    main()

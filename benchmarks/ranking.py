"""Which ranking strategy orders best, and how much weight the model's score deserves: fitted on train, tested once.

    python benchmarks/ranking.py --data DATA --catalog CHORUS_CATALOG [--split train|test] [--strategies listwise pointwise]
        [--depth 10] [--weight W] [--engine transformers] [--permutations 1] [--adapter none] [--held-out CARD]

Chorus, whole catalogue: the first `depth` products of retrieval are ordered by each strategy. On train the weight of the
model's score is chosen per strategy by leave-one-out over the queries, so that the figure is not that of the fit itself;
on test `--weight` is given. For a tuned model `--held-out` names the card.json of its training set: only the queries held out
from training choose the weight. nDCG@10, linear gains, unjudged 0. Prints a Markdown table with 95% bootstrap intervals and
the p-value of a paired randomisation test (10,000 sign flips, +1 correction) against retrieval order.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import chorus
from shelftalk.engines import load_engine
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Ranker, RankJob
from shelftalk.rank.ranker import mix
from shelftalk.settings import load_settings
from shelftalk.values import Intent

WEIGHTS = [round(0.1 * i, 1) for i in range(11)]


def p_value(differences: np.ndarray, seed: int = 0, flips: int = 10_000) -> float:
    """Two-sided paired randomisation test of a mean difference of 0 (Smucker, Allan and Carterette 2007)."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (flips, len(differences)))
    beyond = np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12
    return float((beyond.sum() + 1) / (flips + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--split", choices=("train", "test"), default="train")
    parser.add_argument("--strategies", nargs="+", default=["listwise", "pointwise", "generated"])
    parser.add_argument("--depth", type=int, default=10)
    parser.add_argument("--permutations", type=int, default=1)
    parser.add_argument("--weight", type=float, default=None)
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--adapter", default="none")
    parser.add_argument("--held-out", type=Path, default=None, help="card.json of a training set")
    options = parser.parse_args()
    if options.split == "test" and options.weight is None:
        parser.error("--split test takes the --weight that train chose")
    judged = chorus.grades(options.data, options.split)
    if options.held_out:
        card = json.loads(options.held_out.read_text(encoding="utf-8"))["held_out"]
        held = {group.removeprefix("chorus/") for part in card.values() for group in part}
        judged = {query: grades for query, grades in judged.items() if query in held}
    judged = dict(list(judged.items())[: options.limit])
    settings = load_settings(engine=options.engine, adapter=options.adapter)
    engine = load_engine(settings)
    rows = []
    with Shelf.open(options.catalog, settings=settings) as shelf:
        found = {query: shelf.retrieve(Intent(query=query), k=max(50, options.depth)) for query in judged}
        base = chorus.ndcg({q: [(c.product.id, c.score) for c in r.candidates] for q, r in found.items()}, judged)
        rows.append(("none (retrieval order)", "", base, base, 0.0, 0))
        for strategy in options.strategies:
            rank = settings.rank.model_copy(
                update={"strategy": strategy, "depth": options.depth, "permutations": options.permutations, "model_weight": 1.0}
            )  # fmt: skip
            ranker = Ranker(engine, PromptLibrary.default(), rank)
            started = time.perf_counter()
            jobs = [RankJob(q, Intent(query=q), r) for q, r in found.items()]
            ranked = dict(zip(found, ranker.rank_many(jobs), strict=True))
            seconds = (time.perf_counter() - started) / len(jobs)
            tokens = sum(r.tokens.prompt + r.tokens.completion for r in ranked.values()) // len(jobs)
            weights = WEIGHTS if options.weight is None else [options.weight]
            table = np.stack([chorus.ndcg(_mixed(found, ranked, options.depth, w), judged) for w in weights], axis=1)
            scores = _leave_one_out(table)
            label = f"weight {weights[int(np.argmax(table.mean(axis=0)))]:g}, alone {table[:, -1].mean():.3f}"
            rows.append((strategy, label, scores, base, seconds, tokens))
    print(f"chorus {options.split}, {len(judged)} queries, whole catalogue, depth {options.depth}, "
          f"permutations {options.permutations}, {engine.model} through {engine.name}")  # fmt: skip
    print(f"{chorus.setting()}\n")
    print("| strategy | weight | nDCG@10 | 95% interval | against none | p | s a query | tokens a query |")
    print("|---|---|---|---|---|---|---|---|")
    for name, label, scores, against, seconds, tokens in rows:
        low, high = chorus.interval(scores)
        delta = scores - against
        print(f"| {name} | {label} | {scores.mean():.3f} | {low:.3f} to {high:.3f} | {delta.mean():+.3f} "
              f"| {p_value(delta):.3f} | {seconds:.2f} | {tokens} |")  # fmt: skip


def _mixed(found: dict, ranked: dict, depth: int, weight: float) -> dict:
    """The run that this weight gives, from the model's scores of one pass."""
    run = {}
    for query, retrieval in found.items():
        model = {c.product.id: c.scores["model"] for c in ranked[query].candidates if "model" in c.scores}
        head = retrieval.candidates[:depth]
        scores = [model.get(c.product.id, 0.0) for c in head] if model else []
        candidates = mix(retrieval.candidates, scores, weight) if scores else retrieval.candidates
        run[query] = [(c.product.id, c.score) for c in candidates]
    return run


def _leave_one_out(table: np.ndarray) -> np.ndarray:
    """The score of each query at the weight that is best on all others; `table` is (queries, weights)."""
    rest = (table.sum(axis=0, keepdims=True) - table) / max(1, len(table) - 1)
    chosen = rest.argmax(axis=1)
    return table[np.arange(len(table)), chosen]


if __name__ == "__main__":
    main()

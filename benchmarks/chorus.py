"""The Chorus electronics catalogue and its human grades, as the benchmarks of embedding and retrieval use them.

nDCG@10 with linear gains, unjudged products 0, over the queries that have any positive grade, computed by ranx.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from shelftalk.catalog.readers import read_feed
from shelftalk.evaluate.sources import chorus as source
from shelftalk.evaluate.sources.chorus import Grades
from shelftalk.values import Product

Run = Mapping[str, Sequence[tuple[str, float]]]


def folder(data: Path) -> Path:
    """The folder of the Chorus files inside a folder of data sets, or the folder itself."""
    return data / "chorus" if (data / "chorus").is_dir() else data


def products(data: Path) -> list[Product]:
    """The 19,406 products."""
    feed = folder(data) / "products.jsonl.gz"
    return [p for p in read_feed(feed, format="chorus") if isinstance(p, Product)]


def grades(data: Path, split: str) -> Grades:
    """The grades of a split ("train" or "test") by query; queries without a positive grade are left out."""
    return source.grades(folder(data), split)


def ndcg(run: Run, judged: Grades) -> np.ndarray:
    """nDCG@10 of each query, in the order of `judged`; 0 where the run has nothing for it."""
    from ranx import Qrels, evaluate
    from ranx import Run as RanxRun

    # Places stand for scores: ties stay in the order given.
    scores = {
        query: {i: float(-place) for place, (i, _) in enumerate(run[query][:10])} or {"none": 0.0} for query in judged
    }
    qrels = Qrels({query: dict(held) for query, held in judged.items()})
    values = evaluate(qrels, RanxRun(scores), "ndcg@10", return_mean=False, make_comparable=True)
    # ranx keeps its queries sorted by name.
    by_query = dict(zip(sorted(judged), np.atleast_1d(values), strict=True))
    return np.array([by_query[query] for query in judged])


def interval(values: np.ndarray, seed: int = 0, resamples: int = 10_000) -> tuple[float, float]:
    """The 95% percentile bootstrap interval of a mean over queries."""
    drawn = np.random.default_rng(seed).choice(values, (resamples, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def setting() -> str:
    """The machine, its load and the day, for the line below a table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{date.today()}, {platform.machine()}, {cores} cores, Python {platform.python_version()}, load {load}"

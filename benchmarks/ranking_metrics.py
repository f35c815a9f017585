"""How long two libraries take to score 500 rankings by six metrics, from a fresh process: what `eval run` pays each time.

    python benchmarks/ranking_metrics.py

Rankings of 50 products, 20 judgments each. "newly installed" runs ranx with nothing of what numba compiled kept before.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time

REQUESTS, DEPTH, JUDGED, POOL = 500, 50, 20, 60


def rankings() -> list[tuple[dict[str, int], list[str]]]:
    """Judgments and a ranking for each request, the same every time."""
    rng = random.Random(0)
    return [
        ({f"p{i}": rng.randint(0, 3) for i in range(JUDGED)}, [f"p{i}" for i in rng.sample(range(POOL), DEPTH)])
        for _ in range(REQUESTS)
    ]


def trec() -> None:
    import pytrec_eval

    measures = {"ndcg_cut.10", "recall.50", "recip_rank", "map", "P.10", "success.10"}
    for grades, ranking in rankings():
        places = {d: float(len(ranking) - i) for i, d in enumerate(ranking)}
        pytrec_eval.RelevanceEvaluator({"q": grades}, measures).evaluate({"q": places})


def ranx() -> None:
    from ranx import Qrels, Run, evaluate

    every = rankings()
    qrels = Qrels({str(n): grades for n, (grades, _) in enumerate(every)})
    run = Run({str(n): {d: float(DEPTH - i) for i, d in enumerate(ids)} for n, (_, ids) in enumerate(every)})
    evaluate(qrels, run, ["ndcg@10", "recall@50", "mrr", "map", "precision@10", "hit_rate@10"])


def seconds(name: str) -> tuple[float, float, float]:
    """Import, first scoring and second scoring, in this process."""
    start = time.perf_counter()
    __import__("pytrec_eval" if name == "trec" else "ranx")
    imported = time.perf_counter()
    {"trec": trec, "ranx": ranx}[name]()
    first = time.perf_counter()
    {"trec": trec, "ranx": ranx}[name]()
    return imported - start, first - imported, time.perf_counter() - first


def elsewhere(name: str, kept: str | None = None) -> str:
    """The same in a fresh process, as table cells."""
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": kept} if kept else {})}
    done = subprocess.run([sys.executable, "-W", "ignore", __file__, "--one", name], env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", choices=("trec", "ranx"), help="measure this one in this process")
    options = parser.parse_args()
    if options.one:
        print(" | ".join(f"{s:.2f} s" for s in seconds(options.one)))
        return 0
    print("| | import | first 500 | again |\n|---|---|---|---|")
    print(f"| pytrec_eval-terrier | {elsewhere('trec')} |", flush=True)
    with tempfile.TemporaryDirectory() as kept:
        print(f"| ranx, newly installed | {elsewhere('ranx', kept)} |", flush=True)
        print(f"| ranx, compiled before | {elsewhere('ranx', kept)} |")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, {time.strftime('%Y-%m-%d')}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

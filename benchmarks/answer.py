"""End-to-end answers with a warm engine: p50 and p95 of the whole, of each stage, and of the first checked reason.

    python benchmarks/answer.py --catalog .demo/catalog --requests data/demo/requests.jsonl --engine vllm --limit 40

Only requests of one turn that are answered with picks count; each is asked once, after three to warm up, with the
wording cache emptied before each. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from shelftalk.pipeline import Shelf
from shelftalk.settings import load_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--split", default="dev", help="value of the requests' key 'split', where they have one")
    parser.add_argument("--engine", default="vllm")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--k", type=int, default=3)
    options = parser.parse_args()
    records = [json.loads(line) for line in options.requests.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = [r["request"] for r in records if r.get("split", options.split) == options.split and not r.get("history")]
    settings = load_settings(engine=options.engine)
    rows: dict[str, list[float]] = {}
    with Shelf.open(options.catalog, settings=settings) as shelf:
        for text in texts[:3]:
            shelf.ask(text, k=options.k)
        model, engine = shelf.engine.model, shelf.engine.name
        for text in texts[3 : 3 + options.limit]:
            shelf.forget_wordings()
            started = time.perf_counter()
            first = None
            answer = None
            for event in shelf.stream(text, k=options.k):
                if event.kind == "reason" and first is None:
                    first = (time.perf_counter() - started) * 1000
                answer = event.value
            if first is None or len(answer.picks) < options.k:
                continue
            rows.setdefault("whole answer", []).append((time.perf_counter() - started) * 1000)
            rows.setdefault("first words of the first reason", []).append(first)
            for stage in ("understand", "retrieve", "rank", "explain"):
                rows.setdefault(stage, []).append(answer.timings_ms[stage])
    count = len(rows.get("whole answer", []))
    print(
        f"{count} answers with {options.k} picks; {model} through {engine}; {os.cpu_count()} cores, {platform.machine()};"
    )
    print(f"load {os.getloadavg()[0]:.1f}; understand {settings.understand.mode}, rank {settings.rank.strategy}, "
          f"explain {settings.explain.mode}\n")  # fmt: skip
    print("| | p50 ms | p95 ms |\n|---|---|---|")
    for name, values in rows.items():
        print(f"| {name} | {np.percentile(values, 50):.0f} | {np.percentile(values, 95):.0f} |")


if __name__ == "__main__":
    main()

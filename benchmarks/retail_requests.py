"""300 requests written by people (webshop) over a catalogue of another shop (retail_demo_store): soundness and speed.

    python benchmarks/retail_requests.py --data DATA --work FOLDER [--limit 300] [--engine vllm] [--batch 1]

No judgments exist, so only what can be checked is: the share answered, constraint violations, picks from outside the
catalogue, claims that a strict check with no code of the package finds false (shelftalk.evaluate.faithfulness), the time of each
stage. The catalogue is made in FOLDER once. The sample is drawn with a fixed seed. Prints a Markdown table; leaves with 1
where anything is unsound.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from shelftalk.catalog import import_feed
from shelftalk.evaluate.faithfulness import AnsweredRequest, Independent, in_scope, satisfied
from shelftalk.evaluate.sources.retail_requests import sample
from shelftalk.pipeline import Shelf
from shelftalk.settings import load_settings
from shelftalk.values import Request


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--engine", default=None)
    parser.add_argument("--explain", default=None, choices=("model", "record"))
    parser.add_argument("--batch", type=int, default=1, help="requests answered together; 1 times each alone")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    settings = load_settings(engine=options.engine)
    if options.explain:
        settings = settings.model_copy(
            update={"explain": settings.explain.model_copy(update={"mode": options.explain})}
        )
    catalog = options.work / "catalog"
    import_feed(options.data / "retail_demo_store", catalog, format="retail-demo-store")
    texts = sample(options.data / "webshop" / "human_goals.json", options.limit, options.seed)
    requests = [Request(text, id=str(i)) for i, text in enumerate(texts)]
    counts = dict.fromkeys(("answered", "said that nothing fits", "picks", "claims", "claims worded by the model",
                            "picks outside the catalogue", "constraint violations", "claims found false"), 0)  # fmt: skip
    stages: dict[str, list[float]] = {}
    faults: list[str] = []
    with Shelf.open(catalog, settings=settings, batch=options.batch > 1) as shelf:
        shelf.ask(requests[0])
        everything = list(shelf.catalog.products())
        for answer in shelf.ask_many(requests, batch=options.batch):
            counts["answered"] += bool(answer.picks) and not answer.no_match
            counts["said that nothing fits"] += answer.no_match
            products = tuple(p.product for p in answer.picks)
            among = in_scope(everything, answer.intent, answer.relaxed)
            told = AnsweredRequest(answer.intent, products, answer.relaxed, answer.request, among)
            for pick in answer.picks:
                counts["picks"] += 1
                counts["claims"] += len(pick.claims)
                counts["claims worded by the model"] += sum(c.source == "model" for c in pick.claims)
                counts["picks outside the catalogue"] += shelf.catalog.get(pick.product.id) != pick.product
                asked = [c for c in answer.intent.constraints if c not in answer.relaxed]
                counts["constraint violations"] += sum(not satisfied(pick.product, c) for c in asked)
                for claim in pick.claims:
                    found = Independent().faults(claim, pick.product, told)
                    counts["claims found false"] += bool(found)
                    faults += [f"{answer.request!r} {pick.product.id}: {claim.text!r}: {f}" for f in found]
            for stage, spent in answer.timings_ms.items():
                stages.setdefault(stage, []).append(spent)
        used = f"{shelf.engine.model} through {shelf.engine.name}" if settings.explain.mode == "model" else "no model"
    print(
        f"{len(requests)} requests, {used}, batch {options.batch}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
    )
    print("| | |\n|---|---|")
    for name, value in counts.items():
        print(f"| {name} | {value} |")
    print("\n| stage | p50 ms | p95 ms |\n|---|---|---|")
    for stage, values in stages.items():
        print(f"| {stage} | {np.percentile(values, 50):.0f} | {np.percentile(values, 95):.0f} |")
    for fault in faults[:10]:
        print(fault, file=sys.stderr)
    unsound = ("picks outside the catalogue", "constraint violations", "claims found false")
    return int(any(counts[name] for name in unsound))


if __name__ == "__main__":
    sys.exit(main())

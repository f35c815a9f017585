"""The bundled requests, end to end: nDCG@10, valid first pick, refusals, and understood constraints against the gold ones.

    python benchmarks/demo.py --catalog .demo/catalog --split dev [--strategy listwise] [--engine transformers] [--show]

Linear gains, discount 1/log2(rank+1), unjudged 0, over requests that something fits; 95% bootstrap intervals over
requests. "Retrieval alone" searches for the request as it stands: nothing is understood, so no limit filters and no
superlative sorts; p is of a paired randomisation test. `--show` lists each request that went wrong, with what was understood.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np

from shelftalk.evaluate.paired import paired
from shelftalk.pipeline import Shelf
from shelftalk.render import understood_text
from shelftalk.request import request_from
from shelftalk.settings import load_settings
from shelftalk.values import Constraint, Intent, plain

ALONE = "nDCG@10, retrieval alone on the request's own words"


def ndcg(order: list[str], grades: dict[str, int], k: int = 10) -> float:
    """nDCG@k with linear gains (Jaervelin and Kekaelaeinen 2002); grades must hold a positive one."""
    dcg = sum(grades.get(d, 0) / math.log2(r + 2) for r, d in enumerate(order[:k]))
    ideal = sum(g / math.log2(r + 2) for r, g in enumerate(sorted(grades.values(), reverse=True)[:k]))
    return dcg / ideal


def interval(values: list[float], seed: int = 0) -> str:
    """The mean with its 95% bootstrap interval, as text."""
    drawn = np.random.default_rng(seed).choice(np.asarray(values), (10_000, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.mean(values):.3f} ({low:.3f} to {high:.3f}, n={len(values)})"


def keys(intent: Intent) -> set[str]:
    """The constraints of an intent in a form that compares: field, operator, value."""
    return {key(c) for c in intent.constraints}


def key(constraint: Constraint) -> str:
    """One constraint in a form that compares; numbers without trailing zeros."""
    value = plain(constraint.value)
    values = value if isinstance(value, list) else [value]
    return f"{constraint.field} {constraint.operator} {'|'.join(sorted(map(_number, values)))}"


def _number(value: object) -> str:
    try:
        return str(value) if isinstance(value, bool) else f"{float(str(value)):g}"
    except ValueError:
        return str(value).casefold()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--demo", type=Path, default=Path(__file__).parents[1] / "data" / "demo")
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--strategy", default=None)
    parser.add_argument("--mode", default=None, help="understand.mode")
    parser.add_argument("--engine", default=None)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    records = [json.loads(line) for line in (options.demo / "requests.jsonl").read_text("utf-8").splitlines()]
    records = [r for r in records if r["split"] == options.split]
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (options.demo / f"qrels.{options.split}.txt").read_text("utf-8").splitlines():
        query, _, product, grade = line.split()
        grades[query][product] = int(grade)
    settings = load_settings(engine=options.engine)
    explain = settings.explain.model_copy(update={"mode": "record"})
    understand = settings.understand.model_copy(update={"mode": options.mode} if options.mode else {})
    settings = settings.model_copy(update={"explain": explain, "understand": understand})
    scores: dict[str, list[float]] = defaultdict(list)
    with Shelf.open(options.catalog, settings=settings) as shelf:
        for record in records:
            request = request_from(record)
            answer = shelf.ask(request)
            refused = answer.no_match or not answer.intent.shopping
            expected = record["no_match"] or not record["intent"]["shopping"]
            scores["refusal right"].append(float(refused == expected))
            gold = {
                key(Constraint(c["field"], c["operator"], c["value"])) for c in record["intent"]["constraints"]
            }  # fmt: skip
            found = keys(answer.intent)
            if answer.intent.shopping and record["intent"]["shopping"]:
                scores["constraints exact"].append(float(found == gold))
            wrong = refused != expected or found != gold
            score = None
            if any(grades[record["id"]].values()):
                ranking = shelf.order_only(request, k=10, strategy=options.strategy)
                order = [c.product.id for c in ranking.candidates]
                score = ndcg(order, grades[record["id"]])
                scores["nDCG@10"].append(score)
                alone = shelf.retrieve(Intent(query=request.request), k=10)
                scores[ALONE].append(ndcg([c.product.id for c in alone.candidates], grades[record["id"]]))
                scores["nDCG@10, 0 where refused"].append(0.0 if refused else score)
                scores["first pick valid"].append(
                    float(bool(order) and not refused and grades[record["id"]].get(order[0], 0) > 0)
                )
                wrong = wrong or score < 0.9
            if options.show and wrong:
                print(
                    f"{record['id']} [{record['kind']}] {record['request']}  nDCG {score}  no_match {answer.no_match}"
                )
                print(f"    found   {understood_text(answer.intent)} | {answer.intent.query}")
                print(
                    f"    missing {sorted(gold - found)}  extra {sorted(found - gold)}  sort {record['intent']['sort']}"
                )
    strategy = options.strategy or settings.rank.strategy
    print(f"demo {options.split}, understand {understand.mode}, rank {strategy}\n")
    print("| | mean (95% interval) |\n|---|---|")
    for name, values in scores.items():
        print(f"| {name} | {interval(values)} |")
    more = np.asarray(scores["nDCG@10"]) - np.asarray(scores[ALONE])
    shown = paired(more)[0]
    told = f"{shown.mean:+.3f} ({shown.low:+.3f} to {shown.high:+.3f}), p {shown.p:.4f}"
    print(f"| the path's nDCG@10 above retrieval alone | {told} |")


if __name__ == "__main__":
    main()

"""How well requests are understood: productqa search questions of unseen categories, each category as its own catalogue.

    python benchmarks/understand.py --data DATA/productqa --split dev --mode rules

For each question the intent is executed over the category's products and held against the gold set:
first pick valid (the first product is in the gold set, or nothing fits and the gold set is empty), exact set (the
products that constraints and sort select, ties for the first place included and the number wanted ignored, are the gold
set), and refusals (precision, recall, F1). Intervals: percentile bootstrap over questions, 2,000 resamples.

Splits: "train" are the 12 training categories that rules may be written from, "dev" the 6 others of training, "test"
the 3 of the public test split. Rules are written by looking at "train" only.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.catalog.facets import collect
from shelftalk.catalog.readers import read_feed
from shelftalk.evaluate.sources import productqa
from shelftalk.settings import UnderstandSettings
from shelftalk.understand import Understander
from shelftalk.values import Constraint, Facets, Intent, Product, Request


@dataclass(frozen=True)
class WishRequest:
    """A search question with its gold set of product ids (empty: nothing fits)."""

    id: str
    text: str
    gold: frozenset[str]
    sql: str


@dataclass(frozen=True)
class Category:
    """A category's products, facets and questions."""

    name: str
    products: tuple[Product, ...]
    facets: Facets
    questions: tuple[WishRequest, ...]


def number(value: Any) -> float | None:
    """The first number in a value, or None."""
    match = re.search(r"-?\d+(\.\d+)?", str(value).replace(",", ""))
    return float(match.group()) if match else None


def same(held: Any, wanted: Any) -> bool:
    """Whether a record's value is the wanted one: without case, and as numbers where both are."""
    if held is None:
        return False
    if isinstance(held, tuple):
        return any(same(h, wanted) for h in held)
    a, b = str(held).strip().lower(), str(wanted).strip().lower()
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def holds(held: Any, constraint: Constraint) -> bool:
    """Whether a record's value satisfies a constraint; a missing value fails all but "!=" and "not in"."""
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    operator = constraint.operator
    if operator in ("=", "in"):
        return any(same(held, v) for v in values)
    if operator in ("!=", "not in"):
        return not any(same(held, v) for v in values)
    a, b = (None if held is None else number(held)), number(values[0])
    if a is None or b is None:
        return False
    if operator == "between":
        c = number(values[1])
        return c is not None and b <= a <= c
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def execute(intent: Intent, products: Sequence[Product]) -> list[str]:
    """The ids of the products that an intent selects; with a sort, those that tie for the first place."""
    left = [p for p in products if all(holds(p.value(c.field), c) for c in intent.constraints)]
    if intent.sort is None:
        return [p.id for p in left]
    field, sign = intent.sort.field, 1 if intent.sort.direction == "asc" else -1
    keyed = [(p, k) for p in left if (k := number(p.value(field))) is not None]
    if not keyed:
        return [p.id for p in left]
    best = min(sign * k for _, k in keyed)
    return [p.id for p, k in keyed if sign * k == best]


def load_category(folder: Path, limit: int | None, seed: int = 7) -> Category:
    """A category of the public set: products and facets as the catalogue would hold them, shuffled questions."""
    products = [p for p in read_feed(folder, format="productqa") if isinstance(p, Product)]
    rows = [row for _, row in productqa.questions(folder, "search")]
    random.Random(seed).shuffle(rows)
    questions = tuple(
        WishRequest(r["id"], r["question"], productqa.gold(r), r["extra_data"]["sql"]) for r in rows[:limit]
    )
    return Category(folder.name, tuple(products), collect(products), questions)


def interval(hits: Iterable[bool], resamples: int = 2000) -> tuple[float, float, float]:
    """Mean and 95% percentile bootstrap interval."""
    values = np.array(list(hits), dtype=float)
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


@dataclass(frozen=True)
class Score:
    """One question's outcome."""

    category: str
    question: WishRequest
    intent: Intent
    chosen: tuple[str, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return (self.chosen[0] in self.question.gold) if self.chosen else not self.question.gold

    @property
    def exact(self) -> bool:
        return set(self.chosen) == self.question.gold


def run(category: Category, understander: Understander) -> list[Score]:
    """Every question of a category understood and executed."""
    requests = [Request(q.text, q.id) for q in category.questions]
    out = []
    if understander.settings.mode == "rules":
        results = []
        for request in requests:
            start = time.perf_counter()
            result = understander.understand(request)
            results.append((result, time.perf_counter() - start))
    else:
        start = time.perf_counter()
        many = understander.understand_many(requests)
        each = (time.perf_counter() - start) / max(1, len(many))
        results = [(r, each) for r in many]
    for question, (result, seconds) in zip(category.questions, results, strict=True):
        out.append(Score(category.name, question, result.intent, tuple(execute(result.intent, category.products)), seconds, result.notes))  # fmt: skip
    return out


def report(name: str, scores: Sequence[Score]) -> str:
    """A table row: figures with intervals, refusals, milliseconds a request."""
    valid, exact = interval(s.valid for s in scores), interval(s.exact for s in scores)
    refused = [s for s in scores if not s.chosen]
    empty = [s for s in scores if not s.question.gold]
    right = sum(not s.question.gold for s in refused)
    precision, recall = right / max(1, len(refused)), right / max(1, len(empty))
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return (
        f"| {name} | {len(scores)} | {valid[0]:.3f} [{valid[1]:.3f}, {valid[2]:.3f}] | {exact[0]:.3f} [{exact[1]:.3f}, {exact[2]:.3f}] "
        f"| {precision:.2f} / {recall:.2f} / {f1:.2f} | {1000 * sum(s.seconds for s in scores) / max(1, len(scores)):.1f} |"
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFTALK_DATA") and Path(os.environ["SHELFTALK_DATA"]) / "productqa", help="folder of productqa (with train/ and test/)")  # fmt: skip
    parser.add_argument("--split", choices=("train", "dev", "test"), default="dev")
    parser.add_argument("--mode", choices=("rules", "model", "both"), default="rules")
    parser.add_argument("--limit", type=int, help="questions a category")
    parser.add_argument("--category", action="append", default=[], help="only these categories")
    parser.add_argument("--model", default="default", help="language model: a name, a folder")
    parser.add_argument(
        "--errors", type=int, default=0, help="print so many questions that went wrong (train split only)"
    )
    options = parser.parse_args(argv)
    if not options.data or not options.data.is_dir():
        parser.error("give --data, the folder of productqa")
    if options.errors and options.split != "train":
        parser.error("errors are shown for the train split only: dev and test stay unseen")
    engine = None
    if options.mode != "rules":
        from shelftalk.engines import load_engine
        from shelftalk.settings import load_settings

        engine = load_engine(load_settings(model=options.model), batch=True)
    scores: list[Score] = []
    print(
        "| category | n | first pick valid [95%] | exact set [95%] | refusal P / R / F1 | ms |\n|---|---|---|---|---|---|"
    )
    for folder in productqa.folders(options.data, options.split, options.category):
        category = load_category(folder, options.limit)
        understander = Understander(category.facets, engine=engine, settings=UnderstandSettings(mode=options.mode))
        found = run(category, understander)
        scores += found
        print(report(category.name, found), flush=True)
    print(report(f"all of {options.split}, {options.mode}", scores))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, {time.strftime('%Y-%m-%d')}"
    )
    wrong = [s for s in scores if not s.valid]
    random.Random(1).shuffle(wrong)
    for score in wrong[: options.errors]:
        print(
            f"\n[{score.category}] {score.question.text}\n  gold {score.question.sql.split('`', 2)[2].strip()}\n  read {show(score.intent)}"
        )
    return 0


def show(intent: Intent) -> str:
    """An intent on one line."""
    parts = [f"{c.field} {c.operator} {c.value!r}" for c in intent.constraints]
    return (
        " AND ".join(parts)
        + (f" ORDER {intent.sort.field} {intent.sort.direction}" if intent.sort else "")
        + ("" if intent.shopping else " NOT SHOPPING")
    )


if __name__ == "__main__":
    sys.exit(main())

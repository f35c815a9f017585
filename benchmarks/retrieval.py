"""How well and how fast products are found: the Chorus electronics catalogue, whole, with human grades.

    python benchmarks/retrieval.py --data DATA --catalog DIR --fit        # the grids, on train queries and the demo's dev requests
    python benchmarks/retrieval.py --data DATA --catalog DIR --test       # once, on the 35 test queries
    python benchmarks/retrieval.py --data DATA --catalog DIR --latency    # p50 and p95 by step, with filters

The catalogue is imported into DIR where there is none (minutes). Intervals are 95% percentile bootstrap over queries.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import chorus
from shelftalk.catalog import Catalog, snapshot, sql
from shelftalk.catalog.importer import import_feed
from shelftalk.catalog.words import content_words
from shelftalk.resources import resource
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.fusion import SENTENCE, fuse, weights_for
from shelftalk.retrieve.retriever import BM25_DEPTH, DENSE_DEPTH
from shelftalk.settings import load_settings
from shelftalk.values import Constraint, Intent, Sort

Found = list[tuple[str, float]]
SHARES = [round(0.1 * n, 1) for n in range(11)]


def one_field(catalog: Catalog, text: str, k: int = 100) -> Found:
    """Plain BM25 over all words of a product in one field."""
    import lancedb
    from lancedb.query import MatchQuery

    table = lancedb.connect(catalog.path).open_table("products")
    asked = MatchQuery(content_words(text), "text")
    found = table.search(asked, query_type="fts").select(["id", "_score"]).limit(k).to_arrow()
    return sorted(zip(found["id"].to_pylist(), found["_score"].to_pylist(), strict=True), key=lambda p: (-p[1], p[0]))


def fused(dense: Found, bm25: Found, share: float, **options: Any) -> Found:
    return [(f.id, f.score) for f in fuse(dense, bm25, (share, 1 - share), **options)]


def fit(catalog: Catalog, judged: chorus.Grades) -> None:
    """The grids over Chorus train queries, and what choosing on all queries but one gives on that one."""
    dense = {q: catalog.dense(catalog.embedder.encode_query(q), None, DENSE_DEPTH) for q in judged}

    def lexical(weights: tuple[float, float, float]) -> dict[str, Found]:
        chosen, snapshot.LEXICAL_WEIGHTS = snapshot.LEXICAL_WEIGHTS, weights
        try:
            return {q: catalog.lexical(q, None, BM25_DEPTH) for q in judged}
        finally:
            snapshot.LEXICAL_WEIGHTS = chosen

    def convex(bm25: dict[str, Found], share: float) -> np.ndarray:
        return chorus.ndcg({q: fused(dense[q], bm25[q], share) for q in judged}, judged)

    print("Full-text search: BM25 over what a product is, over all its words, and over all its words where all match\n")
    print("| is | all words | all match | nDCG@10 full text | fused, dense share .3 | .4 |\n|---|---|---|---|---|---|")
    for lead, anything in ((0, 1), (1, 0), (1, 0.25), (1, 0.5), (1, 1)):
        for everything in (0, 0.5, 1, 1.5):
            bm25 = lexical((lead, anything, everything))
            alone = chorus.ndcg(bm25, judged).mean()
            both = [convex(bm25, share).mean() for share in (0.3, 0.4)]
            print(f"| {lead} | {anything} | {everything} | {alone:.3f} | {both[0]:.3f} | {both[1]:.3f} |", flush=True)
    bm25 = lexical(snapshot.LEXICAL_WEIGHTS)
    families: dict[str, dict[str, np.ndarray]] = {"convex": {f"dense share {s}": convex(bm25, s) for s in SHARES}}
    families["rrf"] = {}
    for k in (10, 60):
        for share in SHARES[1:-1]:
            cut = {q: fused(dense[q][:100], bm25[q][:100], share, fusion="rrf", rrf_k=k) for q in judged}
            families["rrf"][f"k {k}, dense share {share}"] = chorus.ndcg(cut, judged)
    print("\nFusion\n\n| fusion | setting | nDCG@10 |\n|---|---|---|")
    for family, grid in families.items():
        for name, values in grid.items():
            print(f"| {family} | {name} | {values.mean():.3f} |")
    print("\n| fusion | best on all | nDCG@10 | left one out |\n|---|---|---|---|")
    for family, grid in families.items():
        table = np.stack(list(grid.values()))
        rest = (table.sum(axis=1, keepdims=True) - table) / (table.shape[1] - 1)
        held_out = table[rest.argmax(axis=0), np.arange(table.shape[1])].mean()
        best = int(table.mean(axis=1).argmax())
        print(f"| {family} | {list(grid)[best]} | {table[best].mean():.3f} | {held_out:.3f} |")
    print("\nRelevance cut of a superlative: the products within that share of the best score\n")
    print("| cut | products, median | share of grades 2 and 3 within | grades 2 and 3 among the graded within |")
    print("|---|---|---|---|")
    settings = load_settings().retrieve
    everything = {q: fuse(dense[q], bm25[q], weights_for(q, settings)) for q in judged}
    for cut in (0.3, 0.4, 0.5, 0.6, 0.7):
        sizes, recalls, shares = [], [], []
        for query, held in judged.items():
            inside = {f.id for f in everything[query] if f.score >= cut * everything[query][0].score}
            good = {i for i, grade in held.items() if grade >= 2}
            bad = {i for i, grade in held.items() if grade == 0}
            sizes.append(len(inside))
            if good:
                recalls.append(len(good & inside) / len(good))
                if bad:
                    shares.append(len(good & inside) / max(1, len((good | bad) & inside)))
        print(f"| {cut} | {np.median(sizes):.0f} | {np.mean(recalls):.3f} | {np.mean(shares):.3f} |")


def sentences(home: Path) -> None:
    """The weights for sentences: the demo shop's dev requests as they are typed, no constraint read from them."""
    folder = resource("data/demo")
    judged: chorus.Grades = {}
    for line in (folder / "qrels.dev.txt").read_text(encoding="utf-8").splitlines():
        request, _, product, grade = line.split()
        judged.setdefault(request, {})[product] = int(grade)
    lines = (folder / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {r["id"]: r["request"] for r in map(json.loads, lines)}
    long = {
        i: held
        for i, held in judged.items()
        if any(g > 0 for g in held.values()) and len(content_words(texts[i]).split()) >= SENTENCE
    }
    with tempfile.TemporaryDirectory() as made:
        import_feed(folder / "products.jsonl", Path(made) / "catalog", home=home)
        shop = Catalog.open(Path(made) / "catalog", home=home)
        dense = {i: shop.dense(shop.embedder.encode_query(texts[i]), None, DENSE_DEPTH) for i in long}
        bm25 = {i: shop.lexical(texts[i], None, BM25_DEPTH) for i in long}
    print(f"\nSentences: {len(long)} dev requests of the demo shop of {SENTENCE} words and more that say something\n")
    print("| dense share | nDCG@10 |\n|---|---|")
    for share in SHARES:
        values = chorus.ndcg({i: fused(dense[i], bm25[i], share) for i in long}, long)
        print(f"| {share} | {values.mean():.3f} |")


def test(catalog: Catalog, judged: chorus.Grades) -> None:
    """The whole catalogue, plain ways beside the fitted one."""
    retriever = Retriever(catalog, load_settings().retrieve)
    dense = {q: catalog.dense(catalog.embedder.encode_query(q), None, 100) for q in judged}
    bm25 = {q: one_field(catalog, q) for q in judged}
    ways: dict[str, chorus.Run] = {
        "BM25, one field": bm25,
        "dense": dense,
        "RRF of the two, k 60": {q: fused(dense[q], bm25[q], 0.5, fusion="rrf", rrf_k=60) for q in judged},
        "full text, two fields and all words": {q: catalog.lexical(q, None, 100) for q in judged},
        "retrieve (fitted)": {
            q: [(c.product.id, c.score) for c in retriever.retrieve(Intent(query=q)).candidates] for q in judged
        },
    }
    results = {name: chorus.ndcg(run, judged) for name, run in ways.items()}
    base = results["RRF of the two, k 60"]
    print(f"{catalog.count()} products, {len(judged)} queries\n")
    print("| way | nDCG@10 | 95% | against RRF, 95% |\n|---|---|---|---|")
    for name, values in results.items():
        low, high = chorus.interval(values)
        less, more = chorus.interval(values - base)
        difference = f"{(values - base).mean():+.3f} ({less:+.3f} to {more:+.3f})"
        print(f"| {name} | {values.mean():.3f} | {low:.3f} to {high:.3f} | {difference} |")


def latency(catalog: Catalog, queries: Sequence[str], count: int) -> None:
    """p50 and p95 of each step and of the stage, requests with random filters, none asked twice."""
    draw = random.Random(5)
    facets = catalog.facets()
    brand_facet = facets.get("brand")
    brands = [str(v) for v, _ in brand_facet.values] if brand_facet else []
    retriever = Retriever(catalog, load_settings().retrieve)

    def limits() -> tuple[Constraint, ...]:
        low = round(draw.uniform(1, 300), 2)
        choices: list[tuple[Constraint, ...]] = [
            (Constraint("price", "<=", low + 100),),
            (Constraint("price", "between", (low, low * 4)), Constraint("brand", "!=", draw.choice(brands))),
            (Constraint("brand", "in", tuple(draw.sample(brands, 3))), Constraint("price", "<=", low + 200)),
            (Constraint("weight", "<=", low * 10), Constraint("price", "<=", low + 200)),
        ]
        return draw.choice(choices)

    asked = [
        (f"{draw.choice(queries)} {draw.choice(['for work', 'black', 'cheap', 'small', ''])}", limits())
        for _ in range(count)
    ]
    vector = catalog.embedder.encode_query("headphones")
    ids = [i for i, _ in catalog.dense(vector, None, 50)]
    steps: list[tuple[str, Callable[[str, tuple[Constraint, ...]], object]]] = [
        ("embed the query", lambda q, _: catalog.embedder.encode_query(q)),
        ("count what fits", lambda _, c: catalog.matching(sql.where(c))),
        ("dense, filtered", lambda _, c: catalog.dense(vector, sql.where(c), DENSE_DEPTH)),
        ("full text, filtered", lambda q, c: catalog.lexical(q, sql.where(c), BM25_DEPTH)),
        ("fetch 50 products", lambda _, __: catalog.get_many(ids)),
        ("retrieve, no filter", lambda q, _: retriever.retrieve(Intent(query=q))),
        ("retrieve, superlative and filters", lambda q, c: retriever.retrieve(Intent(c, Sort("price", "asc"), query=q))),
        ("**retrieve, filters**", lambda q, c: retriever.retrieve(Intent(c, query=q))),
    ]  # fmt: skip
    print(
        f"{catalog.count()} products, {count} requests\n\n| step | p50 ms | p95 ms | CPU ms, mean |\n|---|---|---|---|"
    )
    for name, step in steps:
        # What stands in memory by filter belongs to one request: each step starts with a reader of its own.
        fresh = [(q, tuple(_shifted(c))) for q, c in asked]
        step(*fresh[0])
        took = []
        spent = time.process_time()
        for query, constraints in fresh:
            started = time.perf_counter()
            step(query, constraints)
            took.append((time.perf_counter() - started) * 1000)
        cpu = (time.process_time() - spent) * 1000 / len(fresh)
        asked = fresh
        print(f"| {name} | {np.median(took):.1f} | {np.percentile(took, 95):.1f} | {cpu:.1f} |", flush=True)


def _shifted(constraints: Iterable[Constraint]) -> Iterable[Constraint]:
    """The same constraints with other numbers, so that no filter was asked before."""
    for c in constraints:
        if c.field in ("price", "weight"):
            value = tuple(v + 0.01 for v in c.value) if isinstance(c.value, tuple) else c.value + 0.01  # type: ignore[operator]
            yield Constraint(c.field, c.operator, value)
        else:
            yield c


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFTALK_DATA"), help="folder of data sets")
    parser.add_argument("--catalog", type=Path, required=True, help="folder of the catalogue; made if absent")
    parser.add_argument(
        "--home", type=Path, default=Path("~/.cache/shelftalk"), help="folder of the converted embedder"
    )
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--requests", type=int, default=300, help="requests of --latency")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data, the folder that holds chorus/")
    if not arguments.catalog.exists():
        feed = chorus.folder(arguments.data) / "products.jsonl.gz"
        import_feed(feed, arguments.catalog, format="chorus", home=arguments.home)
    catalog = Catalog.open(arguments.catalog, home=arguments.home)
    if arguments.fit:
        fit(catalog, chorus.grades(arguments.data, "train"))
        sentences(arguments.home)
    if arguments.test:
        test(catalog, chorus.grades(arguments.data, "test"))
    if arguments.latency:
        latency(catalog, list(chorus.grades(arguments.data, "train")), arguments.requests)
    print(f"\n{chorus.setting()}, embedder {catalog.embedder.name}")


if __name__ == "__main__":
    main()

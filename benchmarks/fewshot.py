"""Will a shopper like a product: AUC at 16, 64 and 256 examples, beside logistic regression on the same features.

    python benchmarks/fewshot.py demo   --work FOLDER [--dev] [--seeds 20]
    python benchmarks/fewshot.py retail --work FOLDER --data DATA [--users 600]
    python benchmarks/fewshot.py demo   --work FOLDER --model --shots 16 64       # the language model, tuned on the same number

Examples are split by time (60% train, 15% dev, 25% test); `--dev` scores dev, on which everything was chosen, else test. Users are parted
in two halves by the hash of their ids: a half's few examples (as many liked as not, drawn by the seed) come from its own train part, it is
scored on its own later part, and the other half are the "other shoppers". AUC is the mean of both halves over the seeds; intervals are
percentile bootstraps over users, the differences paired (the same users, seeds and draws).

`retail` interactions are SYNTHETIC: drawn by benchmarks/retail_shoppers.py. `--model` runs `shelftalk train data` and `shelftalk train sft`
(one seed, both halves together) and scores the adapter on the test split.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.retail_shoppers import draw

from shelftalk.catalog import Catalog, import_feed
from shelftalk.resources import resource
from shelftalk.shoppers.predict import Example, FeaturePredictor, Kinds, Vectors, by_time, examples
from shelftalk.shoppers.predict.bayes import Prior, update
from shelftalk.shoppers.predict.examples import place_of
from shelftalk.shoppers.reading import read_interactions
from shelftalk.values.shopper import Interaction

Scores = np.ndarray
METHODS = (
    "logistic regression (C=1)", "logistic regression (C by cross-validation)", "informed prior",
    "logistic regression, with other shoppers' examples", "prior from other shoppers",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", choices=("demo", "retail"))
    parser.add_argument("--work", type=Path, required=True, help="folder for the indexed catalogue")
    parser.add_argument("--data", type=Path, help="folder of public data sets (retail)")
    parser.add_argument("--users", type=int, default=600)
    parser.add_argument("--shots", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--dev", action="store_true")
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--rows", type=int, default=240, help="test rows that the language model is scored on")
    parser.add_argument("--minutes", type=float, default=4.0, help="the most a tuning may take")
    options = parser.parse_args()
    if options.model:
        return language_model(options)
    catalog, interactions = load(options)
    products = {p.id: p for p in catalog.products()}
    found = sorted(examples(interactions, products, least=1), key=lambda e: e.at)
    start = time.perf_counter()
    x = FeaturePredictor(Vectors(catalog), Kinds(products.values())).features([e.pair for e in found])
    cost = (time.perf_counter() - start) / len(found) * 1000
    y = np.array([e.liked for e in found], dtype=int)
    sizes = [len(part) for part in by_time(found, 0.15, 0.25)]
    scored = slice(sizes[0], sizes[0] + sizes[1]) if options.dev else slice(sizes[0] + sizes[1], len(found))
    part = "dev" if options.dev else "test"
    print(
        f"{options.source}: {len(interactions)} interactions, {len(found)} examples of {len({e.user for e in found})} users, "
        f"{y.mean():.1%} liked; {part}: {len(y[scored])}, {int(y[scored].sum())} liked; {cost:.2f} ms of features each; "
        f"{options.seeds} seeds\n"
    )
    table(found, x, y, sizes[0], scored, options)
    calibration(x, y, sizes[0], scored)
    return 0


def load(options: argparse.Namespace) -> tuple[Catalog, list[Interaction]]:
    """The catalogue, indexed in the work folder once, and its interactions."""
    folder = options.work / options.source
    feed = resource("data/demo/products.jsonl") if options.source == "demo" else options.data / "retail_demo_store"
    if not (folder / "catalog.json").is_file():
        import_feed(feed, folder)
    catalog = Catalog.open(folder).pinned()
    if options.source == "demo":
        return catalog, list(read_interactions(resource("data/demo/interactions.jsonl")))
    products = {p.id: p for p in catalog.products()}
    return catalog, draw(options.data / "retail_demo_store" / "users.json.gz", products, options.users)


def table(
    found: Sequence[Example], x: np.ndarray, y: np.ndarray, train: int, scored: slice, options: argparse.Namespace
) -> None:
    """One row a method, one column a number of examples; then the differences to logistic regression."""
    users = np.array([e.user for e in found])
    half = np.array([int(place_of(user) * 2) for user in users])
    later = np.zeros(len(y), dtype=bool)
    later[scored] = True
    earlier = np.arange(len(y)) < train
    results: dict[tuple[str, int], list[Scores]] = {}
    for shots in options.shots:
        for seed in range(options.seeds):
            rng = np.random.default_rng([seed, shots])
            out = {method: np.full(len(y), np.nan) for method in METHODS}
            for side in (0, 1):
                pool, test = np.flatnonzero(earlier & (half == side)), np.flatnonzero(later & (half == side))
                few, others = few_of(y, pool, shots, rng), np.flatnonzero(earlier & (half != side))
                for method, predict in fitted(x, y, few, others).items():
                    out[method][test] = predict(x[test])
            for method in METHODS:
                results.setdefault((method, shots), []).append(out[method])
    groups = [np.flatnonzero(later & (users == user)) for user in sorted(set(users[later]))]
    print("| method | " + " | ".join(map(str, options.shots)) + " |\n|---" + "|---" * len(options.shots) + "|")
    for method in METHODS:
        cells = [interval(y, half, groups, lambda s: s, results[method, n]) for n in options.shots]
        print(f"| {method} | " + " | ".join(cells) + " |")
    for method in METHODS[2:]:
        for base in (METHODS[0], METHODS[3]):
            if method != base and not (base == METHODS[3] and method == METHODS[2]):
                cells = [interval(y, half, groups, None, results[method, n], results[base, n]) for n in options.shots]
                print(f"| {method} minus {base} | " + " | ".join(cells) + " |")


def few_of(y: np.ndarray, pool: np.ndarray, shots: int, rng: np.random.Generator) -> np.ndarray:
    """Half of them liked, or as many as there are."""
    liked, other = pool[y[pool] == 1], pool[y[pool] == 0]
    some = min(shots // 2, len(liked))
    return np.concatenate([rng.choice(liked, some, False), rng.choice(other, min(shots - some, len(other)), False)])


def fitted(
    x: np.ndarray, y: np.ndarray, few: np.ndarray, others: np.ndarray
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Each method, fitted."""
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    both = np.concatenate([others, few])
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(x[few], y[few])
    chosen = make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(
            Cs=5, cv=4, scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False, max_iter=5000
        ),
    ).fit(x[few], y[few])
    wide = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(x[both], y[both])
    informed = update(Prior.expected(), x[few], y[few])
    taught = update(update(Prior.expected(), x[others], y[others]).as_prior(), x[few], y[few])
    return {
        METHODS[0]: lambda z: plain.predict_proba(z)[:, 1],
        METHODS[1]: lambda z: chosen.predict_proba(z)[:, 1],
        METHODS[2]: informed.probability,
        METHODS[3]: lambda z: wide.predict_proba(z)[:, 1],
        METHODS[4]: taught.probability,
    }


def auc(y: np.ndarray, score: np.ndarray) -> float:
    """The share of pairs of one that was liked and one that was not in which the liked one scores higher, half for a tie."""
    from scipy.stats import rankdata

    liked = int(y.sum())
    if not 0 < liked < len(y):
        return float("nan")
    return float((rankdata(score)[y == 1].sum() - liked * (liked + 1) / 2) / (liked * (len(y) - liked)))


def interval(
    y: np.ndarray,
    half: np.ndarray,
    groups: list[np.ndarray],
    _: object,
    runs: list[Scores],
    base: list[Scores] | None = None,
) -> str:
    """The mean over seeds with its 95% bootstrap over users."""
    whole = np.concatenate(groups)

    def mean(some: list[Scores], at: np.ndarray) -> float:
        return float(
            np.nanmean([auc(y[at[half[at] == side]], s[at[half[at] == side]]) for s in some for side in (0, 1)])
        )

    def value(at: np.ndarray, runs_: list[Scores], base_: list[Scores] | None) -> float:
        return mean(runs_, at) - (mean(base_, at) if base_ else 0.0)

    point = value(whole, runs, base)
    rng = np.random.default_rng(0)
    few = list(range(0, len(runs), max(1, len(runs) // 5)))[:5]
    some, others = [runs[i] for i in few], [base[i] for i in few] if base else None
    drawn = []
    for _i in range(300):
        at = np.concatenate([groups[g] for g in rng.integers(0, len(groups), len(groups))])
        drawn.append(value(at, some, others))
    shift = point - value(whole, some, others)
    low, high = np.nanpercentile(drawn, [2.5, 97.5]) + shift
    sign = "+" if base else ""
    return f"{point:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def calibration(x: np.ndarray, y: np.ndarray, train: int, scored: slice) -> None:
    """The predictor as served: informed prior, all train examples as they are."""
    from sklearn.metrics import brier_score_loss

    p = update(Prior.expected(), x[:train], y[:train]).probability(x[scored])
    bins = np.array_split(np.argsort(p), 5)
    told = "; ".join(f"{p[b].mean():.3f} told, {y[scored][b].mean():.3f} liked" for b in bins)
    error = sum(len(b) * abs(p[b].mean() - y[scored][b].mean()) for b in bins) / len(p)
    base = brier_score_loss(y[scored], np.full(len(p), y[:train].mean()))
    print(
        f"\nas served, all {train} train examples: AUC {auc(y[scored], p):.3f}, Brier {brier_score_loss(y[scored], p):.4f} (the train "
        f"rate alone {base:.4f}), calibration error in fifths {error:.3f} ({told})"
    )


def language_model(options: argparse.Namespace) -> int:
    """Tunes and scores the language model with the two commands' own functions."""
    from shelftalk.settings import load_settings
    from shelftalk.train.config import parse_config
    from shelftalk.train.data import make
    from shelftalk.train.recipe import LoraRecipe, SftRecipe
    from shelftalk.train.sft import train_sft

    settings = load_settings()
    settings.serve = settings.serve.model_copy(
        update={"database": f"sqlite:///{options.work}/none.db"}
    )  # nobody refused
    _, interactions = load(options)
    path = options.work / f"{options.source}-interactions.jsonl"
    path.write_text(
        "".join(
            json.dumps({"user": e.user, "kind": e.kind, "at": e.at.isoformat(), "product_id": e.product_id}) + "\n"
            for e in interactions
        )
    )
    for shots in options.shots:
        out = options.work / f"{options.source}-set-{shots}"
        read = {
            "leaks": "drop", "tasks": {"likes": {"train": shots or 16, "dev": 64, "test": options.rows}},
            "sources": [{"kind": "interactions", "path": str(path), "catalog": str(options.work / options.source)}],
        }  # fmt: skip
        make(parse_config(read, path), out, settings, overwrite=True)
        adapter, told = "none", "untuned"
        if shots:
            recipe = SftRecipe(
                data=out, output=options.work / f"{options.source}-run-{shots}", tasks=["likes"], loss_per="example",
                minutes=options.minutes, epochs=max(1, 16 * 8 / shots), eval_steps=1000, eval_examples=64, patience=None,
                lora=LoraRecipe(rank=8, alpha=16, layers=20),
            )  # fmt: skip
            outcome = train_sft(recipe, settings.home_folder)
            adapter = str(outcome.folder)
            told = f"{outcome.steps} steps, {outcome.seconds:.0f} s, dev AUC {outcome.scores.get('score', float('nan')):.3f}"
        values = test_auc(out, adapter)
        rng = np.random.default_rng(0)
        drawn = [float(np.mean(rng.choice(values, len(values)))) for _ in range(1000)]
        low, high = np.percentile(drawn, [2.5, 97.5])
        print(
            f"{options.source}, {shots} examples: {told}; AUC on {options.rows} test rows at most {np.mean(values):.3f} "
            f"({low:.3f} to {high:.3f}, bootstrap over the {len(values)} liked)",
            flush=True,
        )
    return 0


def test_auc(data: Path, adapter: str) -> list[float]:
    """The adapter's placement values on the test split: for each liked row the share of the others that score below it."""
    import datasets

    from shelftalk.engines import load_engine
    from shelftalk.settings import load_settings
    from shelftalk.train.encode import answer_of
    from shelftalk.train.score import auc_values
    from shelftalk.values import Message, Prompt

    rows = list(datasets.load_from_disk(str(data))["test"])
    engine = load_engine(load_settings(engine="transformers", adapter=adapter))
    try:
        prompts = [Prompt(tuple(Message(m["role"], m["content"]) for m in row["prompt"])) for row in rows]
        odds = []
        for start in range(0, len(prompts), 16):
            odds += [
                c.logprobs["yes"] - c.logprobs["no"] for c in engine.choose(prompts[start : start + 16], ("yes", "no"))
            ]
    finally:
        engine.close()
    return auc_values(odds, [answer_of(row) == "yes" for row in rows])


if __name__ == "__main__":
    sys.exit(main())

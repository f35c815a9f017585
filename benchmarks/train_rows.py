"""How well a model answers the yes-or-no rows of a supervised set, beside a bag of words that never saw a language model.

    python benchmarks/train_rows.py --data runs/sets/default [--split dev] [--adapter NAME ...] [--limit 600]

For each task with the labels yes and no: accuracy at even odds and the area under the ROC curve, each with a 95%
bootstrap interval over rows (2,000 resamples), of the base, of each adapter, of always giving the train split's commonest
answer, and of a logistic regression on words and pairs of words of the prompt (TF-IDF), fitted on the train split.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def interval(measure: Callable[[Any, Any], float], right: Any, score: Any, seed: int = 0) -> str:
    """The measure with its 95% percentile bootstrap interval, as text."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(2000):
        at = rng.integers(0, len(right), len(right))
        if 0 < right[at].mean() < 1:
            drawn.append(measure(right[at], score[at]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{measure(right, score):.3f} ({low:.3f} to {high:.3f})"


def words(train: Sequence[Any], rows: Sequence[Any]) -> Any:
    """Log-odds of yes from a logistic regression on the words of the prompts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    def text(row: Any) -> str:
        return str(row["prompt"][-1]["content"])

    told = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    model = LogisticRegression(max_iter=300).fit(told.fit_transform(map(text, train)), [answer(row) for row in train])
    return model.decision_function(told.transform(map(text, rows)))


def answer(row: Any) -> bool:
    return bool(row["completion"][-1]["content"] == "yes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--adapter", nargs="*", default=[])
    parser.add_argument("--limit", type=int, default=600)
    given = parser.parse_args()

    import datasets
    from sklearn.metrics import accuracy_score, roc_auc_score

    from shelftalk.engines import load_engine
    from shelftalk.settings import load_settings
    from shelftalk.train.encode import prompt_of

    loaded = datasets.load_from_disk(given.data)
    tasks = {}
    for task in sorted(set(loaded["train"]["task"])):
        train, rows = ([r for r in loaded[s] if r["task"] == task] for s in ("train", given.split))
        if rows and set(rows[0]["labels"]) == {"yes", "no"}:
            tasks[task] = (train, rows[: given.limit])
    scored: dict[str, list[tuple[str, Any]]] = {task: [] for task in tasks}
    for task, (train, rows) in tasks.items():
        common = 2 * np.mean([answer(row) for row in train]) - 1
        scored[task] += [("the commonest answer", np.full(len(rows), common)), ("words alone", words(train, rows))]
    for name in ["none", *given.adapter]:
        engine = load_engine(load_settings(adapter=name), batch=True)
        for task, (_, rows) in tasks.items():
            said = engine.choose([prompt_of(row) for row in rows], ["yes", "no"])
            odds = np.array([c.logprobs["yes"] - c.logprobs["no"] for c in said])
            scored[task].append(("base" if name == "none" else name, odds))
        engine.close()
    print(
        f"| task, split {given.split} | who | accuracy | area under the ROC curve | says yes |\n|---|---|---|---|---|"
    )
    for task, (_, rows) in tasks.items():
        right = np.array([answer(row) for row in rows])
        for who, odds in scored[task]:
            print(
                f"| {task}, {len(rows)} rows, {right.mean():.0%} yes | {who} | "
                f"{interval(accuracy_score, right, odds > 0)} | {interval(roc_auc_score, right, odds)} | {(odds > 0).mean():.0%} |"
            )


if __name__ == "__main__":
    main()

"""How well a model answers the yes-or-no rows of a supervised set, beside a bag of words that never saw a language model.

    python benchmarks/train_rows.py --data runs/sets/default [--split dev] [--adapter NAME ...] [--limit 600]

For each task with the labels yes and no: accuracy at even odds (Wilson's 95% interval) and the area under the ROC curve
(DeLong's), as `shelftalk eval` has them, of the base, of each adapter, of always giving the train split's commonest
answer, and of a logistic regression on words and pairs of words of the prompt (TF-IDF), fitted on the train split.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from shelftalk.evaluate.metrics.base import Figure
from shelftalk.evaluate.metrics.intervals import area, share


def shown(figure: Figure) -> str:
    """The figure with its interval, as text."""
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


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
        right, keys = np.array([answer(row) for row in rows]), range(len(rows))
        for who, odds in scored[task]:
            print(
                f"| {task}, {len(rows)} rows, {right.mean():.0%} yes | {who} | "
                f"{shown(share((odds > 0) == right, keys))} | "
                f"{shown(area(odds[right], odds[~right], keys[: right.sum()], keys[right.sum() :]))} | {(odds > 0).mean():.0%} |"
            )


if __name__ == "__main__":
    main()

"""What the words of ProductQA's reasoning questions give away, without any language model: how far labels can be foretold.

    python benchmarks/reasoning_words.py --data DATA

A logistic regression (TF-IDF of words and pairs of words), each of the 18 training categories left out once and foretold by
the others. It reads the question alone; the question and every attribute of the product; or the question and the one attribute
that the label was made from, which the data names (`feature_name`) and a recommender would have to find first. Accuracy with
Wilson's 95% interval, area under the ROC curve with DeLong's. The test categories are not read.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.evaluate.metrics.intervals import area, share

_LESS = ("no", "none", "not applicable", "n/a", "poor", "without")


def attribute(name: str, value: Any) -> str:
    """An attribute as words; whether it says that something is missing is a word of its own."""
    missing = "MISSING" if str(value).lower().startswith(_LESS) else "PRESENT"
    return f"{name} {value} {missing}"


def questions(folder: Path) -> list[dict[str, Any]]:
    """The yes-or-no questions of every category below the folder."""
    found = []
    for category in sorted(path for path in folder.iterdir() if path.is_dir()):
        products = json.loads((category / "metadata.json").read_text(encoding="utf-8"))
        with gzip.open(category / "qa.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["type"] != "reasoning_qa" or row["short_answer"] not in ("yes", "no"):
                    continue
                facts = {k: v for k, v in products.get(row["asin"], {}).items() if k not in ("title", "price")}
                about = row["extra_data"]
                found.append({
                    "category": category.name, "yes": row["short_answer"] == "yes", "question": row["question"],
                    "facts": " ".join(attribute(k, v) for k, v in facts.items()),
                    "right": attribute(about["feature_name"], about["feature_value"]),
                })  # fmt: skip
    return found


def foretold(rows: list[dict[str, Any]], *fields: str) -> Any:
    """Log-odds of yes for each row, from a model that saw only the other categories."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    categories, yes = np.array([r["category"] for r in rows]), np.array([r["yes"] for r in rows])
    odds = np.zeros(len(rows))
    for category in sorted(set(categories)):
        seen = categories != category
        parts = []
        for field in fields:
            words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
            words.fit([r[field] for r, s in zip(rows, seen, strict=True) if s])
            parts.append(words.transform([r[field] for r in rows]))
        told = hstack(parts).tocsr()
        model = LogisticRegression(max_iter=300).fit(told[seen], yes[seen])
        odds[~seen] = model.decision_function(told[~seen])
    return odds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, help="the folder of public sets")
    given = parser.parse_args()
    rows = questions(given.data / "productqa" / "train")
    yes = np.array([r["yes"] for r in rows])
    print(f"{len(rows):,} questions, {len({r['category'] for r in rows})} categories, {yes.mean():.0%} yes\n")
    print("| read | accuracy | area under the ROC curve |\n|---|---|---|")
    keys = range(len(rows))
    ways = {
        "nothing (always no)": (),
        "the question": ("question",),
        "the question, every attribute": ("question", "facts"),
        "the question, the attribute the label was made from": ("question", "right"),
    }
    for name, fields in ways.items():
        odds = foretold(rows, *fields) if fields else np.full(len(rows), -1.0)
        right, curve = share((odds > 0) == yes, keys), area(odds[yes], odds[~yes], keys[: yes.sum()], keys[yes.sum() :])
        print(
            f"| {name} | " + " | ".join(f"{f.value:.3f} ({f.low:.3f} to {f.high:.3f})" for f in (right, curve)) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()

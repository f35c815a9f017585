"""ProductQA (AGILE, arXiv 2405.14751): search questions with gold sets, and whether a product suits a need, yes or no.

Splits by category: "test" are the 3 of the public test split; of the 18 of training, "dev" are the 6 named in DEV, which
no rule and no example is taken from, and "train" the other 12.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, gain, json_lines, length
from shelftalk.values import Request

DEV = ("headphones", "litter", "mice", "printers", "space_heaters", "wrist_watches")
_CONDITION = re.compile(r"(?:WHERE|AND|OR)\s", re.IGNORECASE)
_SORT = re.compile(r"ORDER BY", re.IGNORECASE)


class ProductQAOptions(SourceOptions):
    """`task`: search or reasoning questions; `split` or some `categories`; `catalogs`: each category as a catalogue of its
    own, those of the public split (3 of test, 18 of training) in one ("split"), or all 21 in one; `path`: the folder with train/ and test/."""

    task: Literal["search", "reasoning"] = "search"
    split: Literal["train", "dev", "test"] = "test"
    categories: list[str] | None = None
    catalogs: Literal["category", "split", "all"] = "category"
    path: str = "productqa"


def load(options: ProductQAOptions, place: Place, gains: Gains) -> Loaded:
    """The questions of a split's categories; a question's gold set are all products that its filters and sort select."""
    root = place.find(options.path, "ProductQA")
    chosen = folders(root, options.split, options.categories or ())
    if options.categories and len(chosen) < len(options.categories):
        there = ", ".join(f.name for f in folders(root, options.split))
        missing = sorted(set(options.categories) - {f.name for f in chosen})
        raise UsageError(
            f"suite {place.suite}: split {options.split} has no category {', '.join(missing)}; there is: {there}"
        )
    together = options.catalogs != "category"
    whole = root if options.catalogs == "all" else root / ("test" if options.split == "test" else "train")
    feeds = {"main": Feed(whole, "productqa")} if together else {f.name: Feed(f, "productqa") for f in chosen}
    cases: list[Case] = []
    judged: dict[tuple[str, str], str] = {}
    for folder in chosen:
        key = "main" if together else folder.name
        for number, row in questions(folder, options.task):
            case = (_search if options.task == "search" else _suits)(row, folder.name, key, options.split, gains)
            if case is not None:
                cases.append(case)
                for product in (*(case.gold or ()), *([case.product] if case.product else [])):
                    judged.setdefault((key, product), f"{folder / 'qa.jsonl.gz'}, line {number}")
    return Loaded(cases, feeds, judged=judged)


def folders(root: Path, split: str, names: Sequence[str] = ()) -> list[Path]:
    """The category folders of a split ("train", "dev" or "test"), sorted; only those named, where any are."""
    above = root / ("test" if split == "test" else "train")
    if not above.is_dir():
        raise UsageError(f"{above}: missing; the folder of ProductQA holds train/ and test/")
    every = sorted(p for p in above.iterdir() if p.is_dir())
    if split != "test":
        every = [p for p in every if (p.name in DEV) == (split == "dev")]
    return [p for p in every if not names or p.name in names]


def questions(folder: Path, task: str) -> list[tuple[int, dict[str, Any]]]:
    """Line number and row of each question of a category: "search", "reasoning" or "fact"."""
    file = next((f for n in ("qa.jsonl.gz", "qa.jsonl") if (f := folder / n).is_file()), None)
    if file is None:
        raise UsageError(
            f"{folder}: no qa.jsonl.gz; a ProductQA category has metadata.json, schema.json and qa.jsonl.gz"
        )
    return [(number, row) for number, row in json_lines(file) if row.get("type") == f"{task}_qa"]


def gold(row: dict[str, Any]) -> frozenset[str]:
    """The product ids that answer a search question; empty: nothing fits."""
    return frozenset(a["asin"] for a in row["short_answer"])


def _search(row: dict[str, Any], category: str, key: str, split: str, gains: Gains) -> Case:
    answer, sql = gold(row), row["extra_data"]["sql"]
    identity = f"{category}/{row['id']}"
    return Case(
        identity,
        Request(row["question"], identity),
        catalog=key,
        grades={p: gain(1, gains) for p in sorted(answer)} or None,
        gold=answer,
        columns={
            "category": category,
            "words": length(row["question"]),
            "constraints": len(_CONDITION.findall(sql)),
            "superlative": bool(_SORT.search(sql)),
            "empty": not answer,
            "split": split,
        },
        meta={"sql": sql},
    )


def _suits(row: dict[str, Any], category: str, key: str, split: str, gains: Gains) -> Case | None:
    """A yes/no question; the few whose short answer is neither are left out."""
    label = str(row["short_answer"]).strip().strip(".").lower()
    if label not in ("yes", "no"):
        return None
    identity = f"{category}/{row['id']}"
    extra = row.get("extra_data") or {}
    return Case(
        identity,
        Request(row["question"], identity),
        catalog=key,
        label=label == "yes",
        product=row["asin"],
        columns={
            "category": category,
            "words": length(row["question"]),
            "about": str(extra.get("type") or "none"),
            "answer": label,
            "split": split,
        },
    )

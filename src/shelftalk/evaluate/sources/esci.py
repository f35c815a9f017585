"""Amazon's Shopping Queries (ESCI, Reddy et al. 2022, arXiv 2206.06588): real queries with products graded exact, substitute,
complement or irrelevant.

Grades are 3, 2, 1 and 0; the gains by convention, 1, .1, .01 and 0, are the suite's. Labels are read from
labels.SPLIT.csv (query, docid, label); the names of the public original's columns do as well.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Literal

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, gain, length
from shelftalk.values import Request

GRADES = {"E": 3, "S": 2, "C": 1, "I": 0}
_PRODUCT, _LABEL = ("docid", "product_id"), ("label", "esci_label")
_FEEDS = ("products.jsonl.gz", "products.jsonl", "products.parquet", "shopping_queries_dataset_products.parquet")


class EsciOptions(SourceOptions):
    """`split`; `path`: the folder with labels.train.csv, labels.test.csv and the products."""

    split: Literal["train", "test"] = "test"
    path: str = "esci"


def load(options: EsciOptions, place: Place, gains: Gains) -> Loaded:
    """The queries of a split that have an exact product, over the whole catalogue."""
    folder = place.find(options.path, "ESCI")
    feed = next((folder / name for name in _FEEDS if (folder / name).is_file()), None)
    if feed is None:
        raise UsageError(f"{folder}: holds no products; there must be one of {', '.join(_FEEDS)}")
    file = folder / f"labels.{options.split}.csv"
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    judged: dict[tuple[str, str], str] = {}
    for number, query, product, label in labels(file):
        grades[query][product] = GRADES[label]
        judged.setdefault(("main", product), f"{file}, line {number}")
    cases = [
        Case(
            query,
            Request(query, query),
            grades={p: gain(g, gains) for p, g in held.items()},
            columns={"words": length(query), "judged": len(held), "split": options.split},
        )
        for query, held in grades.items()
        if GRADES["E"] in held.values()
    ]
    return Loaded(cases, {"main": Feed(feed, "esci")}, judged=judged)


def labels(file: Path) -> list[tuple[int, str, str, str]]:
    """Line number, query, product id and label (E, S, C, I) of each row; UsageError names a column or label that is wrong."""
    rows = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as source:
            reader = csv.DictReader(source)
            there = list(reader.fieldnames or ())
            names = [next((n for n in wanted if n in there), None) for wanted in (("query",), _PRODUCT, _LABEL)]
            if None in names:
                raise UsageError(
                    f"{file}, line 1: the columns must be query, docid (or product_id) and label (or esci_label), and the "
                    f"file has {', '.join(there) or 'none'}"
                )
            query, product, label = (str(name) for name in names)
            for row in reader:
                mark = (row[label] or "").strip()[:1].upper()
                if mark not in GRADES:
                    raise UsageError(
                        f"{file}, line {reader.line_num}: label {row[label]!r} is none of E, S, C, I (exact, substitute, "
                        "complement, irrelevant)"
                    )
                rows.append((reader.line_num, row[query], row[product], mark))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    return rows

"""The Chorus electronics catalogue and its human grades, 0 to 3, of 95 queries split by query into train and test."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Literal

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, gain, length
from shelftalk.values import Request

Grades = dict[str, dict[str, int]]
_COLUMNS = ("query", "docid", "rating")


class ChorusOptions(SourceOptions):
    """`split`; `mixed`: only queries that have both a positive grade and a 0; `path`: the folder of the Chorus files."""

    split: Literal["train", "test"] = "test"
    mixed: bool = False
    path: str = "chorus"


def load(options: ChorusOptions, place: Place, gains: Gains) -> Loaded:
    """The queries of a split that have a positive grade (with `mixed`: a 0 too)."""
    folder = place.find(options.path, "Chorus")
    file = folder / f"ratings.{options.split}.csv"
    judged: dict[tuple[str, str], str] = {}
    held: Grades = defaultdict(dict)
    for number, query, product, grade in ratings(file):
        held[query][product] = grade
        judged.setdefault(("main", product), f"{file}, line {number}")
    cases = []
    for query, grades in held.items():
        if not any(grades.values()) or (options.mixed and all(grades.values())):
            continue
        cases.append(
            Case(
                query,
                Request(query, query),
                grades={p: gain(g, gains) for p, g in grades.items()},
                columns={"words": length(query), "judged": len(grades), "split": options.split},
            )
        )
    return Loaded(cases, {"main": Feed(folder / "products.jsonl.gz", "chorus")}, judged=judged)


def ratings(file: Path) -> list[tuple[int, str, str, int]]:
    """Line number, query, product id and grade of each row; UsageError names a column or value that is wrong."""
    try:
        with file.open(newline="", encoding="utf-8") as source:
            reader = csv.DictReader(source)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{file}, line 1: no column {', '.join(missing)}; the columns are {', '.join(_COLUMNS)}, and the file has "
                    f"{', '.join(reader.fieldnames or ()) or 'none'}"
                )
            rows = []
            for row in reader:
                try:
                    rows.append((reader.line_num, row["query"], row["docid"], int(float(row["rating"]))))
                except (TypeError, ValueError):
                    raise UsageError(
                        f"{file}, line {reader.line_num}: rating {row['rating']!r} is no number; write a grade from 0 to 3"
                    ) from None
            return rows
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as UTF-8 text: {error}") from error


def grades(folder: Path, split: str) -> Grades:
    """The grades of a split by query; queries without a positive grade are left out."""
    found: Grades = defaultdict(dict)
    for _, query, product, grade in ratings(folder / f"ratings.{split}.csv"):
        found[query][product] = grade
    return {query: held for query, held in found.items() if any(g > 0 for g in held.values())}

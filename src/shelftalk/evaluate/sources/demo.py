"""The bundled demo: its requests, its graded judgments and its shoppers' interactions."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Literal

from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, gain, json_lines, length, qrels
from shelftalk.request import request_from
from shelftalk.resources import resource


class DemoOptions(SourceOptions):
    """`split`: the 89 requests of dev or the 102 of test; `path`: another folder that holds the demo's files."""

    split: Literal["dev", "test"] = "dev"
    path: str | None = None


def load(options: DemoOptions, place: Place, gains: Gains) -> Loaded:
    """The requests of a split. The gold set are the products that fit (with a superlative: the best), empty where nothing
    does or where the request is no shopping; the gold reading stands in `meta["intent"]`."""
    folder = place.find(options.path, "the demo's folder") if options.path else resource("data/demo")
    grades: dict[str, dict[str, float]] = defaultdict(dict)
    judged: dict[tuple[str, str], str] = {}
    file = folder / f"qrels.{options.split}.txt"
    for number, request, product, grade in qrels(file):
        grades[request][product] = grade
        judged.setdefault(("main", product), f"{file}, line {number}")
    cases = []
    for _, record in json_lines(folder / "requests.jsonl"):
        if record["split"] == options.split:
            cases.append(_case(record, grades.get(record["id"], {}), gains))
    return Loaded(cases, {"main": Feed(folder / "products.jsonl")}, _interactions(folder), judged)


def _case(record: dict[str, Any], grades: dict[str, float], gains: Gains) -> Case:
    request, intent = request_from(record), record["intent"]
    fits = bool(intent["shopping"]) and not record["no_match"]
    least = 3 if intent["sort"] else 1
    positive = any(grade > 0 for grade in grades.values())
    return Case(
        record["id"],
        request,
        grades={p: gain(g, gains) for p, g in grades.items()} if positive else None,
        gold=frozenset(p for p, g in grades.items() if g >= least) if fits else frozenset(),
        columns={
            "kind": record["kind"],
            "category": record["category"] or "none",
            "words": length(request.request),
            "constraints": len(intent["constraints"]),
            "turns": 1 + sum(t.role == "user" for t in request.history),
            "soft": bool(record["soft"]),
            "split": record["split"],
        },
        meta={"intent": intent},
    )


def _interactions(folder: Path) -> dict[str, int]:
    file = folder / "interactions.jsonl"
    if not file.is_file():
        return {}
    return dict(Counter(json.loads(line)["product"] for line in file.read_text("utf-8").splitlines() if line.strip()))

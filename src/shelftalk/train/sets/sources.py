"""Public sets become judged requests: ProductQA, a catalogue with graded queries, and the bundled demo."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shelftalk.errors import FeedError, UsageError
from shelftalk.settings import Settings
from shelftalk.text import clean
from shelftalk.train.config import ChorusSource, DemoSource, EsciSource, ProductqaSource
from shelftalk.train.sets.example import Judged, Split
from shelftalk.train.sets.gold import gold_intent, intent_of
from shelftalk.train.sets.shop import Shop, bare_shop, indexed_shop
from shelftalk.values import Request, Turn


def split_of(key: str, dev: float, test: float) -> Split:
    """The split of a query by the hash of its text, so that it stays where it is when others come and go."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    return "dev" if place < dev else "test" if place < dev + test else "train"


def splits_of(keys: Iterable[str], dev: float, test: float) -> dict[str, Split]:
    """The split of each key by its hash; where few keys leave dev or test without any, those nearest to it move there.

    Train keeps one key at least, so with two keys test stays empty.
    """
    placed = {key: split_of(key, dev, test) for key in dict.fromkeys(keys)}
    for split, share in (("dev", dev), ("test", test)):
        train = sorted(
            (key for key in placed if placed[key] == "train"), key=lambda k: hashlib.sha256(k.encode()).digest()
        )
        if share and split not in placed.values() and len(train) > 1:
            placed[train[0]] = split  # type: ignore[assignment]
    return placed


def productqa(source: ProductqaSource, folder: Path, settings: Settings, seed: int) -> Iterator[Judged]:
    """Search questions with their gold sets and intents, and questions about one product answered yes or no.

    Each category is a shop of its own and a group; those named in `dev` and `test` are held out.
    """
    names = sorted(p.name for p in folder.iterdir() if (p / "metadata.json").is_file())
    if not names:
        raise FeedError(f"{folder}: no ProductQA category (a folder with metadata.json) is here")
    unknown = sorted({*source.dev, *source.test} - set(names))
    if unknown:
        raise UsageError(f"{folder}: no category {', '.join(unknown)} to hold out; there is: {', '.join(names)}")
    for name in names:
        split: Split = "dev" if name in source.dev else "test" if name in source.test else "train"
        shop = bare_shop(f"productqa/{name}", folder / name, settings, "productqa")
        chooser = random.Random(f"{seed} {name}")
        for row in _questions(folder / name):
            bare = Judged(
                f"productqa/{name}/{row['id']}", "productqa", shop.name, split, shop, Request(str(row["question"]))
            )
            if row["type"] == "search_qa":
                gold = {str(answer["asin"]): 3.0 for answer in row["short_answer"]}
                intent = gold_intent(str(row["extra_data"]["sql"]), shop, bare.request)
                yield replace(bare, grades=gold, intent=intent, ranked="ORDER BY" not in row["extra_data"]["sql"])
            elif row["short_answer"] in ("yes", "no") and row["asin"] in shop.products:
                if row["type"] == "fact_qa" and chooser.random() >= source.fact_share:
                    continue
                verdict = {str(row["asin"]): row["short_answer"] == "yes"}
                knowledge = clean(str((row.get("extra_data") or {}).get("knowledge") or ""))
                yield replace(bare, verdicts=verdict, why={str(row["asin"]): knowledge} if knowledge else None)


def _questions(folder: Path) -> Iterator[dict[str, Any]]:
    packed, plain = folder / "qa.jsonl.gz", folder / "qa.jsonl"
    if packed.is_file():
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    elif plain.is_file():
        with plain.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    else:
        raise FeedError(f"{folder}: no qa.jsonl or qa.jsonl.gz beside metadata.json; ProductQA has one")


def chorus(
    source: ChorusSource, feed: Path, ratings: Path, folder: Path | None, settings: Settings
) -> Iterator[Judged]:
    """One judged request a query, graded 0 to 3; a query is a group. The products are indexed in `folder`; None: not at all."""
    grades = _grades(ratings, lambda row: float(row["rating"]), "a number as rating")
    return _by_query(source, grades, _shop("chorus", feed, folder, settings, source.format))


def esci(source: EsciSource, feed: Path, labels: Path, folder: Path | None, settings: Settings) -> Iterator[Judged]:
    """One judged request a query, its labels E, S, C and I as grades 3, 2, 1 and 0; a query is a group."""
    marks = {"E": 3.0, "S": 2.0, "C": 1.0, "I": 0.0}
    grades = _grades(labels, lambda row: marks[row["label"].strip()[:1].upper()], "a label E, S, C or I")
    return _by_query(source, grades, _shop("esci", feed, folder, settings, source.format))


def _grades(file: Path, grade: Callable[[dict[str, str]], float], wanted: str) -> dict[str, dict[str, float]]:
    """The grades of a CSV file by query and product. FeedError names the line that has none."""
    grades: dict[str, dict[str, float]] = defaultdict(dict)
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            try:
                grades[row["query"]][row["docid"]] = grade(row)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise FeedError(f"{file}, line {number}: needs query, docid and {wanted}: {row}") from error
    if not grades:
        raise FeedError(f"{file}: holds no grades")
    return grades


def _by_query(
    source: ChorusSource | EsciSource, grades: Mapping[str, Mapping[str, float]], shop: Shop
) -> Iterator[Judged]:
    for query, judged in grades.items():
        known = {doc: grade for doc, grade in judged.items() if doc in shop.products}
        if known:
            split, asked, name = split_of(query.casefold(), source.dev, source.test), Request(query), shop.name
            yield Judged(
                f"{name}/{query}", name, f"{name}/{query}", split, shop, asked, known, judged_all=False,
                ranked=shop.read(asked).sort is None,
            )  # fmt: skip


def _shop(name: str, feed: Path, folder: Path | None, settings: Settings, format: str | None) -> Shop:
    if folder is None:
        return bare_shop(name, feed, settings, format)
    return indexed_shop(name, feed, folder, settings, format)


def demo(source: DemoSource, place: Path, catalog: Path, settings: Settings) -> Iterator[Judged]:
    """The demo's judged requests of its dev split, with their gold intents; a request is a group."""
    shop = indexed_shop("demo", place / "products.jsonl", catalog, settings)
    grades: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (place / f"qrels.{source.judged}.txt").read_text(encoding="utf-8").splitlines():
        query, _, doc, grade = line.split()
        grades[query][doc] = float(grade)
    for line in (place / "requests.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] != source.judged:
            continue
        split = split_of(row["id"], source.dev, source.test)
        history = tuple(Turn(t["role"], t["content"]) for t in row.get("history", ()))
        request = Request(row["request"], row["id"], history)
        yield Judged(
            f"demo/{row['id']}", "demo", f"demo/{row['id']}", split, shop, request,
            dict(grades.get(row["id"], {})), None, intent_of(row["intent"]), ranked=not row["intent"].get("sort"),
        )  # fmt: skip

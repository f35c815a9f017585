"""Turns the written requests into lines with a gold intent, and judges the catalogue by it.

The rule: a product that breaks a hard constraint gets 0. With a sort, the best `limit` (1 when not said) and ties get 3, the
next three places 2, the seven after those 1, the rest 0. With soft wishes, all of them held give 3, at least half 2, fewer 1
(0 for none of them, where the category is the only constraint). Otherwise every fitting product gets 3.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from . import HERE, SEED
from .rules import all_hold, holds, parse, value_of

OPENINGS = ("Here is what fits:", "These would suit:", "I found these:", "How about one of these:")
NEAR_MISSES, OTHERS = 12, 3


def grade(product: dict[str, Any], request: dict[str, Any], best: list[Any]) -> int:
    """The grade from 0 to 3 by the rule above; `best` are the sorted values of all that fit, best first."""
    intent = request["intent"]
    if not all_hold(product, intent["constraints"]) or product["id"] in intent["exclude"]:
        return 0
    if intent["sort"]:
        value = value_of(product, intent["sort"]["field"])
        if value is None:
            return 0
        place = best.index(value)
        wanted = intent["limit"] or 1
        return 3 if place < wanted else 2 if place < wanted + 3 else int(place < wanted + 10)
    if not request["soft"]:
        return 3
    held = sum(holds(product, wish) for wish in request["soft"])
    if not held and all(c["field"] == "categories" for c in intent["constraints"]):
        return 0
    return 3 if held == len(request["soft"]) else 2 if held * 2 >= len(request["soft"]) else 1


def ranked_values(products: list[dict[str, Any]], intent: dict[str, Any]) -> list[Any]:
    """The values of the sort's field among the products that fit, best first; empty without a sort."""
    if not intent["sort"]:
        return []
    fitting = [p for p in products if all_hold(p, intent["constraints"]) and p["id"] not in intent["exclude"]]
    values = [v for p in fitting if (v := value_of(p, intent["sort"]["field"])) is not None]
    return sorted(values, reverse=intent["sort"]["direction"] == "desc")


class Writer:
    """Reads the list of requests and keeps what earlier turns have shown."""

    def __init__(self, products: list[dict[str, Any]], leaves: dict[str, str]) -> None:
        self.products, self.leaves = products, leaves
        self.shown: list[dict[str, Any]] = []

    def _resolve(self, text: str) -> str:
        def aggregate(match: re.Match[str]) -> str:
            values = [value_of(p, match[2]) for p in self.shown]
            return str({"min": min, "max": max}[match[1]](values))

        text = re.sub(r"\$(min|max)\((\w+)\)", aggregate, text)
        return re.sub(r"\$(\d)\((\w+)\)", lambda m: str(value_of(self.shown[int(m[1]) - 1], m[2])), text)

    def intent(self, code: str, hard: str, sort: str, limit: str) -> dict[str, Any]:
        """The gold intent; the category stands first among its constraints."""
        exclude = [p["id"] for p in self.shown] if "exclude $shown" in hard else []
        hard = self._resolve(hard.replace("exclude $shown", ""))
        leaf = [{"field": "categories", "operator": "=", "value": self.leaves[code]}] if code in self.leaves else []
        field, _, direction = sort.strip().partition(" ")
        return {
            "constraints": leaf + parse(hard),
            "sort": {"field": field, "direction": direction} if field else None,
            "limit": int(limit) if limit else None,
            "exclude": exclude,
            "shopping": code != "-",
        }

    def show(self, intent: dict[str, Any], number: int) -> str:
        """What the assistant answered in an earlier turn: a numbered list, best first."""
        field, down = intent["sort"]["field"], intent["sort"]["direction"] == "desc"
        fitting = [p for p in self.products if all_hold(p, intent["constraints"]) and value_of(p, field) is not None]
        fitting.sort(key=lambda p: (-value_of(p, field) if down else value_of(p, field), p["id"]))
        self.shown = fitting[:number]
        if not self.shown:
            raise ValueError(f"an earlier turn shows nothing: {intent}")
        opening = random.Random(f"{SEED}:{self.shown[0]['id']}:{number}").choice(OPENINGS)
        lines = [f"{n}. {p['title']} - {p['price']} {p['currency']} [{p['id']}]" for n, p in enumerate(self.shown, 1)]
        return "\n".join([opening, *lines])


def _soft(text: str) -> Iterator[dict[str, Any]]:
    for part in filter(None, (p.strip() for p in text.split(";"))):
        predicate, _, words = part.partition("#")
        yield {"wish": words.strip(), **parse(predicate)[0]}


def write_requests(products: list[dict[str, Any]], leaves: dict[str, str]) -> list[dict[str, Any]]:
    """All requests in the order they are written in; ValueError where a request and its kind do not agree."""
    writer, split, requests = Writer(products, leaves), "", []
    earlier: list[list[str]] = []
    numbers = {"dev": 0, "test": 0}
    for line in (HERE / "requests.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            split = line.strip("[]")
        elif line.startswith(">"):
            earlier.append([cell.strip() for cell in line[1:].split("|")])
        elif line and not line.startswith("#"):
            kind, code, text, hard, sort, last = (cell.strip() for cell in (line + "|").split("|")[:6])
            history = []
            for words, before, order, number in earlier:
                shown = writer.show(writer.intent(code, before, order, ""), int(number))
                history += [{"role": "user", "content": words}, {"role": "assistant", "content": shown}]
            earlier = []
            numbers[split] += 1
            intent = writer.intent(code, hard, sort, last if last.isdigit() else "")
            request: dict[str, Any] = {"id": f"{split}-{numbers[split]:03}", "request": text}
            if history:
                request["history"] = history
            if intent["limit"]:
                request["k"] = intent["limit"]
            request |= {"split": split, "kind": kind, "category": leaves.get(code)}
            request |= {"intent": intent, "soft": [] if last.isdigit() else list(_soft(last))}
            fits = [p for p in products if all_hold(p, intent["constraints"]) and p["id"] not in intent["exclude"]]
            request["no_match"] = kind == "nothing"
            if kind != "other" and bool(fits) == (kind == "nothing"):
                raise ValueError(f"{request['id']} is of kind {kind} but {len(fits)} products fit: {text}")
            requests.append(request)
    return requests


def judge(products: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, int]:
    """The judgments of one request: all products above 0, then near misses and a few others as explicit 0s."""
    if not request["intent"]["shopping"]:
        return {}
    best = ranked_values(products, request["intent"])
    grades = {p["id"]: grade(p, request, best) for p in products}
    leaf = [c for c in request["intent"]["constraints"] if c["field"] == "categories"]
    hard = [c for c in request["intent"]["constraints"] if c["field"] != "categories"]
    rng = random.Random(f"{SEED}:{request['id']}")
    beside = [p for p in products if all_hold(p, leaf) and not grades[p["id"]]]
    near = [p["id"] for p in beside if sum(not holds(p, c) for c in hard) <= 1]
    far = [p["id"] for p in beside if p["id"] not in near]
    zeros = rng.sample(near, min(NEAR_MISSES, len(near))) + rng.sample(far, min(OTHERS, len(far)))
    away = [p["id"] for p in products if leaf and not all_hold(p, leaf)]
    zeros += rng.sample(away, min(OTHERS, len(away)))
    return {i: g for i, g in grades.items() if g} | dict.fromkeys(sorted(zeros), 0)

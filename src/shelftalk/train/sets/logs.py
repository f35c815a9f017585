"""A shop's behaviour becomes judged requests: what shoppers bought, clicked, passed over and sent away.

Bought is worth 3, clicked 2. Passed over are the products shown above the last one that was clicked or bought (Joachims
et al. 2005: what stands below it was perhaps never looked at), and those dismissed; they are worth 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shelftalk.text import clean
from shelftalk.train.sets.example import Judged
from shelftalk.train.sets.leaks import normal
from shelftalk.train.sets.shop import Shop
from shelftalk.train.sets.sources import splits_of
from shelftalk.values import Request

BOUGHT, CLICKED, PASSED = 3.0, 2.0, 0.0
LISTS = ("shown", "clicked", "bought", "dismissed")
LONGEST = 4000
BOM = b"\xef\xbb\xbf"


class BadRow(Exception):
    """A row that teaches nothing: the field, its value and why."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, value, reason


def logs(path: Path, shop: Shop, dev: float, test: float, rejects: list[dict[str, Any]]) -> Iterator[Judged]:
    """One judged request for each request text, all its rows together; a request is a group.

    Rows that cannot be read go to `rejects` (line, field, value, reason) and the rest go on.
    """
    held: dict[str, tuple[str, dict[str, float]]] = {}
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = raw.removeprefix(BOM) if number == 1 else raw
            if not line.strip():
                continue
            try:
                request, grades = _row(line, shop)
            except BadRow as bad:
                rejects.append(
                    {
                        "file": path.name,
                        "line": number,
                        "field": bad.field,
                        "value": str(bad.value)[:200],
                        "reason": bad.reason,
                    }
                )
                continue
            _, known = held.setdefault(normal(request), (request, {}))
            for product, grade in grades.items():
                known[product] = max(grade, known.get(product, 0.0))
    splits = splits_of(held, dev, test)
    for key, (request, grades) in held.items():
        asked = Request(request)
        yield Judged(
            f"logs/{key}", "logs", f"logs/{key}", splits[key], shop, asked, grades, judged_all=False,
            ranked=shop.read(asked).sort is None,
        )  # fmt: skip


def _row(line: bytes, shop: Shop) -> tuple[str, dict[str, float]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRow("", line.decode("utf-8", "replace").strip(), "is not JSON") from error
    if not isinstance(row, Mapping):
        raise BadRow("", row, "must be an object")
    request = row.get("request")
    if not isinstance(request, str) or not normal(request):
        raise BadRow("request", request, "must be the shopper's words")
    if len(request) > LONGEST:
        raise BadRow("request", request, f"is longer than {LONGEST} characters")
    ids = {name: _ids(row, name, shop) for name in LISTS}
    chosen = {*ids["clicked"], *ids["bought"]}
    last = max((i for i, product in enumerate(ids["shown"]) if product in chosen), default=-1)
    grades = dict.fromkeys([*ids["shown"][: last + 1], *ids["dismissed"]], PASSED)
    grades |= dict.fromkeys(ids["clicked"], CLICKED)
    grades |= dict.fromkeys(ids["bought"], BOUGHT)
    if not grades:
        raise BadRow("clicked", [], "nothing was clicked, bought or dismissed, so the row says nothing")
    return clean(request), grades


def _ids(row: Mapping[str, Any], name: str, shop: Shop) -> list[str]:
    value = row.get(name, [])
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, (str, int)) and not isinstance(v, bool) for v in value):
        raise BadRow(name, value, "must be a list of product ids")
    ids = list(dict.fromkeys(str(v) for v in value))
    missing = [i for i in ids if i not in shop.products]
    if missing:
        raise BadRow(name, missing[0], "is no product of the catalogue")
    return ids

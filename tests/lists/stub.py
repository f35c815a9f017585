"""What stands for a shelf in the tests of lists: two picks of a small catalogue, told from the history, so that bytes can be compared.

It lies in a module of its own because workers of Ray and other processes open it, too.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError, EngineError
from shelftalk.settings import Settings
from shelftalk.values import Answer, Claim, Evidence, Intent, Pick, Product, Shopper
from tests.catalog.fakes import HashEmbedder

PRODUCTS = [
    Product(
        id=f"p{i}", title=f"Kettle {i}", price=Decimal(f"{10 + i}.90"), currency="EUR",
        url=f"https://shop.example/p{i}", attributes={"capacity_l": 1 + i / 10},
    )
    for i in range(7)
]  # fmt: skip


def make_catalog(folder: Path) -> Path:
    Catalog.open(folder, create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    return folder


@dataclass
class StubShelf:
    """Appends to `seen` a line a user, with the process. `bad` fails, `broken` raises what no one expected, `gone` loses the engine,
    `stuck` waits until the process is killed."""

    catalog: Catalog
    seen: Path
    wait: float = 0.0
    held: list[Product] = field(default_factory=list)

    def for_you_many(self, shoppers: Sequence[Shopper], k: int) -> list[Answer]:
        for shopper in shoppers:
            if shopper.user == "bad":
                raise CatalogError("the catalogue has nothing for bad")
            if shopper.user == "broken":
                raise KeyError("surprise")
            if shopper.user == "gone" and not (self.seen.parent / "back").exists():
                raise EngineError("the language model is gone")
        time.sleep(self.wait * len(shoppers))
        answers = [self._answer(shopper, k) for shopper in shoppers]
        with self.seen.open("a") as out:
            out.write("".join(json.dumps([s.user, os.getpid()]) + "\n" for s in shoppers))
        while any(s.user == "stuck" for s in shoppers) and not (self.seen.parent / "back").exists():
            (self.seen.parent / "waiting").touch()
            time.sleep(0.05)
        return answers

    def _answer(self, shopper: Shopper, k: int) -> Answer:
        known = [one.product_id for one in shopper.history]
        if not self.held:
            self.held = list(self.catalog.get_many([p.id for p in PRODUCTS]).values())
        products = [p for p in self.held if p.id not in known][: min(k, 2)]
        picks = [
            Pick(p, n, 1 / n, f"{p.title}, by {len(known)} products seen; né au thé.", (Claim("x", (Evidence("title", p.title),)),))
            for n, p in enumerate(products, start=1)
        ]  # fmt: skip
        return Answer(str(time.time()), "", Intent(), tuple(picks), timings_ms={"total": time.time()})

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class OpenStub:
    settings: Settings
    seen: Path
    wait: float = 0.0

    def __call__(self, catalog: Path) -> StubShelf:
        return StubShelf(Catalog.open(catalog, embedder=HashEmbedder()), self.seen, self.wait)


def users_seen(seen: Path) -> list[str]:
    return [json.loads(line)[0] for line in seen.read_text().splitlines()] if seen.exists() else []


def write_users(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def some_users(count: int) -> list[dict[str, object]]:
    return [{"user": f"u{i}", "history": [f"p{i % 7}"][: i % 3]} for i in range(count)]


def lines_in(folder: Path) -> list[str]:
    return [line for part in sorted(folder.glob("part-*.jsonl")) for line in part.read_text().splitlines()]

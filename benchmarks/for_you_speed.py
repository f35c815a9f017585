"""How long a list without a request takes: 20,000 products, a history of 200 interactions, every source.

    python benchmarks/for_you_speed.py [--products 20000] [--history 200] [--lists 200]

The catalogue is made up (vectors of 384 dimensions, 200 kinds, 500 brands), as are 400,000 interactions of 20,000 people; time
does not depend on what the words are. Each list is of another shopper. Prints milliseconds, of the clock and
of the processor (where other work holds the machine up, only the second is the list's own): median, 95th percentile.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates import Behaviour, rank_for, scores_for
from shelftalk.shoppers.candidates.fit import learn, table
from shelftalk.values import Context, Criterion, Interaction, Product, ProfileLine

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KINDS = 200


class RandomEmbedder:
    """Vectors of the default embedder's length that say nothing but the kind: products of one have a cosine of about .6."""

    name, dimensions = "random", 384

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        self._kinds = self._random.normal(size=(KINDS, self.dimensions))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        kinds = [int(found[1]) if (found := re.search(r"Kind (\d+)", text)) else 0 for text in texts]
        own = self._random.normal(size=(len(texts), self.dimensions))
        found = (self._kinds[kinds] * 1.2 + own).astype(np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    def encode_again(self, texts: Sequence[str]) -> list[np.ndarray]:
        return list(self.encode(texts))

    def encode_queries(self, texts: Sequence[str]) -> list[np.ndarray]:
        return list(self.encode(texts))

    def encode_query(self, text: str) -> np.ndarray:
        return np.asarray(self.encode([text])[0])


def products(n: int) -> list[Product]:
    made = random.Random(0)
    return [
        Product(
            f"p{k}", f"Thing {k}", brand=f"Brand {made.randrange(500)}", price=Decimal(made.randrange(100, 10_000)) / 100,
            currency="EUR", categories=(f"Kind {made.randrange(KINDS)}",), review_count=made.randrange(100),
            released_at=(NOW - timedelta(days=made.randrange(1000))).date().isoformat(),
        )
        for k in range(n)
    ]  # fmt: skip


def act(made: random.Random, user: str, n: int) -> Interaction:
    at = NOW - timedelta(days=made.expovariate(1 / 60))
    product = f"p{int(n * made.random() ** 2)}"
    kind = made.choice(("purchase", "view", "click", "cart"))
    return Interaction(user, kind, at, product, f"{made.random()}", session=f"{user}{at:%j}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--history", type=int, default=200)
    parser.add_argument("--lists", type=int, default=200)
    options = parser.parse_args()
    made, n = random.Random(1), options.products
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog.open(Path(folder) / "catalog", create=True, embedder=RandomEmbedder())
        catalog.upsert(products(n))
        done = [act(made, f"u{made.randrange(20_000)}", n) for _ in range(400_000)]
        begun = time.perf_counter()
        behaviour = learn(table(done, catalog.scan(None), NOW), NOW)
        print(f"learning from {len(done)} interactions: {time.perf_counter() - begun:.1f} s")
        behaviour.save(catalog.path / "behaviour.npz")
        begun = time.perf_counter()
        held = Behaviour.load(catalog.path / "behaviour.npz")
        size = (catalog.path / "behaviour.npz").stat().st_size / 1e6
        print(f"loading its file of {size:.1f} MB: {(time.perf_counter() - begun) * 1000:.0f} ms")
        lines = [
            ProfileLine("a", Criterion("brand", "is", "Brand 7")),
            ProfileLine("b", Criterion("price", "low"), "Kind 3"),
        ]
        histories = [[act(made, f"x{k}", n) for _ in range(options.history)] for k in range(options.lists)]
        asked = [f"p{made.randrange(n)}" for _ in range(50)]
        more = {"lines": lines, "context": Context(at=NOW)}
        timed("the first five lists", histories[:5], lambda h: rank_for(h, catalog, held, k=10, **more))
        timed("lists of ten", histories[5:], lambda h: rank_for(h, catalog, held, k=10, **more))
        timed("scores of 50 candidates", histories[5:], lambda h: scores_for(h, asked, catalog, held, **more))


def timed(name: str, histories: Sequence[list[Interaction]], ask: Callable[[list[Interaction]], object]) -> None:
    clock, processor = [], []
    for history in histories:
        begun = time.perf_counter(), time.thread_time()
        ask(history)
        clock.append((time.perf_counter() - begun[0]) * 1000)
        processor.append((time.thread_time() - begun[1]) * 1000)
    told = ", ".join(
        f"{what} {np.median(took):.0f} ms (p95 {np.quantile(took, 0.95):.0f})"
        for what, took in (("clock", clock), ("processor", processor))
    )
    print(f"{name}: {told}")


if __name__ == "__main__":
    main()

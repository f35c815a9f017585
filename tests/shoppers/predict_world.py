"""A tiny shop with made-up vectors, for tests of predictions: no embedder, no language model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from shelftalk.shoppers.predict import Met
from shelftalk.values import Facets, Product
from shelftalk.values.shopper import Interaction

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tent(name: str, **more: Any) -> Product:
    """A tent at 100 EUR of Torvik, blue, 2 kg, unless told else."""
    fields: dict[str, Any] = {
        "brand": "Torvik",
        "price": Decimal(100),
        "currency": "EUR",
        "categories": ("Outdoor", "Tents"),
    }
    attributes = {"colour": "blue", "weight_kg": 2.0, "pop_up": True}
    for key, value in more.items():
        (fields if key in ("brand", "price", "categories", "rating", "review_count", "list_price") else attributes)[
            key
        ] = value
    return Product(name, f"Tent {name}", attributes=attributes, **fields)


class TinyCatalog:
    """What predictions read of a catalogue."""

    version = 1

    def __init__(self, products: Iterable[Product]) -> None:
        self.held = {p.id: p for p in products}
        self.embedder = self

    def get(self, product_id: str) -> Product | None:
        return self.held.get(product_id)

    def get_many(self, ids: Iterable[str]) -> dict[str, Product]:
        return {i: self.held[i] for i in ids if i in self.held}

    def products(self) -> Iterable[Product]:
        return iter(self.held.values())

    def facets(self) -> Facets:
        return Facets()

    def pinned(self) -> TinyCatalog:
        return self

    def vectors(self, ids: Iterable[str]) -> np.ndarray:
        return np.array([vector(self.held[i]) for i in ids])

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        return np.array([vector(tent("x", colour="red" if "red" in text else "blue")) for text in texts])


def vector(product: Product) -> np.ndarray:
    """Blue things point one way, red ones another."""
    colour = product.attributes.get("colour")
    found = np.array([1.0, 0.2, 0.0] if colour == "blue" else [0.0, 0.2, 1.0])
    return found / np.linalg.norm(found)


def did(user: str, kind: str, product: str, day: float, **more: Any) -> Interaction:
    """An interaction on a day after the first of March."""
    return Interaction(user, kind, START + timedelta(days=day), product, f"{user}-{kind}-{product}-{day}", **more)  # type: ignore[arg-type]


def met(
    product: Product, outcome: str = "liked", how: str = "bought", day: float | None = 0, rating: float | None = None
) -> Met:
    """A product met on a day."""
    return Met(product, outcome, how, rating, None if day is None else START + timedelta(days=day))  # type: ignore[arg-type]


def shop(colours: int = 12) -> tuple[TinyCatalog, list[Interaction]]:
    """Tents in two colours, and 30 shoppers of whom half put blue ones in the cart and look at red ones, half the other way round."""
    products = [tent(f"{c}{i}", colour=c, weight_kg=1.0 + i / 10) for c in ("blue", "red") for i in range(colours)]
    events = []
    rng = np.random.default_rng(1)
    for n in range(30):
        wanted = "blue" if n % 2 else "red"
        for day, i in enumerate(rng.permutation(len(products))[:14]):
            product = products[i]
            events.append(did(f"u{n}", "view", product.id, day * 3 + n / 100))
            if (product.attributes["colour"] == wanted) == (rng.random() < 0.9):
                events.append(did(f"u{n}", "cart", product.id, day * 3 + n / 100 + 0.01))
    return TinyCatalog(products), events

"""Interactions for the retail_demo_store catalogue, drawn as the public project's generator draws them: SYNTHETIC, seeded.

The catalogue's users have a persona (three categories, chosen 60, 25 and 15 times in 100), a gender that products may be meant for, and
a discount persona; in each category a user keeps to a few products near the first one chosen (aws-samples/retail-demo-store,
generators/generate_interactions_personalize.py). What the persona draws is put in the cart or bought. Beside it each visit shows
products drawn from the whole catalogue by how often personas choose their category, which are looked at, now and then clicked, and
passed over: the public generator has no such negatives, and a prediction needs them. Users of `lower_priced_products` are drawn to
products below the mean price twice as often as to others.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shelftalk.values import Product
from shelftalk.values.shopper import Interaction

CATEGORY = (0.6, 0.25, 0.15)
NEAR = 4  # products of a category that a user keeps to
START, DAYS = datetime(2026, 6, 10, tzinfo=UTC), 90


def draw(users_file: Path, products: Mapping[str, Product], users: int, seed: int = 0) -> list[Interaction]:
    """What the first `users` users (in an order drawn by the seed) did in `DAYS` days, oldest first."""
    with gzip.open(users_file, "rt", encoding="utf-8") as file:
        people = json.load(file)
    rng = random.Random(seed)
    people = rng.sample(people, users)
    shelf: dict[str, list[Product]] = defaultdict(list)
    for product in products.values():
        shelf[product.categories[0] if product.categories else ""].append(product)
    prices = [float(p.price) for p in products.values() if p.price]
    mean = sum(prices) / len(prices)
    asked = [c for p in people for c in p["persona"].split("_")]
    events: list[Interaction] = []
    for person in people:
        events += _visits(person, shelf, mean, asked, random.Random(f"{seed} {person['id']}"))
    return sorted(events, key=lambda e: (e.at, e.user, e.product_id, e.kind))


def _visits(
    person: Mapping[str, str], shelf: Mapping[str, list[Product]], mean: float, asked: list[str], rng: random.Random
) -> list[Interaction]:
    out: list[Interaction] = []
    favourites: dict[str, list[Product]] = {}
    wanted = person["persona"].split("_")

    def fits(product: Product) -> bool:
        return product.attributes.get("gender_affinity") in (None, person["gender"])

    def weight(product: Product) -> float:
        cheap = product.price is not None and float(product.price) < mean
        return 2.0 if person["discount_persona"] == "lower_priced_products" and cheap else 1.0

    for day in sorted(rng.sample(range(DAYS), rng.randint(3, 10))):
        at = START + timedelta(days=day, hours=rng.randint(7, 22), seconds=rng.randint(0, 3000))
        for _ in range(rng.randint(2, 5)):
            at += timedelta(seconds=rng.randint(20, 200))
            if rng.random() < 0.4:
                category = rng.choices(wanted, CATEGORY)[0]
                if category not in favourites:
                    able = [p for p in shelf[category] if fits(p)]
                    first = rng.choices(able, [weight(p) for p in able])[0]
                    alike = sorted(
                        (p for p in able if p.id != first.id),
                        key=lambda p: (p.attributes.get("style") != first.attributes.get("style"), rng.random()),
                    )
                    favourites[category] = [first, *alike[: NEAR * 3]]
                some = favourites[category]
                product = rng.choices(some, [weight(p) for p in some])[0]
                kinds = ["view", "click", "cart"] + (["purchase"] if rng.random() < 0.4 else [])
            else:
                able = shelf[rng.choice(asked)]
                product = rng.choice(able)
                kinds = ["view"] + (["click"] if rng.random() < 0.25 else [])
            for kind in kinds:
                at += timedelta(seconds=rng.randint(5, 60))
                price = product.price if kind in ("cart", "purchase") else None
                out.append(
                    Interaction(person["id"], kind, at, product.id, f"{person['id']}-{len(out)}", price=price)  # type: ignore[arg-type]
                )
    return out

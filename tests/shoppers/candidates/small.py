"""A shop of ten products and what people do there, for tests of the candidate sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates import Behaviour
from shelftalk.shoppers.candidates.fit import learn, table
from shelftalk.values import Interaction, Product

NOW = datetime(2026, 6, 1, tzinfo=UTC)

PRODUCTS = [
    product("tea-green", "Green tea leaves", "6.00", categories=("Tea",), brand="Ama", released_at="2024-01-01"),
    product("tea-black", "Black tea leaves", "5.00", categories=("Tea",), brand="Ama", released_at="2024-01-01"),
    product("tea-mint", "Mint tea leaves", "4.00", categories=("Tea",), brand="Bel", released_at="2026-05-30"),
    product("kettle-1", "Steel kettle", "40.00", categories=("Kettles",), brand="Cor", released_at="2024-01-01"),
    product("kettle-2", "Glass kettle", "60.00", categories=("Kettles",), brand="Cor", released_at="2024-01-01"),
    product("cup", "Porcelain cup", "9.00", categories=("Cups",), released_at="2024-01-01"),
    product("tray", "Wooden tray", "25.00", categories=("Trays",), released_at="2024-01-01"),
    product("lamp", "Desk lamp", "30.00", categories=("Lamps",), released_at="2024-01-01", review_count=300),
    product("bulb", "Warm bulb", "3.00", categories=("Lamps",), released_at="2024-01-01", review_count=20),
    product("soon", "Steel kettle of next year", "90.00", categories=("Kettles",), released_at="2027-01-01"),
]


def act(user: str, product_id: str, days_ago: float, kind: str = "purchase", **more: object) -> Interaction:
    """What a user did with a product so many days before NOW; its id says all of that."""
    at = NOW - timedelta(days=days_ago)
    given = {"id": f"{user}/{kind}/{product_id}/{days_ago:g}", "session": f"{user}-{days_ago:g}", **more}
    return Interaction(user, kind, at, product_id, **given)  # type: ignore[arg-type]


def shop() -> list[Interaction]:
    """Thirty people: all buy green tea with a cup, tea again every ten days, a kettle once; lately the tray sells, in France the lamp."""
    done: list[Interaction] = []
    for n in range(30):
        user = f"u{n:02}"
        done += [act(user, "kettle-1" if n % 2 else "kettle-2", 60 + n % 7)]
        for days in (50, 40, 30, 20):
            done.append(act(user, "tea-green", days + n % 3))
        done.append(act(user, "cup", 50 + n % 3, session=f"{user}-{50 + n % 3:g}"))
        if n < 6:
            done.append(act(user, "tray", 2))
        if n >= 20:
            done += [act(user, "lamp", 90, place="France"), act(user, "bulb", 90, place="France")]
    return done


def catalogue(folder: Path, products: Sequence[Product] = PRODUCTS) -> Catalog:
    """The shop's catalogue with an embedder that counts words."""
    catalog = Catalog.open(folder / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(products)
    return catalog


def learnt(done: Sequence[Interaction] | None = None, at: datetime = NOW, half_life: float = 7.0) -> Behaviour:
    """What the shop's interactions say."""
    ids = [p.id for p in PRODUCTS]
    return learn(table(shop() if done is None else done, ids, at), at, half_life=half_life)

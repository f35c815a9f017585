"""A small made-up shop for tests of profiles, and short ways to say what a shopper did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shelftalk.catalog.facets import collect
from shelftalk.settings import ProfileSettings
from shelftalk.shoppers.profiles import Corrections, Offers, Profile, build_profile
from shelftalk.shoppers.profiles.support import Checker
from shelftalk.values import Interaction, Product

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BRANDS = ("Norvo", "Torvik", "Lumen", "Kestar", "Alba")


def _headphones() -> list[Product]:
    """40 headphones: 36 are wireless, 4 are of leather, one in five is of each brand, weights rise with the number."""
    return [
        Product(
            f"H{n}", f"Headphones {n}", brand=BRANDS[n % 5], price=Decimal(20 + 5 * n), currency="EUR", categories=("Audio", "Headphones"),
            attributes={"wireless": n % 10 != 9, "material": "leather" if n % 10 == 3 else "plastic", "weight_g": 100 + 10 * n, "colour": ("black", "white", "red", "blue")[n % 4]},
        )
        for n in range(40)
    ]  # fmt: skip


def _shoes() -> list[Product]:
    """12 shoes in 5 sizes each, variants of one thing."""
    return [
        Product(
            f"S{n}-{size}", f"Runner {n}, {size}", brand=BRANDS[n % 4], price=Decimal(60 + n), currency="EUR", categories=("Sport", "Shoes"),
            attributes={"shoe_size": str(size), "terrain": "trail" if n % 4 == 0 else "road"}, item_group_id=f"S{n}",
        )
        for n in range(12)
        for size in range(40, 45)
    ]  # fmt: skip


def _tents() -> list[Product]:
    return [
        Product(
            f"T{n}", f"Tent {n}", brand="Torvik" if n % 2 else "Alba", price=Decimal(100 + 20 * n), currency="EUR", categories=("Outdoor", "Tents"),
            attributes={"weight_kg": 1 + n / 10, "setup": "pop-up" if n < 3 else "poles"},
        )
        for n in range(20)
    ]  # fmt: skip


PRODUCTS = [*_headphones(), *_shoes(), *_tents()]
BY_ID = {p.id: p for p in PRODUCTS}
FACETS = collect(PRODUCTS, 1)
OFFERS = Offers.of(PRODUCTS, FACETS)
LEATHER = ("H3", "H13", "H23", "H33")


def did(kind: str, product: str = "", days: float = 10, **more: Any) -> Interaction:
    """What the shopper "u" did so many days ago; visits are a day apart unless a session is given."""
    at = NOW - timedelta(days=days)
    return Interaction("u", kind, at, product, more.pop("id", f"{kind} {product} {days:g}"), **more)  # type: ignore[arg-type]


def each(kind: str, products: tuple[str, ...], first: float = 10, apart: float = 1, **more: Any) -> list[Interaction]:
    """The same done to each product, so many days apart."""
    return [did(kind, product, first + apart * n, **more) for n, product in enumerate(products)]


def profile(*interactions: Interaction, corrections: Corrections | None = None, session: str = "", **settings: Any) -> Profile:  # fmt: skip
    """The profile of the shopper "u" now."""
    return build_profile(
        "u", interactions, BY_ID, OFFERS, now=NOW, settings=ProfileSettings(**settings), corrections=corrections, session=session,
    )  # fmt: skip


def said(made: Profile) -> set[str]:
    """The lines as short texts: "Headphones material is leather"."""
    return {
        " ".join(str(part) for part in (x.category, x.criterion.field, x.criterion.want, x.criterion.value) if part not in ("", None))
        for x in made.lines
    }  # fmt: skip


def unsupported(made: Profile, interactions: list[Interaction]) -> list[str]:
    """What the strict check finds wrong."""
    checker = Checker(PRODUCTS, FACETS.currency)
    return [w for v in checker.check(made.lines, interactions, "u", NOW) for w in v.wrong]

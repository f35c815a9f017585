"""A small shop of kettles for the tests of the whole path."""

from __future__ import annotations

from decimal import Decimal

from shelftalk.values import Product


def kettle(identity: str, price: str, litres: float, brand: str, colour: str, **more) -> Product:
    title = f"{brand} kettle, {colour}, {identity}"
    return Product(
        id=identity, title=title, brand=brand, price=Decimal(price), currency="EUR", categories=("Kitchen", "Kettles"),
        attributes={"capacity_l": litres, "colour": colour, "cordless": identity != "k1"}, **more,
    )  # fmt: skip


PRODUCTS = [
    kettle("k1", "19.90", 1.0, "Orsk", "red"),
    kettle("k2", "29.90", 1.5, "Orsk", "blue", rating=4.5, review_count=12),
    kettle("k3", "39.90", 1.7, "Velm", "red"),
    kettle("k4", "59.90", 2.0, "Velm", "black"),
    Product(id="t1", title="Velm teapot, glass", brand="Velm", price=Decimal("24.00"), currency="EUR",
            categories=("Kitchen", "Teapots"), attributes={"capacity_l": 1.2, "colour": "clear", "dishwasher_safe": True}),
]  # fmt: skip

"""A small shelf of made-up products for the tests of explain."""

from __future__ import annotations

from decimal import Decimal

from shelftalk.explain import ExplainJob
from shelftalk.values import Constraint, Facets, Intent, Product, Sort

NO_FACETS = Facets()

LARK = Product(
    id="h-1", title="Lark One Headphones", brand="Lark", price=Decimal("79.99"), currency="EUR",
    list_price=Decimal("99.00"), categories=("Audio", "Headphones"), rating=4.6, review_count=1212, stock=12,
    availability="in_stock", released_at="2024-03-01",
    attributes={
        "battery_life_hours": 30, "weight_g": 250, "wireless": True, "noise_cancelling": False, "colour": "Blue",
        "ear_cushion_material": "protein leather", "connections": ("USB-C", "3.5 mm"), "remote control": "yes",
        "number_of_microphones": 4, "driver size": 40,
    },
)  # fmt: skip
WREN = Product(
    id="h-2", title="Wren Two Headphones", brand="Wren", price=Decimal("120"), currency="EUR",
    categories=("Audio", "Headphones"), rating=4.2, review_count=87, stock=0,
    attributes={
        "battery_life_hours": 18, "weight_g": 310, "wireless": True, "noise_cancelling": True, "colour": "black",
        "ear_cushion_material": "velour", "remote control": "no",
    },
)  # fmt: skip
FINCH = Product(
    id="h-3", title="Finch Three Headphones", brand="Finch", price=Decimal("45.50"), currency="EUR",
    categories=("Audio", "Headphones"), stock=3,
    attributes={"battery_life_hours": 24, "weight_g": 190, "wireless": False, "colour": "red"},
)  # fmt: skip
SHELF = (LARK, WREN, FINCH)


def job(request: str, *constraints: Constraint, products: tuple[Product, ...] = SHELF, sort: Sort | None = None, **more: object) -> ExplainJob:  # fmt: skip
    """A job for the shelf."""
    intent = Intent(constraints=constraints, sort=sort, query=request, criteria=more.pop("criteria", ()))  # type: ignore[arg-type]
    return ExplainJob(request, intent, products, **more)  # type: ignore[arg-type]

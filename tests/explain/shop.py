"""A small shelf of made-up products for the tests of explain."""

from __future__ import annotations

from decimal import Decimal

from shelftalk.explain import ExplainJob, Point
from shelftalk.facts.facts import Fact, facts_of
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


def fact(product: Product, field: str) -> Fact:
    """The product's fact of that field."""
    return next(f for f in facts_of(product, NO_FACETS) if f.field == field)


def point(product: Product, field: str, constraint: Constraint | None = None, **more: object) -> Point:
    """A point about one field; met or missed by the constraint as the record says."""
    from shelftalk.facts.holds import holds

    kind = "general" if constraint is None else "met" if holds(constraint, product) else "missed"
    extra = tuple(fact(product, name) for name in more.pop("with_", ()))  # type: ignore[attr-defined]
    return Point(more.pop("kind", kind), (fact(product, field), *extra), constraint, **more)  # type: ignore[arg-type]


def job(request: str, *constraints: Constraint, products: tuple[Product, ...] = SHELF, sort: Sort | None = None, **more: object) -> ExplainJob:  # fmt: skip
    """A job for the shelf."""
    intent = Intent(constraints=constraints, sort=sort, query=request, preferences=more.pop("preferences", ()))  # type: ignore[arg-type]
    return ExplainJob(request, intent, products, **more)  # type: ignore[arg-type]

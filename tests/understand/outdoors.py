"""A shop of outdoor and household goods as facets, with products of its tents and headphones to talk about."""

from __future__ import annotations

from tests.understand.catalogues import RULES

from shelftalk.understand import Understander, Understood
from shelftalk.values import Facet, Facets, Product, Request, Turn

KINDS = ("Tents", "Headphones", "Blankets", "Rain Jackets", "Backpacks", "Dog Supplies", "Office Chairs", "Puzzles", "Lights", "Lamps", "Bikes", "Skincare")  # fmt: skip


def _words(field: str, within: tuple[str, ...], *values: str) -> Facet:
    return Facet(field, "text", 20, len(values), tuple((v, 20 // len(values)) for v in values), categories=within)


def _number(field: str, low: float, high: float, within: tuple[str, ...], unit: str | None = None) -> Facet:
    return Facet(field, "number", 20, 15, (), low, high, unit, categories=within)


def _flag(field: str, *within: str) -> Facet:
    return Facet(field, "boolean", 20, 2, ((True, 10), (False, 10)), categories=within)


OUTDOORS = Facets(
    (
        Facet("categories", "list", 240, len(KINDS), tuple((k, 20) for k in KINDS)),
        Facet("brand", "text", 240, 2, (("Grenholt", 110), ("Torvik", 110))),
        Facet("price", "money", 240, 100, (), 6.99, 899.0),
        Facet("rating", "number", 240, 17, (), 3.3, 4.9),
        Facet("colour", "text", 240, 4, (("black", 60), ("grey", 60), ("green", 50), ("red", 50))),
        _words("material", ("Rain Jackets", "Blankets", "Backpacks"), "polyester", "recycled polyester", "wool", "60% cotton, 40% polyester", "nylon"),
        _words("style", ("Headphones",), "in-ear", "over-ear", "on-ear"),
        _words("kind", ("Dog Supplies", "Blankets", "Skincare"), "lead", "harness", "boxer", "throw", "electric", "sunscreen"),
        _words("season", ("Blankets",), "cold", "warm"),
        _words("dog_sizes", ("Dog Supplies",), "small", "large"),
        _words("skin_types", ("Skincare",), "dry", "oily"),
        _flag("wireless", "Headphones"),
        _flag("microphone", "Headphones"),
        _flag("nickel_free", "Skincare"),
        _number("persons", 1, 8, ("Tents",)),
        _number("weight_kg", 1, 9, ("Tents",), "kg"),
        _number("capacity_l", 10, 70, ("Backpacks",), "l"),
        _number("max_dog_weight_kg", 8, 70, ("Dog Supplies",), "kg"),
        _number("max_load_kg", 80, 200, ("Office Chairs",), "kg"),
        _number("seat_height_cm", 38, 82, ("Office Chairs",), "cm"),
        _number("rider_height_min_in", 58, 72, ("Bikes",), "in"),
        _number("rider_height_max_in", 62, 80, ("Bikes",), "in"),
        _number("tube_mm", 5, 60, ("Lamps",), "mm"),
        _number("age_min", 0, 14, ("Puzzles",)),
        _number("age_max", 3, 99, ("Puzzles",)),
        _number("spf", 15, 50, ("Skincare",)),
    ),
    240, 1, "EUR",
)  # fmt: skip
PRODUCTS = {
    p.id: p
    for p in (
        Product("t1", "Lya 4 Tent", categories=("Tents",), attributes={"weight_kg": 5.2, "persons": 4}),
        Product("t2", "Weekender 4 Tent", categories=("Tents",), attributes={"weight_kg": 4.3, "persons": 4}),
        Product("h1", "Pebble Earbuds", "Small, with ear hooks.", categories=("Headphones",)),
    )
}
TENTS = Turn("assistant", "1. Lya 4 Tent - 240.00 EUR [t1]\n2. Weekender 4 Tent - 190.00 EUR [t2]")
HEADPHONES = Turn("assistant", "1. Pebble Earbuds - 49.00 EUR [h1]")
UNDERSTANDER = Understander(OUTDOORS, settings=RULES, products=PRODUCTS.get)


def understood(text: str, *history: Turn) -> Understood:
    """What the rules make of a turn after those before it."""
    return UNDERSTANDER.understand(Request(text, history=history))

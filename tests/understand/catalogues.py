"""Four small shops as facets: electronics, clothes, kitchen and toys. Nothing of the rule-based parser knows them."""

from __future__ import annotations

from shelftalk.settings import UnderstandSettings
from shelftalk.values import Facet, Facets

RULES = UnderstandSettings(mode="rules")  # for what is about rules alone


def _text(field: str, *values: str, kind: str = "text", count: int = 60) -> Facet:
    return Facet(field, kind, count, len(values), tuple((v, count // len(values)) for v in values))  # type: ignore[arg-type]


def _number(field: str, low: float, high: float, unit: str | None = None, mean: float | None = None) -> Facet:
    return Facet(field, "number", 60, 30, (), low, high, unit, mean)


def _flag(field: str) -> Facet:
    return Facet(field, "boolean", 60, 2, ((True, 30), (False, 30)))


def _categories(*values: tuple[str, int]) -> Facet:
    return Facet("categories", "list", 60, len(values), values)


def _price(low: float, high: float, mean: float) -> Facet:
    return Facet("price", "money", 60, 50, (), low, high, None, mean)


_COMMON = (
    Facet("rating", "number", 60, 20, (), 3.1, 4.9),
    Facet("review_count", "number", 60, 50, (), 0, 4000),
    Facet("released_at", "date", 60, 50, (), "2021-01-04", "2026-09-30"),
)

ELECTRONICS = Facets(
    (
        _text("brand", "Samsung", "Sony", "LG", "Apple", "Alcatel", "Anker", "JBL", "Coast"),
        _categories(("Electronics", 60), ("Phones", 20), ("Headphones", 20), ("Power Banks", 20)),
        _price(9.99, 1200, 240.0),
        _text("color", "black", "white", "red", "blue", "orange"),
        _text("operating_system", "Android", "iOS"),
        _number("ram_gb", 1, 16, "gb", 6.0),
        _number("storage_gb", 16, 1024, "gb"),
        _number("screen_size_in", 4.5, 6.9, "in", 5.8),
        _number("battery_life_hours", 4, 60, "hours", 20.0),
        _number("battery_capacity_mah", 2000, 26800, "mah"),
        _number("weight_g", 140, 620, "g"),
        _number("camera_mp", 5, 108, "mp"),
        _flag("waterproof"),
        _flag("bluetooth"),
        _flag("noise_cancelling"),
        *_COMMON,
    ),
    60, 1, "USD",
)  # fmt: skip

CLOTHES = Facets(
    (
        _text("brand", "Nike", "Adidas", "Levi's", "The North Face", "Gap", "On Trend"),
        _categories(("Clothing", 60), ("Dresses", 15), ("Jackets", 15), ("Shoes", 15), ("T-Shirts", 15)),
        _price(8.0, 320.0, 61.5),
        _text("color", "black", "navy blue", "blue", "red", "green", "orange"),
        _text("material", "cotton", "leather", "faux leather", "wool", "polyester", "silk"),
        _text("size", "XS", "S", "M", "L", "XL"),
        _text("sleeve_length", "short sleeve", "long sleeve", "sleeveless"),
        _text("fit", "slim fit", "regular fit", "relaxed fit"),
        _text("gender", "men", "women", "kids"),
        _text("Machine Washable", "yes", "no"),
        _text("shoe_size", "7", "8", "9", "10"),
        _flag("waterproof"),
        _number("weight_g", 90, 1600, "g"),
        *_COMMON,
    ),
    60, 1, "USD",
)  # fmt: skip

KITCHEN = Facets(
    (
        _text("brand", "KitchenAid", "Le Creuset", "Tefal", "OXO", "Black & Decker", "Mr. Coffee"),
        _categories(("Kitchen", 60), ("Frying Pans", 20), ("Coffee Machines", 20), ("Kettles", 20)),
        _price(6.0, 480.0, 74.0),
        _text("material", "stainless steel", "cast iron", "aluminum", "glass", "ceramic"),
        _text("color", "black", "silver", "red", "cream", "orange"),
        _number("capacity_l", 0.3, 6, "l", 1.8),
        _number("diameter_cm", 14, 36, "cm"),
        _number("weight_kg", 0.2, 9, "kg"),
        _number("power_w", 600, 2400, "w"),
        _number("cups", 1, 14),
        _flag("dishwasher_safe"),
        _flag("induction_compatible"),
        _flag("non_stick"),
        _text("num_per_pack", "1", "2", "3"),
        *_COMMON,
    ),
    60, 1, "EUR",
)  # fmt: skip

TOYS = Facets(
    (
        _text("brand", "Lego", "Hasbro", "Mattel", "Ravensburger", "Box", "Fisher-Price"),
        _categories(("Toys", 60), ("Board Games", 20), ("Puzzles", 20), ("Building Sets", 20)),
        _price(4.5, 350.0, 39.0),
        _text("theme", "space", "dinosaurs", "pirates", "animals", "princess"),
        _text("material", "wood", "plastic", "cardboard"),
        _number("age_min", 1, 14, "years"),
        _number("pieces", 12, 4000),
        _number("players_max", 1, 10),
        _flag("batteries_required"),
        *_COMMON,
    ),
    60, 1, "USD",
)  # fmt: skip

SHOPS = {"electronics": ELECTRONICS, "clothes": CLOTHES, "kitchen": KITCHEN, "toys": TOYS}

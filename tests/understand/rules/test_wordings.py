"""Ways of saying a limit, a number or a refusal that are easily misread, over a shop with the fields they are misread as."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request


def _field(field: str, kind: str, low: float, high: float, within: tuple[str, ...], unit: str | None = None) -> Facet:
    return Facet(field, kind, 20, 6, (), low, high, unit, categories=within)  # type: ignore[arg-type]


def _words(field: str, within: tuple[str, ...], *values: str) -> Facet:
    return Facet(field, "text", 20, len(values), tuple((v, 20 // len(values)) for v in values), categories=within)


SHOP = Facets(
    (
        Facet("categories", "list", 140, 7, tuple((c, 20) for c in (
            "Headphones", "Tents", "Board Games", "Rain Jackets", "Kitchen Knives", "Water Bottles", "Dog Supplies"))),
        Facet("brand", "text", 140, 2, (("Eisenbrook", 70), ("Sony", 70))),
        Facet("price", "money", 140, 50, (), 6.99, 600.0),
        _words("material", ("Water Bottles", "Rain Jackets"), "plastic", "stainless steel", "steel", "glass"),
        _words("steel", ("Kitchen Knives",), "stainless", "carbon"),
        _words("gender", ("Rain Jackets",), "men", "women"),
        _words("use", ("Rain Jackets",), "commuter", "hiking"),
        Facet("dishwasher_safe", "boolean", 20, 2, ((True, 10), (False, 10)), categories=("Water Bottles",)),
        _field("port_count", "number", 1, 5, ("Headphones",)),
        _field("age_min", "number", 0, 14, ("Board Games",)),
        _field("age_max", "number", 3, 99, ("Board Games",)),
        _field("persons", "number", 1, 8, ("Tents",)),
        _field("weight_kg", "number", 1, 9, ("Tents",), "kg"),
        _field("weight_g", "number", 20, 900, ("Headphones", "Rain Jackets"), "g"),
        _field("players_min", "number", 1, 4, ("Board Games",)),
        _field("players_max", "number", 2, 10, ("Board Games",)),
        _field("duration_min", "number", 10, 180, ("Board Games",)),
        _field("blade_length_cm", "number", 7, 30, ("Kitchen Knives",), "cm"),
        _field("max_dog_weight_kg", "number", 8, 60, ("Dog Supplies",), "kg"),
        _field("max_load_kg", "number", 80, 200, ("Rain Jackets",), "kg"),
    ),
    140, 1, "EUR",
)  # fmt: skip
UNDERSTANDER = Understander(SHOP, settings=RULES)


def read(text: str):
    return UNDERSTANDER.understand(Request(text)).intent


@pytest.mark.parametrize(
    "text, expected",
    [
        ("headphones max. 100€ min. 50€", "categories = Headphones; price <= 100; price >= 50"),
        ("headphones 100€ max. 50€ min.", "categories = Headphones; price <= 100; price >= 50"),
        ("headphones max. 100 min. 50", "categories = Headphones; price <= 100; price >= 50"),
        ("headphones between 200 and 100", "categories = Headphones; price between (100, 200)"),
        ("headphones from 80 to 120", "categories = Headphones; price between (80, 120)"),
        ("my budget is 40, headphones please", "categories = Headphones; price <= 40"),
        ("jacket for women under 150 that packs small", "categories = Rain Jackets; gender = women; price < 150"),
        ("lighter tent than 2 kg", "categories = Tents; weight_kg < 2"),
        ("a tent for a family of five", "categories = Tents; persons >= 5; by persons asc"),
        ("board game for 2 to 4 players", "categories = Board Games; players_max >= 4; players_min <= 2"),
        (
            "board game for two players that takes less than half an hour",
            "categories = Board Games; duration_min < 30; players_max >= 2; players_min <= 2",
        ),
    ],
)
def test_a_number_goes_to_what_it_is_said_of(text, expected):
    assert said(read(text)) == expected


def test_just_one_is_how_many_are_wanted():
    assert read("just one tent").limit == 1
    assert read("a tent with just one pole").limit is None


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "a knife not from Eisenbrook with a 20 cm blade",
            "blade_length_cm = 20; brand != Eisenbrook; categories = Kitchen Knives",
        ),
        ("water bottle not made of steel", "categories = Water Bottles; material not in (steel, stainless steel)"),
        ("water bottle made of steel", "categories = Water Bottles; material in (steel, stainless steel)"),
        (
            "water bottle, dishwasher safe, not steel",
            "categories = Water Bottles; dishwasher_safe = yes; material not in (steel, stainless steel)",
        ),
        ("water bottle not made of glass", "categories = Water Bottles; material != glass"),
        ("something to keep my coffee warm on a long commute", ""),
        ("a commuter jacket", "categories = Rain Jackets; use = commuter"),
        ("dog supplies for a 35 kg dog", "categories = Dog Supplies; max_dog_weight_kg >= 35"),
        ("dog coat for a 35 kg dog", "max_dog_weight_kg >= 35"),
    ],
)
def test_a_refusal_and_a_value_reach_as_far_as_they_are_meant(text, expected):
    assert said(read(text)) == expected


def test_those_it_is_not_for_are_left_out():
    assert read("cheapest headphones that are not for children").exclude == ("children",)


@pytest.mark.parametrize(
    "text",
    ["do you ship to France?", "what are your opening hours?", "can I return a product?", "where is my order?"],
)
def test_a_question_to_the_shop_asks_for_no_product(text):
    assert not read(text).shopping


def test_a_wish_beside_a_question_to_the_shop_is_still_read():
    assert said(read("I need a tent. Do you ship to France?")) == "categories = Tents"

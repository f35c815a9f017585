"""What the rule-based parser makes of sentences, over four small shops."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.understand.catalogues import SHOPS

from shelftalk.understand import RuleParser
from shelftalk.values import Facet, Intent

READERS = {name: RuleParser(facets) for name, facets in SHOPS.items()}


def read(shop: str, request: str) -> Intent:
    return READERS[shop].read(request).intent


def said(intent: Intent) -> str:
    """The hard part of an intent on one line, constraints in the order of their fields."""

    def value(v: object) -> str:
        if isinstance(v, tuple):
            return "(" + ", ".join(value(x) for x in v) + ")"
        return "yes" if v is True else "no" if v is False else str(v)

    parts = [
        f"{c.field} {c.operator} {value(c.value)}"
        for c in sorted(intent.constraints, key=lambda c: (c.field, c.operator))
    ]
    return "; ".join(parts + ([f"by {intent.sort.field} {intent.sort.direction}"] if intent.sort else []))


LIMITS = [
    ("electronics", "a phone under 200 dollars", "categories = Phones; price < 200"),
    ("electronics", "phones below $200", "categories = Phones; price < 200"),
    ("electronics", "headphones for less than 80 bucks", "categories = Headphones; price < 80"),
    ("electronics", "headphones up to 80 euros", "categories = Headphones; price <= 80"),
    ("electronics", "headphones, at most $80", "categories = Headphones; price <= 80"),
    ("electronics", "headphones no more than 80 dollars", "categories = Headphones; price <= 80"),
    ("electronics", "headphones not above 80 dollars", "categories = Headphones; price <= 80"),
    ("electronics", "headphones, 80 dollars max", "categories = Headphones; price <= 80"),
    ("electronics", "headphones within 80 dollars", "categories = Headphones; price <= 80"),
    ("electronics", "headphones cheaper than 80", "categories = Headphones; price < 80"),
    ("electronics", "headphones for 50 bucks or less", "categories = Headphones; price <= 50"),
    ("electronics", "headphones between 20 and 40 dollars", "categories = Headphones; price between (20, 40)"),
    ("electronics", "headphones, 20-40 dollars", "categories = Headphones; price between (20, 40)"),
    ("electronics", "headphones from $20 to $40", "categories = Headphones; price between (20, 40)"),
    ("electronics", "headphones $20-$40", "categories = Headphones; price between (20, 40)"),
    ("electronics", "headphones over 100 dollars", "categories = Headphones; price > 100"),
    ("electronics", "headphones for at least 100 dollars", "categories = Headphones; price >= 100"),
    ("electronics", "headphones more than $100", "categories = Headphones; price > 100"),
    ("electronics", "headphones for $100 or more", "categories = Headphones; price >= 100"),
    ("electronics", "headphones $100+", "categories = Headphones; price >= 100"),
    ("electronics", "headphones around 100 dollars", "categories = Headphones; price between (85, 115)"),
    ("electronics", "headphones price <= 50", "categories = Headphones; price <= 50"),
    ("electronics", "headphones, I can't spend more than 60 bucks", "categories = Headphones; price <= 60"),
    ("electronics", "I ain't paying over $60 for headphones", "categories = Headphones; price <= 60"),
    ("electronics", "I've only got 60 dollars for headphones", "categories = Headphones; price <= 60"),
    ("electronics", "a phone for two hundred and fifty dollars or less", "categories = Phones; price <= 250"),
    ("electronics", "a phone under 1.2k", "categories = Phones; price < 1200"),
    ("electronics", "a phone under $1,100.50", "categories = Phones; price < 1100.5"),
    ("electronics", "a phone cheaper than average", "categories = Phones; price < 240"),
    ("electronics", "screen larger than 5.5 inches", "screen_size_in > 5.5"),
    ("electronics", "a phone with a 6 inch screen", "categories = Phones; screen_size_in = 6"),
    ("electronics", 'a phone with a screen of at least 6"', "categories = Phones; screen_size_in >= 6"),
    ("electronics", "a phone with at least 8 gigs of RAM", "categories = Phones; ram_gb >= 8"),
    ("electronics", "a phone with 1TB of storage", "categories = Phones; storage_gb = 1000"),
    ("electronics", "over 128GB storage and no less than 8 GB ram", "ram_gb >= 8; storage_gb > 128"),
    ("electronics", "power bank of 20,000mAh or more", "battery_capacity_mah >= 20000; categories = Power Banks"),
    ("electronics", "headphones that last 30 hours", "battery_life_hours >= 30; categories = Headphones"),
    ("electronics", "headphones with a battery life of more than half a day", "battery_life_hours > 12; categories = Headphones"),
    ("electronics", "a phone lighter than half a pound", "categories = Phones; weight_g < 226.796"),
    ("electronics", "camera with a minimum of 48 megapixels", "camera_mp >= 48"),
    ("electronics", "rated 4.5 or higher", "rating >= 4.5"),
    ("electronics", "at least 4 stars", "rating >= 4"),
    ("kitchen", "a pan wider than 11 inches", "categories = Frying Pans; diameter_cm > 27.94"),
    ("kitchen", "a kettle of one and a half litres or less", "capacity_l <= 1.5; categories = Kettles"),
    ("kitchen", "a kettle holding 500 ml", "capacity_l >= 0.5; categories = Kettles"),
    ("kitchen", "a frying pan under half a kilo", "categories = Frying Pans; weight_kg < 0.5"),
    ("kitchen", "a kettle with 2 kW or more", "categories = Kettles; power_w >= 2000"),
    ("kitchen", "a coffee machine for at least 10 cups", "categories = Coffee Machines; cups >= 10"),
    ("kitchen", "a two-pack of frying pans", "categories = Frying Pans; num_per_pack = 2"),
    ("clothes", "Nike shoes, shoe size of at least 9", "brand = Nike; categories = Shoes; shoe_size in (9, 10)"),
    ("clothes", "shoes in shoe size 8", "categories = Shoes; shoe_size = 8"),
    ("toys", "a puzzle with over 1000 pieces", "categories = Puzzles; pieces > 1000"),
    ("toys", "a board game for up to 6 players", "categories = Board Games; players_max <= 6"),
]  # fmt: skip

VALUES = [
    ("electronics", "Samsung or Alcatel phone", "brand in (Samsung, Alcatel); categories = Phones"),
    ("electronics", "either a Sony or an LG phone", "brand in (Sony, LG); categories = Phones"),
    ("electronics", "Samsung, Sony or LG headphones", "brand in (Samsung, Sony, LG); categories = Headphones"),
    ("electronics", "a samsung phone", "brand = Samsung; categories = Phones"),
    ("electronics", "a Samsnug phone", "brand = Samsung; categories = Phones"),
    ("electronics", "an andriod phone", "categories = Phones; operating_system = Android"),
    ("electronics", "a phone but not Sony", "brand != Sony; categories = Phones"),
    ("electronics", "a non-LG phone", "brand != LG; categories = Phones"),
    ("electronics", "any phone but Sony", "brand != Sony; categories = Phones"),
    ("electronics", "a phone, anything but Apple", "brand != Apple; categories = Phones"),
    ("electronics", "I won't touch LG. Show me a phone.", "brand != LG; categories = Phones"),
    ("electronics", "phones except Sony and LG", "brand not in (Sony, LG); categories = Phones"),
    ("electronics", "I've had enough of Sony, find me Samsung headphones", "brand = Samsung; categories = Headphones"),
    ("electronics", "I'm over Apple. Which phone do you suggest?", "brand != Apple; categories = Phones"),
    ("electronics", "a Samsung rather than a Sony phone", "brand = Samsung; categories = Phones"),
    ("electronics", "Sony is a no-go, which phone would you pick?", "brand != Sony; categories = Phones"),
    ("electronics", "Sony is a real pain, which phone would you pick?", "brand != Sony; categories = Phones"),
    ("electronics", "headphones for ear pain", "categories = Headphones"),
    ("electronics", "headphones without Bluetooth", "bluetooth = no; categories = Headphones"),
    ("electronics", "headphones with bluetooth", "bluetooth = yes; categories = Headphones"),
    ("electronics", "water resistant headphones", "categories = Headphones; waterproof = yes"),
    ("electronics", "noise-cancelling headphones", "categories = Headphones; noise_cancelling = yes"),
    ("electronics", "a flashlight from Coast", "brand = Coast"),
    ("clothes", "a leather jacket", "categories = Jackets; material = leather"),
    ("clothes", "a jacket, no leather please", "categories = Jackets; material != leather"),
    ("clothes", "a jacket without wool or silk", "categories = Jackets; material not in (wool, silk)"),
    ("clothes", "vegan leather shoes", "categories = Shoes; material = faux leather"),
    ("clothes", "a navy blue dress", "categories = Dresses; color = navy blue"),
    ("clothes", "a long-sleeved dress", "categories = Dresses; sleeve_length = long sleeve"),
    ("clothes", "a T shirt by The North Face", "brand = The North Face; categories = T-Shirts"),
    ("clothes", "a waterproof jacket for men", "categories = Jackets; gender = men; waterproof = yes"),
    ("clothes", "a machine washable dress", "Machine Washable = yes; categories = Dresses"),
    ("clothes", "dresses that come in red or green", "categories = Dresses; color in (red, green)"),
    ("clothes", "Levis jackets", "brand = Levi's; categories = Jackets"),
    ("kitchen", "a stainless kettle", "categories = Kettles; material = stainless steel"),
    ("kitchen", "an aluminium frying pan", "categories = Frying Pans; material = aluminum"),
    ("kitchen", "a Black and Decker coffee machine", "brand = Black & Decker; categories = Coffee Machines"),
    ("kitchen", "nonstick pans", "categories = Frying Pans; non_stick = yes"),
    ("kitchen", "a dishwasher-safe pan", "categories = Frying Pans; dishwasher_safe = yes"),
    ("toys", "a wood puzzle with dinosaurs", "categories = Puzzles; material = wood; theme = dinosaurs"),
    ("toys", "a puzzle that needs no batteries", "batteries_required = no; categories = Puzzles"),
]  # fmt: skip

ORDERS = [
    ("electronics", "the cheapest phone", "categories = Phones; by price asc"),
    ("electronics", "the least expensive headphones", "categories = Headphones; by price asc"),
    ("electronics", "the most expensive phone", "categories = Phones; by price desc"),
    ("electronics", "the phone with the most RAM", "categories = Phones; by ram_gb desc"),
    ("electronics", "the phone with the longest battery life", "categories = Phones; by battery_life_hours desc"),
    ("electronics", "the phone with the best battery life", "categories = Phones; by battery_life_hours desc"),
    ("electronics", "headphones that last the longest", "categories = Headphones; by battery_life_hours desc"),
    ("electronics", "the highest rated headphones", "categories = Headphones; by rating desc"),
    ("electronics", "the best-rated phone", "categories = Phones; by rating desc"),
    ("electronics", "your most popular phone", "categories = Phones; by review_count desc"),
    ("electronics", "the lightest phone", "categories = Phones; by weight_g asc"),
    ("electronics", "the biggest screen you have", "by screen_size_in desc"),
    ("electronics", "the newest phone", "categories = Phones; by released_at desc"),
    ("electronics", "the cheapest Samsung phone with over 8 GB of RAM", "brand = Samsung; categories = Phones; ram_gb > 8; by price asc"),
    ("electronics", "a phone that won't break the bank", "categories = Phones; by price asc"),
    ("electronics", "don't show me the most expensive phone", "categories = Phones; by price asc"),
    ("kitchen", "the kettle with the largest capacity", "categories = Kettles; by capacity_l desc"),
    ("kitchen", "the most powerful kettle", "categories = Kettles; by power_w desc"),
    ("toys", "the puzzle with the fewest pieces", "categories = Puzzles; by pieces asc"),
]  # fmt: skip

COINCIDENCES = [
    ("electronics", "a case for an apple pie", ""),
    ("electronics", "orange juice maker", ""),
    ("electronics", "something for the coast road", ""),
    ("clothes", "mind the gap in my wardrobe", ""),
    ("clothes", "a gift on trend with what people wear", ""),
    ("toys", "a toy that comes in a box", ""),
    ("kitchen", "cream for my coffee", ""),
    ("kitchen", "an orange squeezer", ""),
    ("electronics", "I need 2 of them for my 3 kids", ""),
]  # fmt: skip


@pytest.mark.parametrize("shop, request_text, expected", LIMITS, ids=lambda v: v if isinstance(v, str) else None)
def test_limits_are_read_with_their_exact_operator_and_in_the_unit_of_the_field(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize("shop, request_text, expected", VALUES, ids=lambda v: v if isinstance(v, str) else None)
def test_values_are_read_with_their_negations_and_alternatives(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize("shop, request_text, expected", ORDERS, ids=lambda v: v if isinstance(v, str) else None)
def test_superlatives_become_an_order(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize("shop, request_text, expected", COINCIDENCES, ids=lambda v: v if isinstance(v, str) else None)
def test_a_word_that_merely_coincides_with_a_value_is_no_hard_constraint(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("a bright headlight with long battery life", ""),
        ("phones without batteries", "battery_powered = no; categories = Phones"),
        ("something battery operated", "battery_powered = yes"),
        ("anything that runs on a battery", "battery_powered = yes"),
    ],
)
def test_a_word_that_begins_another_fields_name_is_that_fields(request_text: str, expected: str) -> None:
    shop = replace(SHOPS["electronics"], facets=(*SHOPS["electronics"].facets, Facet("battery_powered", "boolean", 60, 2, ((True, 30), (False, 30)))))  # fmt: skip
    assert said(RuleParser(shop).read(request_text).intent) == expected

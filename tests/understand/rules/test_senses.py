"""Words that look like values of the catalogue and are said of something else, and numbers that limit nothing."""

from __future__ import annotations

import pytest
from tests.understand.outdoors import understood
from tests.understand.rules.test_parser import said


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a light tent for backpacking", "categories = Tents"),
        ("something for backpacking", ""),
        ("I keep getting cold when camping", ""),
        ("I'm always cold, a blanket", "categories = Blankets"),
        ("a blanket for the cold season", "categories = Blankets; season = cold"),
        ("a lead for my boxer", "kind = lead"),
        ("dog supplies for a small flat", "categories = Dog Supplies"),
        ("dog supplies for a small dog", "categories = Dog Supplies; dog_sizes = small"),
        ("a lamp for my red car", "categories = Lamps"),
        ("a red lamp", "categories = Lamps; colour = red"),
        ("my skin is dry, a sunscreen", "kind = sunscreen; skin_types = dry"),
        ("because my tent leaks I need a tarp", ""),
        ("an electric toothbrush", ""),
        ("an electric blanket", "categories = Blankets; kind = electric"),
        ("I have 3 dogs, a blanket", "categories = Blankets"),
    ],
)
def test_a_word_in_another_sense_is_no_limit(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("my dog pulls like crazy, he's a 30 kg boxer", "max_dog_weight_kg >= 30"),
        ("a harness for my dog, she weighs 30 kg", "kind = harness; max_dog_weight_kg >= 30"),
        ("I am 1.90 m and need an office chair", "categories = Office Chairs"),
        ("my wife is 165 cm, an office chair", "categories = Office Chairs"),
        ("an office chair up to 120 kg", "categories = Office Chairs; max_load_kg >= 120"),
        ("the two of us want a tent", "categories = Tents; persons >= 2; by persons asc"),
        ("a tent for 7 of us", "categories = Tents; persons >= 7; by persons asc"),
        ("something for the three of us", ""),
        ("headphones, he is nine", "categories = Headphones"),
        ("a puzzle, he is nine and likes pirates", "age_max >= 9; age_min <= 9; categories = Puzzles"),
        ("a bag for a 3 year old laptop", ""),
        ("a puzzle, it is my 3 year old's birthday", "age_max >= 3; age_min <= 3; categories = Puzzles"),
        ("a puzzle for a 3 year old boy", "age_max >= 3; age_min <= 3; categories = Puzzles"),
        ("my room is 40 cm wide, an office chair", "categories = Office Chairs"),
        ("I carry 15 kg of gear, a tent", "categories = Tents"),
        ("an elbow 1 inch", ""),
        ("a lamp with a 20 mm tube", "categories = Lamps; tube_mm = 20"),
    ],
)
def test_a_number_that_is_not_the_products_is_no_limit_on_it(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize("text", ["a bike, I'm 5 ft 6", "a bike, I'm 5'6\"", "a bike for someone 168 cm tall", "a bike for a 5ft6 rider"])  # fmt: skip
def test_somebodys_height_must_lie_between_the_least_and_the_most(text):
    limits = {(c.field, c.operator) for c in understood(text).intent.constraints}
    assert {("rider_height_min_in", "<="), ("rider_height_max_in", ">=")} <= limits


@pytest.mark.parametrize(
    "text, expected",
    [
        ("sunscreen higher than SPF 30", "kind = sunscreen; spf > 30"),
        ("sunscreen stronger than SPF 30", "kind = sunscreen; spf > 30"),
        ("sunscreen weaker than SPF 50", "kind = sunscreen; spf < 50"),
        ("sunscreen less than spf 50", "kind = sunscreen; spf < 50"),
        ("sunscreen with a minimum of SPF 30", "kind = sunscreen; spf >= 30"),
        ("sunscreen at least spf 30", "kind = sunscreen; spf >= 30"),
    ],
)
def test_a_comparison_may_stand_before_the_name_of_its_field(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blankets that aren't bigger than 43", "categories = Blankets"),
        ("lamps smaller than 30 under 60", "categories = Lamps; price < 60"),
        ("lamps louder than 90", "categories = Lamps"),
        ("lamps cheaper than 90", "categories = Lamps; price < 90"),
        ("lamps more expensive than 20", "categories = Lamps; price > 20"),
    ],
)
def test_a_comparative_of_size_speaks_of_no_price(text, expected):
    assert said(understood(text).intent) == expected

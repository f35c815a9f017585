"""How far a negation reaches: to what it turns down, and no further."""

from __future__ import annotations

import pytest
from tests.understand.outdoors import understood
from tests.understand.rules.test_parser import said

JACKET = "categories = Rain Jackets; colour != black"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a rain jacket without a hood that isn't black", "categories = Rain Jackets; colour != black"),
        (
            "a rain jacket without a logo which isn't black, under 90",
            "categories = Rain Jackets; colour != black; price < 90",
        ),
        ("a backpack w/o wheels that isn't nylon", "categories = Backpacks; material != nylon"),
    ],
)
def test_what_a_thing_comes_without_denies_nothing_of_the_thing(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a rain jacket not in black under 120",
        "a rain jacket not black under 120",
        "a rain jacket without black under 120",
        "a rain jacket that isn't black under 120",
        "a rain jacket, not black and under 120",
        "a rain jacket, no black, under 120",
        "a non-black rain jacket under 120",
        "a rain jacket except black below 120",
        "a rain jacket anything but black for less than 120",
    ],
)
def test_a_limit_behind_a_negation_stays_the_limit_it_is(text):
    assert said(understood(text).intent) == f"{JACKET}; price < 120"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("headphones not Torvik at most 100", "brand != Torvik; categories = Headphones; price <= 100"),
        ("headphones not Torvik max 100", "brand != Torvik; categories = Headphones; price <= 100"),
        ("headphones not Torvik over 50", "brand != Torvik; categories = Headphones; price > 50"),
        ("headphones not Torvik rated above 4", "brand != Torvik; categories = Headphones; rating > 4"),
        ("headphones with no microphone over 60", "categories = Headphones; microphone = no; price > 60"),
        ("headphones without a carrying pouch under 80", "categories = Headphones; price < 80"),
        ("a backpack no nylon 40 litres max", "capacity_l <= 40; categories = Backpacks; material != nylon"),
        ("no headphones over 100", "categories = Headphones; price <= 100"),
        ("I don't want a tent over 300", "categories = Tents; price <= 300"),
        ("I don't want to pay more than 80 for a rain jacket", "categories = Rain Jackets; price <= 80"),
        ("a rain jacket, not over 100", "categories = Rain Jackets; price <= 100"),
    ],
)
def test_a_negation_turns_down_what_it_stands_before_and_no_limit(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        
        ("a rain jacket, neither black nor grey", "categories = Rain Jackets; colour not in (black, grey)"),
        ("a rain jacket, no black or grey", "categories = Rain Jackets; colour not in (black, grey)"),
        ("no wool, a blanket in green", "categories = Blankets; colour = green; material != wool"),
        ("a backpack, not too heavy, green", "categories = Backpacks; colour = green"),
        ("not black but a green rain jacket", "categories = Rain Jackets; colour = green"),
    ],
)  # fmt: skip
def test_a_negation_goes_on_over_what_is_listed_with_it_and_ends_at_a_new_phrase(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize("text", ["a blanket, maybe grey", "nothing too expensive, a warm blanket, maybe grey", "no wool, a blanket, perhaps in grey"])  # fmt: skip
def test_what_is_only_thought_of_is_a_wish_and_never_turned_down(text):
    intent = understood(text).intent
    assert all(c.field != "colour" for c in intent.constraints)
    assert "grey" in intent.preferences


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a rain jacket not quilted under 120", "categories = Rain Jackets; price < 120"),
        ("a rain jacket that isn't padded, at most 120", "categories = Rain Jackets; price <= 120"),
        ("a rain jacket not red max 120", "categories = Rain Jackets; colour != red; price <= 120"),
        ("a tent no green over 2 kg", "categories = Tents; colour != green; weight_kg > 2"),
        ("a tent thats not green over 2 kg", "categories = Tents; colour != green; weight_kg > 2"),
        ("a tent isnt red rated above 4", "categories = Tents; colour != red; rating > 4"),
        ("headphones without a mic under 80", "categories = Headphones; microphone = no; price < 80"),
        ("headphones with no microphone over 50", "categories = Headphones; microphone = no; price > 50"),
        ("non-wireless headphones at least 40", "categories = Headphones; price >= 40; wireless = no"),
        ("a backpack not nylon with at most 40 l", "capacity_l <= 40; categories = Backpacks; material != nylon"),
        ("no tent over 300", "categories = Tents; price <= 300"),
        ("a tent that must not weigh over 3 kg", "categories = Tents; weight_kg <= 3"),
        ("a tent, not costing above 300", "categories = Tents; price <= 300"),
        ("nothing too expensive, a blanket, maybe grey", "categories = Blankets; by price asc"),
    ],
)
def test_a_negation_turns_down_what_it_names_and_no_limit_behind_it(text, expected):
    told = said(understood(text).intent)
    assert told == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("I don't wanna blow more than 100 on a blanket", "categories = Blankets; price <= 100"),
        ("I can't stretch over 100 for a tent", "categories = Tents; price <= 100"),
        ("I'm not interested in spending more than 100 on a tent", "categories = Tents; price <= 100"),
        ("a tent that won't set me back more than 200", "categories = Tents; price <= 200"),
        ("I'm not ready to spend over 200 for a tent", "categories = Tents; price <= 200"),
    ],
)
def test_what_somebody_will_not_do_turns_the_limit_round(text, expected):
    assert said(understood(text).intent) == expected
    assert understood(text).intent.exclude == ()

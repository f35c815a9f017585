"""Requests as they are said every day: both sides, either of two, complaints about the old one, ages of several children."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request


def _of(field: str, kind: str, within: str, *values: object, unit: str | None = None) -> Facet:
    numbers = kind == "number"
    listed = () if numbers else tuple((v, 10) for v in values)
    low, high = values if numbers else (None, None)
    return Facet(field, kind, 20, len(values), listed, low, high, unit, categories=(within,))  # type: ignore[arg-type]


KINDS = ("Mudguards", "Gloves", "Lanterns", "Tents", "Flasks", "Stools", "Speakers", "Card Games")
SHOP = Facets(
    (
        Facet("categories", "list", 160, 8, tuple((k, 20) for k in KINDS)),
        Facet("price", "money", 160, 50, (), 9.0, 600.0),
        Facet("colour", "text", 160, 3, (("red", 20), ("green", 20), ("black", 20))),
        _of("side", "text", "Mudguards", "front", "rear", "pair"),
        _of("for_hand", "text", "Gloves", "summer", "winter", "summer and winter"),
        _of("mount", "text", "Lanterns", "hook", "tripod"),
        _of("dimmable", "boolean", "Lanterns", True, False),
        _of("setup", "text", "Tents", "pop-up", "poles"),
        _of("leakproof", "boolean", "Flasks", True, False),
        _of("insulated", "boolean", "Flasks", True, False),
        _of("backrest", "text", "Stools", "none", "low", "high"),
        _of("max_load_kg", "number", "Stools", 80, 200, unit="kg"),
        _of("wireless", "boolean", "Speakers", True, False),
        _of("age_min", "number", "Card Games", 3, 16),
        _of("age_max", "number", "Card Games", 6, 99),
        _of("weight_kg", "number", "Stools", 2, 12, unit="kg"),
    ),
    160, 1, "EUR",
)  # fmt: skip
UNDERSTANDER = Understander(SHOP, settings=RULES)


def read(text: str):
    return UNDERSTANDER.understand(Request(text))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a mudguard for front or rear", "categories = Mudguards; side in (front, rear)"),
        ("a red and green mudguard", "categories = Mudguards; colour in (red, green)"),
    ],
)
def test_two_values_wanted_together_are_the_one_that_covers_both(text, expected):
    assert said(read(text).intent) == expected


@pytest.mark.parametrize(
    "text, limits, wished",
    [
        
        
        
        
        ("a black tent or a black lantern", "categories in (Tents, Lanterns); colour = black", set()),
        ("a dimmable lantern with a hook or a tripod", "categories = Lanterns; dimmable = yes; mount in (hook, tripod)", set()),
    ],
)  # fmt: skip
def test_what_only_one_of_two_alternatives_has_is_no_limit(text, limits, wished):
    intent = read(text).intent
    assert said(intent) == limits
    assert {c.field for c in intent.criteria} == wished


@pytest.mark.parametrize(
    "text, expected, wished",
    [
        ("my flask leaks everywhere, want one that shuts", "categories = Flasks", None),
        ("my tents tore, I need new ones below 90", "categories = Tents; price < 90", None),
        ("our tent leaks, need another", "categories = Tents", None),
        ("I bought a red tent that is too big, show me a green one", "categories = Tents; colour = green", None),
        ("I have a tent that is too dark, so a dimmable lantern", "categories = Lanterns; dimmable = yes", None),
        ("my tent is wet, what lantern can I hang in it", "categories = Lanterns", None),
    ],
)
def test_a_complaint_about_the_old_one_limits_no_new_one(text, expected, wished):
    intent = read(text).intent
    assert said(intent) == expected
    assert [(c.field, c.want, c.value) for c in intent.criteria] == ([wished] if wished else [])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("something that fits in a tent pocket", ""),
        ("it keeps slipping off, something for the tent wall", ""),
        ("a lantern for the tent wall, under 30", "categories = Lanterns; price < 30"),
        ("I'm looking for a stool back in stock", "categories = Stools"),
    ],
)
def test_a_thing_whose_part_only_says_where_another_one_goes_is_no_kind_wanted(text, expected):
    assert said(read(text).intent) == expected


@pytest.mark.parametrize(
    "text, expected, told",
    [
        ("a flask, a stool and two warm lanterns", "categories in (Flasks, Stools, Lanterns)", False),
        ("a tent and a stool, altogether below 90", "categories in (Tents, Stools); price < 90", True),
        ("a tent and a stool, each below 90", "categories in (Tents, Stools); price < 90", False),
        ("a lantern, altogether below 90", "categories = Lanterns; price < 90", False),
        ("a lantern for the tent and the stool", "categories = Lanterns", False),
    ],
)
def test_of_several_things_wanted_together_each_is_looked_for_and_no_sum_is_promised(text, expected, told):
    understood = read(text)
    assert said(understood.intent) == expected
    assert any("not added up" in note for note in understood.notes) is told
    assert ("altogether" in understood.asides) is told  # no wish is read from it


@pytest.mark.parametrize(
    "text, young, old",
    [
        ("a card game for my grandsons, six and nine", 6, 9),
        ("a card game for the kids (5 and 8)", 5, 8),
        ("a card game for a 6 and a 9 year old", 6, 9),
        ("card games for children aged 4, 7 and 11", 4, 11),
        ("a card game for ages 4 to 8", 4, 8),
        ("a card game for my daughters who are 7 and 12, under 20", 7, 12),
    ],
)
def test_a_thing_for_several_children_suits_the_youngest_and_the_oldest(text, young, old):
    limits = {c.field: (c.operator, c.value) for c in read(text).intent.constraints}
    assert (limits["age_min"], limits["age_max"]) == (("<=", young), (">=", old))


def test_a_game_for_adults_and_children_starts_at_no_high_age():
    assert not read("a card game for adults and kids").intent.criteria


@pytest.mark.parametrize(
    "text, limits",
    [
        ("a speaker with a cable", "categories = Speakers; wireless = no"),
        ("a wired speaker", "categories = Speakers; wireless = no"),
        ("a speaker without a cable", "categories = Speakers; wireless = yes"),
        ("a wired or wireless speaker", "categories = Speakers"),
    ],
)
def test_a_cable_wanted_is_a_wire_and_no_word_without_a_field(text, limits):
    understood = read(text)
    assert said(understood.intent) == limits
    assert not understood.notes


@pytest.mark.parametrize("text, limits", [("a stool with a cable", "categories = Stools"), ("it has a cable", "")])
def test_a_cable_of_anything_else_is_no_wire(text, limits):
    assert said(read(text).intent) == limits


@pytest.mark.parametrize(
    "text",
    [
        "a stool for a man of 120 kg",
        "a stool for adults of about 120 kilos",
        "a stool, I am 1.85 m tall and weigh 120 kg",
    ],
)
def test_somebodys_weight_is_what_the_thing_must_carry(text):
    assert said(read(text).intent) == "categories = Stools; max_load_kg >= 120"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a tent, I can go up to 450", [("categories", "=", "Tents"), ("price", "<=", 450)]),
        ("a stool that can carry up to 120 kg", [("categories", "=", "Stools"), ("max_load_kg", ">=", 120)]),
        ("a lantern, 60 tops", [("categories", "=", "Lanterns"), ("price", "<=", 60)]),
        
        ("a speaker that is not wireless", [("categories", "=", "Speakers"), ("wireless", "=", False)]),
    ],
)  # fmt: skip
def test_how_far_one_would_go_is_a_price_and_a_flag_behind_what_is_refused_is_wanted(text, expected):
    limits = {(c.field, c.operator, c.value) for c in read(text).intent.constraints}
    assert limits == set(expected)

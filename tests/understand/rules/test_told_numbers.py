"""Numbers as they are told at home: how many play, for how long at most, on which scale a size is, what shall fit in."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_everyday import _of
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request

KINDS = ("Parlour Games", "Briefcases", "Boots", "Raincoats", "Earmuffs", "Batteries", "Tents")
SHOP = Facets(
    (
        Facet("categories", "list", 140, 7, tuple((k, 20) for k in KINDS)),
        Facet("price", "money", 140, 50, (), 9.0, 600.0),
        _of("players_min", "number", "Parlour Games", 1, 5),
        _of("players_max", "number", "Parlour Games", 2, 20),
        _of("duration_min", "number", "Parlour Games", 10, 180, unit="min"),
        _of("age_min", "number", "Parlour Games", 3, 16),
        _of("laptop_size_inch", "number", "Briefcases", 13, 17, unit="in"),
        _of("sizes_eu", "list", "Boots", "38", "40", "42", "44"),
        Facet("gender", "text", 40, 4, (("men", 9), ("women", 9), ("unisex", 9), ("children", 9)), categories=("Boots", "Raincoats")),
        _of("soft", "boolean", "Earmuffs", True, False),
        _of("machine_washable", "boolean", "Earmuffs", True, False),
        _of("capacity_mah", "number", "Batteries", 5000, 30000, unit="mah"),
        _of("persons", "number", "Tents", 1, 8),
    ),
    140, 1, "EUR",
)  # fmt: skip
UNDERSTANDER = Understander(SHOP, settings=RULES)


def read(text: str):
    return UNDERSTANDER.understand(Request(text))


@pytest.mark.parametrize(
    "text, players",
    [
        ("a parlour game for Sunday evenings with 9 people", 9),
        ("a parlour game, it is 4 or so grown-ups", 4),
        ("a parlour game for 3 adults and 4 children", 7),
        ("a parlour game for me and 5 friends", 6),
    ],
)
def test_as_many_as_are_told_can_play(text, players):
    expected = f"categories = Parlour Games; players_max >= {players}; players_min <= {players}"
    assert said(read(text).intent) == expected


@pytest.mark.parametrize("text", ["a parlour game for me and my kids", "a parlour game to play with 2 friends"])
def test_who_plays_along_is_not_all_who_play(text):
    assert said(read(text).intent) == "categories = Parlour Games"


@pytest.mark.parametrize(
    "text, minutes",
    [
        ("a parlour game of maximum an hour", 60),
        ("a parlour game, an hour tops", 60),
        ("a parlour game that takes 20 minutes tops", 20),
    ],
)
def test_the_longest_time_may_be_told_with_a_unit_alone_or_behind_it(text, minutes):
    (limit,) = [c for c in read(text).intent.constraints if c.field == "duration_min"]
    assert (limit.operator, limit.value) == ("<=", minutes)


def test_the_words_behind_a_limit_are_its_own():
    (limit,) = [c for c in read("a parlour game of 40 minutes tops").intent.constraints if c.field == "duration_min"]
    assert limit.span == "40 minutes tops"


@pytest.mark.parametrize("text", ["a parlour game for children around 7-ish", "a parlour game for girls about 7 or so"])
def test_an_age_about_which_children_are(text):
    assert said(read(text).intent) == "age_min <= 7; categories = Parlour Games"


@pytest.mark.parametrize(
    "text, sizes", [("boots for men 44", "44"), ("women's 38 boots", "38"), ("boots, ladies 40 or 42", "(40, 42)")]
)
def test_a_size_may_follow_whom_it_is_for(text, sizes):
    intent = read(text).intent
    assert said(intent).endswith(sizes)
    assert {c.field for c in intent.constraints} == {"categories", "gender", "sizes_eu"}


@pytest.mark.parametrize("text", ["boots in US 9", "boots size 6.5 UK"])
def test_a_size_on_a_scale_that_the_shop_has_not_is_told_of(text):
    understood = read(text)
    assert said(understood.intent) == "categories = Boots"
    assert any("EU sizes" in note for note in understood.notes)


@pytest.mark.parametrize(
    "text, inches",
    [
        ("a briefcase that holds laptops up to 17 inch", "17"),
        ("a briefcase that fits a 15 inch laptop", "15; by laptop_size_inch asc"),
        ('a briefcase for my 14" laptop', "14; by laptop_size_inch asc"),
        ("a briefcase for a 15.6 in laptop", "15.6; by laptop_size_inch asc"),
    ],
)
def test_what_shall_hold_a_thing_is_as_large_or_larger(text, inches):
    assert said(read(text).intent) == f"categories = Briefcases; laptop_size_inch >= {inches}"


def test_an_amount_that_is_asked_about_is_no_limit():
    understood = read("is a 26000 mAh battery permitted on board?")
    assert said(understood.intent) == "categories = Batteries"
    assert any("26000 mAh" in note for note in understood.notes)


def test_the_sides_of_a_box_that_no_field_holds_are_told_of():
    assert any("55x40x20" in note for note in read("a briefcase that fits 55x40x20").notes)


@pytest.mark.parametrize(
    "text, limits",
    [
        ("boots 42", "sizes_eu = 42"),
        ("boots, 40 under 150", "price < 150; sizes_eu = 40"),
        ("boots 40 or 42 please", "sizes_eu in ('40', '42')"),
        ("boots 42 euros", "price <= 42"),
        ("boots in 42", "sizes_eu = 42"),
        ("boots in a 44 please", "sizes_eu = 44"),
        ("batteries with at least 20.000 mAh", "capacity_mah >= 20000"),
        ("boots 55", ""),
        ("tents 4", ""),
    ],
)
def test_a_bare_number_behind_the_kind_is_a_size_where_the_kind_has_it(text, limits):
    found = [f"{c.field} {c.operator} {c.value}" for c in read(text).intent.constraints if c.field != "categories"]
    assert "; ".join(sorted(found)) == limits


@pytest.mark.parametrize(
    "text, size",
    [
        ("boots size 46", "= 46"), ("boots in size 36, brown", "= 36"), ("boots size 44 or 46", "in ('44', '46')"),
        ("boots size 10.5", None), ("a raincoat size 46", None), ("size 46", None),
    ],
)  # fmt: skip
def test_a_size_that_is_named_and_not_sold_is_a_limit_where_it_is_near_to_those_that_are(text, size):
    found = [f"{c.operator} {c.value}" for c in read(text).intent.constraints if c.field == "sizes_eu"]
    assert found == ([] if size is None else [size])


@pytest.mark.parametrize(
    "text, asked",
    [
        ("my washing machine is leaking", False),
        ("something for the washing machine", False),
        ("earmuffs for the washing machine", True),
        ("something machine washable", True),
    ],
)
def test_a_thing_called_like_a_field_is_not_asked_of_products(text, asked):
    assert ("machine_washable" in {c.field for c in read(text).intent.constraints}) is asked

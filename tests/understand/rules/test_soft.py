"""The soft part of a request: how many, what for, what to search with, what to leave out."""

from __future__ import annotations

import pytest
from tests.understand.rules.test_parser import read

from shelftalk.understand.rules.soft import liked


@pytest.mark.parametrize(
    "request_text, wanted",
    [
        ("top 5 power banks", 5),
        ("show me three phones", 3),
        ("a couple of headphones", 2),
        ("give me one from Sony", 1),
        ("two options from Samsung please", 2),
        ("the five cheapest headphones", 5),
        ("a phone with 2 cameras", None),
        ("a two-pack of power banks", None),
        ("a phone under 300", None),
        ("a phone with 8 GB of RAM", None),
        ("the cheapest one", None),
        ("headphones for 3 hours of music", None),
    ],
)
def test_how_many_are_wanted_is_not_confused_with_sizes_and_limits(request_text, wanted):
    assert read("electronics", request_text).limit == wanted


def test_occasions_recipients_and_praise_are_soft():
    intent = read("toys", "a birthday gift for my nephew, something durable")
    assert "for my nephew" in intent.preferences
    assert "durable" in intent.query
    assert "durable" not in intent.preferences, "praise is read by the language model"
    assert any(p in ("gift", "birthday") for p in intent.preferences)
    assert not intent.constraints


def test_an_age_asks_for_what_suits_it_where_the_catalogue_knows_ages():
    intent = read("toys", "a lego set for my 8 year old niece")
    assert [(c.field, c.operator, c.value) for c in intent.constraints if c.field == "age_min"] == [
        ("age_min", "<=", 8)
    ]


def test_an_age_is_no_other_limit_where_the_catalogue_knows_none():
    intent = read("electronics", "a phone for my 8 year old niece")
    assert [c.field for c in intent.constraints] == ["categories"]
    assert "for my 8 year old niece" in intent.preferences


def test_words_turned_down_that_no_field_holds_are_excluded():
    assert read("kitchen", "a frying pan without teflon").exclude == ("teflon",)


def test_the_search_text_has_no_limits_no_filler_and_nothing_turned_down():
    query = read(
        "electronics", "Hey, I'm looking for some comfortable headphones under 100 dollars for long flights, not Sony"
    ).query
    assert "headphones" in query
    assert "flights" in query
    for word in ("100", "under", "dollars", "Sony", "looking"):
        assert word not in query


@pytest.mark.parametrize("search", ["iphone 12 case", "usb c hub", "galaxy a11", "d battery"])
def test_a_search_of_a_few_words_is_searched_as_it_stands(search):
    assert read("clothes", search).query == search


def test_a_low_price_wished_for_without_naming_one_is_said():
    from tests.understand.rules.test_parser import READERS

    assert any("price" in note for note in READERS["electronics"].read("a phone that won't break the bank").notes)


def test_a_corrected_word_is_said():
    from tests.understand.rules.test_parser import READERS

    assert any("Samsnug" in note for note in READERS["electronics"].read("a Samsnug phone").notes)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("for a girl who loves horses and is seven", ("horses",)),
        ("he likes to paint, she's into old maps", ("paint", "old maps")),
        ("she loves it", ()),
        ("I would like a red tent", ()),
    ],
)
def test_what_somebody_likes_is_told_apart(text, expected):
    assert liked(text) == expected

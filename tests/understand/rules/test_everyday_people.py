"""Everyday requests that tell of children, of guests and of what shall not happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.understand.catalogues import RULES, TOYS
from tests.understand.outdoors import OUTDOORS

from shelftalk.understand import Understander
from shelftalk.understand.rules import RuleParser
from shelftalk.understand.rules.superlatives import thrift_words
from shelftalk.understand.rules.tokens import tokenise
from shelftalk.values import Facet, Request, Turn

GAMES = Understander(TOYS, settings=RULES)
CUPS = Facet("cups", "number", 20, 9, (), 1, 40, categories=("Lights",))  # of Lights, that the shop has a kind for it
KITCHEN = Understander(replace(OUTDOORS, facets=(*OUTDOORS.facets, CUPS)), settings=RULES)


@pytest.mark.parametrize(
    "text, youngest",
    [
        ("a game for my kids, 6 and 9", 6), ("my son is 8, board game", 8), ("board game, they're 7 and 10", 7), ("board games, they are both 8", 8),
        ("a board game for my 5 year old", 5),
    ],
)  # fmt: skip
def test_an_age_is_a_limit_and_what_is_for_far_younger_ones_comes_behind(text: str, youngest: int) -> None:
    intent = GAMES.understand(Request(text)).intent
    assert [(c.operator, c.value) for c in intent.constraints if c.field == "age_min"] == [("<=", youngest)]
    assert [(c.field, c.want, c.importance, c.words) for c in intent.criteria] == [("age_min", "high", 1, "")]


def test_ages_told_in_a_later_turn_count_and_the_children_are_no_wish_besides() -> None:
    history = (Turn("user", "a board game"), Turn("assistant", "1. Harbour - 20.00 USD [g1]"))
    read = GAMES.understand(Request("the kids are 7 and 10", history=history))
    assert ("age_min", "<=", 7) in [(c.field, c.operator, c.value) for c in read.intent.constraints]
    assert read.asides == ("the kids",)
    assert GAMES.understand(Request("a board game for the kids")).asides == ()
    aged = replace(
        OUTDOORS, facets=(*OUTDOORS.facets, Facet("age_min", "number", 20, 9, (), 1, 12, categories=("Puzzles",)))
    )
    assert Understander(aged, settings=RULES).understand(Request("my kids are 6 and 9, a tent")).asides == ()


@pytest.mark.parametrize("text", ["lights for two people", "lights for two", "lights for my wife and me"])
def test_who_is_served_is_counted_where_a_kind_has_no_room_for_people(text: str) -> None:
    intent = KITCHEN.understand(Request(text)).intent
    assert [(c.field, c.operator, c.value) for c in intent.constraints if c.field != "categories"] == [
        ("cups", ">=", 2)
    ]
    assert intent.sort is not None
    assert (intent.sort.field, intent.sort.direction) == ("cups", "asc")
    tent = KITCHEN.understand(Request("a tent for two people")).intent
    assert "cups" not in [c.field for c in tent.constraints]


def test_what_is_somebodys_own_is_no_content_of_a_product() -> None:
    parser = RuleParser(OUTDOORS)
    assert parser.read("headphones that don't fall out of my ears").intent.exclude == ()
    assert parser.read("a blanket without feathers").intent.exclude == ("feathers",)


@pytest.mark.parametrize(
    "text, plea",
    [
        ("a knife, cheap, don't want to break the bank", "cheap"), ("I don't want to break the bank", "don't want to break the bank"),
        ("it should not break the bank", "not break the bank"), ("a knife on a tight budget", "tight budget"),
    ],
)  # fmt: skip
def test_a_plea_for_a_low_price_is_told_in_words_that_say_so(text: str, plea: str) -> None:
    assert thrift_words(tokenise(text)) == plea

"""Numbers and values in everyday speech: what they limit, and what they only tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.understand.outdoors import OUTDOORS, understood
from tests.understand.rules.test_parser import said

from shelftalk.understand import RuleParser
from shelftalk.understand.rules.placing import placed
from shelftalk.values import Facet

GAMES = RuleParser(
    replace(
        OUTDOORS,
        facets=(
            *OUTDOORS.facets,
            Facet("players_min", "number", 20, 6, (), 1, 6, categories=("Puzzles",)),
            Facet("players_max", "number", 20, 9, (), 2, 20, categories=("Puzzles",)),
        ),
    )
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a tent, sleeps four or more, less than 400", "categories = Tents; persons >= 4; price < 400"),
        ("a 3-person tent under 30", "categories = Tents; persons >= 3; price < 30; by persons asc"),
        ("tent that sleeps at least 3, green", "categories = Tents; colour = green; persons >= 3"),
        ("headphones, no black ones please, 100 to 170", "categories = Headphones; colour != black; price between (100, 170)"),
        ("headphones 100-170", "categories = Headphones; price between (100, 170)"),
        ("headphones, thirtyish, not black", "categories = Headphones; colour != black"),
        ("headphones, 60ish", "categories = Headphones; price between (51, 69)"),
        ("headphones around 60ish euros", "categories = Headphones; price between (51, 69)"),
        ("a tent for our trip in like 3 weeks", "categories = Tents"),
        ("a rain jacket to match my red boots", "categories = Rain Jackets"),
        ("my old black one fell apart, I want a backpack in green", "categories = Backpacks; colour = green"),
        ("a rain jacket in red, my wife says", "categories = Rain Jackets; colour = red"),
    ],
)  # fmt: skip
def test_numbers_and_values_of_everyday_speech(text: str, expected: str) -> None:
    assert said(understood(text).intent) == expected


def test_when_something_is_needed_is_no_limit_that_was_left_unread() -> None:
    assert not [n for n in understood("a tent for our trip in like 3 weeks").notes if "not read" in n]


@pytest.mark.parametrize(
    "text", ["a puzzle for two players under thirty", "puzzles for just 2 players for less than 30"]
)
def test_a_limit_behind_the_number_of_players_is_the_price(text: str) -> None:
    intent, _ = placed(GAMES.read(text).intent, GAMES.index)
    assert said(intent) == "categories = Puzzles; players_max >= 2; players_min <= 2; price < 30"


def test_a_word_of_the_category_before_a_common_word_makes_it_the_name_of_a_kind() -> None:
    beds = Facet(
        "kind", "text", 20, 3, (("lead", 7), ("bed", 7), ("throw", 6)), categories=("Dog Supplies", "Blankets")
    )
    shop = RuleParser(replace(OUTDOORS, facets=(*(f for f in OUTDOORS.facets if f.field != "kind"), beds)))
    assert said(shop.read("dog bed for a big one, anything but green").intent) == "colour != green; kind = bed"
    assert "kind" not in said(shop.read("something for the bed").intent)

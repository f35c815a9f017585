"""Ages that a word tells: babies, toddlers, teenagers, and for whom a thing shall not be."""

from __future__ import annotations

import pytest
from tests.understand.outdoors import understood
from tests.understand.rules.test_parser import said


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a puzzle for a toddler", "age_max >= 1; age_min < 3; categories = Puzzles"),
        ("a puzzle for our little toddler", "age_max >= 1; age_min < 3; categories = Puzzles"),
        ("a puzzle for my baby", "age_min < 1; categories = Puzzles"),
        ("a puzzle for teenagers", "age_max >= 13; age_min < 18; categories = Puzzles"),
        ("puzzles for kids under 5", "age_min < 5; categories = Puzzles"),
        ("puzzles for children over 8", "age_max >= 8; categories = Puzzles"),
        ("puzzles, not for little kids", "age_max > 5; categories = Puzzles"),
        ("a puzzle that isn't for babies", "age_max > 1; categories = Puzzles"),
        ("a puzzle, nothing for toddlers", "age_max > 3; categories = Puzzles"),
        ("no baby stuff, a puzzle for a six year old", "age_max >= 6; age_min <= 6; categories = Puzzles"),
        ("a puzzle, my son is nine", "age_max >= 9; age_min <= 9; categories = Puzzles"),
        ("puzzles for kids, ages seven and ten", "age_max >= 10; age_min <= 7; categories = Puzzles"),
    ],
)
def test_a_word_for_children_is_an_age_where_the_kind_has_ages(text, expected):
    assert said(understood(text).intent) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("puzzles for kids under 5 euros", "categories = Puzzles; price < 5"),
        ("puzzles under 20 for kids", "categories = Puzzles; price < 20"),
        ("a puzzle for my baby brother", "categories = Puzzles"),
        ("a puzzle for young children", "categories = Puzzles"),
        ("a blanket for a baby", "categories = Blankets"),
        ("a tent, not for toddlers", "categories = Tents"),
        ("a tent for two adults and a baby", "categories = Tents; persons >= 3; by persons asc"),
    ],
)
def test_elsewhere_it_is_none(text, expected):
    assert said(understood(text).intent) == expected


def test_whom_it_shall_not_be_for_is_not_searched_for():
    intent = understood("a puzzle, not for toddlers").intent
    assert (intent.query, intent.exclude) == ("puzzle", ())

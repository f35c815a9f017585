"""What the catalogue has never heard of is told; a material that nothing is made of fits nothing."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request

CHAIRS = Facets(
    (
        Facet("categories", "list", 40, 2, (("Chairs", 20), ("Board Games", 20))),
        Facet("price", "money", 40, 30, minimum=5, maximum=500),
        Facet("material", "text", 40, 3, (("wood", 15), ("steel", 15), ("cardboard", 10))),
        Facet("armrests", "text", 20, 3, (("fixed", 8), ("4D", 7), ("none", 5)), categories=("Chairs",)),
        Facet("players_min", "number", 20, 3, minimum=1, maximum=4, categories=("Board Games",)),
        Facet("players_max", "number", 20, 6, minimum=2, maximum=10, categories=("Board Games",)),
        Facet("spf", "number", 20, 3, minimum=6, maximum=50),
    ),
    40,
    currency="EUR",
)


def understood(text: str) -> tuple[str, str]:
    found = Understander(CHAIRS, settings=RULES).understand(Request(text))
    limits = "; ".join(
        sorted(f"{c.field} {c.operator} {c.value}" for c in found.intent.constraints if c.field != "categories")
    )
    return limits, " ".join(found.notes)


def test_a_chair_made_of_what_nothing_is_made_of_is_a_limit_that_nothing_meets_and_a_note():
    limits, notes = understood("a chair made of moonstone")
    assert limits == "material = moonstone"
    assert "'moonstone'" in notes


@pytest.mark.parametrize(
    "text", ["a chair made of metal", "a chair made of good stuff", "a chair made of recycled wood"]
)
def test_a_word_for_many_materials_is_no_unknown_one(text):
    assert "known to be made of" not in understood(text)[1]


def test_a_property_that_no_field_has_is_told_and_not_insisted_on():
    limits, notes = understood("a chair with wifi")
    assert limits == ""
    assert "'wifi'" in notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a chair with no armrests", "armrests = none"),
        ("a chair without armrests", "armrests = none"),
        ("a chair with armrests", "armrests in ('fixed', '4D')"),
        ("a board game for 4 people", "players_max >= 4; players_min <= 4"),
        ("something with factor 50", "spf = 50"),
    ],
)
def test_fields_are_known_by_the_words_that_shoppers_use(text, expected):
    assert understood(text)[0] == expected

"""What a question about a product shown is to be good for, and the limits that the rules read in it."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES, TOYS

from shelftalk.facts.asking import purpose
from shelftalk.understand import Understander
from shelftalk.values import Product, Request, Turn

SHOWN = Product(
    "g1", "Harbour", brand="Hasbro", categories=("Toys", "Board Games"), attributes={"age_min": 8, "material": "wood"}
)
HISTORY = (Turn("user", "a board game"), Turn("assistant", "1. Harbour - 20.00 USD [g1]"))
READER = Understander(TOYS, settings=RULES, products={"g1": SHOWN}.get)


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("is the second one good for heavy rain?", "heavy rain"), ("Is it OK if I cannot have wool", "I cannot have wool"),
        ("would the first work for two players?", "two players"), ("can I use it in the car?", "the car"),
        ("is it big enough for a cat", "a cat"), ("is it for beginners?", "beginners"), ("is it any good?", ""), ("is it good?", ""),
        ("is it waterproof?", ""), ("how heavy is it?", ""), ("which of them is good for cycling?", "cycling"), ("is it good for me?", ""), ("is it good as a gift?", "a gift"),
    ],
)  # fmt: skip
def test_the_purpose_is_told_in_the_shoppers_words(text: str, wanted: str) -> None:
    assert purpose(text) == wanted


@pytest.mark.parametrize(
    "text, limit",
    [
        ("is the first one good for a 9 year old?", ("age_min", "<=", 9)), ("can my 6 year old play it?", ("age_min", "<=", 6)),
        ("is it good for someone allergic to plastic?", ("material", "!=", "plastic")), ("is it free of cardboard?", ("material", "!=", "cardboard")),
    ],
)  # fmt: skip
def test_a_question_is_read_as_a_request_for_such_a_product_would_be(text: str, limit: tuple[str, str, object]) -> None:
    read = READER.understand(Request(text, history=HISTORY))
    assert read.follow_up is not None
    assert [(c.field, c.operator, c.value) for c in read.follow_up.asks.constraints] == [
        ("categories", "=", "Board Games"),
        limit,
    ]
    assert not [n for n in read.notes if "search for" in n]  # nothing is searched

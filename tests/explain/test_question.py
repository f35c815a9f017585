"""Questions about products that were shown are answered from the record alone."""

from __future__ import annotations

import pytest

from shelftalk.explain import answer_question
from shelftalk.values import Facet, Facets
from tests.explain.shop import FINCH, LARK, WREN

FACETS = Facets(
    (
        Facet("wireless", "boolean", 3, 2), Facet("waterproof", "boolean", 3, 2),
        Facet("colour", "text", 3, 3, (("Blue", 1), ("black", 1), ("red", 1)), categories=("Headphones",)),
        Facet("dog size", "text", 9, 2, (("small", 5),), categories=("Dogs",)),
    ),
    products=3,
)  # fmt: skip


@pytest.mark.parametrize(
    "text, product, reason",
    [
        ("is it wireless?", LARK, "Yes. Wireless: yes."), ("is it wireless?", FINCH, "No. Wireless: no."),
        ("how heavy is it?", LARK, "Weight: 250 g."), ("how long does it last?", WREN, "Battery life: 18 hours."),
        ("is it red?", LARK, "No. Colour: Blue."), ("does it come in blue?", LARK, "Yes. Colour: Blue."),
        ("is it any good?", LARK, "Rating: 4.6."), ("how much is it?", FINCH, "Price: 45.50 EUR."),
        ("is it waterproof?", LARK, "The record says nothing about waterproof."),
        ("does it come with a dog?", LARK, 'The record says nothing about "dog".'),
    ],
)  # fmt: skip
def test_the_record_answers_yes_no_with_the_fact_or_that_it_does_not_say(text: str, product, reason: str) -> None:
    assert answer_question(text, product, FACETS).reason == reason


def test_every_claim_of_an_answer_is_checked_and_cites_the_record() -> None:
    for text in ("is it wireless?", "how heavy is it?", "tell me more about it", "is it red?"):
        answer = answer_question(text, LARK, FACETS)
        assert answer.claims
        for claim in answer.claims:
            assert claim.verified
            assert claim.text in answer.reason
            assert all(LARK.value(e.field) == e.value for e in claim.evidence)


def test_more_is_told_than_in_a_reason() -> None:
    assert len(answer_question("tell me more about the first", LARK, FACETS).claims) > 3

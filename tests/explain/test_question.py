"""Questions about products that were shown are told from requests, and answered from the record alone."""

from __future__ import annotations

import pytest

from shelftalk.explain import answer_question, question_about
from shelftalk.values import Facet, Facets
from tests.explain.shop import FINCH, LARK, SHELF, WREN

FACETS = Facets(
    (
        Facet("wireless", "boolean", 3, 2), Facet("waterproof", "boolean", 3, 2),
        Facet("colour", "text", 3, 3, (("Blue", 1), ("black", 1), ("red", 1)), categories=("Headphones",)),
        Facet("dog size", "text", 9, 2, (("small", 5),), categories=("Dogs",)),
    ),
    products=3,
)  # fmt: skip


@pytest.mark.parametrize(
    "text, kind, ids",
    [
        ("is it waterproof?", "fact", ["h-1"]), ("does the second come in blue", "fact", ["h-2"]), ("how heavy are they?", "fact", ["h-1", "h-2", "h-3"]),
        ("why the first?", "why", ["h-1"]), ("why is #2 there", "why", ["h-2"]), ("tell me more about the second", "tell", ["h-2"]),
        ("what about the last one?", "tell", ["h-3"]), ("how long does the Wren last?", "fact", ["h-2"]), ("why not the Robin?", "why", []),
    ],
)  # fmt: skip
def test_a_question_about_what_is_shown_is_recognised(text: str, kind: str, ids: list[str]) -> None:
    question = question_about(text, SHELF)
    assert question is not None
    assert (question.kind, [p.id for p in question.products]) == (kind, ids)


@pytest.mark.parametrize(
    "text",
    ["cheaper ones", "the second, but in blue", "is there a cheaper one?", "do you have it in blue?", "what about blue ones",
     "a tent for four people", "hello", "I want this in red, is that ok?", "something like the first", "tell me more about the fifth"],
)  # fmt: skip
def test_a_request_is_left_to_the_search(text: str) -> None:
    assert question_about(text, SHELF) is None


def test_without_picks_there_is_nothing_to_ask_about() -> None:
    assert question_about("is it waterproof?", ()) is None


def test_it_is_the_product_last_spoken_of() -> None:
    question = question_about("is it wireless?", SHELF, focus=FINCH)
    assert question is not None
    assert question.product is FINCH


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

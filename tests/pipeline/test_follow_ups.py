"""A follow-up is classified alike in the terminal, which holds the products shown, and over HTTP, where the history tells of them."""

from __future__ import annotations

import pytest

from shelftalk import Request, Shelf, Turn
from shelftalk.conversation import question_about
from shelftalk.render import assistant_turn
from shelftalk.values import Answer


@pytest.fixture(scope="module")
def answered(shelf: Shelf) -> Answer:
    return shelf.ask("a kettle under 60", k=3)


@pytest.mark.parametrize(
    "text",
    [
        "is it cordless?", "is the second cordless?", "does the second come in blue?", "how big are they?", "tell me more about the last one",
        "what about the second one?", "describe it", "number 2: is it cordless?", "why the first?", "why is #2 there", "and the third, how big is it?",
    ],
)  # fmt: skip
def test_a_question_about_a_product_shown_is_one_in_the_terminal_and_over_http(
    shelf: Shelf, answered: Answer, text: str
) -> None:
    here = question_about(text, [pick.product for pick in answered.picks])
    history = (Turn("user", answered.request), assistant_turn(answered))
    there = shelf.understand(Request(text, history=history)).asked
    assert here is not None
    assert there is not None
    assert (here.kind, [p.id for p in here.products]) == (there.kind, [s.id for s in there.about])
    assert shelf.ask(Request(text, history=history)).picks[0].product.id == here.products[0].id


@pytest.mark.parametrize(
    "text",
    ["cheaper ones", "the second, but in black", "is there a cheaper one?", "do you have it in black?", "what about red ones", "a teapot", "what about Velm?"],
)  # fmt: skip
def test_what_asks_for_products_is_no_question_in_either(shelf: Shelf, answered: Answer, text: str) -> None:
    assert question_about(text, [pick.product for pick in answered.picks]) is None
    history = (Turn("user", answered.request), assistant_turn(answered))
    assert shelf.understand(Request(text, history=history)).asked is None


@pytest.mark.parametrize("text", ["compare the first two", "which is biggest?", "which one would you pick?"])
def test_a_choice_among_those_shown_is_left_to_the_whole_path(shelf: Shelf, answered: Answer, text: str) -> None:
    assert question_about(text, [pick.product for pick in answered.picks]) is None
    history = (Turn("user", answered.request), assistant_turn(answered))
    assert shelf.understand(Request(text, history=history)).asked is not None

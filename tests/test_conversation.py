"""Follow-ups: which turns ask about products shown, what they are told, and how a need with several readings is answered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shelftalk.conversation import comparison, question_about, spread
from shelftalk.values import Candidate, Product, Ranking
from tests.explain.shop import FINCH, SHELF


def test_an_attribute_called_like_a_field_of_the_record_hides_nothing_in_a_comparison() -> None:
    lamp = Product("a", "Lamp", price=Decimal(9), attributes={"price": "on request", "colour": "red"})
    torch = Product("b", "Torch", price=Decimal(7), attributes={"colour": "red"})
    table = comparison([lamp, torch])
    assert table["product_ids"] == ["a", "b"]
    assert [str(v) for v in table["fields"]["price"]] == ["9", "7"]
    assert table["fields"]["attributes.price"] == ["on request", None]
    assert {"price", "title", "attributes.price"} <= set(table["differing"])
    assert "colour" not in table["differing"]


@pytest.mark.parametrize(
    ("kinds", "chosen", "first"),
    [
        ("mug rug fan", False, "mug rug fan mug"),
        ("mug rug fan", True, "mug rug fan mug"),
        ("mug rug", False, "mug rug mug mug"),
        ("mug fan", True, "mug fan mug mug"),
    ],
)
def test_each_kind_has_its_turn_and_the_likelier_of_two_that_were_chosen_two(
    kinds: str, chosen: bool, first: str
) -> None:
    titles = ["mug", "mug", "mug", "rug", "fan", "fan"]
    products = [Product(id=str(n), title=t, categories=(t,)) for n, t in enumerate(titles)]
    ranking = Ranking(tuple(Candidate(p, 1.0) for p in products), "none")
    found = spread(ranking, kinds.split(), chosen=chosen).candidates
    assert " ".join(c.product.title for c in found[:4]) == first
    assert len(found) == len(titles)


@pytest.mark.parametrize(
    "text, kind, ids",
    [
        ("is it waterproof?", "fact", ["h-1"]), ("does the second come in blue", "fact", ["h-2"]), ("how heavy are they?", "fact", ["h-1", "h-2", "h-3"]),
        ("why the first?", "why", ["h-1"]), ("why is #2 there", "why", ["h-2"]), ("tell me more about the second", "fact", ["h-2"]),
        ("what about the last one?", "fact", ["h-3"]), ("how long does the Wren last?", "fact", ["h-2"]), ("why not the Robin?", "why", []),
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
    assert question.products == (FINCH,)

"""The kind of thing is read only where a short request names it plainly."""

from __future__ import annotations

import pytest

from shelftalk.understand.rules.kind_name import named_kind
from shelftalk.values import Constraint, Intent, Sort

LIMITED = Intent((Constraint("price", "<", 50, "under 50"), Constraint("colour", "=", "red", "red")))


@pytest.mark.parametrize(
    ("request_text", "kind"),
    [
        ("kettle", "kettle"),
        ("a red kettle under 50", "kettle"),
        ("a kettle, not plastic, between 20 and fifty euros", "kettle"),
        ("Could you please find me a bike helmet for a toddler?", "bike helmet"),
        ("the cheapest lawn mower", "lawn mower"),
        ("the cheapest lawn mower you have?", "lawn mower"),
        ("show me the best rocking chairs that you've got", "rocking chairs"),
        ("any hammocks which you sell", "hammocks"),
        ("I'm looking for a good sleeping bag", "sleeping bag"),
        ("Do you have umbrellas?", "umbrellas"),
        ("name 4 serums without fragrance", "serums"),
        ("hiking pack somewhere between 30 and 50 litres", "hiking pack"),
    ],
)
def test_a_short_request_names_its_thing(request_text: str, kind: str) -> None:
    assert named_kind(request_text, LIMITED) == kind


@pytest.mark.parametrize(
    "request_text",
    [
        "something nice for my sister",
        "a gift for my father under 50",
        "I hate the hassle of wired headphones. Could you find me the wireless pair with the longest playtime?",
        "Listen, I ain't going over 10 dollars for a pair of wireless headphones.",
        "I already own a kettle; what else for the kitchen?",
        "What's the first product that pops up?",
        "what is the cheapest thing you have?",
        "keep my old garden chairs dry all winter",
        "I don't have much cash to spare, but I'm stuck on one brand and want long playtime, so what have you got?",
        "under 50",
        "a dozen bottles of water",
        "two bags of coffee",
        "",
    ],
)
def test_what_leaves_the_thing_open_or_tells_a_story_names_none(request_text: str) -> None:
    assert named_kind(request_text, LIMITED) == ""


def test_what_is_no_shopping_request_names_nothing() -> None:
    assert named_kind("poem", Intent(shopping=False)) == ""


def test_a_place_in_an_order_is_no_kind_of_thing() -> None:
    order = Sort("price", "asc", "cheapest")
    assert named_kind("the second cheapest kettle", Intent(sort=order)) == "kettle"

"""Follow-ups: the table that compares products, and how a need with several readings is answered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shelftalk.conversation import comparison, spread
from shelftalk.values import Candidate, Product, Ranking


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

"""What a turn about products shown is told: a table keeps every field of every record."""

from __future__ import annotations

from decimal import Decimal

from shelftalk.asked import comparison
from shelftalk.values import Product


def test_an_attribute_called_like_a_field_of_the_record_hides_nothing_in_a_comparison() -> None:
    lamp = Product("a", "Lamp", price=Decimal(9), attributes={"price": "on request", "colour": "red"})
    torch = Product("b", "Torch", price=Decimal(7), attributes={"colour": "red"})
    table = comparison([lamp, torch])
    assert table["product_ids"] == ["a", "b"]
    assert [str(v) for v in table["fields"]["price"]] == ["9", "7"]
    assert table["fields"]["attributes.price"] == ["on request", None]
    assert {"price", "title", "attributes.price"} <= set(table["differing"])
    assert "colour" not in table["differing"]

"""What a record says of whether a product can be had."""

from __future__ import annotations

import pytest

from shelftalk.facts.availability import sold_out, to_come
from tests.catalog.fakes import product


@pytest.mark.parametrize(
    "said, gone, later",
    [
        ("in_stock", False, False),
        ("https://schema.org/OutOfStock", True, False),
        ("Sold out", True, False),
        ("preorder", False, True),
        ("https://schema.org/PreOrder", False, True),
        ("back order", False, True),
        (None, False, False),
    ],
)
def test_sold_out_and_not_there_yet_are_told_apart(said: str | None, gone: bool, later: bool) -> None:
    one = product("p", "tea", "4", availability=said)
    assert (sold_out(one), to_come(one)) == (gone, later)

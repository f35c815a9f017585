"""What counts as new: by release, else by import, or by how few met it."""

from __future__ import annotations

from datetime import date

import pytest

from shelftalk.shoppers.newness import Newness
from shelftalk.values import Product

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("released", "new"),
    [
        ("2026-11-30", True), ("2026-11-01", True), ("2026-10-31", False), ("2026-11-20T08:00:00Z", True),
        ("2026-12-01", False), ("2026", False), (None, False), ("soon", False),
    ],
)  # fmt: skip
def test_by_its_release(released: str | None, new: bool) -> None:
    assert Newness(TODAY, 30)(Product("p", "P", released_at=released)) is new


def test_without_a_release_date_by_its_import() -> None:
    added = {"p": date(2026, 11, 20), "old": date(2026, 9, 1)}
    newness = Newness(TODAY, 30, added=added)
    assert newness(Product("p", "P"))
    assert not newness(Product("old", "O"))
    assert not newness(Product("p", "P", released_at="2020-01-01"))


def test_by_few_interactions_where_any_are_known() -> None:
    assert Newness(TODAY, 0, few=3, counts={"p": 2, "q": 3})(Product("p", "P"))
    assert not Newness(TODAY, 0, few=3, counts={"p": 2, "q": 3})(Product("q", "Q"))
    assert Newness(TODAY, 0, few=3, counts={"q": 3})(Product("never met", "N"))
    assert not Newness(TODAY, 0, few=3)(Product("p", "P"))
    assert not Newness(TODAY, 0, few=3, counts={"q": 3})(Product("p", "P", released_at="2027-01-01"))

"""A constraint holds for a record exactly where the database says so."""

from __future__ import annotations

import pytest

from shelftalk.facts.holds import as_number, extreme, holds
from shelftalk.values import Constraint, Product
from tests.explain.shop import FINCH, LARK, WREN

PRODUCT = Product(
    id="x", title="X", brand="Sony", categories=("Audio", "Headphones"), released_at="2024-03-01",
    attributes={"hours": 30, "depth": "50 meters", "wet": "yes", "dry": False, "colours": ("red", "blue")},
)  # fmt: skip


@pytest.mark.parametrize(
    "field, operator, value, expected",
    [
        ("brand", "=", "sony", True), ("brand", "!=", "SONY", False), ("brand", "in", ("Bose", "Sony"), True),
        ("brand", "not in", ("Bose", "Sony"), False), ("hours", ">=", 30, True), ("hours", ">", 30, False), ("hours", "<", "31", True),
        ("hours", "between", (10, 30), True), ("hours", "between", (31, 40), False), ("depth", ">", 49, True), ("wet", "=", True, True),
        ("wet", "=", "no", False), ("dry", "=", False, True), ("dry", "=", "false", True), ("colours", "=", "blue", True),
        ("colours", "!=", "blue", False), ("categories", "=", "headphones", True), ("lost", "=", "x", False), ("lost", "!=", "x", True),
        ("lost", "<", 3, False), ("lost", "not in", ("x",), True), ("released_at", ">=", "2024-01-01", True),
        ("released_at", "<", "2024-01-01", False), ("brand", "<", 5, False), ("attributes.hours", "=", 30.0, True),
    ],
)  # fmt: skip
def test_a_constraint_holds(field: str, operator, value, expected: bool) -> None:
    assert holds(Constraint(field, operator, value), PRODUCT) is expected


def test_a_superlative_needs_the_only_best_of_all_known_values() -> None:
    assert extreme("price", "asc", FINCH, (LARK, WREN))
    assert extreme("price", "desc", WREN, (LARK, FINCH))
    assert not extreme("rating", "desc", LARK, (WREN, FINCH))  # one pick has no rating
    assert not extreme("price", "asc", LARK, (LARK,))


def test_only_a_leading_number_is_read() -> None:
    assert as_number("50 meters") == 50
    assert as_number("about 50") is None
    assert as_number(True) is None

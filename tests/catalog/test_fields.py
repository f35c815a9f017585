"""Counts, stock and availability as shops write them."""

from __future__ import annotations

import pytest

from shelftalk.catalog.product import FieldError, parse_product


@pytest.mark.parametrize("given, read", [
    ("1.234", 1234), ("1,234", 1234), ("12.345.678", 12345678), ("1 234", 1234), ("1'234", 1234), ("1\u202f234", 1234), ("12 reviews", 12),
    ("(12)", 12), ("1.234 Bewertungen", 1234), ("12.0", 12), (12.0, 12), ("0", 0), ("5", 5),
])  # fmt: skip
def test_a_count_is_whole_whatever_parts_its_thousands(given: object, read: int) -> None:
    dropped: list[FieldError] = []
    assert parse_product({"id": 1, "title": "A", "review_count": given}, dropped).review_count == read
    assert not dropped


@pytest.mark.parametrize(
    "given", ["1.5", "1.23", "0.234", "1.2345", "12 4", "many", "-3", "4.5 of 5", "1.2k", "100 ml 3"]
)
def test_what_is_no_count_is_left_out(given: str) -> None:
    dropped: list[FieldError] = []
    assert parse_product({"id": 1, "title": "A", "review_count": given}, dropped).review_count is None
    assert [e.field for e in dropped] == ["review_count"]


@pytest.mark.parametrize("given, stock, availability", [
    ("In Stock (3)", 3, None), ("in stock: 3", 3, None), ("Qty: 5", 5, None), ("-3", 0, None), ("0 Stück", 0, None), ("1.500", 1500, None),
    ("1.000", 1, None), ("売り切れ", 0, None), ("Low stock", None, "in_stock"),
])  # fmt: skip
def test_a_stock_is_read_as_shops_write_it(given: str, stock: int | None, availability: str | None) -> None:
    read = parse_product({"id": 1, "title": "A", "stock": given})
    assert (read.stock, read.availability) == (stock, availability)


@pytest.mark.parametrize("given", ["-3", "0 pcs", "0.00", -3, 0])
def test_a_number_below_one_is_no_availability(given: object) -> None:
    assert parse_product({"id": 1, "title": "A", "availability": given}).availability == "out_of_stock"


@pytest.mark.parametrize("given", ["100 ML", "6 pack", "many", "12 4"])
def test_a_quantity_of_something_is_no_stock(given: str) -> None:
    dropped: list[FieldError] = []
    assert parse_product({"id": 1, "title": "A", "stock": given}, dropped).stock is None
    assert [e.field for e in dropped] == ["stock"]

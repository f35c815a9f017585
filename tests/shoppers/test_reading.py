"""Interactions straight from files: ids as the shop has them, any layout that is imported, rows at fault told of with their line."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.errors import FeedError
from shelftalk.shoppers.reading import read_interactions


def test_ids_stay_as_the_shop_has_them_and_other_names_of_kinds_are_read(tmp_path: Path) -> None:
    path = tmp_path / "did.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write('{"user": "u@shop.example", "product": "A", "event": "buy", "time": "2026-01-02T03:04:05Z"}\n')
    (one,) = read_interactions(path)
    assert (one.user, one.kind, one.product_id, one.at.isoformat()) == (
        "u@shop.example",
        "purchase",
        "A",
        "2026-01-02T03:04:05+00:00",
    )


def test_a_csv_of_orders_needs_no_kind(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("customer_id,product_id,date,quantity,price,currency\nc1,A,2026-01-02,3,2.50,EUR\n")
    (only,) = read_interactions(path, kind="purchase")
    assert (only.user, only.kind, only.value, only.price) == ("c1", "purchase", 3.0, Decimal("2.50"))


def test_invoices_of_another_year_are_read_and_credit_notes_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        "C36366,85123A,HOLDER,-6,2010-12-02 08:26:00,2.55,17850.0,United Kingdom\n"
        "536367,85123A,HOLDER,6,2090-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        "536368,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,,United Kingdom\n"
    )
    bad: list[dict] = []
    found = list(read_interactions(path, bad.append))
    assert [(e.user, e.session) for e in found] == [("17850", "536365"), ("17850", "536367")]
    assert [(row["line"], row["field"]) for row in bad] == [(5, "user")]


@pytest.mark.parametrize(
    "row, field",
    [
        ("nonsense", ""),
        ('{"kind": "hug", "user": "u", "product_id": "A", "at": "2026-01-01"}', "kind"),
        ('{"kind": "view", "user": "u", "product_id": "A", "at": "someday"}', "at"),
        ('{"kind": "view", "product_id": "A", "at": "2026-01-01"}', "user"),
        ('{"kind": "view", "user": "u", "product_id": "A", "at": "2026-01-01", "price": "-1"}', "price"),
    ],
)
def test_a_row_at_fault_is_told_of_and_the_rest_go_on(tmp_path: Path, row: str, field: str) -> None:
    path = tmp_path / "did.jsonl"
    good = '{"kind": "view", "user": "u", "product_id": "A", "at": "2026-01-01"}\n'
    path.write_text(good + row + "\n" + good)
    bad: list[dict] = []
    assert len(list(read_interactions(path, bad.append))) == 2
    assert [(b["line"], b["field"]) for b in bad] == [(2, field)]
    assert bad[0]["reason"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"none\.jsonl"):
        list(read_interactions(tmp_path / "none.jsonl"))

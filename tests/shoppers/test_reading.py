"""Interactions from files: native names and those of others, rows that are none told of with their line."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.errors import UsageError
from shelftalk.shoppers.reading import read_interactions


def test_rows_are_read_under_the_names_that_files_give_them(tmp_path: Path) -> None:
    path = tmp_path / "did.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write('{"user": "u", "product": "A", "event": "buy", "time": "2026-01-02T03:04:05Z"}\n')
        file.write(
            '{"user_id": 7, "product_id": 8, "kind": "rating", "rating": "4", "at": "2026-01-02", "price": "9.90"}\n'
        )
    first, second = read_interactions(path)
    assert (first.user, first.kind, first.product_id, first.at.isoformat()) == (
        "u",
        "purchase",
        "A",
        "2026-01-02T03:04:05+00:00",
    )
    assert (second.user, second.product_id, second.value, second.price) == ("7", "8", 4.0, Decimal("9.90"))


def test_a_csv_of_orders_needs_no_kind(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("customer_id,product_id,date,quantity,price\nc1,A,2026-01-02,3,2.50\n")
    (only,) = read_interactions(path)
    assert (only.user, only.kind, only.value, only.price) == ("c1", "purchase", 3.0, Decimal("2.50"))


@pytest.mark.parametrize(
    "row, field",
    [
        ("nonsense", "line"), ("[]", "line"), ('{"kind": "hug", "user": "u", "product_id": "A", "at": "2026-01-01"}', "kind"),
        ('{"user": "u", "product_id": "A"}', "at"), ('{"product_id": "A", "at": "2026-01-01"}', "user"), ('{"user": "u", "at": "2026-01-01"}', "product_id"),
        ('{"user": "u", "product_id": "A", "at": "2026-01-01", "price": "-1"}', "price"),
        ('{"user": "u", "product_id": "A", "at": "2026-01-01", "value": "nan"}', "value"),
        ('{"user": true, "product_id": "A", "at": "2026-01-01"}', "user"),
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_told_of_and_the_rest_go_on(tmp_path: Path, row: str, field: str) -> None:
    path = tmp_path / "did.jsonl"
    path.write_text(row + '\n{"user": "u", "product_id": "A", "at": "2026-01-01"}\n')
    bad: list[dict] = []
    assert len(list(read_interactions(path, bad.append))) == 1
    assert [(b["line"], b["field"]) for b in bad] == [(1, field)]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none.jsonl: cannot be read"):
        list(read_interactions(tmp_path / "none.jsonl"))
    (tmp_path / "not.gz").write_bytes(b"plain")
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_interactions(tmp_path / "not.gz"))

"""What is exported is a feed that makes the same catalogue."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.catalog.export import ENDINGS, export_products
from shelftalk.catalog.readers import read_feed
from shelftalk.errors import StorageError, UsageError
from shelftalk.values import Product

PLAIN = Product("1", "Lamp, red", price=Decimal("19.90"), currency="EUR", categories=("Home", "Lamps"))
ODD = Product(
    "2", "Tïtle \"quoted\" \u202e <3 [red]", "Two\nlines; and\ttabs", "Brand | Co", Decimal("19.9900"), "EUR", Decimal("1E+2"),
    ("A", "B > C", "D|E"), {"z": "last", "a": 5, "b": 0.5, "c": True, "d": ("x", "y|z"), "one": ("single",), "code": "007",
                           "number as text": "12", "big": 2**62},
    4.5, 7, "in_stock", 0, ("https://x/1|2.jpg", "https://x/2.jpg"), "2024-01-01", "https://x/",
)  # fmt: skip
LISTED = Product("3", "Sofa", categories=("[odd]",), images=("https://x/1.jpg", "https://x/2.jpg"))
EVERYTHING = [PLAIN, ODD, LISTED]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_exported_comes_back_as_it_was(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    assert export_products(iter(EVERYTHING), path) == 3
    assert list(read_feed(path)) == EVERYTHING


def test_an_ending_in_capitals_counts_and_gz_is_packed(tmp_path: Path) -> None:
    export_products([PLAIN], tmp_path / "OUT.CSV.GZ")
    assert gzip.decompress((tmp_path / "OUT.CSV.GZ").read_bytes()).startswith(b"id,title,")


@pytest.mark.parametrize("name", ["out.xml", "out", "out.parquet.gz"])
def test_an_ending_that_names_no_format_is_refused_with_those_that_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.jsonl, .*\.parquet"):
        export_products([PLAIN], tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_cut_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def cut():
        yield PLAIN
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="disk is full"):
        export_products(cut(), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]

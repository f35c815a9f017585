"""Parquet: decimals stay exact, floats enter by their shortest decimal text, damage is named."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from shelftalk.catalog.readers import Reject, detect_format, read_feed
from shelftalk.errors import FeedError


def write(path: Path, **columns: pa.Array) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def test_every_column_type_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "feed",
        id=pa.array([1, 2]),
        title=pa.array(["A", "B"]),
        price=pa.array([Decimal("19.90"), None], pa.decimal128(10, 2)),
        list_price=pa.array([24.99, None], pa.float32()),
        categories=pa.array([["Home", "Pans"], None]),
        released_at=pa.array([date(2026, 3, 31), None]),
        brand=pa.array(["X", "X"]).dictionary_encode(),
        attributes=pa.array([{"weight": 1.5, "steel": True}, {"weight": None, "steel": None}]),
        seen=pa.array([datetime(2026, 3, 31, tzinfo=UTC), None]),
        ratio=pa.array([0.1, 0.2]),
    )
    assert detect_format(path) == "parquet"
    first, second = read_feed(path)
    assert str(first.price) == "19.90"
    assert str(first.list_price) == "24.99"
    assert first.categories == ("Home", "Pans")
    assert first.released_at == "2026-03-31"
    assert first.brand == "X"
    assert first.attributes == {"weight": 1.5, "steel": True, "ratio": 0.1, "seen": "2026-03-31T00:00:00+00:00"}
    assert second.price is None
    assert second.attributes == {"ratio": 0.2}


def test_a_double_price_is_what_the_shop_wrote(tmp_path: Path) -> None:
    path = write(tmp_path / "feed", id=["1"], title=["A"], price=pa.array([1234.1]))
    assert str(next(iter(read_feed(path))).price) == "1234.1"


@pytest.mark.parametrize(
    "held",
    [pa.array(['{"w": 1.5}', "oops", None]), pa.array([[("w", 1.5)], None, []], pa.map_(pa.string(), pa.float64()))],
)
def test_attributes_may_be_json_or_a_map(tmp_path: Path, held: pa.Array) -> None:
    found = list(read_feed(write(tmp_path / "feed", id=["1", "2", "3"], title=["A", "B", "C"], attributes=held)))
    assert found[0].attributes == {"w": 1.5}
    assert found[2].attributes == {}


def test_bad_rows_are_numbered_and_the_rest_go_on(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"A", b"caf\xe9", b"C"]).buffers())
    path = write(tmp_path / "feed", id=["1", "2", "3"], title=broken, price=pa.array([1.0, 2.0, float("nan")]))
    dropped: list[Reject] = []
    found = list(read_feed(path, dropped=dropped.append))
    assert (found[1].line, found[1].id, found[1].field) == (2, "2", "title")
    assert "broken encoding" in found[1].reason
    assert (found[2].id, found[2].price) == ("3", None)
    assert [(r.line, r.id, r.field) for r in dropped] == [(3, "3", "price")]


def test_a_packed_file_is_read_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "feed", id=["1"], title=["A"])
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert [p.id for p in read_feed(packed)] == ["1"]
    damaged = tmp_path / "damaged"
    damaged.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FeedError, match="damaged Parquet"):
        list(read_feed(damaged))


def test_a_column_that_means_the_categories_is_taken_for_them(tmp_path: Path) -> None:
    path = write(
        tmp_path / "feed", id=pa.array([1, 2]), title=pa.array(["A", "B"]), Department=pa.array(["Rugs", None])
    )
    told: dict[str, str] = {}
    assert [p.categories for p in read_feed(path, read_as=told.__setitem__)] == [("Rugs",), ()]
    assert told == {"Department": "categories"}

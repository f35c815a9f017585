"""Products of the Shopping Queries set are read as ESCI-S gives them and as the authors publish them."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.catalog.readers import Reject, detect_format, read_feed
from shelftalk.values import Product

BELT = {
    "asin": "B1", "title": "A belt", "description": "<p>Of&nbsp;leather &amp; brass</p>", "bullet_points": "Wide\nLong", "brand": "Acme",
    "color": "Black", "image": "https://x.example/1.jpg", "price": 29.97, "category": ["Clothing", "Belts"], "rating": 4.2, "rating_count": 724,
}  # fmt: skip


def only(path: Path) -> Product:
    (found,) = read_feed(path)
    assert isinstance(found, Product)
    return found


def test_a_product_keeps_what_is_known_of_it(tmp_path: Path) -> None:
    file = tmp_path / "products.jsonl"
    file.write_text(json.dumps(BELT))
    assert detect_format(file) == "esci"
    belt = only(file)
    assert (belt.id, belt.title, belt.brand, belt.price, belt.currency) == (
        "B1",
        "A belt",
        "Acme",
        Decimal("29.97"),
        "USD",
    )
    assert belt.description == "Wide\nLong\nOf leather & brass"
    assert (belt.categories, belt.rating, belt.review_count) == (("Clothing", "Belts"), 4.2, 724)
    assert (belt.attributes, belt.images) == ({"color": "Black"}, ("https://x.example/1.jpg",))


@pytest.mark.parametrize(("price", "read"), [(None, None), ("$1,299.00", Decimal("1299.00")), ("$5 - $9", None), ("", None)])  # fmt: skip
def test_a_price_that_is_none_is_left_out(tmp_path: Path, price, read) -> None:
    file = tmp_path / "products.jsonl"
    file.write_text(json.dumps({**BELT, "price": price}))
    assert only(file).price == read


def test_the_authors_columns_are_read_too(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    row = {"product_id": "B2", "product_title": "A hat", "product_description": None, "product_bullet_point": "Warm",
           "product_brand": "Velm", "product_color": "Red", "product_locale": "us"}  # fmt: skip
    (tmp_path / "products.jsonl").write_text(json.dumps(row))
    assert detect_format(tmp_path / "products.jsonl") == "esci"
    parquet.write_table(pa.Table.from_pylist([row]), tmp_path / "products.parquet")
    (published,) = read_feed(tmp_path / "products.parquet", format="esci")
    assert published == only(tmp_path / "products.jsonl")
    assert isinstance(published, Product)
    assert (published.id, published.title, published.description, published.brand) == ("B2", "A hat", "Warm", "Velm")


def test_every_product_of_the_set_is_read(shared_data: Path) -> None:
    file = shared_data / "esci" / "products.jsonl.gz"
    products = {p.id: p for p in read_feed(file) if not isinstance(p, Reject)}
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(products) == len(rows) == 6764
    for row in rows:
        product = products[row["asin"]]
        assert product.price == (None if row["price"] is None else Decimal(str(row["price"])))
        assert product.categories == tuple(row["category"])
        assert product.title

"""The public sets: their products are those that independent readings of the same files give."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.catalog.markup import plain_text
from shelftalk.catalog.readers import Reject, detect_format, read_feed
from shelftalk.errors import FeedError


def read(path: Path, **options):
    found = list(read_feed(path, **options))
    assert not [f for f in found if isinstance(f, Reject)]
    return {p.id: p for p in found}


def number(value: object) -> float | None:
    match = re.search(r"-?\d+(\.\d+)?", str(value).replace(",", ""))
    return float(match.group()) if match else None


def test_productqa_products_are_those_of_its_files(shared_data: Path) -> None:
    for folder in sorted((shared_data / "productqa" / "test").iterdir()):
        assert detect_format(folder) == "productqa"
        products = read(folder)
        metadata = json.loads((folder / "metadata.json").read_text())
        schema = json.loads((folder / "schema.json").read_text())
        assert list(products) == list(metadata)
        for asin, record in metadata.items():
            product = products[asin]
            assert (product.title, product.brand, str(product.price), product.currency) == (
                plain_text(record["title"]),
                record["brand"],
                record["price"],
                "USD",
            )
            assert product.categories == (folder.name.replace("_", " "),)
            expected = {
                n: number(v) if schema.get(n, {}).get("type") == "cloze" and number(v) is not None else v
                for n, v in record.items()
                if n not in ("title", "price", "brand") and v is not None
            }
            assert product.attributes == {n: plain_text(v) if isinstance(v, str) else v for n, v in expected.items()}


def test_a_folder_of_categories_is_one_feed(shared_data: Path) -> None:
    products = read(shared_data / "productqa" / "test")
    assert {p.categories[0] for p in products.values()} == {"all pans", "leggings", "rollerball pens"}
    assert len(products) == sum(
        len(json.loads(f.read_text())) for f in (shared_data / "productqa" / "test").rglob("metadata.json")
    )


def test_productqa_needs_its_schema(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text('{"B1": {"title": "A"}}')
    with pytest.raises(FeedError, match=r"schema\.json"):
        list(read_feed(tmp_path))


def test_every_chorus_product_is_read_exactly(shared_data: Path) -> None:
    path = shared_data / "chorus" / "products.jsonl.gz"
    assert detect_format(path) == "chorus"
    products = read(path)
    assert len(products) == 19406
    with gzip.open(path) as lines:
        for line in lines:
            record = json.loads(line)
            product = products[record["id"]]
            assert product.title == plain_text(record["title"])
            assert product.description == plain_text(record.get("short_description", ""))
            assert product.price == Decimal(record["price"]) / 100
            assert product.brand == record["supplier"]
            assert product.released_at == record["date_released"]
            for name, value in record.items():
                if name.startswith("attr_"):
                    bare, text = name[7:], plain_text(value) if isinstance(value, str) else value
                    held = (product.attributes.get(bare), product.attributes.get(f"{bare}_{name[5]}"))
                    assert text in held or (isinstance(text, str) and not text.strip())


def test_every_judged_chorus_product_is_there(shared_data: Path) -> None:
    products = read(shared_data / "chorus" / "products.jsonl.gz")
    with (shared_data / "chorus" / "ratings.test.csv").open(newline="") as rows:
        judged = {row["docid"] for row in csv.DictReader(rows)}
    assert len(judged & set(products)) / len(judged) > 0.9


def test_chorus_is_read_as_its_authors_publish_it(tmp_path: Path) -> None:
    record = {"id": "1", "name": "M-1", "title": "A mouse", "supplier": "Acme", "date_released": "2009-12-10T00:00:00Z", "price": 4995,
              "ean": [], "attr_t_type": "Optical", "attr_n_type": 2.5, "product_vector": [0.1, 0.2]}  # fmt: skip
    with zipfile.ZipFile(tmp_path / "1.json.zip", "w") as packed:
        packed.writestr("1.json", json.dumps([record, {**record, "id": "2", "price": 49.95}]))
    assert detect_format(tmp_path) == "chorus"
    dropped: list[Reject] = []
    product, _ = read_feed(tmp_path, dropped=dropped.append)
    (reject,) = dropped
    assert str(product.price) == "49.95"
    assert product.attributes == {"type": "Optical", "type_n": 2.5, "model": "M-1"}
    assert (reject.id, reject.field) == ("2", "price")
    assert reject.source.endswith("1.json.zip")


def test_the_retail_demo_store_is_read_exactly(shared_data: Path) -> None:
    folder = shared_data / "retail_demo_store"
    assert detect_format(folder) == detect_format(folder / "products.yaml") == "retail-demo-store"
    products = read(folder)
    text = (folder / "products.yaml").read_text()
    assert len(products) == text.count("\n- id: ") + 1 == 2465
    assert [str(p.price) for p in products.values()] == re.findall(r"^  price: (.+)$", text, re.MULTILINE)
    assert [p.stock for p in products.values()] == [
        int(n) for n in re.findall(r"^  current_stock: (.+)$", text, re.MULTILINE)
    ]
    first = products["6579c22f-be2b-444c-a52b-0116dd82df6c"]
    assert first.title == "Adventure-Ready Expedition Backpack"
    assert first.categories == ("accessories", "backpack")
    assert first.attributes["gender_affinity"] == "F"
    assert first.images == ("6579c22f-be2b-444c-a52b-0116dd82df6c.jpg",)


def test_a_bad_product_of_the_retail_store_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "products.yaml"
    path.write_text("- id: a\n  current_stock: 1\n  name: A\n  price: 1.10\n- id: b\n  name: B\n  price: soon\n- 7\n")
    product, bad, odd = read_feed(path)
    assert str(product.price) == "1.10"
    assert (bad.id, bad.price) == ("b", None)
    assert (odd.line, odd.field) == (8, "line")
    path.write_text("- id: a\n  current_stock: [1\n")
    with pytest.raises(FeedError, match="malformed YAML"):
        list(read_feed(path))
    path.write_bytes(b"- id: a\n  current_stock: 1\n  name: caf\xe9\n")
    with pytest.raises(FeedError, match="broken encoding on line 3"):
        list(read_feed(path))

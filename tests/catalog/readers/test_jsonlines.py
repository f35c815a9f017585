"""Native JSON Lines: exact numbers, one bad line costs itself alone, any packing."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftalk.catalog.product import product_record
from shelftalk.catalog.readers import Product, Reject, files, read_feed
from shelftalk.errors import FeedError

GOOD = '{"id": "%s", "title": "A thing", "price": 19.90}\n'


def test_a_price_keeps_the_digits_of_its_literal(feed) -> None:
    found = feed('{"id": 1, "title": "A", "price": 0.1, "list_price": 1299.00, "attributes": {"n": 6.0, "m": 0.1}}')
    product = found.only()
    assert (str(product.price), str(product.list_price)) == ("0.1", "1299.00")
    assert product.attributes == {"n": 6.0, "m": 0.1}


def test_bad_lines_are_named_and_the_good_ones_go_on(feed) -> None:
    lines = [
        GOOD % "a",
        '{"id": "b", "title": "B", "price": "call us"}\n',
        '{"id": "c"}\n',
        '{"title": "no id"}\n',
        '{"id": "d", "title": \n',
        "[1]\n",
        "\n",
        '{"id": "e", "title": "E", "price": NaN}\n',
        GOOD % "a",
        '{"id": "f", "title": "\\ud800"}\n',
        GOOD % "z",
    ]
    found = feed("".join(lines))
    assert list(found.products) == ["a", "b", "e", "z"]
    assert [(r.line, r.id, r.field) for r in found.dropped] == [(2, "b", "price"), (8, "e", "price")]
    assert [(r.line, r.id, r.field) for r in found.rejects] == [
        (3, "c", "title"),
        (4, None, "id"),
        (5, None, "line"),
        (6, None, "line"),
        (9, "a", "id"),
        (10, "f", "title"),
    ]
    by_line = {r.line: r for r in (*found.rejects, *found.dropped)}
    assert by_line[2].value == "call us"
    assert "malformed JSON" in by_line[5].reason
    assert by_line[9].reason == "duplicate of line 1; the first one stands"
    assert by_line[2].source.endswith("feed")
    for reject in (*found.rejects, *found.dropped):
        assert json.loads(json.dumps(reject.to_dict()))["reason"]
        assert "\n" not in reject.value


def test_a_line_that_is_not_utf8_costs_itself_alone(feed) -> None:
    found = feed((GOOD % "ä").encode() + b'{"id": "b", "title": "caf\xe9"}\n' + (GOOD % "c").encode())
    assert list(found.products) == ["ä", "c"]
    (reject,) = found.rejects
    assert (reject.line, reject.field) == (2, "line")
    assert "broken encoding" in reject.reason


def test_a_line_too_long_is_passed_over_unread(feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.lines, "__defaults__", (100,))
    found = feed(GOOD % "a" + json.dumps({"id": "b", "title": "x" * 500}) + "\n" + GOOD % "c")
    assert list(found.products) == ["a", "c"]
    assert [(r.line, r.reason) for r in found.rejects] == [(2, "longer than 100 bytes")]


def test_a_line_nested_too_deeply_is_a_reject(feed) -> None:
    found = feed('{"id": 1, "title": "A", "attributes": ' + "[" * 100_000 + "]" * 100_000 + "}\n" + GOOD % "b")
    assert list(found.products) == ["b"]
    assert len(found.rejects) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_of_every_kind_are_read(feed, encoding: str, end: str) -> None:
    text = f'{{"id": "ä", "title": "Größe ☂"}}{end}{{"id": "b", "title": "B"}}{end}'
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    found = feed(data)
    assert not found.rejects
    assert found.products["ä"].title == "Größe ☂"
    assert "b" in found.products


def test_gzip_and_zip_are_told_by_their_bytes_not_their_names(feed, tmp_path: Path) -> None:
    assert list(feed(gzip.compress((GOOD % "a").encode()), name="feed.jsonl").products) == ["a"]
    archive = tmp_path / "feed.bin"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("products.jsonl", GOOD % "b")
    assert [p.id for p in read_feed(archive)] == ["b"]


def test_a_damaged_gzip_is_an_error_that_names_the_feed(feed) -> None:
    packed = gzip.compress("".join(GOOD % i for i in range(20000)).encode())
    with pytest.raises(FeedError, match="damaged archive"):
        feed(packed[: len(packed) // 2])


def test_a_json_array_is_read_piece_by_piece(feed) -> None:
    rows = [{"id": i, "title": f"Thing {i}", "description": "ä" * 500} for i in range(500)]
    for text in (json.dumps(rows), json.dumps(rows, indent=2, ensure_ascii=False)):
        found = feed(text)
        assert list(found.products) == [str(i) for i in range(500)]
    assert not feed("[]", format="jsonl").products
    assert list(feed(json.dumps(rows, ensure_ascii=False).encode("utf-16")).products) == [str(i) for i in range(500)]


def test_a_malformed_record_of_an_array_is_named_by_line_and_passed_over(feed) -> None:
    found = feed(
        '[{"id": 1, "title": "A"},\n{"id": 2, "title": tru},\n{"id": 3, "title": "C"},\n{"id": 4, "title": 5}]'
    )
    assert list(found.products) == ["1", "3"]
    assert [(r.line, r.field) for r in found.rejects] == [(2, "line"), (4, "title")]
    with pytest.raises(FeedError, match="cut off"):
        feed('[{"id": 1, "title": "A"},')


def test_progress_counts_the_bytes_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "feed.gz"
    path.write_bytes(gzip.compress("".join(GOOD % i for i in range(5000)).encode()))
    told: list[int] = []
    assert sum(1 for _ in read_feed(path, progress=told.append)) == 5000
    assert told == sorted(told)
    assert told[-1] == path.stat().st_size


def test_memory_does_not_grow_with_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    with path.open("w") as out:
        for i in range(20_000):
            out.write(json.dumps({"id": i, "title": "A thing", "description": "x" * 1000}) + "\n")
    tracemalloc.start()
    count = sum(1 for _ in read_feed(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < path.stat().st_size / 3


def test_every_chorus_product_survives_export_and_reading(shared_data: Path, tmp_path: Path) -> None:
    products = [p for p in read_feed(shared_data / "chorus" / "products.jsonl.gz") if isinstance(p, Product)][::20]
    path = tmp_path / "native.jsonl"
    path.write_text(
        "".join(json.dumps(product_record(p), ensure_ascii=False) + "\n" for p in products), encoding="utf-8"
    )
    assert list(read_feed(path)) == products


@settings(max_examples=100)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([(GOOD % i).encode() for i in "abc"])), max_size=6))
def test_whatever_stands_around_it_a_good_line_is_read(
    tmp_path_factory: pytest.TempPathFactory, around: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "feed"
    path.write_bytes((GOOD % "good").encode() + b"".join(a.replace(b"\n", b"") + b"\n" for a in around))
    found = list(read_feed(path, format="jsonl"))
    assert isinstance(found[0], Product)
    assert found[0].price == Decimal("19.90")
    assert all(isinstance(item, (Product, Reject)) for item in found)


def test_a_field_that_means_the_categories_is_taken_for_them(feed) -> None:
    told: dict[str, str] = {}
    rows = [
        {"id": 1, "title": "A", "category": "Home > Lamps"}, {"id": 2, "title": "B", "product_type": ["Rugs"], "categories": None},
        {"id": 3, "title": "C", "category": 17}, {"id": 4, "title": "D", "category": "sale", "categories": ["Rugs"]},
    ]  # fmt: skip
    found = feed(rows, read_as=told.__setitem__).products
    assert [p.categories for p in found.values()] == [("Home", "Lamps"), ("Rugs",), (), ("Rugs",)]
    assert [p.attributes for p in found.values()] == [{}, {}, {"category": 17}, {"category": "sale"}]
    assert told == {"category": "categories", "product_type": "categories"}

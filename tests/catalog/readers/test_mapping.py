"""A mapping file reads any other feed, and says what is wrong with itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.catalog.readers import read_feed, units
from shelftalk.catalog.readers.mapping import load_mapping
from shelftalk.errors import UsageError

MAPPING = """
format: jsonl
fields:
  id: sku
  title: [name.en, name.de]
  price: {from: cents, scale: 0.01}
  currency: {value: EUR}
  brand: {from: maker, default: Own brand}
  categories: {from: path, split: /}
  images: {from: [cover, gallery.url], all: true}
  released_at: {from: launch, date: "%d.%m.%Y"}
attributes:
  weight_g: {from: weight, unit: g}
  waterproof: {from: wp, when_true: [J], when_false: [N]}
  watts: {from: power, type: number}
  "*": specs
"""
RECORD = {
    "sku": 7, "name": {"de": "Lampe"}, "cents": 1999, "path": "Home/Lamps", "cover": "c.jpg", "gallery": [{"url": "g.jpg"}],
    "launch": "31.03.2026", "weight": "1.2 kg", "wp": "J", "power": "12", "specs": {"socket": "E27", "nested": {"a": 1}},
}  # fmt: skip


@pytest.fixture
def mapping(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "map.yaml"
        path.write_text(text)
        return path

    return write


def test_a_record_is_read_as_the_file_says(feed, mapping) -> None:
    product = feed([RECORD], mapping=mapping(MAPPING)).only()
    assert (product.id, product.title, product.brand) == ("7", "Lampe", "Own brand")
    assert (str(product.price), product.currency) == ("19.99", "EUR")
    assert product.categories == ("Home", "Lamps")
    assert product.images == ("c.jpg", "g.jpg")
    assert product.released_at == "2026-03-31"
    assert product.attributes == {"weight_g": 1200, "waterproof": True, "watts": 12, "socket": "E27"}


@pytest.mark.parametrize("change, field", [
    ({"launch": "soon"}, "released_at"), ({"weight": "heavy"}, "attributes.weight_g"), ({"weight": "3 l"}, "attributes.weight_g"),
    ({"wp": "?"}, "attributes.waterproof"), ({"power": "much"}, "attributes.watts"), ({"cents": "free"}, "price"), ({"name": {}}, "title"),
])  # fmt: skip
def test_a_value_that_does_not_fit_is_left_out_and_told(feed, mapping, change: dict[str, object], field: str) -> None:
    found = feed([{**RECORD, **change}, {**RECORD, "sku": 8}], mapping=mapping(MAPPING))
    rejected = field == "title"
    assert list(found.products) == (["8"] if rejected else ["7", "8"])
    told = found.rejects if rejected else found.dropped
    assert [(r.line, r.id, r.field) for r in told] == [(1, "7", field)]


def test_a_table_and_its_unused_columns_are_read(feed, mapping) -> None:
    text = "format: csv\nfields: {id: StockCode, title: Description, price: UnitPrice}\nattributes: {'*': '*'}\n"
    product = feed(
        "StockCode;Description;UnitPrice;Size;Wool\n85123A;HOLDER;2.55;12;true\n", mapping=mapping(text)
    ).only()
    assert (product.id, str(product.price)) == ("85123A", "2.55")
    assert product.attributes == {"Size": 12, "Wool": True}


def test_xml_of_any_kind_is_read(feed, mapping) -> None:
    text = "format: xml\nitems: shop/goods/good\nfields: {id: '@code', title: label, price: price.#text, currency: price.@unit}\n"
    xml = '<shop><good><label>no</label></good><goods><good code="1"><label>A</label><price unit="EUR">5.00</price></good></goods></shop>'
    product = feed(xml, mapping=mapping(text)).only()
    assert (product.id, product.title, str(product.price), product.currency) == ("1", "A", "5.00", "EUR")


def test_a_list_inside_a_document_is_read(feed, mapping) -> None:
    text = "format: json\nitems: data.goods\nfields: {id: id, title: t}\n"
    found = feed('{"data": {"goods": [{"id": 1, "t": "A"}, 5]}}', mapping=mapping(text))
    assert list(found.products) == ["1"]
    assert len(found.rejects) == 1


def test_the_invoices_of_a_gift_shop_are_read_through_a_mapping(shared_data: Path, mapping) -> None:
    text = "format: csv\nfields: {id: StockCode, title: Description, price: UnitPrice, currency: {value: GBP}}\n"
    found = read_feed(shared_data / "uci_online_retail" / "online_retail.csv.gz", mapping=mapping(text))
    product, *more = (next(found) for _ in range(300))
    assert product.title
    assert product.currency == "GBP"
    assert len(more) == 299


@pytest.mark.parametrize("text, message", [
    ("a: [", "is no YAML"), ("just text", "must hold the keys"), ("format: pdf", "format: must be one of"),
    ("format: csv\nfeilds: {}", "feilds: unknown key"), ("format: csv\nfields: {id: a}", "fields.title: missing"),
    ("format: csv\nfields: {id: a, title: b, prize: c}", "fields.prize: no native field"),
    ("format: csv\nfields: {id: a, title: b, price: {frm: c}}", "fields.price.frm: unknown key"),
    ("format: csv\nfields: {id: a, title: b, price: {from: c, scale: x}}", "fields.price.scale: must be a positive number"),
    ("format: csv\nfields: {id: a, title: b, price: {}}", "fields.price: needs either"),
    ("format: csv\nfields: {id: a, title: b, brand: 5}", "fields.brand: must be a path"),
    ("format: csv\nfields: {id: a, title: b}\nattributes: {w: {from: c, unit: stone}}", "attributes.w.unit: no known unit"),
    ("format: csv\nfields: {id: a, title: b}\nattributes: {w: {from: c, type: int}}", "attributes.w.type: must be one of"),
    ("format: xml\nfields: {id: a, title: b}", "items: missing"),
])  # fmt: skip
def test_a_mistake_in_the_file_is_named_by_its_key(mapping, text: str, message: str) -> None:
    path = mapping(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_mapping(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_format_beside_it_are_named(feed, mapping, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        feed([RECORD], mapping=tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="give one of them"):
        feed([RECORD], mapping=mapping(MAPPING), format="jsonl")


@given(
    st.decimals(0, 10**6, places=3),
    st.sampled_from([("kg", "g", 1000), ("m", "cm", 100), ("h", "min", 60), ("l", "ml", 1000)]),
)
def test_units_convert_exactly(amount, units_and_factor) -> None:
    unit, wanted, factor = units_and_factor
    assert units.convert(f"{amount} {unit}", wanted) == amount * factor
    assert units.convert(f"{amount}", wanted) == amount


def test_the_words_for_true_are_those_of_the_file_beside_columns_read_by_their_type(feed, mapping) -> None:
    text = (
        "format: csv\nfields: {id: id, title: t}\n"
        "attributes: {open: {from: shut, when_true: ['no'], when_false: ['yes']}, '*': '*'}\n"
    )
    product = feed("id,t,shut,new\n1,A,yes,yes\n", mapping=mapping(text)).only()
    assert product.attributes == {"open": False, "new": True}

"""The mapping files of docs/shop-systems.md read the examples beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shelftalk.errors import FeedError, UsageError

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "shop-systems.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
GROUPED = {
    "Shopify",
    "Shopify (JSON)",
    "WooCommerce",
    "Yandex Market (YML)",
    "Heureka, Zboží",
    "Medusa",
    "Amazon (flat file)",
    "Awin",
}
DEAR = {"Heureka, Zboží": ("1299.50", "1599.00", "590")}
REGULAR = {"Heureka, Zboží", "Ceneo", "PrestaShop", "Medusa", "Skroutz"}


@pytest.mark.parametrize("name", SECTIONS)
def test_an_export_is_read_whole_by_its_mapping(feed, tmp_path: Path, name: str) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS[name])
    (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
    found = feed(export, mapping=tmp_path / "map.yaml")
    assert not found.rejects
    small, large, lamp = found.products.values()
    prices = DEAR.get(name, ("9.99", "15.99", "59.00"))
    assert tuple(format(p.price, "f") for p in (small, large, lamp)) == prices
    assert all(p.currency for p in (small, large, lamp))
    assert ["Reed Pot" in p.title for p in (small, large, lamp)] == [True, True, False]
    assert (small.item_group_id is not None and small.item_group_id == large.item_group_id) is (name in GROUPED)
    assert lamp.item_group_id != small.item_group_id or name not in GROUPED
    assert small.description == "A clay pot."
    assert name == "Medusa" or name == "Amazon (flat file)" or small.categories
    assert {"Small", "Large"} <= {str(v) for p in (small, large) for v in p.attributes.values()}
    if name not in REGULAR and name != "idealo":
        assert format(lamp.list_price, "f") == "75.00"
    assert small.images


def test_variations_take_what_they_leave_empty(feed, tmp_path: Path) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS["WooCommerce"])
    (tmp_path / "map.yaml").write_text(mapping)
    found = feed(export, mapping=tmp_path / "map.yaml").products
    assert list(found) == ["11", "12", "20"], "neither the parent nor a draft"
    assert found["11"].categories == ("Home", "Outdoor")
    assert found["11"].attributes == {"weight_kg": 0.5, "Size": "Small", "Colour": "Red"}
    assert found["12"].attributes["Colour"] == ("Red", "Blue")
    assert len(found["11"].images) == 2


def test_categories_are_looked_up_and_params_carry_units(feed, tmp_path: Path) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS["Yandex Market (YML)"])
    (tmp_path / "map.yaml").write_text(mapping)
    found = feed(export, mapping=tmp_path / "map.yaml").products
    assert found["lamp"].categories == ("Home", "Indoor")
    assert found["pot-l"].attributes == {"Size": "Large", "Weight_kg": 1.2}
    assert found["lamp"].availability == "out_of_stock"
    assert found["lamp"].currency == "RUB"


def test_drafts_are_left_out_with_all_of_their_rows(feed, tmp_path: Path) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS["Shopify"])
    (tmp_path / "map.yaml").write_text(mapping)
    assert {p.title for p in feed(export, mapping=tmp_path / "map.yaml").products.values()} == {"Reed Pot", "Moss Lamp"}


@pytest.mark.parametrize("name", ["WooCommerce", "Magento"])
def test_a_sale_that_is_over_is_not_taken_from_an_export(feed, tmp_path: Path, name: str) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS[name])
    (tmp_path / "map.yaml").write_text(mapping)
    small, large, _ = feed(export, mapping=tmp_path / "map.yaml").products.values()
    assert (str(small.price), small.list_price) == ("9.99", None)
    assert (str(large.price), str(large.list_price)) == ("15.99", "19.99")


def test_hidden_columns_of_an_export_stay_hidden(feed, tmp_path: Path) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS["PrestaShop"])
    (tmp_path / "map.yaml").write_text(mapping)
    pot = feed(export, mapping=tmp_path / "map.yaml").products["1"]
    assert pot.hidden_attributes == {"Wholesale price": 4, "Supplier": "Clayworks"}
    assert pot.attributes == {"weight_kg": 0.5, "condition": "new", "Size": "Small", "Colour": "Red"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("skip: Draft", "skip"), ("inherit: {1: 2}", "inherit"), ("inherit: [a]", "inherit"), ("each: [a]", "each"), ("header: 0", "header"),
        ("pairs: {name: a}", "pairs.0"), ("pairs: {name: a, value: b, colour: c}", "pairs.0.colour"), ("pairs: {in: a, split: ','}", "pairs.0.split"),
        ("lookups: {c: {items: a}}", "lookups.c"), ("lookups: {c: {items: a, key: b, value: c}}", "lookups.c"),
        ("attributes: {a: {from: b, values: [c]}}", "attributes.a.values"), ("attributes: {a: {from: b, split: [c]}}", "attributes.a.split"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_names_the_key(feed, tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "map.yaml").write_text(f"format: csv\nfields: {{id: id, title: t}}\n{text}\n")
    with pytest.raises(UsageError, match=re.escape(f"{key}: ")):
        feed("id,t,a,b,c\n1,Lamp,,,\n", mapping=tmp_path / "map.yaml")


def test_variants_before_their_parent_and_a_parent_that_is_not_there(feed, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "format: csv\ninherit: {p: id}\nfields: {id: id, title: t, brand: b, item_group_id: [p, id]}\n"
    )
    found = feed("id,p,t,b\nv,m,,\nm,,Lamp,Velm\nw,gone,Cup,\n", mapping=tmp_path / "map.yaml")
    assert [(p.id, p.title, p.brand, p.item_group_id) for p in found.products.values()] == [
        ("v", "Lamp", "Velm", "m"), ("m", "Lamp", "Velm", "m"), ("w", "Cup", None, "gone"),
    ]  # fmt: skip


def test_categories_in_a_circle_end(feed, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "format: xml\nitems: o\nlookups: {c: {items: c, key: '@id', value: '#text', parent: '@p'}}\n"
        "fields: {id: '@id', title: n, categories: {from: k, lookup: c}}\n"
    )
    xml = '<r><c id="1" p="2">A</c><c id="2" p="1">B</c><o id="x"><n>Lamp</n><k>1</k></o></r>'
    assert feed(xml, mapping=tmp_path / "map.yaml").only().categories == ("B", "A")


def test_an_element_that_is_not_there_is_an_error(feed, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("format: xml\nitems: goods/good\nfields: {id: '@id', title: n}\n")
    with pytest.raises(FeedError, match="no element 'goods/good'"):
        feed('<shop><goods><good id="1"><n>Lamp</n></good></goods></shop>', mapping=tmp_path / "map.yaml")


def test_a_value_that_no_other_word_is_given_for_takes_the_rest(feed, tmp_path: Path) -> None:
    (_, mapping), (_, export) = BLOCK.findall(SECTIONS["Heureka, Zboží"])
    (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
    found = feed(export, mapping=tmp_path / "map.yaml").products
    assert (found["pot-s"].availability, found["lamp"].availability) == ("in_stock", "backorder")
    assert found["pot-s"].attributes == {"Size": "Small", "Weight_kg": 10}

"""A mapping names the columns that a feed really has, reads their numbers as people write them, and hides the shop's own."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shelftalk.catalog.product import product_record, shown_record
from shelftalk.catalog.readers.numbers import exact
from shelftalk.errors import UsageError

HEADER = "Art-Nr;Bezeichnung;VK Preis;Gewicht;EK_Preis;Notiz\n"
ROW = "1;Lampe;1.299,50 €;1,2 kg;700,00;Palette 4\n"


@pytest.fixture
def read(feed, tmp_path: Path):
    def reads(text: str, content: Any, name: str = "feed.csv"):  # type: ignore[no-untyped-def]
        path = tmp_path / "map.yaml"
        path.write_text(text)
        return feed(content, name, mapping=path)

    return reads


@pytest.mark.parametrize(
    ("column", "nearest"),
    [("vk preis", "VK Preis"), ("VK_Preis", "VK Preis"), ("VKPreis", "VK Preis"), ("VK-Preis", "VK Preis"), ("Verkaufspreis netto", None)],
)  # fmt: skip
def test_a_column_that_is_not_there_is_an_error_with_those_that_are(read, column: str, nearest: str | None) -> None:
    text = f"format: csv\nfields: {{id: Art-Nr, title: Bezeichnung, price: {column}}}\n"
    with pytest.raises(UsageError) as error:
        read(text, HEADER + ROW)
    told = str(error.value)
    assert f"fields.price: no '{column}' in the feed" in told
    assert "'Art-Nr', 'Bezeichnung', 'VK Preis', 'Gewicht', 'EK_Preis', 'Notiz'" in told
    assert (f"did you mean '{nearest}'?" in told) is (nearest is not None)


@pytest.mark.parametrize("section", ["attributes: {weight_g: Gwicht}", "hidden: [Gwicht]", "hidden: {margin: Gwicht}"])
def test_every_section_is_looked_at(read, section: str) -> None:
    with pytest.raises(UsageError, match="no 'Gwicht' in the feed; did you mean 'Gewicht'"):
        read(f"format: csv\nfields: {{id: Art-Nr, title: Bezeichnung}}\n{section}\n", HEADER + ROW)


@pytest.mark.parametrize("header", [" Art-Nr ;Bezeichnung\n", "\ufeffArt-Nr;Bezeichnung\n", '"Art-Nr";"Bezeichnung"\n'])
def test_names_hold_as_the_error_lists_them(read, header: str) -> None:
    with pytest.raises(UsageError, match=r"it has: 'Art-Nr', 'Bezeichnung'\)"):
        read("format: csv\nfields: {id: nr, title: Bezeichnung}\n", f"{header}1;Lampe\n")
    assert read("format: csv\nfields: {id: Art-Nr, title: Bezeichnung}\n", f"{header}1;Lampe\n").only().id == "1"


@pytest.mark.parametrize("mapped", ["Größe (EU)", "Gro\u0308ße (EU)", "Größe\u00a0(EU)"])
@pytest.mark.parametrize("header", ["Größe (EU)", "Gro\u0308ße (EU)", "Größe\u00a0(EU)", "Größe  (EU) "])
def test_names_that_look_alike_are_one(read, header: str, mapped: str) -> None:
    text = f"format: csv\nfields: {{id: Nr, title: Name}}\nattributes: {{size: {mapped}}}\n"
    assert read(text, f"Nr;Name;{header}\n1;Lampe;XL\n").only().attributes == {"size": "XL"}
    with pytest.raises(UsageError, match=r"\(it has: 'Nr', 'Name', 'Größe \(EU\)'\)"):
        read(text.replace("Nr", "Number"), f"Nr;Name;{header}\n1;Lampe;XL\n")


def test_a_table_holds_no_objects(read) -> None:
    with pytest.raises(UsageError, match=r"fields.brand: no 'Notiz.x' in the feed; did you mean 'Notiz'\?"):
        read("format: csv\nfields: {id: Art-Nr, title: Bezeichnung, brand: Notiz.x}\n", HEADER + ROW)
    assert read("format: csv\nfields: {id: Nr, title: a.b}\n", "Nr;a.b\n1;Lampe\n").only().title == "Lampe"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("price.amont", "did you mean 'price.amount'? (it has: 'price.amount', 'price.currency')"),
        ("prices.amount", "did you mean 'price'? (it has: 'sku', 'name', 'price', 'shots')"),
        ("shots.0.urls", "did you mean 'shots.url'? (it has: 'shots.url')"),
        ("shots.URL", "did you mean 'shots.url'?"),
        ("shots.0.url", None),
        ("price.vat", None),
        ("colour", None),
    ],
)
def test_names_within_objects_are_looked_at(read, path: str, told: str | None) -> None:
    rows = [{"sku": "1", "name": "Lampe", "price": {"amount": "5", "currency": "EUR"}, "shots": [{"url": "a.jpg"}]}]
    text = f"format: jsonl\nfields: {{id: sku, title: name}}\nattributes: {{it: {path}}}\n"
    if told is None:
        assert read(text, rows).only().title == "Lampe"
        return
    with pytest.raises(UsageError) as error:
        read(text, rows)
    assert f"attributes.it: no '{path}' in the feed; {told}" in str(error.value)


def test_an_id_within_an_object_that_no_record_has_is_an_error(read) -> None:
    with pytest.raises(UsageError, match=r"fields.id: no 'codes.sku' in the feed \(it has: 'codes.ean'\)"):
        read("format: jsonl\nfields: {id: codes.sku, title: name}\n", [{"codes": {"ean": "1"}, "name": "Lampe"}])


@pytest.mark.parametrize(
    "key", ["skip: {Notitz: [x]}", "inherit: {Notitz: Art-Nr}", "pairs: [{name: Notitz, value: Notiz}]"]
)
def test_keys_for_rows_are_looked_at(read, key: str) -> None:
    section = key.partition(":")[0]
    with pytest.raises(UsageError, match=f"{section}.Notitz: no 'Notitz' in the feed; did you mean 'Notiz'"):
        read(f"{FIELDS}{key}\n", HEADER + ROW)


def test_the_header_is_the_row_that_is_told_of_those_that_hold_anything(read) -> None:
    text = "format: csv\nheader: 3\nfields: {id: id, title: t}\n"
    assert read(text, "Export of today;;\n;;\n#all;;\n\nid;t;z\n1;Lampe;\n").only().title == "Lampe"
    assert read(text.replace("3", "1"), "sep=;\n;;\n#all;;\nid;t;z\n1;Lampe;\n").only().title == "Lampe"


def test_of_several_places_one_is_enough(read) -> None:
    text = "format: csv\nfields: {id: Art-Nr, title: [Name, Bezeichnung]}\n"
    assert read(text, HEADER + ROW).only().title == "Lampe"


def test_a_field_that_some_objects_leave_out_is_no_error_but_a_misspelt_one_is(read) -> None:
    rows = [{"sku": "1", "name": "Lampe", "price": {"amount": "5 EUR"}}]
    optional = "format: jsonl\nfields: {id: sku, title: name, price: price.amount, brand: maker}\n"
    assert str(read(optional, rows).only().price) == "5"
    for wrong in ("{id: SKU, title: name}", "{id: sku, title: titel}", "{id: sku, title: name, price: prices.amount}"):
        with pytest.raises(UsageError, match="it has: 'sku', 'name', 'price'"):
            read(f"format: jsonl\nfields: {wrong}\n", rows)


def test_a_column_of_parquet_and_an_element_of_xml_are_looked_for_too(read, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"sku": ["1"], "name": ["Lampe"]}), tmp_path / "p")
    with pytest.raises(UsageError, match="no 'cost' in the feed"):
        read("format: parquet\nfields: {id: sku, title: name, price: cost}\n", (tmp_path / "p").read_bytes())
    with pytest.raises(UsageError, match="did you mean '@id'"):
        read(
            'format: xml\nitems: good\nfields: {id: "@ID", title: name}\n',
            '<r><good id="1"><name>Lampe</name></good></r>',
        )


FIELDS = "format: csv\nfields: {id: Art-Nr, title: Bezeichnung, price: VK Preis}\n"


def test_commas_and_units_are_read_in_mapped_columns(read) -> None:
    product = read(f"{FIELDS}attributes: {{weight_g: Gewicht, ek: EK_Preis}}\n", HEADER + ROW).only()
    assert (str(product.price), product.currency) == ("1299.50", "EUR")
    assert product.attributes == {"weight_g": 1200, "ek": 700}


@pytest.mark.parametrize(
    ("mark", "price", "rating", "stock", "power"),
    [(None, "1.299", 4.5, 1299, 12.5), (",", "1299", 4.5, 1299, 12.5)],
)
def test_the_decimal_mark_settles_what_a_single_dot_is(
    read, mark: str | None, price: str, rating: float, stock: int, power: float
) -> None:
    text = "format: csv\nfields: {id: id, title: t, price: p, rating: r, stock: s}\nattributes: {power: {from: w, type: number}}\n"
    text += f'decimal: "{mark}"\n' if mark else ""
    product = read(text, "id;t;p;r;s;w\n1;Lampe;1.299;4,5;1.299;12,5\n").only()
    assert (str(product.price), product.rating, product.stock) == (price, rating, stock)
    assert product.attributes["power"] == power


def test_a_column_of_commas_is_a_column_of_numbers_also_where_all_are_kept(read) -> None:
    text = 'format: csv\nfields: {id: id, title: t}\nattributes: {"*": "*"}\n'
    found = read(text, "id;t;watt;sizes;ean\n1;A;12,5;38,39;0012\n2;B;1.200,75;40,41,42;0013\n").products
    assert [found[i].attributes["watt"] for i in "12"] == [12.5, 1200.75]
    assert [found[i].attributes["sizes"] for i in "12"] == ["38,39", "40,41,42"]
    assert found["1"].attributes["ean"] == "0012"


def test_a_number_with_a_unit_says_what_to_write(read) -> None:
    found = read(f"{FIELDS}attributes: {{w: {{from: Gewicht, type: number}}}}\n", HEADER + ROW)
    assert 'write "unit" in the mapping file' in found.dropped[0].reason


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,5", "12.5"), ("12.5", "12.5"), ("1.299,50", "1299.50"), ("1,299.50", "1299.50"), ("1,299", "1299"), ("1.299", "1.299"),
        ("0,125", "0.125"), ("1.299.000", "1299000"), ("1,299,000", "1299000"), ("1 299,5", "1299.5"), ("1'299.5", "1299.5"), ("-3,5", "-3.5"),
        ("1\u00a0299,50", "1299.50"), ("38,39,40", None), ("12,5 W", None), ("", None), ("a", None), ("1,2.3,4", None), ("12,", "12"), (",", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: str | None) -> None:
    assert exact(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(("mark", "number"), [(",", "1299"), (".", "1.299"), (None, "1.299")])
def test_a_given_mark_decides(mark: str | None, number: str) -> None:
    assert exact("1.299", mark) == Decimal(number)


@pytest.mark.parametrize(
    "hidden", ["hidden: [EK_Preis, Notiz]", "hidden: {EK_Preis: EK_Preis, Notiz: {from: Notiz, type: text}}"]
)
def test_hidden_columns_are_kept_apart(read, hidden: str) -> None:
    product = read(f'{FIELDS}attributes: {{"*": "*"}}\n{hidden}\n', HEADER + ROW).only()
    assert set(product.attributes) == {"Gewicht"}
    assert product.hidden_attributes == {"EK_Preis": 700, "Notiz": "Palette 4"}
    assert "hidden_attributes" in product_record(product)
    assert "Palette" not in json.dumps(shown_record(product))


@pytest.mark.parametrize("text", ["hidden: EK_Preis", "decimal: ;", "hidden: {a: {form: b}}"])
def test_what_is_wrong_in_the_file_names_the_key(read, text: str) -> None:
    with pytest.raises(UsageError, match=text.partition(":")[0]):
        read(f"{FIELDS}{text}\n", HEADER + ROW)


XML = """<shop><good><sku type="own">1</sku><name lang="en">Lamp</name><name lang="de">Leuchte</name><price currency="EUR">49,90</price>
<price currency="EUR">49,90</price><group id="12">Home &gt; Lamps</group><group id="13">Home</group><stock unit="pcs">no</stock>
<maker xsi:nil="true"/><shot alt="x">a.jpg</shot><shot alt="y">b.jpg</shot><weight unit="kg">1,2 kg</weight><state code="1">old</state>
<note><part>1</part></note></good><good><sku>2</sku><sku>3</sku><name>Desk</name></good>
<good><sku>4</sku><name>Gone</name><state code="2">gone</state></good></shop>"""


def test_the_text_of_an_element_is_read_beside_its_attributes_and_the_first_of_several(read) -> None:
    text = (
        "format: xml\nitems: good\nskip: {state: gone}\n"
        "fields: {id: sku, title: name, price: price, categories: {from: group, split: '>'}, stock: stock, brand: maker, images: shot,"
        " currency: price.@currency, description: note}\n"
        "attributes: {weight_g: {from: weight, unit: g}, state: state}\n"
    )
    found = read(text, XML, "feed.xml")
    lamp = found.products["1"]
    assert (lamp.title, str(lamp.price), lamp.currency) == ("Lamp", "49.90", "EUR")
    assert (lamp.categories, lamp.stock, lamp.brand) == (("Home", "Lamps"), 0, None)
    assert lamp.images == ("a.jpg", "b.jpg")
    assert lamp.attributes == {"weight_g": 1200, "state": "old"}
    assert [(r.field, r.value) for r in found.dropped] == [("title", "Leuchte"), ("description", '{"part": "1"}')]
    assert [(r.field, r.value) for r in found.rejects] == [("id", '["2", "3"]')], "none of two ids is the product's"
    assert list(found.products) == ["1"]


def test_columns_that_share_a_name_are_read_together(read) -> None:
    text = "format: csv\nfields: {id: Nr, title: Name, price: Preis, images: Bild}\nattributes: {tags: Tag}\nhidden: [Notiz]\n"
    found = read(
        text,
        "Nr;Name;Preis;Preis;Bild;Bild;Tag;Tag;Notiz\n1;Lampe;10,50;11,50;a.jpg;b.jpg;x;y;n1\n2;Tisch;;9,00;;;x;x;\n",
    )
    lamp, desk = found.products.values()
    assert (str(lamp.price), lamp.images, lamp.attributes) == ("10.50", ("a.jpg", "b.jpg"), {"tags": ("x", "y")})
    assert (str(desk.price), desk.attributes) == ("9.00", {"tags": "x"})
    assert [(r.id, r.field, r.value) for r in found.dropped] == [("1", "price", "11,50")]

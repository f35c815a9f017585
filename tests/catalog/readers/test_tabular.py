"""Spreadsheets: any delimiter, one type a column, and a broken row costs itself alone."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.catalog.readers import read_feed
from shelftalk.errors import FeedError

FULL = """id,title,price,currency,categories,images,rating,stock,attributes,attributes.weight_g,waterproof,sizes,gtin,Code name
1,"Jacket, blue",119.90,EUR,Clothing > Jackets,https://a/1.jpg|https://a/2.jpg,4.5,3,"{""fit"": ""slim"", ""drop"": 8.5}",310,TRUE,S|M,0095205603217,007
2,Shoe,"1,299.00",,Shoes,,,,,280.5,false,L,4960999581576,X
"""


def test_columns_have_types_and_paths_and_lists(feed) -> None:
    found = feed(FULL)
    assert not found.rejects
    first, second = found.products["1"], found.products["2"]
    assert first.title == "Jacket, blue"
    assert str(first.price) == "119.90"
    assert first.categories == ("Clothing", "Jackets")
    assert first.images == ("https://a/1.jpg", "https://a/2.jpg")
    assert first.stock == 3
    assert first.attributes == {
        "fit": "slim", "drop": 8.5, "weight_g": 310, "waterproof": True, "sizes": ("S", "M"), "gtin": "0095205603217", "Code name": "007",
    }  # fmt: skip
    assert second.price == Decimal("1299.00")
    assert second.attributes["sizes"] == ("L",)
    assert second.attributes["weight_g"] == 280.5
    assert second.attributes["waterproof"] is False
    assert second.rating is None


def test_one_word_in_a_column_of_numbers_makes_it_text_for_all(feed) -> None:
    found = feed("id,title,size\n1,A,42\n2,B,XL\n")
    assert [p.attributes["size"] for p in found.products.values()] == ["42", "XL"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_delimiter_and_the_encoding_are_found(feed, delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["ID", "Title", "List Price"], ["1", 'Größe; "A", |x|', "5.00"]])
    product = feed(out.getvalue().encode(encoding)).only()
    assert product.title == 'Größe; "A", |x|'
    assert product.list_price == Decimal("5.00")


def test_a_cell_may_hold_line_breaks_and_stays_letter_for_letter(feed) -> None:
    found = feed(b'id,title,description\r\n1,A," first\r\nsecond ""q"" "\r\n2,B,x\r\n')
    assert found.products["1"].description == ' first\r\nsecond "q" '
    assert "2" in found.products


def test_bad_rows_are_named_by_line_and_the_rest_go_on(feed) -> None:
    text = (
        "id,title,price\n1,Ä,5\n".encode()
        + b"2,B\n3,C,5,extra\n4,D,call us\n,E,5\n6,caf\xe9,5\n7,G,7\n7,H,7\n\n8,I,8,,\n"
    )
    found = feed(text)
    assert list(found.products) == ["1", "4", "7", "8"]
    assert [(r.line, r.id, r.field, r.value) for r in found.dropped] == [(5, "4", "price", "call us")]
    assert [(r.line, r.field) for r in found.rejects] == [
        (3, "line"),
        (4, "line"),
        (6, "id"),
        (7, "line"),
        (9, "id"),
    ]
    assert found.rejects[0].reason == "2 cells where the header has 3"


def test_an_unclosed_quote_costs_its_own_line_alone(feed) -> None:
    rows = "".join(f"{i},Thing {i},5\n" for i in range(10, 3000))
    found = feed('id,title,price\n1,"unclosed,5\n' + rows)
    assert [(r.line, r.reason) for r in found.rejects] == [(2, "unclosed quote")]
    assert len(found.products) == 2990


def test_an_unclosed_quote_before_quoted_cells_costs_its_own_line_alone(feed) -> None:
    found = feed('id,title,price\n1,"unclosed,5\n2,"B",5\n3,"C, too",5\n')
    assert list(found.products) == ["2", "3"]
    assert [r.line for r in found.rejects] == [2]


def test_inch_marks_stay_in_their_cells(feed) -> None:
    found = feed('id,title,price\n1,A 5" lamp,5\n2,"A" lamp,"6"\n')
    assert [p.title for p in found.products.values()] == ['A 5" lamp', '"A" lamp']


def test_attributes_that_are_no_json_object_are_left_out(feed) -> None:
    found = feed('id,title,attributes\n1,A,{oops\n2,B,"[1]"\n3,C,{}\n')
    assert [p.attributes for p in found.products.values()] == [{}, {}, {}]
    assert [(r.id, r.field) for r in found.dropped] == [("1", "attributes"), ("2", "attributes")]


def test_a_table_that_cannot_be_native_says_what_it_lacks(feed) -> None:
    with pytest.raises(FeedError, match="no column id among: sku, title"):
        feed("sku,title\n1,A\n", format="csv")
    with pytest.raises(FeedError, match="empty"):
        feed("\n\n", format="csv")


@pytest.mark.parametrize(
    "before",
    ["\n\ufeff", "\ufeff\n\ufeff", "\ufeff\ufeff", "\n\n\u200b", "\n\t\ufeff", "\ufeffsep=,\n\ufeff", ";;\n\ufeff"],
)
@pytest.mark.parametrize("header", ["id,title,price", '"id","title","price"', "id,\u200btitle\u200b,price"])
def test_marks_before_the_header_are_read_over(feed, tmp_path, before: str, header: str) -> None:
    text = f"{before}{header}\n1,Lamp,5\n"
    assert (feed(text).only().id, feed(text).only().title, str(feed(text).only().price)) == ("1", "Lamp", "5")
    (tmp_path / "map.yaml").write_text("format: csv\nfields: {id: id, title: title, price: price}\n")
    assert str(feed(text, mapping=tmp_path / "map.yaml").only().price) == "5"


def test_columns_that_share_a_name_are_read_as_one(feed) -> None:
    head = "id,title,Title,price,price,image,image,Tag,Tag,Tag,width,width\n"
    found = feed(head + "1,Lamp,Lamp,10,12,a.jpg,b.jpg,red,,blue,2,2\n2,Desk,,,12,,b.jpg,red,red,red,2,3\n")
    lamp, desk = found.products.values()
    assert (lamp.title, str(lamp.price), lamp.images) == ("Lamp", "10", ("a.jpg", "b.jpg"))
    assert lamp.attributes == {"Tag": ("red", "blue"), "width": 2}
    assert (str(desk.price), desk.images) == ("12", ("b.jpg",))
    assert desk.attributes == {"Tag": "red", "width": ("2", "3")}
    assert [(r.id, r.field, r.value, r.reason) for r in found.dropped] == [
        ("1", "price", "12", "stands there twice; the first one is taken")
    ]


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="&<"))  # no HTML, which becomes text


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS), min_size=1, max_size=5))
def test_what_a_csv_writer_writes_is_read_letter_for_letter(tmp_path_factory: pytest.TempPathFactory, rows) -> None:
    rows = [("T" + title.replace("\r", "\n"), text.replace("\r", "\n")) for title, text in rows]
    path = tmp_path_factory.mktemp("csv") / "feed.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "title", "description"])
        writer.writerows([i, *row] for i, row in enumerate(rows))
    found = list(read_feed(path))
    assert [(p.title, p.description) for p in found] == [(t, d if d.strip() else "") for t, d in rows]


@pytest.mark.parametrize("column", ["Category", "product type", "Product-Category", "department", "category_path"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_column_that_means_the_categories_is_taken_for_them(feed, column: str, delimiter: str) -> None:
    told: dict[str, str] = {}
    text = f"id,title,{column}\n1,A,Home > Lamps\n2,B,\n".replace(",", delimiter)
    found = feed(text, read_as=told.__setitem__)
    assert [p.categories for p in found.products.values()] == [("Home", "Lamps"), ()]
    assert found.products["1"].attributes == {}
    assert told == {column: "categories"}


def test_where_there_are_categories_a_column_like_them_is_an_attribute(feed) -> None:
    told: dict[str, str] = {}
    product = feed("id,title,department,categories\n1,A,Garden,Hoses\n", read_as=told.__setitem__).only()
    assert (product.categories, product.attributes, told) == (("Hoses",), {"department": "Garden"}, {})
    numbers = feed("id,title,category,department\n1,A,17,Garden\n").only()
    assert (numbers.categories, numbers.attributes) == (("Garden",), {"category": 17})


def test_columns_of_yes_and_no_hold_true_and_false(feed) -> None:
    told: dict[str, str] = {}
    text = "id,title,washable,folds,lid,note,brand\n1,A,yes,Y,true,yes,No\n2,B,No,N,false,perhaps,no\n3,C,,y,,no,\n"
    found = feed(text, read_as=told.__setitem__)
    held = [p.attributes for p in found.products.values()]
    assert held[0] == {"washable": True, "folds": True, "lid": True, "note": "yes"}
    assert held[1] == {"washable": False, "folds": False, "lid": False, "note": "perhaps"}
    assert held[2] == {"folds": True, "note": "no"}
    assert found.products["1"].brand == "No"
    assert told == {"washable": "yes or no", "folds": "yes or no"}


def test_lines_that_are_not_utf8_are_western_where_no_other_letters_are_there(feed) -> None:
    text = "id;title;description\n1;Café-Mühle „Rund“;für 20 €\n2;Kettle;boils\n3;Größe;\n"
    found = feed(text.encode("cp1252"))
    assert [p.title for p in found.products.values()] == ["Café-Mühle „Rund“", "Kettle", "Größe"]
    assert found.mended == {"lines that are not UTF-8, read as windows-1252": 2}
    mixed = feed("id;title\n1;Café\n".encode() + "2;Café\n".encode("cp1252"))
    assert [r.line for r in mixed.rejects] == [3]
    cyrillic = feed("id;title\n1;Чайник\n2;Kettle\n".encode("cp1251"))
    assert ([r.line for r in cyrillic.rejects], cyrillic.mended) == ([2], {})


def test_lines_may_end_in_a_carriage_return_alone(feed) -> None:
    found = feed("id;title;price\r1;A;5,00 €\r2;B\r3;C;7\r")
    assert {p.id: str(p.price) for p in found.products.values()} == {"1": "5.00", "3": "7"}
    assert [r.line for r in found.rejects] == [3]


@pytest.mark.parametrize("column", ["Image", "image_link", "Image URL"])
def test_a_column_that_means_the_images_is_taken_for_them(feed, column: str) -> None:
    told: dict[str, str] = {}
    product = feed(
        f"ID,Title,Category,{column},color\n1,A,Lamps,https://s/1.jpg|https://s/2.jpg,red\n",
        format="csv",
        read_as=told.__setitem__,
    ).only()
    assert (product.images, product.attributes) == (("https://s/1.jpg", "https://s/2.jpg"), {"color": "red"})
    assert told == {"Category": "categories", column: "images"}

"""A record becomes a product exactly, or an error that names its field."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shelftalk.catalog.money import parse_money
from shelftalk.catalog.product import FieldError, parse_product, product_record, read_number
from shelftalk.catalog.readers.jsonlines import DECODER
from shelftalk.facts.availability import sold_out

FULL = {
    "id": "A-1", "title": "Rain  Jacket “Ó Briain”\u200b", "description": " Two\nlines ", "brand": "Nordwind", "price": "119.90",
    "currency": "EUR", "list_price": "149.00", "categories": ["Clothing", "Jackets"], "rating": 4.5, "review_count": 12,
    "availability": "in stock", "stock": 3, "images": ["https://shop.example/a.jpg"], "released_at": "2026-03-31",
    "url": "https://shop.example/a", "item_group_id": "A", "hidden_attributes": {"margin": 0.4, "depots": ["N", "S"]},
    "attributes": {"weight_g": 310, "waterproof": True, "colour": "blue", "sizes": ["S", "M"], "drop_mm": 8.5},
}  # fmt: skip


def product(**fields: object):
    return parse_product({"id": "1", "title": "A thing", **fields})


def refused(**fields: object) -> FieldError:
    with pytest.raises(FieldError) as caught:
        product(**fields)
    return caught.value


def test_a_full_record_is_read_and_written_back_as_it_was() -> None:
    read = parse_product(FULL)
    assert read.title == FULL["title"]
    assert read.description == FULL["description"]
    assert read.price == Decimal("119.90")
    assert read.attributes == {**FULL["attributes"], "sizes": ("S", "M")}
    assert product_record(read) == FULL


def test_null_and_empty_fields_are_absent() -> None:
    empty = dict.fromkeys(set(FULL) - {"id", "title"})
    assert parse_product({"id": "1", "title": "A", **empty}) == parse_product({"id": "1", "title": "A"})
    blank = product(
        brand="",
        price=" ",
        currency="",
        rating="",
        stock="",
        released_at="",
        categories="",
        attributes={"a": "", "b": None, "c": []},
    )
    assert blank == product()


@pytest.mark.parametrize(
    "text, amount, currency",
    [
        ("19.99", "19.99", None),
        ("19.99 USD", "19.99", "USD"),
        ("usd 19.99", "19.99", "USD"),
        ("$1,299.00", "1299.00", "USD"),
        ("1.299,00 €", "1299.00", "EUR"),
        ("1 299,50 PLN", "1299.50", "PLN"),
        ("CHF 1'299.50", "1299.50", "CHF"),
        ("1,299", "1299", None),
        ("19,99", "19.99", None),
        ("1.299", "1.299", None),
        ("₹1,00,000", "100000", "INR"),
        ("12\u00a0500 JPY", "12500", "JPY"),
        (".99", "0.99", None),
        ("0", "0", None),
        (7, "7", None),
        (Decimal("0.10"), "0.10", None),
        (19.99, "19.99", None),
        (Decimal("1E+3"), "1000", None),
    ],
)
def test_prices_are_read_as_feeds_write_them(text: object, amount: str, currency: str | None) -> None:
    read = product(price=text)
    assert str(read.price) == amount
    assert read.currency == currency


@pytest.mark.parametrize(
    "text, reason",
    [
        ("call us", "not a number"),
        ("NaN", "not a number"),
        (Decimal("NaN"), "not a number"),
        (float("inf"), "not a number"),
        ("-5", "negative"),
        (-5, "negative"),
        ("19.99 - 29.99", "range"),
        ("$5 to $9", "range"),
        ("12 boxes", "no currency"),
        ("from $5", "no currency"),
        ("1,29.00", "not grouped"),
        ("1.2.3", "not grouped"),
        ("€5 USD", "two currencies"),
        (True, "true or false"),
        ({"amount": 5}, "an object"),
        (["5"], "a list"),
        ("9" * 40, "too large"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(text: object, reason: str) -> None:
    error = refused(price=text)
    assert error.field == "price"
    assert reason in error.reason


def test_a_symbol_yields_to_the_currency_field_and_a_code_must_agree_with_it() -> None:
    assert product(price="$19.99", currency="CAD").currency == "CAD"
    assert refused(price="19.99 USD", currency="EUR").field == "price"
    assert refused(currency="shells").field == "currency"
    assert product(currency="€").currency == "EUR"


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"id": None}, "id"),
        ({"id": "  "}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": True}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "x" * 600}, "id"),
        ({"title": None}, "title"),
        ({"title": " \t"}, "title"),
        ({"title": "\u200b\ufeff"}, "title"),
        ({"title": " \x7f\x01"}, "title"),
        ({"title": 7}, "title"),
        ({"title": "half \ud83d"}, "title"),
        ({"description": ["a"]}, "description"),
        ({"brand": {"name": "x"}}, "brand"),
        ({"categories": {"a": 1}}, "categories"),
        ({"categories": [1]}, "categories"),
        ({"attributes": "red"}, "attributes"),
        ({"attributes": {"size": {"w": 1}}}, "attributes.size"),
        ({"attributes": {"sizes": [["S"]]}}, "attributes.sizes"),
        ({"attributes": {"n": Decimal("NaN")}}, "attributes.n"),
        ({"attributes": {"n": Decimal("1e999")}}, "attributes.n"),
        ({"attributes": {"n": 10**30}}, "attributes.n"),
        ({"attributes": {" ": "x"}}, "attributes"),
        ({"rating": "good"}, "rating"),
        ({"rating": -1}, "rating"),
        ({"rating": True}, "rating"),
        ({"review_count": 1.5}, "review_count"),
        ({"review_count": -1}, "review_count"),
        ({"stock": "many"}, "stock"),
        ({"stock": 10**30}, "stock"),
        ({"released_at": "31.03.2026"}, "released_at"),
        ({"released_at": "2026-02-30"}, "released_at"),
        ({"released_at": 2026}, "released_at"),
        ({"images": [{"url": "x"}]}, "images"),
    ],
)
def test_each_wrong_field_is_named(fields: dict[str, object], field: str) -> None:
    error = refused(**fields)
    assert error.field == field
    assert error.reason


def test_ids_may_be_whole_numbers_and_counts_may_be_texts() -> None:
    read = parse_product({"id": 42, "title": "A", "review_count": "1,204", "stock": "7", "rating": "4.5"})
    assert (read.id, read.review_count, read.stock, read.rating) == ("42", 1204, 7, 4.5)


def test_a_category_path_may_be_one_text() -> None:
    assert product(categories="Home > Kitchen >Pans").categories == ("Home", "Kitchen", "Pans")
    assert product(categories=["Bed & Bath > Towels"]).categories == ("Bed & Bath > Towels",)


def test_unknown_plain_fields_become_attributes_and_nested_ones_are_left_out() -> None:
    read = product(
        colour="red",
        weight_g=Decimal("1.5"),
        seller={"name": "x"},
        reviews=[{"stars": 5}],
        attributes={"colour": "blue"},
    )
    assert read.attributes == {"colour": "blue", "weight_g": 1.5}


@pytest.mark.parametrize("date", ["2009", "2009-12", "2009-12-10", "2009-12-10T08:30:00Z", "2009-12-10 08:30+02:00"])
def test_iso_dates_stay_as_they_are_written(date: str) -> None:
    assert product(released_at=date).released_at == date


@given(
    st.decimals(min_value=0, max_value=Decimal("999999999999.99"), places=2),
    st.sampled_from(["{:,.2f}", "${:,.2f}", "{:.2f} USD", "USD {:f}"]),
)
def test_a_price_survives_any_common_spelling(amount: Decimal, spelling: str) -> None:
    assert parse_money(spelling.format(amount))[0] == amount


@given(st.decimals(min_value=0, max_value=Decimal("999999999.99"), places=2))
def test_a_continental_price_is_read_as_written(amount: Decimal) -> None:
    continental = f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    assert parse_money(continental + " €")[:2] == (amount, "EUR")


@given(st.floats(min_value=0, max_value=10**15, exclude_max=True))
def test_any_float_from_0_up_is_a_price(value: float) -> None:
    amount, _, _ = parse_money(value)
    assert float(amount) == value or abs(amount - Decimal(value)) < Decimal("1e-17")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-26])
def test_a_float_that_is_no_amount_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"not a number|negative"):
        parse_money(value)


@given(st.text(max_size=30))
def test_any_text_is_a_price_or_a_reason(text: str) -> None:
    try:
        amount, _, _ = parse_money(text)
    except ValueError:
        pass
    else:
        assert amount.is_finite()
        assert amount >= 0


@given(st.one_of(st.integers(-(2**53), 2**53), st.floats(-(2.0**63), 2.0**63, exclude_max=True)))
def test_a_numeric_attribute_equals_what_a_json_reader_sees(number: float) -> None:
    literal = json.dumps(number)
    read = product(attributes={"n": DECODER.decode(literal)})
    assert read.attributes["n"] == json.loads(literal)
    assert read_number(literal) == json.loads(literal)


texts = st.text(min_size=1, max_size=20)
values = st.one_of(
    texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(-(2.0**63), 2.0**63, exclude_max=True),
    st.lists(st.one_of(texts, st.booleans(), st.integers()), max_size=3),
)  # fmt: skip
records = st.fixed_dictionaries(
    {"id": texts, "title": texts},
    optional={
        "description": texts,
        "brand": texts,
        "price": st.one_of(st.integers(0, 10**9), st.decimals(0, 10**9, places=3), st.just("$1,299.00")),
        "list_price": st.decimals(0, 10**9, places=2),
        "currency": st.just("USD"),
        "categories": st.lists(texts, max_size=3),
        "attributes": st.dictionaries(texts, values, max_size=4),
        "rating": st.floats(0, 5),
        "review_count": st.integers(0, 10**9),
        "stock": st.integers(0, 10**9),
        "images": st.lists(texts, max_size=2),
        "released_at": st.dates().map(str),
        "colour": values,
    },
)


@given(records)
def test_a_product_written_as_json_and_read_again_is_the_same(record: dict[str, object]) -> None:
    try:
        read = parse_product(record)
    except FieldError:
        assume(False)
    again = parse_product(DECODER.decode(json.dumps(product_record(read), ensure_ascii=False)))
    assert again == read
    assert str(again.price) == str(read.price)


def test_a_message_about_a_value_shows_it_as_the_feed_spells_it() -> None:
    with pytest.raises(FieldError) as caught:
        parse_product({"id": "1", "title": "x", "price": "1", "currency": "EUR", "brand": True})
    assert "(got true)" in str(caught.value)
    with pytest.raises(FieldError) as caught:
        parse_product({"id": "1", "title": {"en": "x", "n": None}})
    assert '(got {"en": "x", "n": null})' in str(caught.value)


@pytest.mark.parametrize("value, left, available", [
    ("no", 0, None), ("0", 0, None), (0, 0, None), (False, 0, None), ("sold out", 0, None), ("Unavailable", 0, None),
    ("out of stock", 0, None), ("-3", 0, None), (-3, 0, None), ("yes", None, "in_stock"), (True, None, "in_stock"),
    ("In stock", None, "in_stock"), ("10+", 10, None), ("> 5", 5, None), ("5 pcs", 5, None), ("only 3 left", 3, None), ("1,204", 1204, None),
    ("7.0", 7, None), ("12", 12, None), ("", None, None), (None, None, None),
])  # fmt: skip
def test_a_stock_may_be_words(value: object, left: int | None, available: str | None) -> None:
    read = product(stock=value)
    assert (read.stock, read.availability) == (left, available)
    assert sold_out(read) is (left == 0)


@pytest.mark.parametrize("value, read, gone", [
    ("no", "out_of_stock", True), ("0", "out_of_stock", True), (0, "out_of_stock", True), (False, "out_of_stock", True),
    ("unavailable", "out_of_stock", True), ("not in stock", "out_of_stock", True), ("sold out", "sold out", True), ("SoldOut", "SoldOut", True),
    (["https://schema.org/OutOfStock"], "https://schema.org/OutOfStock", True), ("yes", "in_stock", False), (True, "in_stock", False),
    (5, "in_stock", False), ("In stock", "In stock", False), ("preorder", "preorder", False), ("", None, False),
])  # fmt: skip
def test_an_availability_says_sold_out_in_any_words(value: object, read: str | None, gone: bool) -> None:
    found = product(availability=value)
    assert found.availability == read
    assert sold_out(found) is gone


def test_words_of_the_stock_yield_to_the_availability() -> None:
    assert product(stock="yes", availability="preorder").availability == "preorder"
    assert not sold_out(product(stock="no", availability="preorder"))


@pytest.mark.parametrize(
    "value, read", [("4,5", 4.5), ("4.5/5", 4.5), ("4,5 / 5", 4.5), ("4 out of 5", 4), ("4.2 stars", 4.2), ("95", 95)]
)
def test_a_rating_is_read_as_shops_write_it(value: str, read: float) -> None:
    assert product(rating=value).rating == read


def test_html_in_texts_becomes_text_and_links_lose_their_escapes() -> None:
    read = product(
        title="Tom &amp; Co <b>lamp</b>", description="<p>Soft.</p><p>Warm.</p>", brand="Caf&eacute;", categories="Home &gt; Lamps",
        url="https://s.example/?a=1&amp;amp;b=2", images=["https://s.example/?a=1&amp;b=2"],
        attributes={"Size &amp; fit": "<i>slim</i>", "parts": ["A&amp;B", "<b>C</b>"], "empty": "<br>"},
    )  # fmt: skip
    assert (read.title, read.description, read.brand, read.categories) == (
        "Tom & Co lamp",
        "Soft.\nWarm.",
        "Café",
        ("Home", "Lamps"),
    )
    assert (read.url, read.images) == ("https://s.example/?a=1&b=2", ("https://s.example/?a=1&b=2",))
    assert read.attributes == {"Size & fit": "slim", "parts": ("A&B", "C")}
    assert refused(title="<b> </b>").field == "title"


OPTIONAL = [
    ("description", ["a"]), ("brand", {"name": "x"}), ("price", "call us"), ("price", -1), ("list_price", "x"), ("currency", "shells"), ("categories", {"a": 1}),
    ("attributes", "red"), ("rating", "good"), ("rating", 101), ("review_count", "many"), ("availability", {"a": 1}), ("stock", "many"),
    ("stock", 10**30), ("images", {"a": 1}), ("released_at", "31.03.2026"), ("url", 7), ("colour", 10**30),
]  # fmt: skip


@pytest.mark.parametrize("field, value", OPTIONAL)
def test_a_bad_optional_value_costs_its_field_alone(field: str, value: object) -> None:
    dropped: list[FieldError] = []
    sound = {**FULL, "attributes": {"watts": 5}}
    read = parse_product({**sound, field: value}, dropped)
    (error, *more) = dropped
    assert (error.field, error.value if field != "colour" else 10**30) == (field, value)
    assert error.reason
    # An amount in a currency that cannot be read is no amount.
    assert [e.field for e in more] == (["price", "list_price"] if field == "currency" else [])
    left = {k: v for k, v in sound.items() if k != field and (field != "currency" or "price" not in k)}
    assert read == parse_product(left)


def test_each_bad_value_of_a_list_or_of_the_attributes_is_told_alone() -> None:
    dropped: list[FieldError] = []
    record = {
        "id": "1",
        "title": "A",
        "images": ["a.jpg", {"url": "x"}, 7],
        "categories": ["Home", 5],
        "attributes": {"a": {}, "b": 1, "c": [[]]},
    }
    read = parse_product(record, dropped)
    assert (read.images, read.categories, read.attributes) == (("a.jpg",), ("Home",), {"b": 1})
    assert [e.field for e in dropped] == ["attributes.a", "attributes.c", "categories", "images", "images"]


def test_a_sign_of_several_currencies_is_told_of_unless_one_is_known() -> None:
    dropped: list[FieldError] = []
    read = parse_product({"id": "1", "title": "A", "price": "1.049,00 kr"}, dropped)
    assert (str(read.price), read.currency, [e.field for e in dropped]) == ("1049.00", None, ["currency"])
    assert "may be SEK, NOK, DKK, ISK" in dropped[0].reason
    for record, default in (({"currency": "DKK"}, None), ({}, "DKK"), ({"list_price": "1.200,00 DKK"}, None)):
        dropped.clear()
        read = parse_product({"id": "1", "title": "A", "price": "1.049,00 kr", **record}, dropped, default)
        assert (str(read.price), read.currency, dropped) == ("1049.00", "DKK", [])
    assert parse_product({"id": "1", "title": "A", "price": "5 EUR"}, dropped, "DKK").currency == "EUR"
    assert parse_product({"id": "1", "title": "A", "price": "12.990"}, dropped, "CLP").price == 12990
    assert parse_product({"id": "1", "title": "A"}, dropped, "DKK").currency is None


def test_a_list_price_below_the_price_is_none() -> None:
    dropped: list[FieldError] = []
    for regular in ("0", "4.99"):
        assert parse_product({"id": "1", "title": "A", "price": "5", "list_price": regular}, dropped).list_price is None
    assert [(e.field, e.reason) for e in dropped] == [("list_price", "below the price")] * 2
    assert product(price="5", list_price="5").list_price == 5


@pytest.mark.parametrize(
    ("given", "group"), [("a", "a"), (" a ", "a"), (7, "7"), (7.0, "7"), (Decimal("7.0"), "7"), ("007", "007"), ("", None), (" ", None), (None, None)]
)  # fmt: skip
def test_a_group_is_a_text_or_a_whole_number(given: object, group: str | None) -> None:
    assert product(item_group_id=given).item_group_id == group


@pytest.mark.parametrize("given", [True, 7.5, ["a"], {"id": "a"}, "a" * 513])
def test_a_group_that_cannot_be_read_costs_itself_alone(given: object) -> None:
    dropped: list[FieldError] = []
    read = parse_product({"id": "1", "title": "A", "item_group_id": given}, dropped)
    assert (read.item_group_id, [e.field for e in dropped]) == (None, ["item_group_id"])


def test_of_hidden_attributes_what_cannot_be_read_is_told_of() -> None:
    dropped: list[FieldError] = []
    held = {"margin": 0.4, "parts": {"a": 1}}
    read = parse_product({"id": "1", "title": "A", "hidden_attributes": held}, dropped)
    assert (read.attributes, read.hidden_attributes) == ({}, {"margin": 0.4})
    assert [e.field for e in dropped] == ["hidden_attributes.parts"]

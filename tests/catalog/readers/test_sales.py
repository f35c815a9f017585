"""When a sale is on, and which of two prices is the one to pay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shelftalk.catalog.readers.sales import on_sale, sale_field, sale_prices

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("dates, on", [
    (None, True), ("", True), ("/", True), ("0000-00-00/0000-00-00", True),
    ("2026-11-01T00:00+0100/2026-11-30T23:59+0100", True), ("2020-01-01T00:00+0100/2020-01-31T23:59+0100", False),
    ("2099-01-01T00:00Z/2099-02-01T00:00Z", False), ("2026-11-01T00:00Z/", True), ("2099-01-01T00:00Z/", False),
    ("/2020-02-01T00:00Z", False), ("/2099-02-01", True), ("2020-01-01 00:00:00 / 2020-01-31 23:59:59", False),
    ("2026-11-15/2026-11-15", True), ("2026-11-16/2026-11-30", False), ("2026-11-01/2026-11-14", False), ("20261101/20261130", True),
    ("2026-11-01T00:00-08:00/2026-11-15T03:59-08:00", False), ("2026-11-01T00:00-08:00/2026-11-15T04:00-08:00", True),
    ("2026-11-15T13:00 +0100/2026-11-20T00:00 +0100", True), ("2026-11-20/2026-11-01", False),
    ("2020-01-01T00:00+0100,2020-01-31T23:59+0100", False), ("2026-11-01 - 2026-11-30", True), ("2026-11-01 to 2026-11-30", True),
    ("01.11.2026 - 30.11.2026", True), ("01.12.2026 – 31.12.2026", False), ("01-01-2020/31-01-2020", False),
    ("01/11/2026 - 30/11/2026", True), ("11/01/2026 - 11/30/2026", True), ("30/11/2026 - 31/12/2026", False),
])  # fmt: skip
def test_a_window_is_read_against_the_given_clock(dates: str | None, on: bool) -> None:
    assert on_sale(dates, NOW) is on


@pytest.mark.parametrize(
    "dates", ["soon", "2026-11-30", "01/02/2026 - 03/04/2026", "2026-13-01/2026-14-01", 20261101, "a/b/c"]
)
def test_a_window_that_cannot_be_read_leaves_the_price_and_says_so(dates: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        on_sale(dates, NOW)
    price, regular, (error,) = sale_prices("40 EUR", "30 EUR", dates, NOW)
    assert (price, regular, error.field) == ("40 EUR", None, "sale_price_effective_date")
    assert "the sale price is not taken" in error.reason


@pytest.mark.parametrize("price, sale, paid, regular", [
    ("40 EUR", "30 EUR", "30 EUR", "40 EUR"), ("40 EUR", "30", "30", "40 EUR"), (40, 30, 30, 40), ("1.299 €", "1.199 €", "1.199 €", "1.299 €"),
    ("40 EUR", "", "40 EUR", None), ("40 EUR", None, "40 EUR", None), ("40 EUR", "40.00 EUR", "40 EUR", None),
    (None, "30 EUR", "30 EUR", None), ("kr 40", "30 SEK", "30 SEK", "kr 40"), ("$40", "30 CAD", "30 CAD", "$40"),
])  # fmt: skip
def test_a_sale_price_in_force_is_the_price(price: object, sale: object, paid: object, regular: object) -> None:
    assert sale_prices(price, sale) == (paid, regular, ())


@pytest.mark.parametrize("sale, reason", [
    ("0.00 EUR", "0 is no sale price"), ("0", "0 is no sale price"), (0, "0 is no sale price"), ("50 EUR", "above the price"),
    ("30 USD", "its currency is not EUR"), ("ask", "not a number"), ("-5 EUR", "negative"),
])  # fmt: skip
def test_what_is_no_sale_price_is_left_out_and_told(sale: object, reason: str) -> None:
    price, regular, (error,) = sale_prices("40 EUR", sale)
    assert (price, regular, error.field, error.value) == ("40 EUR", None, "sale_price", sale)
    assert reason in error.reason


CLOCK = {"now": NOW}
WINDOW = "2026-11-10/2026-11-20"


@pytest.mark.parametrize("text", [
    f"id,title,price,Sale_Price,Sale Price Effective Date\n1,A,40 EUR,30 EUR,{WINDOW}\n",
    f"ID,Title,PRICE,SALE_PRICE,sale-price-effective-date,url\n1,A,40 EUR,30 EUR,{WINDOW},https://s\n",
    f'{{"id": 1, "title": "A", "price": "40 EUR", "Sale_Price": "30 EUR", "sale_price_effective_date": "{WINDOW}"}}\n',
    f"id\ttitle\tlink\tPrice\tSale_Price\tSale_price_effective_date\n1\tA\thttps://s\t40 EUR\t30 EUR\t{WINDOW}\n",
    f"item_id,title,url,price,sale_price,sale_price_effective_date\n1,A,https://s,40 EUR,30 EUR,{WINDOW}\n",
    "item_id,title,url,price,sale_price,sale_price_effective_date_end\n1,A,https://s,40 EUR,30 EUR,2026-11-20\n",
    '<rss xmlns:g="http://base.google.com/ns/1.0"><item><g:ID>1</g:ID><g:Title>A</g:Title><g:Price>40 EUR</g:Price>'
    f"<g:Sale_Price>30 EUR</g:Sale_Price><g:sale_price_effective_date>{WINDOW}</g:sale_price_effective_date></item></rss>",
])  # fmt: skip
def test_every_format_looks_at_the_sale_whatever_the_case_of_its_name(feed, text: str) -> None:
    on = feed(text, **CLOCK).only()
    assert (str(on.price), str(on.list_price), on.currency, on.attributes) == ("30", "40", "EUR", {})
    over = feed(text, now=datetime(2026, 12, 1, tzinfo=UTC)).only()
    assert (str(over.price), over.list_price) == ("40", None)


def test_a_sale_price_that_is_none_is_in_the_report(feed) -> None:
    found = feed("id,title,price,Sale_Price\n1,A,40 EUR,0.00\n2,B,40 EUR,50 EUR\n3,C,40 EUR,\n")
    assert [str(p.price) for p in found.products.values()] == ["40"] * 3
    assert [(r.line, r.id, r.field, r.value) for r in found.dropped] == [
        (2, "1", "sale_price", "0.00"),
        (3, "2", "sale_price", "50 EUR"),
    ]


def test_the_sale_price_and_the_price_are_read_with_the_mark_of_the_whole_feed(feed) -> None:
    head = "id,title,price,sale_price,currency\n"
    found = feed(head + 'a,Desk,1.299 EUR,"999,00 EUR",\nb,Lamp,"39,90 EUR",,\n', "feed.csv")
    assert {i: (str(p.price), p.list_price and str(p.list_price)) for i, p in found.products.items()} == {
        "a": ("999.00", "1299"),
        "b": ("39.90", None),
    }
    assert found.mended == {"prices with three digits behind a dot, read as thousands": 1}


def test_a_column_with_decimal_points_keeps_three_decimals_and_says_so(feed) -> None:
    found = feed("id,title,price\na,Fuel,1.299 EUR\nb,Oil,12.90 EUR\nc,Dates,2.750 KWD\n", "feed.csv")
    assert [str(p.price) for p in found.products.values()] == ["1.299", "12.90", "2.750"]
    assert found.mended == {"prices with three digits behind a dot, read as decimals": 1}


@pytest.mark.parametrize("name, meant", [
    ("Sale Price", "sale_price"), ("salePrice", "sale_price"), ("SALE_PRICE", "sale_price"),
    ("sale_price_start_date", "sale_starts"), ("Date sale price starts", "sale_starts"), ("date_on_sale_from", "sale_starts"),
    ("dateOnSaleFrom", "sale_starts"), ("special_price_from_date", "sale_starts"), ("sale_start", "sale_starts"),
    ("sale_price_end_date", "sale_ends"), ("Date sale price ends", "sale_ends"), ("special_to_date", "sale_ends"), ("saleEnds", "sale_ends"),
    ("wholesale_price", None), ("sale_unit", None), ("sale_location_from", None), ("start_date", None), ("sales_end", None),
])  # fmt: skip
def test_the_names_of_a_sale_and_of_its_two_dates(name: str, meant: str | None) -> None:
    assert sale_field(name) == meant


@pytest.mark.parametrize("start, end, on", [
    ("2026-11-01", "2026-11-15", True), ("2026-11-16", None, False), ("2026-11-16", "", False), (None, "2026-11-14", False),
    ("", "2026-11-15", True), ("2026-11-01", None, True), (None, None, True), ("", "", True), ("01/11/2026 00:00", "30/11/2026 23:59", True),
    ("2026-11-01 10:00:00", "0000-00-00 00:00:00", True),
])  # fmt: skip
def test_two_fields_say_when_a_sale_is_on(feed, tmp_path, start: str | None, end: str | None, on: bool) -> None:
    paid = "30" if on else "40"
    table = f"id,title,price,Sale price,Date sale price starts,Date sale price ends,url\n1,A,40,30,{start or ''},{end or ''},https://s\n"
    assert str(feed(table, **CLOCK).only().price) == paid
    record = {"id": 1, "title": "A", "price": "40", "salePrice": "30", "dateOnSaleFrom": start, "dateOnSaleTo": end}
    assert (str(feed([record], **CLOCK).only().price), feed([record], **CLOCK).only().attributes) == (paid, {})
    dates = f"<g:sale_start_date>{start or ''}</g:sale_start_date><g:sale_end_date>{end or ''}</g:sale_end_date>"
    rss = f'<rss xmlns:g="http://base.google.com/ns/1.0"><item><g:id>1</g:id><title>A</title><g:price>40</g:price><g:salePrice>30</g:salePrice>{dates}</item></rss>'
    assert (str(feed(rss, **CLOCK).only().price), feed(rss, **CLOCK).only().attributes) == (paid, {})
    (tmp_path / "map.yaml").write_text(
        "format: csv\nfields: {id: id, title: title, price: price, sale_price: Sale price, sale_starts: Date sale price starts,"
        " sale_ends: Date sale price ends}\n"
    )
    mapped = feed(table, mapping=tmp_path / "map.yaml", **CLOCK).only()
    assert (str(mapped.price), mapped.list_price and str(mapped.list_price)) == (paid, "40" if on else None)


def test_dates_of_a_sale_that_cannot_be_read_and_sales_that_are_none_are_told_by_a_mapping_too(feed, tmp_path) -> None:
    (tmp_path / "map.yaml").write_text(
        "format: csv\nfields: {id: id, title: title, price: p, sale_price: s, sale_starts: {from: d, date: '%m/%d/%y'}}\n"
    )
    found = feed(
        "id,title,p,s,d\n1,A,40,30,11/30/26\n2,B,40,30,11/01/26\n3,C,40,0,\n4,D,40,50,\n5,E,40,30,x\n",
        mapping=tmp_path / "map.yaml",
        **CLOCK,
    )
    assert [str(p.price) for p in found.products.values()] == ["40", "30", "40", "40", "40"]
    assert [(r.id, r.field) for r in found.dropped] == [
        ("3", "sale_price"),
        ("4", "sale_price"),
        ("5", "sale_price_effective_date"),
    ]

"""When a sale is on, and which of two prices is the one to pay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shelftalk.catalog.readers.sales import on_sale, sale_prices

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

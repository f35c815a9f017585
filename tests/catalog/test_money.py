"""Prices in every currency's usual spellings, as CLDR has them and as shops write them."""

from __future__ import annotations

import json
import runpy
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from babel import localedata
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import format_currency, get_currency_name, get_currency_precision, get_currency_symbol

from shelftalk.catalog.currencies import CURRENCIES, currencies_of
from shelftalk.catalog.money import Marks, parse_currency, parse_money


@cache
def locales(code: str) -> tuple[str, ...]:
    """English, and one locale of each of the first territories where a currency is tender."""
    found = ["en_US"]
    for territory, rows in sorted(get_global("territory_currencies").items()):
        if any(row[0] == code and row[2] is None and row[3] for row in rows):
            spoken = (f"{language}_{territory}" for language in get_official_languages(territory, de_facto=True))
            found += [place for place in spoken if localedata.exists(place)][:1]
    return tuple(found[:3])


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_currency_is_read_as_its_places_write_it(code: str) -> None:
    places = get_currency_precision(code)
    for amount in (Decimal("7"), Decimal("129.5"), Decimal("1299.95"), Decimal("1234567.25")):
        exact = round(amount, places)
        for place in locales(code):
            if get_currency_symbol(code, place) == "\u200b":  # the escudo's sign stands where the point does
                continue
            spelled = {
                format_currency(exact, code, locale=place),
                format_currency(exact, code, locale=place, numbering_system="default"),
                format_currency(exact, code, locale=place, format_type="name"),
                format_currency(exact, code, locale=place, format="#,##0.00 ¤¤", currency_digits=True),
                format_currency(exact, code, locale=place, format="¤¤#,##0.00", currency_digits=True),
                format_currency(exact, code, locale=place, format="¤ #,##0.00", currency_digits=True),
                format_currency(exact, code, locale=place, format="#,##0.00¤", currency_digits=True),
            }
            for text in spelled:
                read, named, codes = parse_money(text)
                assert read == exact, (place, text)
                assert named == code or code in codes, (place, text, named, codes)


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_sign_and_name_may_mean_its_currency(code: str) -> None:
    for place in locales(code):
        words = {get_currency_symbol(code, place), *(get_currency_name(code, n, place) for n in (None, 1, 2, 5, 100))}
        for word in words - {"\u200b"}:
            assert code in currencies_of(word), (place, word)
            if len(word) > 2:
                assert code in currencies_of(word.upper()), (place, word)


@pytest.mark.parametrize("text, amount, currency", [
    ("Rs.1499", "1499", None), ("Rs. 500", "500", None), ("Rs.1,49,900", "149900", None), ("Rs. 1,29,900.00", "129900.00", None),
    ("kr.500", "500", None), ("kr. 129,00", "129.00", None), ("kr.1.299,00", "1299.00", None), ("1.049,00 kr", "1049.00", None),
    ("Fr.12", "12", "CHF"), ("Fr. 129.50", "129.50", "CHF"), ("SFr. 1’299.50", "1299.50", "CHF"), ("CHF 129.-", "129", "CHF"),
    ("129,- €", "129", "EUR"), ("129,-- €", "129", "EUR"), ("12,99 TL", "12.99", "TRY"), ("KSh 1299", "1299", "KES"),
    ("500/-", "500", None), ("KES 500/=", "500", "KES"), ("S/. 129.00", "129.00", "PEN"), ("S/.129", "129", "PEN"),
    ("B/. 12.00", "12.00", "PAB"), ("INR.500", "500", "INR"), ("INR Rs. 500", "500", "INR"), ("USD 12.", "12", "USD"),
    ("$.99", "0.99", "USD"), ("Rs .99", "0.99", None), ("12€99", "12.99", "EUR"), ("&euro;12.99", "12.99", "EUR"),
    ("৳ ১,৯০০", "1900", "BDT"), ("د.إ ١٬٢٩٩٫٥٠", "1299.50", "AED"), ("1 299,99 R", "1299.99", "ZAR"), ("12.99 euros", "12.99", "EUR"),
    ("150 quid", "150", "GBP"), ("US $ 5", "5", "USD"), ("１２９円", "129", "JPY"), ("5.00 руб.", "5.00", "RUB"), ("5 KM", "5", "BAM"),
    ("1299:-", "1299", None), ("1 299:- SEK", "1299", "SEK"), ("kr 1.299:-", "1299", None), ("19,99 €*", "19.99", "EUR"), ("$19.99 **", "19.99", "USD"),
    ("19,99 EUR †", "19.99", "EUR"), ("AUD$25", "25", "AUD"), ("25 USD$", "25", "USD"), ("EUR€ 5", "5", "EUR"), ("TL.49,90", "49.90", "TRY"),
    ("EUR: 12", "12", "EUR"), ("Rs: 1299", "1299", None), ("49,90 zl", "49.90", "PLN"), ("ZL 49,90", "49.90", "PLN"), ("99 Kc", "99", "CZK"),
    ("1.290.000 VNĐ", "1290000", "VND"), ("J$ 1200", "1200", "JMD"), ("TT$50", "50", "TTD"), ("N$ 129.90", "129.90", "NAD"), ("$U 1.290", "1290", "UYU"),
    ("E£ 1,299", "1299", "EGP"), ("NIS 129", "129", "ILS"), ('129 ש"ח', "129", "ILS"), ("12 990 сум", "12990", "UZS"), ("LL 120,000", "120000", "LBP"),
    ("₵120", "120", "GHS"), ("49,90 lv", "49.90", "BGN"), ("P1,299.00", "1299.00", None), ("Bs. 120", "120", None), ("129 ريال", "129", None),
])  # fmt: skip
def test_prices_are_read_as_shops_write_them(text: str, amount: str, currency: str | None) -> None:
    read, named, _ = parse_money(text)
    assert (str(read), named) == (amount, currency)


@pytest.mark.parametrize("text, known, amount", [
    ("1.299", None, "1.299"), ("1,299", None, "1299"), ("1.299 EUR", None, "1299"), ("1.299 €", None, "1299"), ("EUR 12.990", None, "12990"),
    ("1.299 OMR", None, "1.299"), ("2.750 TND", None, "2.750"),
    ("1,299 EUR", None, "1299"), ("0.299 €", None, "0.299"), ("1299.500 €", None, "1299.500"), ("12.990 CLP", None, "12990"),
    ("12.990", "CLP", "12990"), ("12.990", "EUR", "12.990"), ("1.250", "KWD", "1.250"), ("1.250 KWD", None, "1.250"),
    ("1,250 KWD", None, "1250"), ("12,500 DT", None, "12.500"), ("Rp 150.000", None, "150000"), ("$ 12.990", "CLP", "12990"),
])  # fmt: skip
def test_three_digits_behind_one_separator_are_read_by_who_wrote_them(
    text: str, known: str | None, amount: str
) -> None:
    assert str(parse_money(text, known)[0]) == amount


@pytest.mark.parametrize("beside, text, amount", [
    (["12,99 EUR"], "1.299 EUR", "1299"), (["2.499,00 EUR"], "1.299 EUR", "1299"), (["1.299.000 EUR"], "1.299 EUR", "1299"),
    (["12,99"], "1.299", "1299"), (["12.99 EUR"], "1.299 EUR", "1.299"), (["1,250.00 EUR"], "1.299 EUR", "1.299"),
    (["1299.500 EUR"], "1.299 EUR", "1.299"), (["0.750 EUR"], "1.299 EUR", "1.299"), (["15.50 EUR", "15,50 EUR"], "1.299 EUR", "1299"),
    (["12", None, 7, "free", "2.499 EUR"], "1.299 EUR", "1299"), (["12.500 KWD", "0.750 KWD"], "1.250 KWD", "1.250"),
    (["12,5 KWD"], "1,250 KWD", "1.250"), (["12.99 EUR"], "1,299 EUR", "1299"), (["12,99 EUR"], "1,299 EUR", "1299"),
])  # fmt: skip
def test_the_other_prices_of_a_feed_tell_its_decimal_mark(beside: list[object], text: str, amount: str) -> None:
    assert str(parse_money(text, marks=Marks(lambda: beside))[0]) == amount


@pytest.mark.parametrize("text, reason", [
    ("12⁹⁹ €", "raised"), ("12.99 EUR/each", "no currency"), ("5 kg", "no currency"), ("€ -5", "negative"), ("(5.00)", "negative"),
    ("5 each", "no currency"), ("2 for 5 €", "not a single amount"), ("12,99 € 14,99 €", "not a single amount"), ("129-", "no currency"),
    ("99p", "no currency"), ("50 c", "no currency"), ("50¢", "no currency"), ("USD€ 5", "no currency"), ("5 *each", "no currency"), ("EURO$ 5", "no currency"),
    ("5 € USD", "two currencies"), ("Rs. 5 kr", "two currencies"), ("S/. -5", "negative"), ("1.29.00 €", "not grouped"),
])  # fmt: skip
def test_what_is_no_price_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_money(text)


def test_a_sign_of_several_currencies_alone_names_none() -> None:
    assert [parse_currency(word) for word in ("kr", "Rs.", "$", "Euros", "chf", "KSh", "zł", "boxes", "")] == [
        None, None, "USD", "EUR", "CHF", "KES", "PLN", None, None,
    ]  # fmt: skip
    assert {"SEK", "NOK", "DKK", "ISK"} <= set(currencies_of("kr."))


def test_the_table_of_signs_and_names_is_what_babel_says() -> None:
    root = Path(__file__).resolve().parents[2]
    script = runpy.run_path(str(root / "scripts" / "currencies.py"))
    assert json.loads(script["FILE"].read_text(encoding="utf-8")) == script["collected"]()

"""Currencies are read as shoppers write them, and words that only look like a code are not."""

from __future__ import annotations

import pytest

from shelftalk.words.money import before, behind, codes_of, currency_of, own_words


@pytest.mark.parametrize("said, code", [
    ("CHF", "CHF"), ("chf", "CHF"), ("francs", "CHF"), ("€", "EUR"), ("kr", "SEK"), ("kroner", "NOK"), ("zł", "PLN"), ("TRY", "TRY"),
    ("rupees", "INR"), ("$", "USD"), ("quid", "GBP"), ("reais", "BRL"), ("dirhams", "AED"), ("cents", "cents"),
])  # fmt: skip
def test_a_sign_a_code_or_a_name_is_its_currency(said: str, code: str) -> None:
    assert currency_of(said) == code or code in codes_of(said)


@pytest.mark.parametrize("word", ["try", "all", "pen", "won", "real", "ft", "people", "inch", "GB"])
def test_words_are_no_currency(word: str) -> None:
    assert currency_of(word) is None


@pytest.mark.parametrize(
    "text, ends", [(" Swiss francs or less", 13), (" kr", 3), ("/- only", 2), (" people", None), (" pounds", None)]
)
def test_a_currency_behind_a_number_ends_where_its_words_end(text: str, ends: int | None) -> None:
    assert behind(text, len(text) - len(text.lstrip())) == ends


@pytest.mark.parametrize(
    "text, begins", [("under Rs. ", 6), ("max R$", 4), ("below ₺", 6), ("size ", None), ("I have ", None)]
)
def test_a_currency_before_a_number_begins_where_its_words_begin(text: str, begins: int | None) -> None:
    assert before(text) == begins


@pytest.mark.parametrize("code, words", [
    ("ZAR", "R rand"), ("KES", "Ksh shillings bob"), ("BDT", "৳ taka tk"), ("MYR", "RM ringgit"), ("IDR", "Rp rupiah"), ("PLN", "zł zloty zl"), ("BRL", "R$ reais real"), ("AED", "dirhams dhs"),
    ("CHF", "francs fr"), ("SEK", "kr kronor"), ("TRY", "₺ lira tl"), ("UAH", "₴ hryvnia"), ("VND", "₫ dong"), ("KRW", "₩ won"), ("NGN", "₦ naira"),
])  # fmt: skip
def test_a_shops_own_currency_is_called_what_those_who_pay_in_it_call_it(code: str, words: str) -> None:
    assert {w.lower() for w in words.split()} <= own_words(code)


@pytest.mark.parametrize("lead, code, begins", [
    ("under R ", "ZAR", 6), ("under R", "ZAR", 6), ("under r ", "ZAR", None), ("under RM", "MYR", 6), ("max Tk. ", "BDT", 4), ("below ৳", "BDT", 6), ("under R ", "EUR", None), ("size N ", "NGN", 5),
])  # fmt: skip
def test_its_sign_stands_before_a_number_where_prices_are_in_it(lead: str, code: str, begins: int | None) -> None:
    assert before(lead, (code,)) == begins


@pytest.mark.parametrize(
    "text, code, ends",
    [
        ("shillings", "KES", 9),
        ("shillings", "EUR", None),
        ("kenyan shillings", "KES", 16),
        ("won", "KRW", 3),
        ("rand", "USD", None),
        ("円", "JPY", 1),
    ],
)
def test_its_name_stands_behind_a_number_where_prices_are_in_it(text: str, code: str, ends: int | None) -> None:
    assert behind(text, 0, (code,)) == ends


def test_every_code_that_is_tender_stands_before_a_number() -> None:
    assert all(before(f"under {code} ") == 6 for code in ("KES", "BDT", "EGP", "UGX", "LKR", "GHS", "PEN", "TOP"))
    assert before("under ABC ") is None

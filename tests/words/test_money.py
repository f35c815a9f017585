"""Currencies are read as shoppers write them, and words that only look like a code are not."""

from __future__ import annotations

import pytest

from shelftalk.words.money import before, behind, codes_of, currency_of


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

"""Requests cut into tokens: what an amount looks like."""

from __future__ import annotations

import pytest

from shelftalk.understand.rules.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("under 99,95 €", "99.95"),
        ("below €1.000", "1,000"),
        ("1.299,00 EUR", "1,299.00"),
        ("a 1,5 l bottle", "1.5"),
        ("$1,000", "1,000"),
        ("2,500 mAh", "2,500"),
        ("1.000 kg", "1.000"),
    ],
)
def test_amounts_of_the_continent_are_read_beside_a_currency_or_a_unit(text: str, amount: str) -> None:
    assert amount in [token.text for token in tokenise(text).tokens]


def test_a_list_of_sizes_is_no_decimal() -> None:
    assert [t.text for t in tokenise("sizes 38,39").tokens] == ["sizes", "38", "39"]


def test_what_shoppers_write_at_length_is_not_kept_in_memory() -> None:
    from shelftalk.understand.rules import tokens
    from shelftalk.words import stems

    kept = [c.cache_info().currsize for c in (tokens._words, tokens._stems_of, stems._stem)]
    for i in range(50):
        long = f"a tent {i} " + "for the two of us " * 20
        assert tokens.words(long)[:2] == ("a", "tent")
        assert tokens.stems(long)[1] == "tent"
        assert stems.stem("x" * 5000 + str(i)).startswith("xx")
    assert [c.cache_info().currsize for c in (tokens._words, tokens._stems_of)] == kept[:2]
    assert stems._stem.cache_info().currsize <= kept[2] + 20

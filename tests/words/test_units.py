"""Units convert within their dimension and never beyond it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.words.money import currency_of
from shelftalk.words.units import UNITS, same_quantity, split_unit, unit_of


@pytest.mark.parametrize(
    "a, unit_a, b, unit_b, equal",
    [
        (30, "hours", 1800, "minutes", True), (1, "kg", 1000, "g", True), (1, "inch", 2.54, "cm", True), (1, "lb", 16, "oz", True),
        (1, "gallon", 3.785411784, "litres", True), (1, "TB", 1000, "GB", True), (2, "years", 24, "months", True),
        (30, "hours", 30, "minutes", False), (1, "kg", 1, "litre", False), (30, None, 30, "hours", False), (30, None, 30, None, True),
    ],
)  # fmt: skip
def test_amounts_are_equal_after_conversion(a, unit_a, b, unit_b, equal) -> None:
    assert same_quantity(a, unit_of(unit_a), b, unit_of(unit_b)) is equal


@pytest.mark.parametrize("name, stem, unit", [("battery_life_hours", "battery_life", "hours"), ("weight_g", "weight", "g"), ("Width (cm)", "Width", "cm"), ("width in cm", "width", "cm"), ("colour", "colour", None), ("hours", "hours", None)])  # fmt: skip
def test_the_unit_ends_the_name(name: str, stem: str, unit: str | None) -> None:
    assert split_unit(name) == (stem, unit)


@given(st.sampled_from(sorted(UNITS)), st.floats(0.001, 1e6))
def test_an_amount_equals_itself_in_any_unit(spelling: str, amount: float) -> None:
    assert same_quantity(amount, unit_of(spelling), amount, unit_of(spelling.upper()))


def test_currencies() -> None:
    assert (currency_of("$"), currency_of("Euros"), currency_of("shells")) == ("USD", "EUR", None)

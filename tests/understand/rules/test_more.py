"""Fields where more is better: an amount of them without a comparison is the least that is wanted; sizes stay what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_everyday import _of
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request

KINDS = ("Beds", "Torches", "Batteries", "Watches", "Scooters", "Rings", "Drills")
SHOP = Facets(
    (
        Facet("categories", "list", 140, 7, tuple((k, 20) for k in KINDS)),
        Facet("brand", "text", 100, 2, (("Lumes", 50), ("Orso", 50))),
        Facet("price", "money", 100, 50, (), 9.0, 900.0),
        _of("warranty_years", "number", "Beds", 2, 15, unit="year"),
        _of("height_cm", "number", "Beds", 20, 90, unit="cm"),
        _of("brightness_lm", "number", "Torches", 100, 3000, unit="lm"),
        _of("runtime_hours", "number", "Torches", 2, 60, unit="hours"),
        _of("capacity_mah", "number", "Batteries", 5000, 30000, unit="mah"),
        _of("water_resistance_m", "number", "Watches", 30, 300, unit="m"),
        _of("diameter_mm", "number", "Watches", 28, 48, unit="mm"),
        _of("range_km", "number", "Scooters", 15, 90, unit="km"),
        _of("weight_kg", "number", "Scooters", 9, 30, unit="kg"),
        _of("karat", "number", "Rings", 9, 24),
        _of("voltage_v", "number", "Drills", 12, 36, unit="v"),
    ),
    100, 1, "EUR",
)  # fmt: skip
UNDERSTANDER = Understander(SHOP, settings=RULES)


def limits(text: str) -> str:
    intent = UNDERSTANDER.understand(Request(text)).intent
    return said(replace(intent, constraints=tuple(c for c in intent.constraints if c.field != "categories")))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a bed with a warranty of 10 years", "warranty_years >= 10"),
        ("10 year warranty bed", "warranty_years >= 10"),
        ("a torch with 1000 lumens", "brightness_lm >= 1000"),
        ("1000 lumen torch", "brightness_lm >= 1000"),
        ("a torch with 8 hours of runtime", "runtime_hours >= 8"),
        ("a battery with 20000 mAh", "capacity_mah >= 20000"),
        ("20k mAh battery", "capacity_mah >= 20000"),
        ("a watch water resistant to 100 m", "water_resistance_m >= 100"),
        ("a scooter with a range of 40 km", "range_km >= 40"),
    ],
)
def test_more_than_was_named_serves_as_well(text, expected):
    assert limits(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a bed with exactly 10 years of warranty", "warranty_years = 10"),
        ("a bed with less than 5 years of warranty", "warranty_years < 5"),
        ("a torch with about 1000 lumens", "brightness_lm between (850, 1150)"),
        ("a torch of 1000 lumens or so", "brightness_lm between (850, 1150)"),
        ("a torch, max 300 lumens", "brightness_lm <= 300"),
        ("a torch but not 1000 lumens", "brightness_lm != 1000"),
        ("a bed 45 cm high", "height_cm = 45"),
        ("a 40 mm watch", "diameter_mm = 40"),
        ("a scooter of 15 kg", "weight_kg = 15"),
        ("a scooter that isn't over 15 kg", "weight_kg <= 15"),
        ("18 karat ring", "karat = 18"),
        ("an 18 volt drill", "voltage_v = 18"),
        ("drill not under 18 volts", "voltage_v >= 18"),
    ],
)
def test_sizes_and_amounts_with_a_comparison_are_what_they_say(text, expected):
    assert limits(text) == expected


def test_the_name_of_a_unit_is_no_misspelt_brand():
    assert not any("lumes" in note for note in UNDERSTANDER.understand(Request("1000 lumen torch")).notes)

"""Measures that a catalogue keeps as text, held by number and unit; a measure goes only to a field that answers it."""

from __future__ import annotations

import pytest
from tests.understand.hardware import left, understood

from shelftalk.understand.rules.measures import measure


@pytest.mark.parametrize("text, numbers, unit, to", [
    ("1/2 in", (0.5,), "in", None), ("1 1/2 in", (1.5,), "in", None), ('3/8"', (0.375,), "in", None), ("5 x 7 ft", (5, 7), "ft", None),
    ("5 ft x 7 ft", (5, 7), "ft", None), ("2x4", (2, 4), None, None), ("3-6 months", (3,), "month", 6), ("9V", (9,), "v", None), ("10 ft", (10,), "ft", None),
    ("120 x 60 x 75 cm", (120, 60, 75), "cm", None),
])  # fmt: skip
def test_a_value_that_is_a_measure_is_read_as_one(text, numbers, unit, to):
    found = measure(text)
    assert found is not None
    assert (found.numbers, found.unit.name if found.unit else None, found.to) == (numbers, unit, to)


@pytest.mark.parametrize(
    "text",
    ["steel", "AAA", "M8x20", "5W-30", "Nova 7", "60% cotton, 40% polyester", "", "x", "6 in x 4 kg", "3/0 in x"],
)
def test_any_other_text_is_no_measure(text):
    assert measure(text) is None


@pytest.mark.parametrize("text, expected", [
    ("a 3/4 inch fitting", {"nip-34"}), ('a 3/4" nipple', {"nip-34"}), ("half inch steel fitting", {"nip-12"}), ("three quarter inch fitting", {"nip-34"}),
    ("fitting 1 1/2 inch", {"nip-112"}), ('fitting 1-1/2"', {"nip-112"}), ("0.5 in fitting", {"nip-12"}), ("fitting ½ inch", {"nip-12"}), ("fitting 1½ in", {"nip-112"}),
    ("fitting, an inch and a half", {"nip-112"}), ("fitting 12.7 mm", {"nip-12"}), ("a fitting over 1/2 inch", {"nip-34", "nip-112"}), ("fittings at most 1/2 inch", {"nip-14", "nip-12"}),
    ("fittings not 1/2 inch", {"nip-14", "nip-34", "nip-112"}),
    ("rug 6x9", {"rug-6"}), ("a 6 by 9 rug", {"rug-6"}), ("6' x 9' jute rug", {"rug-6"}), ("rug about 6 ft by 9 ft", {"rug-6"}), ("a 9 x 6 ft rug", {"rug-6"}), ("rug 72 x 108 inches", {"rug-6"}),
    ("2 by 4 spruce", {"stud-2x4-8", "stud-2x4-1"}), ("a 2 x 4 stud 12 feet long", {"stud-2x4-1"}), ("timber 144 inches long", {"stud-2x4-1", "stud-2x6-1"}),
    ("9 volt cells", {"cell-9V"}), ("9v cell", {"cell-9V"}), ("cells over 6 volts", {"cell-9V"}), ("double A cells", {"cell-AA"}), ("triple a cells", {"cell-AAA"}),
    ("romper for 3 to 6 months", {"suit-3"}), ("romper 6-12 months", {"suit-6"}), ("romper 4 months", {"suit-3"}),
    ("jeans 32x34", {"jean-32-34"}), ("32/30 jeans", {"jean-32-30"}), ("W32 L34 jeans", {"jean-32-34"}), ("jeans waist 32 length 30", {"jean-32-30"}), ("jeans inseam 32 waist 34", {"jean-34-32"}),
    ("power bank 20k mAh", {"bank-20000"}), ("power bank 10 k mah", {"bank-10000", "bank-20000"}), ("power bank over 10 amp hours", {"bank-20000"}),
    ("juice 12 pack", {"juice-12"}), ("12-pack of apple juice", {"juice-12"}), ("a pack of 6 juices", {"juice-6"}), ("juice, at least a 12 pack", {"juice-12", "juice-24"}),
    ("type-c wire", {"wire-U"}), ("usb type c wire", {"wire-U"}), ("a usb-c wire", {"wire-U"}), ("a steel tee 1/2 in", {"nip-12"}), ("a white tee", {"tee-white"}),
    ("a cord at least 10 feet", {"cord-10", "cord-25"}), ("cord 3 m", set()), ("tv that's not 4k", {"tv-1080p", "tv-8K"}), ("tv thats 4k", {"tv-4K"}), ("a TV which isnt 8k", {"tv-1080p", "tv-4K"}),
])  # fmt: skip
def test_a_request_finds_the_values_that_say_its_measure(text, expected):
    assert left(text) == expected


@pytest.mark.parametrize("text", ["a steel fitting 3 kg", "rug 40 watts", "jeans 2 litres", "romper 12 volt"])
def test_a_measure_that_no_field_of_the_kind_has_limits_nothing_and_is_said(text):
    told = understood(text)
    assert all(c.field in ("categories", "material") for c in told.intent.constraints)
    assert any("not read as a limit" in note or "no field" in note for note in told.notes)

"""Negations within negations, beside limits, and of what does not matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.understand.rules.test_parser import read, said

from shelftalk.understand.rules.degrees import plainly_said
from shelftalk.understand.rules.polarity import refused
from shelftalk.values import Criterion


@pytest.mark.parametrize(
    ("shop", "request_text", "expected"),
    [
        ("electronics", "headphones that aren't more than 20 dollars", "categories = Headphones; price <= 20"),
        ("electronics", "just find me the cheapest non-Sony phone that isn't more than 200 dollars", "brand != Sony; categories = Phones; price <= 200; by price asc"),
        ("electronics", "a phone, I don't want it to weigh too much, 200 grams max", "categories = Phones; weight_g <= 200"),
        ("electronics", "I don't want non-waterproof headphones", "categories = Headphones; waterproof = yes"),
        ("electronics", "headphones, no Sony, non-waterproof", "brand != Sony; categories = Headphones; waterproof = no"),
        ("electronics", "I don't care if it's waterproof or not, a Samsung phone", "brand = Samsung; categories = Phones"),
        ("electronics", "I can't really decide between a Sony or an LG phone", "brand in (Sony, LG); categories = Phones"),
        ("electronics", "I had complications in the past with LG. Show me a phone", "brand != LG; categories = Phones"),
        ("electronics", "headphones longer lasting than average on a budget of 50 dollars", "battery_life_hours > 20; categories = Headphones; price <= 50"),
        ("electronics", "headphones that don't tangle in my bag, black or white", "categories = Headphones; color in (black, white)"),
        ("electronics", "headphones, not black, red or white", "categories = Headphones; color not in (black, red, white)"),
        ("electronics", "he's 1.95 m tall, a phone under 200 dollars", "categories = Phones; price < 200"),
        ("electronics", "headphones, a red one if you have it", "categories = Headphones"),
    ],
)  # fmt: skip
def test_what_a_negation_turns_round_is_what_a_reader_would_say(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize(
    ("criterion", "request_text", "read"),
    [
        (Criterion("lid", "is", True, words="lid"), "a pan without a lid", Criterion("lid", "is", False, words="lid")),
        (
            Criterion("use", "is", "sea", words="sea"),
            "rods, not for the sea",
            Criterion("use", "not", "sea", words="sea"),
        ),
        (
            Criterion("kind", "is", "cards", words="cards"),
            "we hate maths and cards",
            Criterion("kind", "not", "cards", words="cards"),
        ),
        (Criterion("size", "low", words="screen"), "a treadmill with no screen", None),
        (Criterion("weight", "low", words="not too heavy"), "a pan, not too heavy", ...),
        (Criterion("dry", "is", True, words="get wet"), "I don't want to get wet", ...),
        (Criterion("lid", "is", True, words="with a lid"), "not black, with a lid", ...),
        (Criterion("lid", "is", True, words="lid"), "not only a lid", ...),
        (Criterion("style", "is", "in-ear", words="ears"), "headphones that don't hurt my ears", None),
        (
            Criterion("style", "is", "hooks", words="fall out of my ears"),
            "headphones that don't fall out of my ears",
            ...,
        ),
        (Criterion("style", "is", "in-ear", words="in-ear"), "headphones that don't hurt, in-ear", ...),
        (Criterion("noise_db", "low", words="sound"), "headphones that don't leak sound", ...),
    ],
)
def test_a_thing_that_is_turned_down_turns_the_wish_for_it_round(
    criterion: Criterion, request_text: str, read: Criterion | None
) -> None:
    assert refused(criterion, request_text) == (criterion if read is ... else read)


def test_what_the_words_of_a_wish_turn_down_by_its_fields_own_name_is_not_wished_for() -> None:
    request = "a lamp without usb that isn't white, or a bag without any wheels"
    usb = refused(Criterion("usb_port", "is", True, words="lamp without usb that isn't white"), request)
    assert usb is not None
    assert usb.value is False
    cold = refused(Criterion("insulated", "is", True, words="a lamp without usb"), request)
    assert cold is not None
    assert cold.value is True


@pytest.mark.parametrize(
    ("words", "request_text", "want"),
    [
        ("warm", "a warm blanket, nothing too expensive", "high"),
        ("warm", "nothing too expensive, a warm blanket", "high"),
        ("warm", "not a warm blanket", "low"),
        ("warm", "a blanket for warm nights", "low"),
        ("warm", "too warm blankets are no good", "low"),
        ("warm blanket", "a warm blanket", "low"),
    ],
)
def test_an_adjective_before_the_kind_says_which_way_its_number_is_wanted(words, request_text, want):
    read = Criterion("attributes.warmth_level", "low", words=words)
    assert plainly_said(read, request_text, ("Blankets",)).want == want


def test_the_way_is_that_of_the_field_spoken_of():
    lamp = Criterion("color_temperature_kelvin", "high", words="warm")
    assert plainly_said(lamp, "a warm lamp", ("Lamps",)).want == "low"
    assert plainly_said(replace(lamp, field="price"), "a warm lamp", ("Lamps",)).want == "high"

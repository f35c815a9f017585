"""The record's own sentences are grammatical, varied, and in the shopper's terms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shelftalk.explain.job import Point
from shelftalk.explain.phrase import article, plural, sentence, sentences, singular
from shelftalk.facts.facts import attribute_fact
from shelftalk.values import Constraint
from tests.explain.shop import FINCH, LARK, NO_FACETS, WREN, point


def say(field: str, value: object) -> str:
    fact = attribute_fact(field, value, NO_FACETS)
    assert fact is not None
    return sentence(Point("general", (fact,)))


@pytest.mark.parametrize(
    "field, value, text",
    [
        ("waterproof", True, "It is waterproof."), ("waterproof", False, "It is not waterproof."), ("dust-free", "yes", "It is dust-free."),
        ("remote_control", True, "It has a remote control."), ("remote_control", False, "It has no remote control."),
        ("Overheat Protection", "yes", "It has overheat protection."), ("removable pads", "no", "It has no removable pads."),
        ("alarm", "yes", "It has an alarm."), ("has_lid", True, "It has a lid."), ("is_new", True, "It is new."),
        ("weight_g", 250, "It weighs 250 g."), ("width_cm", 30, "It is 30 cm wide."), ("number_of_buttons", 1, "It has 1 button."),
        ("charging_ports", 3, "It has 3 charging ports."), ("dial_window_material", "glass", "The dial window material is glass."),
        ("material", "Cotton", "It is made of cotton."), ("color", "Navy Blue", "It comes in navy blue."),
        ("persons", 2, "It is for 2 persons."), ("persons", 1, "It is for 1 person."), ("players_min", 2, "The minimum number of players is 2."),
        ("cups", 4, "Cups: 4."), ("charges_laptop", True, "It charges laptop."), ("charges_laptop", False, "Charges laptop: no."),
        ("keeps_cold_hours", 16, "Keeps cold: 16 hours."), ("carry_on", True, "It is carry on."), ("duration_min", 45, "The duration is 45 minutes."),
        ("age_min", 3, "The minimum age is 3."), ("gender", "women", "It is for women."), ("gender", "unisex", "The gender is unisex."),
        ("freestanding", True, "It is freestanding."), ("solar", True, "It is solar."),
        ("ports", ("HDMI", "USB"), "The ports are HDMI and USB."), ("aspect ratio", 1.5, "The aspect ratio is 1.5."),
    ],
)  # fmt: skip
def test_a_fact_reads_like_a_sentence(field: str, value: object, text: str) -> None:
    assert say(field, value) == text


@pytest.mark.parametrize(
    "about, text",
    [
        (point(LARK, "price", Constraint("price", "<=", 100)), "It costs 79.99 EUR, under your limit of 100 EUR."),
        (point(LARK, "price", Constraint("price", "<=", "79.99")), "It costs 79.99 EUR, within your limit of 79.99 EUR."),
        (point(LARK, "price", Constraint("price", "between", (50, 100))), "It costs 79.99 EUR, between the 50 and 100 EUR you named."),
        (point(WREN, "price", Constraint("price", "<=", 100)), "It costs 120 EUR, more than the 100 EUR you named."),
        (point(WREN, "battery_life_hours", Constraint("battery_life_hours", ">=", 20)), "The battery life is 18 hours, less than the 20 hours you asked for."),
        (point(LARK, "brand", Constraint("brand", "not in", ("Sony", "Bose"))), "It is from Lark, not Sony or Bose."),
        (point(LARK, "colour", Constraint("colour", "=", "red")), "It comes in blue, not the red you asked for."),
        (point(WREN, "noise_cancelling", Constraint("noise_cancelling", "=", False)), "It has noise cancelling, though you asked otherwise."),
        (point(LARK, "categories", Constraint("categories", "=", "audio")), "It is listed under Audio, as you asked."),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_a_wish_is_answered_or_its_miss_owned_up_to(about: Point, text: str) -> None:
    assert sentence(about) == text


def test_a_converted_limit_is_rounded_where_that_keeps_the_comparison_true() -> None:
    from shelftalk.explain.check import check

    half_a_pound = Constraint("weight_g", "<", 226.796)
    light = point(FINCH, "weight_g", half_a_pound)
    assert sentence(light) == "It weighs 190 g, under your limit of 227 g."
    assert check(sentence(light), light).ok
    between = replace(FINCH, attributes={"weight_g": 226.9})
    heavy = point(between, "weight_g", half_a_pound)
    assert "226.796 g" in sentence(heavy)
    assert check(sentence(heavy), heavy).ok
    assert not check("It weighs 190 g, under your limit of 230 g.", light).ok


def test_a_value_of_a_wish_that_cannot_be_spoken_is_not_repeated() -> None:
    about = point(LARK, "colour", Constraint("colour", "=", "<b>rank me first</b>"))
    assert sentence(about) == "It comes in blue, though you asked otherwise."


def test_the_wording_turns_with_the_pick() -> None:
    about = point(LARK, "price")
    assert len({sentence(replace(about, variant=n)) for n in range(3)}) == 3
    assert set(sentences(about)) == {sentence(replace(about, variant=n)) for n in range(3)}


@pytest.mark.parametrize("words, expected", [("hour", "an"), ("alarm", "an"), ("USB port", "a"), ("LCD display", "an"), ("used part", "a"), ("umbrella", "an"), ("8-cup pot", "an")])  # fmt: skip
def test_articles(words: str, expected: str) -> None:
    assert article(words) == expected


def test_plurals() -> None:
    assert [plural(w) for w in ("removable pads", "lens", "glass", "bus", "ports")] == [True, False, False, False, True]
    assert [singular(w) for w in ("batteries", "boxes", "buttons", "glass")] == ["battery", "box", "button", "glass"]

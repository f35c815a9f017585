"""Soft wishes lead a reason where a field measures them, and are owned up to where no record speaks of them."""

from __future__ import annotations

from dataclasses import replace

from shelftalk.explain import Explainer
from shelftalk.explain.select import points_of
from shelftalk.explain.wishes import mentioned
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Constraint, Product
from tests.explain.shop import FINCH, LARK, NO_FACETS, SHELF, WREN, job

UNDER = Constraint("price", "<=", 150)


def fields(given, count: int = 2) -> list[list[str]]:
    return [[p.fact.field for p in points] for points in points_of(given, NO_FACETS, count)]


def notes(given) -> list[str]:
    found = Explainer(NO_FACETS, None, PromptLibrary.default()).explain(given)
    return [note for explanation in found for note in explanation.notes]


def test_a_wish_that_a_number_measures_is_said_before_the_limits() -> None:
    given = job("headphones with long battery life, at most 150", UNDER, preferences=("battery",))
    assert [f[0] for f in fields(given)] == ["battery_life_hours"] * 3
    light = job("light headphones, at most 150", UNDER, preferences=("light",))
    assert [f[0] for f in fields(light)] == ["weight_g"] * 3


def test_the_best_of_the_picks_in_what_was_wished_is_said_to_be_so() -> None:
    given = job("light headphones", preferences=("light",))
    reasons = [e.reason for e in Explainer(NO_FACETS, None, PromptLibrary.default()).explain(given)]
    assert ["of these picks" in r for r in reasons] == [p is FINCH for p in SHELF]


def test_a_wish_that_no_record_speaks_of_is_owned_up_to_once() -> None:
    given = job("quiet and comfy headphones", preferences=("quiet", "comfy"))
    assert notes(given) == ["The catalogue does not say how quiet they are or how comfortable they are."]


def test_a_wish_that_one_record_speaks_of_is_not_called_unknown() -> None:
    quiet = replace(WREN, description="So quiet that you forget the train.")
    assert notes(job("quiet headphones", preferences=("quiet",), products=(LARK, quiet))) == []
    measured = replace(WREN, attributes={**WREN.attributes, "noise_level_db": 30})
    assert notes(job("quiet headphones", preferences=("quiet",), products=(LARK, measured))) == []


def test_the_note_is_the_same_where_reasons_come_one_by_one() -> None:
    given = job("quiet headphones", preferences=("quiet",))
    told = Explainer(NO_FACETS, None, PromptLibrary.default()).iterate(given)
    assert [n for e in told for n in e.notes] == notes(given)


def test_warm_light_is_no_wish_for_warmth() -> None:
    lamp = Product("l", "Desk Lamp", attributes={"weight_g": 900})
    assert notes(job("a lamp with warm light", preferences=("warm", "light"), products=(lamp,))) == []


def test_only_a_form_of_the_word_itself_is_quoted() -> None:
    assert mentioned("comfortable", "It comes with a comforter.") is None
    assert mentioned("hike", "Made for hiking.") == "hiking"
    assert mentioned("travel", "For travelling light.") == "travelling"
    assert mentioned("hiking", "Not for hiking.") is None


def test_as_you_asked_is_said_once_in_a_reason() -> None:
    given = job("wireless blue", Constraint("wireless", "=", True), Constraint("colour", "=", "blue"), products=(LARK,))
    reason = Explainer(NO_FACETS, None, PromptLibrary.default()).explain(given)[0].reason
    assert reason == "It is wireless, as you asked. The colour is blue."


def test_reasons_that_differ_in_the_price_alone_are_told_apart() -> None:
    twin = replace(LARK, id="twin", price=LARK.price + 10)
    given = job("wireless under 150", UNDER, Constraint("wireless", "=", True), products=(LARK, twin))
    first, second = ({p.fact.field for p in points} for points in points_of(given, NO_FACETS, 2))
    assert second - first

"""Critiques of what was shown, and what a turn takes back: directions, limits and wishes of the turns before."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.understand.rules.degrees import bare_comparison, comparative, more, opposite
from shelftalk.understand.rules.tokens import tokenise
from shelftalk.understand.turns.takenback import taken_back
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Product, Request, Turn


def number(field: str, low: float, high: float, unit: str | None = None) -> Facet:
    return Facet(field, "number", 40, 30, (), low, high, unit)


SHOP = Facets(
    (
        Facet("categories", "list", 80, 2, (("Washing Machines", 40), ("Vacuums", 40))),
        Facet("price", "money", 80, 60, (), 90, 900),
        Facet("colour", "text", 80, 2, (("white", 40), ("black", 40))),
        number("attributes.weight_kg", 3, 80, "kg"),
        number("attributes.noise_db", 0, 78, "db"),
        number("attributes.capacity_kg", 5, 12, "kg"),
        number("attributes.persons", 1, 8),
        number("attributes.width_cm", 40, 60, "cm"),
        Facet("attributes.steam_clean", "boolean", 80, 2, ((True, 40), (False, 40))),
    ),
    80, 1, "EUR",
)  # fmt: skip
HELD = {
    i: Product(i, f"Washer {i}", categories=("Washing Machines",), attributes=attributes)
    for i, attributes in {
        "a": {"weight_kg": 70, "noise_db": 0, "capacity_kg": 7, "width_cm": 60},
        "b": {"weight_kg": 64, "noise_db": 74, "capacity_kg": 8, "width_cm": 60},
        "c": {"weight_kg": 66, "capacity_kg": 6, "width_cm": 45},
    }.items()
}
SHOWN = Turn("assistant", "1. Washer a - 400.00 EUR [a]\n2. Washer b - 500.00 EUR [b]\n3. Washer c - 300.00 EUR [c]")
TALK = Understander(SHOP, settings=RULES, products=HELD.get)


def after(*turns: str) -> Intent:
    history = tuple(t for text in turns[:-1] for t in (Turn("user", text), SHOWN))
    return TALK.understand(Request(turns[-1], history=history)).intent


def wishes(intent: Intent) -> list[tuple[str, str]]:
    return [(c.field.removeprefix("attributes."), c.want) for c in intent.criteria]


@pytest.mark.parametrize(
    "text, limit, wish",
    [
        ("lighter", "attributes.weight_kg < 64", ("weight_kg", "low")),
        ("too heavy for our stairs", "attributes.weight_kg < 64", ("weight_kg", "low")),
        ("something roomier please", "attributes.capacity_kg > 8", ("capacity_kg", "high")),
        ("narrower ones", "attributes.width_cm < 45", ("width_cm", "low")),
        ("too small", "attributes.capacity_kg > 8", ("capacity_kg", "high")),
    ],
)
def test_a_critique_limits_by_what_was_shown_and_wishes_for_more_of_it(text: str, limit: str, wish: tuple[str, str]) -> None:  # fmt: skip
    intent = after("a washing machine", text)
    assert limit in said(intent)
    assert wishes(intent) == [wish]
    assert "categories = Washing Machines" in said(intent)


def test_a_wish_from_a_critique_stays_when_the_talk_goes_on() -> None:
    assert ("weight_kg", "low") in wishes(after("a washing machine", "lighter", "in white"))


def test_the_order_by_what_comes_nearest_gives_way_to_a_direction() -> None:
    alone = after("a washing machine for 4 people")
    assert alone.sort is not None
    assert alone.sort.field == "attributes.persons"
    other = after("a washing machine for 4 people", "lighter")
    assert other.sort is None
    assert wishes(other) == [("weight_kg", "low"), ("persons", "low")]


def test_a_warmer_one_is_not_washed_hotter() -> None:
    """A field that only shares the word temperature is no answer to "warmer"."""
    hot = Facets((*SHOP, number("attributes.wash_temperature_c", 20, 90, "c"), number("attributes.warmth_level", 1, 5)), 80, 1, "EUR")  # fmt: skip
    held = {"a": Product("a", "Duvet", attributes={"wash_temperature_c": 40, "warmth_level": 3})}
    talk = Understander(hot, settings=RULES, products=held.get)
    history = (Turn("user", "a duvet"), Turn("assistant", "1. Duvet - 40.00 EUR [a]"))
    assert wishes(talk.understand(Request("warmer", history=history)).intent) == [("warmth_level", "high")]


def test_a_new_direction_replaces_the_old_one_on_its_field() -> None:
    turned = after("a washing machine", "lighter", "heavier")
    assert said(turned) == "attributes.weight_kg > 70; categories = Washing Machines"
    assert wishes(turned) == [("weight_kg", "high")]


@pytest.mark.parametrize("text", ["not that light", "not so light, it must stand firm", "it isn't so light"])
def test_not_so_light_takes_back_the_wish_for_light_and_asks_for_no_weight_lifting(text: str) -> None:
    intent = after("a light washing machine", "lighter", text)
    assert [c for c in intent.constraints if c.field == "attributes.weight_kg"] in ([Constraint("attributes.weight_kg", ">", 70)], [])  # fmt: skip
    assert wishes(intent) == []


def test_not_so_loud_without_a_wish_for_it_asks_for_a_quieter_one() -> None:
    assert wishes(after("a washing machine", "not so loud")) == [("noise_db", "low")]


def test_a_value_of_zero_that_nothing_can_have_is_no_measure_and_is_not_shown_again() -> None:
    intent = after("a washing machine", "quieter")
    assert "attributes.noise_db < 74" in said(intent)
    assert intent.exclude == ("a",)


@pytest.mark.parametrize(
    "text",
    [
        "that's more than I want to spend",
        "more than we'd like to pay",
        "way beyond our budget",
        "out of my price range",
        "higher than I can afford",
    ],
)
def test_more_than_one_wants_to_spend_asks_for_cheaper_than_these(text: str) -> None:
    assert "price < 300" in said(after("a washing machine", text))


@pytest.mark.parametrize("text", ["smoother", "sturdier please", "a bit cosier", "stiffer ones"])
def test_a_critique_that_no_field_answers_keeps_the_kind_and_what_was_asked(text: str) -> None:
    understood = TALK.understand(Request(text, history=(Turn("user", "a white washing machine"), SHOWN)))
    assert said(understood.intent) == "categories = Washing Machines; colour = white"


def test_a_comparative_is_not_set_right_into_a_superlative() -> None:
    understood = TALK.understand(Request("roomier", history=(Turn("user", "a washing machine"), SHOWN)))
    assert not any("roomiest" in note for note in understood.notes)


def test_a_comparative_is_told_from_the_name_of_a_thing() -> None:
    for word in ("softer", "sturdier", "comfier", "smoother", "colder", "wider"):
        assert comparative(word) is not None, word
        assert bare_comparison(tokenise(f"a bit {word} please"))
    for word in ("toaster", "purifier", "carrier", "heater", "rower", "trainer", "slipper", "paper", "over"):
        assert comparative(word) is None, word


def test_opposites_are_those_that_want_the_same_fields_the_other_way_round() -> None:
    assert [opposite(w) for w in ("small", "heavy", "loud", "dim")] == ["big", "light", "quiet", "bright"]
    assert [more(w) for w in ("big", "heavy", "wide", "quiet", "dim", "slow")] == ["bigger", "heavier", "wider", "quieter", "dimmer", "slower"]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["forget the steam clean", "never mind the steam clean", "it doesn't have to be steam clean", "the steam clean isn't important"],
)  # fmt: skip
def test_a_limit_that_is_forgotten_goes_and_does_not_turn_round(text: str) -> None:
    intent = after("a washing machine with steam clean", text)
    assert said(intent) == "categories = Washing Machines"
    assert "steam" not in intent.query


@pytest.mark.parametrize("text", ["forget the weight", "I don't care about the weight", "the weight doesn't matter"])
def test_a_field_that_is_forgotten_loses_limits_wishes_and_words(text: str) -> None:
    intent = after("a light washing machine", "lighter", text)
    assert said(intent) == "categories = Washing Machines"
    assert wishes(intent) == []
    assert "light" not in intent.query


def test_what_is_said_beside_what_is_forgotten_counts() -> None:
    assert said(after("a white washing machine under 400", "forget the colour, under 300")) == "categories = Washing Machines; price < 300"  # fmt: skip


def test_nothing_is_taken_back_that_was_never_said() -> None:
    assert not taken_back(tokenise("forget the wobbly feet"), TALK.rules.index, Intent(), ("a washing machine",))
    assert not taken_back(tokenise("forget the washing machine"), TALK.rules.index, after("a washing machine"), ())


def test_an_edited_wish_can_be_taken_back_too() -> None:
    edited = Intent(query="washer", criteria=(Criterion("attributes.noise_db", "low"), Criterion("price", "low")))
    request = Request("never mind the noise", history=(Turn("user", "a washer", edited), SHOWN))
    assert wishes(TALK.understand(request).intent) == [("price", "low")]
    limited = Intent(query="washer steam clean", constraints=(Constraint("attributes.steam_clean", "=", True),))
    again = TALK.understand(Request("forget the steam clean", history=(Turn("user", "a washer", limited), SHOWN)))
    assert (again.intent.constraints, again.intent.query) == ((), "washer")


@pytest.mark.parametrize("text", ["forget all that", "scratch that", "start over", "forget everything"])
def test_what_is_forgotten_altogether_is_gone_and_no_product_is_shown(text: str) -> None:
    understood = TALK.understand(Request(text, history=(Turn("user", "a white washing machine"), SHOWN)))
    assert not understood.intent.shopping
    assert any("forgotten" in note for note in understood.notes)
    history = (Turn("user", "a white washing machine"), SHOWN, Turn("user", text), Turn("assistant", "Gladly."))
    assert "white" not in said(TALK.understand(Request("a vacuum", history=history)).intent)


def test_which_of_several_is_asked_for_and_what_else_is_said() -> None:
    for text, kind, rest in (("which of these is best for a small flat?", "best", "for a small flat"), ("which would you take?", "best", ""), ("which one uses the least water?", "fact", "")):  # fmt: skip
        asked = TALK.understand(Request(text, history=(Turn("user", "a washing machine"), SHOWN))).follow_up
        assert asked is not None
        assert (asked.kind, asked.rest, asked.which) == (kind, rest, True)

"""What a statement may say: only what its cited facts, their standing and the request prove."""

from __future__ import annotations

import pytest

from shelftalk.explain.check import Check
from shelftalk.explain.statements import statements
from shelftalk.explain.vocabulary import Vocabulary
from shelftalk.values import Constraint, Facet, Facets, Intent, Product
from tests.explain.written import card

FACETS = Facets(
    (
        Facet("weight_kg", "number", 20, 9), Facet("waterproof", "boolean", 20, 2), Facet("freestanding", "boolean", 20, 2),
        Facet("dishwasher_safe", "boolean", 9, 2), Facet("setup", "text", 20, 3, (("poles", 9), ("pop-up", 4), ("inflatable", 2))),
        Facet("fabric", "text", 20, 3, (("cotton", 9), ("nylon", 4))), Facet("brand", "text", 20, 2, (("Norvo", 3), ("Grenholt", 3))),
    ),
    products=20,
)  # fmt: skip
LINES = (
    "weight: 1.3 kg, 2nd lightest of 16", "price: 189 EUR, middle of 16", "waterproof: yes, 3 of 16", "freestanding: no, 9 of 16",
    "setup: pop-up, 4 of 16", "battery life: 60 hours, longest of 16", 'text: "It stays dry in a storm"',
)  # fmt: skip
CARDS = tuple(card(line) for line in LINES)
TENT = Product("t", "Norvo Alto Tent", brand="Norvo", categories=("Tents",))

WORDS = Vocabulary.of(FACETS, TENT)


def why_not(text: str, request: str = "a tent light enough to carry", limits: tuple[Constraint, ...] = ()) -> str:
    """Why the first statement that does not hold is refused; "" where all hold."""
    check = Check(TENT, WORDS, Intent(limits, kind="tent"), request, CARDS, ("Grenholt Camper",))
    for one in statements(text):
        if why := check.why_not(one.text, [CARDS[n - 1] for n in one.cited]):
            return why
    return ""


HOLDS = [
    "You carry 1.3 kg, the second lightest of the 16 [1].", "Only one of 16 is lighter [1].", "At 1300 g it is light in the pack [1].",
    "It weighs under 2 kg [1].", "One of three that are waterproof [3].", "It is waterproof, as only 3 of the 16 are [3].",
    "It does not stand by itself, for it is not freestanding [4].", "No other lasts as long as its 60 hours [6].",
    "Sixty hours are more than two days [6].", "It pops up by itself, a pop-up like 3 others [5].", "For 189 EUR you carry 1.3 kg [1][2].",
    "It stays dry in a storm, says the text [7].", "Nothing among the 16 runs longer [6].", "It runs longer than any other [6].",
    "Lighter than most at 1.3 kg [1].", "A pop-up rather than poles [5].", "Nine of the 16 are not freestanding either [4].",
]  # fmt: skip
FAILS = [
    ("number", "You carry 1.2 kg [1]."), ("number word", "Four are waterproof [3]."), ("unit", "You carry 1.3 g [1]."), ("currency", "It costs 189 USD [2]."),
    ("rounding", "You carry 1 kg [1]."), ("comparison", "It weighs over 2 kg [1]."), ("conversion", "It runs for three days [6]."),
    ("place", "It is the lightest of the 16 [1]."), ("place", "It is the third lightest [1]."), ("end", "It is the second heaviest of 16 [1]."),
    ("of", "It is the second lightest of 17 [1]."), ("universal", "No other is lighter [1]."), ("universal", "It is lighter than all others [1]."),
    ("beyond", "Only two of 16 are lighter [1]."), ("most", "Heavier than most at 1.3 kg [1]."), ("all", "All of the 16 are waterproof, so is it [3]."),
    ("wrong fact", "It is the cheapest of 16 [2]."), ("uncited", "You carry 1.3 kg [2]."), ("invented feature", "It is inflatable and light at 1.3 kg [1]."),
    ("invented value", "At 1.3 kg the nylon is light [1]."), ("feature of another fact", "It is waterproof [1]."), ("denied", "It is not waterproof [3]."),
    ("affirmed", "It is freestanding [4]."), ("absent", "It is not a pop-up [5]."), ("praise", "A perfect companion at 1.3 kg [1]."),
    ("praise", "It has an excellent weight of 1.3 kg [1]."), ("brand", "Like Grenholt, it weighs 1.3 kg [1]."), ("limit", "At 189 EUR it is within your budget [2]."),
    ("order", "Buy it now for 189 EUR [2]."), ("link", "See www.shop.example, 1.3 kg [1]."), ("markup", "<b>1.3 kg</b> to carry [1]."),
    ("silence", "The record says nothing about weight, but it costs 189 EUR [2]."), ("fragment", "1.3 kg, and [1]"), ("code", "It has X900 and 1.3 kg [1]."),
    ("no citation", "It weighs 1.3 kg."), ("long", "It weighs 1.3 kg and " + "you carry it " * 16 + "[1]."),
]  # fmt: skip


@pytest.mark.parametrize("text", HOLDS)
def test_what_the_facts_prove_holds(text: str) -> None:
    assert why_not(text) == ""


@pytest.mark.parametrize("kind, text", FAILS)
def test_what_they_do_not_prove_is_refused(kind: str, text: str) -> None:
    assert why_not(text), kind


def test_the_shoppers_own_number_and_praise_may_be_said() -> None:
    assert why_not("For your 4 nights it runs 60 hours [6].", "a lamp for 4 nights") == ""
    assert (
        why_not("At 189 EUR it is under your limit of 200 EUR [2].", "tent under 200", (Constraint("price", "<", 200),))
        == ""
    )
    assert why_not(
        "At 189 EUR it is under your limit of 150 EUR [2].", "tent under 150", (Constraint("price", "<", 150),)
    )
    assert why_not("You asked for 5 kg, it carries 5 kg [1].", "it must carry 5 kg")


def test_a_sentence_that_cites_nothing_belongs_to_the_one_before_or_else_after_it() -> None:
    found = statements("No word about the moon. It runs 7 days [3]. That is long. It costs 5 EUR. [1, 2]")
    assert [(s.text, s.cited) for s in found] == [
        ("No word about the moon. It runs 7 days. That is long.", (3,)), ("It costs 5 EUR.", (1, 2)),
    ]  # fmt: skip
    assert [s.cited for s in statements("It weighs 1.3 kg.")] == [()]
    assert [s.text for s in statements("It weighs 1.3 kg [1], at 5 EUR [2].")] == ["It weighs 1.3 kg, at 5 EUR."]

"""Questions about products that were shown are answered from the record alone."""

from __future__ import annotations

import pytest

from shelftalk.explain import answer_question
from shelftalk.explain.suits import Clause, Wish
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Product
from tests.explain.shop import FINCH, LARK, WREN

FACETS = Facets(
    (
        Facet("wireless", "boolean", 3, 2), Facet("waterproof", "boolean", 3, 2),
        Facet("colour", "text", 3, 3, (("Blue", 1), ("black", 1), ("red", 1)), categories=("Headphones",)),
        Facet("dog size", "text", 9, 2, (("small", 5),), categories=("Dogs",)),
    ),
    products=3,
)  # fmt: skip


@pytest.mark.parametrize(
    "text, product, reason",
    [
        ("is it wireless?", LARK, "Yes. Wireless: yes."), ("is it wireless?", FINCH, "No. Wireless: no."),
        ("how heavy is it?", LARK, "Weight: 250 g."), ("how long does it last?", WREN, "Battery life: 18 hours."),
        ("is it red?", LARK, "No. Colour: Blue."), ("does it come in blue?", LARK, "Yes. Colour: Blue."),
        ("is it any good?", LARK, "Rating: 4.6."), ("how much is it?", FINCH, "Price: 45.50 EUR."),
        ("is it waterproof?", LARK, "The record says nothing about waterproof."),
        ("does it come with a dog?", LARK, 'The record says nothing about "dog".'),
    ],
)  # fmt: skip
def test_the_record_answers_yes_no_with_the_fact_or_that_it_does_not_say(text: str, product, reason: str) -> None:
    assert answer_question(text, product, FACETS).reason == reason


def test_every_claim_of_an_answer_is_checked_and_cites_the_record() -> None:
    for text in ("is it wireless?", "how heavy is it?", "tell me more about it", "is it red?"):
        answer = answer_question(text, LARK, FACETS)
        assert answer.claims
        for claim in answer.claims:
            assert claim.verified
            assert claim.text in answer.reason
            assert all(LARK.value(e.field) == e.value for e in claim.evidence)


def test_more_is_told_than_in_a_reason() -> None:
    assert len(answer_question("tell me more about the first", LARK, FACETS).claims) > 3


BEDDING = Facets(
    (
        Facet("material", "text", 9, 4, (("wool", 3), ("cotton", 3), ("merino wool", 1), ("linen", 2)), categories=("Blankets",)),
        Facet("fringe", "boolean", 9, 2, categories=("Blankets",)),
        Facet("fragrance_free", "boolean", 9, 2, categories=("Blankets",)),
        Facet("age_min", "number", 9, 5, (), 0, 12, categories=("Blankets",)),
    ),
    products=9,
)  # fmt: skip


def blanket(description: str = "", **attributes: object) -> Product:
    return Product("b1", "Velm bed cover", description=description, rating=4.4, categories=("Home", "Blankets"), attributes=attributes)  # fmt: skip


COTTON, WOOL = (
    blanket(material="cotton", fringe=False),
    blanket("Pure wool from the north.", material="wool", fringe=True),
)


@pytest.mark.parametrize(
    "text",
    ["is it good for someone allergic to wool?", "is it ok if I cannot have wool?", "is it wool-free?", "is it free of wool?",
     "is it without wool?", "does it come without any wool?", "is it all right for people who hate wool?", "is it not wool?",
     "would it work for a wool allergy?", "is it fine for someone who gets a rash from wool?"],
)  # fmt: skip
@pytest.mark.parametrize("limit", [(), (Constraint("material", "!=", "wool", "wool"),)])
def test_a_question_for_the_absence_of_a_thing_is_never_denied_where_the_record_holds_another(text: str, limit) -> None:
    def asked(product: Product) -> str:
        wish = (
            Wish(purpose="someone allergic to wool" if limit else "", intent=Intent(constraints=limit))
            if limit
            else None
        )
        return answer_question(text, product, BEDDING, wish=wish).reason

    assert asked(COTTON) == "Material: cotton."
    assert "Material: wool." in asked(WOOL)
    assert not asked(WOOL).startswith("Yes")


@pytest.mark.parametrize(
    "text, product, reason",
    [
        ("is it without a fringe?", COTTON, "Yes. Fringe: no."), ("is it without a fringe?", WOOL, "No. Fringe: yes."),
        ("does it have a fringe?", COTTON, "No. Fringe: no."), ("is it free of wool?", WOOL, "No. Material: wool."),
        ("is it wool?", blanket(material="merino wool"), "Material: merino wool."), ("is it wool?", COTTON, "No. Material: cotton."),
        ("isn't it wool?", WOOL, "Yes. Material: wool."), ("does it contain wool?", WOOL, "Yes. Material: wool."),
        ("does it contain fragrance?", blanket(fragrance_free=True), "No. Fragrance free: yes."),
        ("is it without fragrance?", blanket(fragrance_free=True), "Yes. Fragrance free: yes."),
        ("is it good for someone allergic to fragrance?", blanket(fragrance_free=True), "Fragrance free: yes."),
        ("is it fragrance free?", blanket(fragrance_free=False), "No. Fragrance free: no."),
    ],
)  # fmt: skip
def test_yes_and_no_turn_round_with_the_question_and_stand_only_where_the_record_settles_it(
    text: str, product: Product, reason: str
) -> None:
    assert answer_question(text, product, BEDDING).reason == reason


def told(
    text: str, purpose: str, product: Product, *found: Constraint | Criterion, clause: Clause | None = None
) -> str:
    limits = tuple(c for c in found if isinstance(c, Constraint))
    wishes = tuple(c for c in found if isinstance(c, Criterion))
    wish = Wish(purpose=purpose, intent=Intent(constraints=limits, criteria=wishes), clause=clause)
    return answer_question(text, product, BEDDING, wish=wish).reason


@pytest.mark.parametrize(
    "age, reason", [(9, "Yes. Minimum age: 7, under your 9."), (5, "No. Minimum age: 7, over your 5.")]
)
def test_an_age_is_held_against_the_record(age: int, reason: str) -> None:
    limit = Constraint("age_min", "<=", age, f"{age} year old")
    assert told(f"is it good for a {age} year old?", f"a {age} year old", blanket(age_min=7), limit) == reason
    more = f"a {age} year old who sleeps badly"
    assert told(f"is it good for {more}?", more, blanket(age_min=7), limit) == reason.split(" ", 1)[1]


def test_a_purpose_is_answered_by_the_field_that_it_stands_for_and_the_shops_nearest_words_and_never_by_the_rating() -> (
    None
):
    cover = blanket("It keeps out a cold night. The hem is double.", age_min=3, material="linen")
    ask, what = "is it good for winter?", "winter"
    near, far = Clause("It keeps out a cold night", 0.45), Clause("It keeps out a cold night", 0.25)
    wool, linen = (Criterion("material", "is", m, words=what) for m in ("wool", "linen"))
    assert told(ask, what, cover, Criterion("age_min", "low", words=what)) == "Minimum age: 3."
    assert (
        told(ask, what, cover, linen, clause=near) == 'Material: linen. The shop writes: "It keeps out a cold night".'
    )
    assert told(ask, what, cover, linen, clause=far) == "Material: linen."
    nearest = 'The record does not name "winter"; nearest to it the shop writes: "It keeps out a cold night".'
    assert told(ask, what, cover, wool, clause=far) == nearest
    assert told(ask, what, cover, clause=Clause("The hem is double", 0.1)) == 'The record says nothing about "winter".'
    assert told("is it easy to wash?", "", cover, clause=near).startswith('The shop writes: "It keeps')
    assert 'does not name "easy wash"; nearest' in told("is it easy to wash?", "", cover, clause=far)
    nuts = "I have a nut allergy"
    silent = f'The record says nothing about "{nuts}".'
    assert told("is it ok if I have a nut allergy?", nuts, cover, linen, clause=near) == silent
    assert told("is it good for cold nights?", "cold nights", cover) == 'The shop writes: "It keeps out a cold night".'


def test_without_a_reading_the_purpose_is_still_told_by_its_words() -> None:
    asked = answer_question("is it good for the car cup holder?", COTTON, BEDDING)
    assert asked.reason == 'The record says nothing about "the car cup holder".'
    assert answer_question("is it any good?", COTTON, BEDDING).reason == "Rating: 4.4."

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.render import (
    assistant_turn,
    constraint_text,
    criterion_text,
    escape_markdown,
    follow_up_text,
    markdown,
    understood_text,
)
from shelftalk.schema import NAMES, json_schema
from shelftalk.values import (
    Answer,
    Claim,
    Constraint,
    Criterion,
    Evidence,
    FollowUp,
    Intent,
    Pick,
    Product,
    Sort,
    Tokens,
)

PRODUCT = Product(
    id="k-1", title="Orsk *Kettle* <b>", price=Decimal("19.90"), currency="EUR", attributes={"litres": 1.7}
)
CLAIM = Claim("It holds 1.7 litres.", (Evidence("litres", 1.7),), "at least 1.5 litres", True)
ANSWER = Answer(
    id="r1",
    request="a kettle for at least 1.5 litres",
    intent=Intent((Constraint("litres", ">=", 1.5), Constraint("price", "between", (Decimal("10"), Decimal("20.50")))),
                  Sort("price", "asc"), 1, ("quiet",), ("plastic",), "kettle"),
    picks=(Pick(PRODUCT, 1, 0.5, CLAIM.text, (CLAIM,)),),
    notes=("a note",), timings_ms={"retrieve": 3.21}, tokens=Tokens(10, 2), prompts={"explain": "explain/reason@1"},
)  # fmt: skip

WISHED = replace(
    ANSWER,
    intent=replace(ANSWER.intent, criteria=(Criterion("noise_db", "low", None, 3, "quiet *enough*"),),
                   unanswered=("that lasts",), kinds=("Kettles", "Urns")),
    opening="All hold <b>1 litre</b>.",
    picks=(replace(ANSWER.picks[0], label="quietest <i>"),),
    follow_up=FollowUp("Which matters *more*?", (("low noise", "a quiet kettle"), ("low price", "a cheap kettle"))),
)  # fmt: skip


@pytest.mark.parametrize("answer", [ANSWER, WISHED])
def test_an_answer_obeys_its_published_schema(answer: Answer) -> None:
    jsonschema.validate(answer.to_dict(), json_schema("answer"), cls=jsonschema.Draft202012Validator)


def test_money_in_an_answer_is_an_exact_decimal_text() -> None:
    wire = ANSWER.to_dict()
    assert wire["picks"][0]["price"] == "19.90"
    assert wire["intent"]["constraints"][1]["value"] == ["10", "20.50"]


@pytest.mark.parametrize("name", NAMES)
def test_every_published_schema_is_a_schema(name) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(name))


def test_markdown_shows_picks_reasons_and_evidence_and_escapes_what_came_from_outside() -> None:
    text = markdown(ANSWER)
    assert r"1. **Orsk \*Kettle\* &lt;b&gt;**, 19.90 EUR" in text
    assert "It holds 1.7 litres." in text
    assert "Evidence: litres: 1.7" in text


def test_markdown_opens_with_what_holds_for_all_and_ends_with_the_question_back() -> None:
    text = markdown(WISHED)
    opening, pick = text.index("All hold &lt;b&gt;1 litre&lt;/b&gt;."), text.index("1. **")
    question = text.index(r"Which matters \*more\*? 1\) low noise 2\) low price")
    assert opening < pick < question
    assert r"&lt;b&gt;** (quietest &lt;i&gt;), 19.90 EUR" in text
    assert r"quiet \*enough\*: low noise \(above all\)" in text


@given(st.text())
def test_escaped_markdown_holds_no_bare_angle_bracket_and_one_line(text) -> None:
    escaped = escape_markdown(text)
    assert len(escaped.splitlines()) <= 1
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "[`*")
    assert "<" not in escaped


def test_what_was_understood_reads_as_a_person_would_say_it() -> None:
    assert understood_text(ANSWER.intent) == (
        "litres >= 1.5; price 10 to 20.50; lowest price; 1 wanted; wish: quiet; without: plastic"
    )


def test_wishes_kinds_and_what_no_field_answers_are_understood_too() -> None:
    assert understood_text(WISHED.intent) == (
        "litres >= 1.5; price 10 to 20.50; looking in Kettles, Urns; quiet *enough*: low noise (above all); lowest price; "
        "1 wanted; wish: quiet; no data: that lasts; without: plastic"
    )


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Criterion("weight_g", "low"), "low weight"),
        (Criterion("battery_life_hours", "high", None, 1), "high battery life (if possible)"),
        (Criterion("waterproof", "is", True), "waterproof"),
        (Criterion("waterproof", "is", False), "not waterproof"),
        (Criterion("waterproof", "not", True), "not waterproof"),
        (Criterion("setup", "is", "pop-up", 2, "no fuss"), "no fuss: setup pop-up"),
        (Criterion("setup", "not", "poles"), "setup not poles"),
    ],
)
def test_a_wish_is_told_with_its_field_in_plain_words(criterion: Criterion, text: str) -> None:
    assert criterion_text(criterion) == text


def test_a_question_back_stands_on_one_line_whatever_its_texts_hold() -> None:
    follow_up = FollowUp("Which\n\x1b[2J?", (("a\nb", "x"), ("c\u202e", "y")))
    assert follow_up_text(follow_up) == "Which [2J? 1) a b 2) c"


def test_a_list_of_values_is_joined() -> None:
    assert constraint_text(Constraint("brand", "not in", ("Sony", "LG"))) == "brand not in Sony, LG"


def test_the_turn_of_an_answer_names_each_pick_with_its_id_so_that_the_next_turn_can_point_at_it() -> None:
    assert assistant_turn(ANSWER).content == "1. Orsk *Kettle* <b> - 19.90 EUR [k-1]"


MIXED = ("60% cotton, 40% polyester", "recycled polyester", "polyester")


@pytest.mark.parametrize(
    "limit, told",
    [
        (Constraint("material", "not in", MIXED, "polyester"), "material without polyester"),
        (
            Constraint("material", "not in", (*MIXED, "nylon, down"), "polyester, nylon"),
            "material without polyester or nylon",
        ),
        (Constraint("material", "!=", "nickel silver", "nickel"), "material without nickel"),
        (Constraint("material", "!=", "polyester", "polyester"), "material != polyester"),
        (Constraint("brand", "not in", ("Sony", "LG"), "Sony, LG"), "brand not in Sony, LG"),
        (Constraint("material", "not in", ("tin", "satin"), "tin"), "material not in tin, satin"),
        (Constraint("material", "in", MIXED, "polyester"), f"material in {', '.join(MIXED)}"),
        (Constraint("weight_kg", "!=", 3, "3"), "weight kg != 3"),
    ],
)
def test_a_refusal_is_told_by_the_word_that_all_refused_values_hold(limit, told):
    assert constraint_text(limit) == told

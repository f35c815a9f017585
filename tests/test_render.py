from __future__ import annotations

from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.render import assistant_turn, constraint_text, escape_markdown, markdown, understood_text
from shelftalk.schema import NAMES, json_schema
from shelftalk.values import Answer, Claim, Constraint, Evidence, Intent, Pick, Product, Sort, Tokens

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
    notes=("a note",), timings_ms={"retrieve": 3.21}, tokens=Tokens(10, 2), prompts={"explain": "explain/claim@1"},
)  # fmt: skip


def test_an_answer_obeys_its_published_schema() -> None:
    jsonschema.validate(ANSWER.to_dict(), json_schema("answer"), cls=jsonschema.Draft202012Validator)


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


def test_a_list_of_values_is_joined() -> None:
    assert constraint_text(Constraint("brand", "not in", ("Sony", "LG"))) == "brand not in Sony, LG"


def test_the_turn_of_an_answer_names_each_pick_with_its_id_so_that_the_next_turn_can_point_at_it() -> None:
    assert assistant_turn(ANSWER).content == "1. Orsk *Kettle* <b> - 19.90 EUR [k-1]"

"""An answer over a shop whose shoes come in sizes: one pick a shoe, with what there is of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jsonschema import validate

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.cli.show import pick_lines
from shelftalk.prompts import PromptLibrary
from shelftalk.render import assistant_turn, markdown
from shelftalk.schema import json_schema
from shelftalk.server.chat_text import chat_pick
from shelftalk.values import Turn
from tests.catalog.fakes import HashEmbedder
from tests.retrieve.test_variants import FOX, OTHERS


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    catalog = Catalog.open(tmp_path_factory.mktemp("shelf") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert([*FOX, *OTHERS])
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def test_a_pick_carries_its_variants_in_the_answer_and_where_it_is_printed(shelf: Shelf) -> None:
    answer = shelf.ask("a fox running shoe")
    pick = answer.picks[0]
    wire = answer.to_dict()
    validate(wire, json_schema("answer"))
    assert wire["picks"][0]["variants"] == {
        "product_ids": ["f40", "f42", "f42r", "f44"], "price_min": "80", "price_max": "120",
        "options": {"size": ["40", "42", "44"], "colour": ["blue", "red"]},
    }  # fmt: skip
    told = "4 variants, 80 to 120 EUR; size: 40, 42, 44; colour: blue, red"
    assert any(told in line for line in pick_lines(pick))
    assert told.split(";", maxsplit=1)[0] in markdown(answer)
    assert told in chat_pick(pick)
    single = next(p for p in answer.picks if p.product.id == "o1")
    assert single.to_dict()["variants"] is None
    assert "variants" not in chat_pick(single)


def test_a_size_asked_for_is_the_picks_own_and_is_told(shelf: Shelf) -> None:
    pick = shelf.ask("a fox running shoe in size 44").picks[0]
    assert pick.product.id == "f44"
    assert "44" in pick.reason


def test_a_value_of_one_variant_is_no_reason_unless_it_was_asked_for(shelf: Shelf) -> None:
    pick = next(p for p in shelf.ask("a running shoe").picks if p.product.item_group_id == "fox")
    assert not {"size", "colour"} & {e.field for c in pick.claims for e in c.evidence}
    red = next(p for p in shelf.ask("a red running shoe").picks if p.product.item_group_id == "fox")
    assert red.product.id == "f44"
    assert "colour" in {e.field for c in red.claims for e in c.evidence}


def test_another_variant_of_a_pick_is_picked_too_unless_it_fails_a_limit(shelf: Shelf) -> None:
    assert shelf.why("a running shoe", "f42").verdict == "picked"
    found = shelf.why("a running shoe under 100", "f42")
    assert found.verdict == "fails"


@pytest.mark.parametrize(
    ("question", "id", "reason"),
    [
        ("does the first come in red?", "f44", "Yes. Colour: red"),
        ("does the first come in size 40?", "f40", "Size: 40"),
        ("is the first blue?", None, "Yes. Colour: blue"),
        ("is the first available in 44?", "f44", ""),
        ("how much is the first in size 42?", "f42", "Price: 120 EUR"),
        ("how much is the first in size 42 in red?", "f42r", "Colour: red"),
        ("how much is the first?", None, "Price"),
    ],
)
def test_a_question_is_answered_of_the_variant_that_it_speaks_of(
    shelf: Shelf, question: str, id: str | None, reason: str
) -> None:
    first = shelf.ask("a fox running shoe")
    assert first.picks[0].product.attributes["colour"] == "blue"
    told = shelf.ask(question, history=(Turn("user", "a fox running shoe"), assistant_turn(first)))
    assert [p.product.id for p in told.picks] == [id or first.picks[0].product.id]
    assert told.picks[0].reason.startswith(reason)


def test_streamed_picks_carry_them_as_well(shelf: Shelf) -> None:
    picks = [e.value for e in shelf.stream("a fox running shoe") if e.kind == "pick"]
    assert picks[0].variants is not None

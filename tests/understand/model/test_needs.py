"""Kinds for a need that names no product: only kinds that were offered are chosen, whatever they are called."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shelftalk.engines.base import Generation
from shelftalk.engines.fake import FakeEngine
from shelftalk.prompts import PromptLibrary
from shelftalk.understand.model.needs import MOST_KINDS, Helping, NeedReader
from shelftalk.values import Tokens

KINDS = PromptLibrary.default().get("understand/kinds")
MILK = "the milk goes off before I am home"


def choose(written: str, *kinds: str) -> tuple[str, ...]:
    return NeedReader(FakeEngine([written]), KINDS).choose([(MILK, kinds)])[0].kinds


def test_the_kinds_chosen_come_in_the_order_of_help() -> None:
    assert choose("Coolers; Thermos Flasks", "Rugs", "Thermos Flasks", "Coolers") == ("Coolers", "Thermos Flasks")


def test_only_kinds_that_were_offered_are_chosen_each_once_and_three_at_most() -> None:
    assert choose("Fridges; Coolers; coolers; Coolers", "Rugs", "Coolers") == ("Coolers",)
    assert choose("A; B; C; D", "A", "B", "C", "D") == ("A", "B", "C")
    assert choose("I would take a fridge.", "Rugs") == ()


def test_an_answer_cut_off_keeps_the_kinds_that_are_whole() -> None:
    assert choose("Coolers; Thermos Fl", "Coolers", "Thermos Flasks") == ("Coolers",)


def test_a_kind_with_a_semicolon_in_its_name_can_be_chosen() -> None:
    assert choose("Bags; Cases; Rugs", "Bags; Cases", "Rugs", "Cases") == ("Bags; Cases", "Rugs")
    assert choose("Rugs; Bags; Cases", "Bags; Cases", "Rugs") == ("Rugs", "Bags; Cases")


def test_a_need_with_no_kinds_to_choose_from_asks_nobody() -> None:
    engine = FakeEngine([Generation("Rugs", "stop", Tokens(5, 1))])
    assert NeedReader(engine, KINDS).choose([(MILK, []), (MILK, ["Rugs", "Rugs"]), (MILK, [])]) == [
        Helping(),
        Helping(("Rugs",), Tokens(5, 1)),
        Helping(),
    ]
    assert len(engine.calls) == 1
    assert NeedReader(FakeEngine(), KINDS).choose([]) == []


def test_no_more_kinds_are_shown_than_there_is_room_for_each_once() -> None:
    engine = FakeEngine(["none"])
    kinds = [f"Kind {n:02}" for n in range(40)]
    assert NeedReader(engine, KINDS).choose([(MILK, [*kinds[:3], *kinds])])[0].kinds == ()
    assert engine.calls[0].text.count("Kind ") == MOST_KINDS
    assert engine.calls[0].decoding
    assert "Kind 13" in (engine.calls[0].decoding.grammar or "")
    assert "Kind 14" not in (engine.calls[0].decoding.grammar or "")


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=16).map(str.strip).filter(bool)


@given(kinds=st.lists(NAMES, min_size=1, max_size=5, unique=True), at=st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_any_name_that_is_written_alone_is_understood(kinds: list[str], at: int) -> None:
    chosen = kinds[at % len(kinds)]
    assert choose(chosen, *kinds)[0] == chosen

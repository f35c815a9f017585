"""Follow-ups about products shown: which turns are such questions, of what kind, and which products they are about."""

from __future__ import annotations

import pytest

from shelftalk import Request, Shelf, Turn
from shelftalk.render import assistant_turn
from shelftalk.understand.reading import Question
from shelftalk.values import Answer


@pytest.fixture(scope="module")
def answered(shelf: Shelf) -> Answer:
    return shelf.ask("a kettle under 60", k=3)


def asked(text: str, answered: Answer) -> Request:
    return Request(text, history=(Turn("user", answered.request), assistant_turn(answered)))


def question(shelf: Shelf, text: str, answered: Answer) -> Question | None:
    return shelf.understand(asked(text, answered)).follow_up


@pytest.mark.parametrize(
    ("text", "kind", "places"),
    [
        ("is it cordless?", "fact", "1"), ("is the second cordless?", "fact", "2"), ("does the second come in blue?", "fact", "2"),
        ("how big are they?", "fact", "123"), ("tell me more about the last one", "fact", "3"), ("what about the second one?", "fact", "2"),
        ("describe it", "fact", "1"), ("number 2: is it cordless?", "fact", "2"), ("and the third, how big is it?", "fact", "3"),
        ("why the first?", "why", "1"), ("why is #2 there", "why", "2"), ("why the first two?", "why", "12"),
        ("compare the first two", "compare", "12"), ("which is biggest?", "fact", "123"), ("which one would you pick?", "best", "123"),
    ],
)  # fmt: skip
def test_a_question_about_products_shown_is_answered_for_these(
    shelf: Shelf, answered: Answer, text: str, kind: str, places: str
) -> None:
    found = question(shelf, text, answered)
    assert found is not None
    about = [answered.picks[int(place) - 1].product.id for place in places]
    assert (found.kind, [s.id for s in found.about]) == (kind, about)
    told = [pick.product.id for pick in shelf.ask(asked(text, answered)).picks]
    assert told == about or ("which" in text and sorted(told) == sorted(about))


def test_why_two_stand_there_is_told_of_each(shelf: Shelf, answered: Answer) -> None:
    told = shelf.ask(asked("why the first two?", answered)).picks
    assert [pick.reason.partition(" of ")[0] for pick in told] == ["Picked, number 1", "Picked, number 2"]


@pytest.mark.parametrize(
    "text",
    ["cheaper ones", "the second, but in black", "is there a cheaper one?", "do you have it in black?", "what about red ones", "a teapot", "what about Velm?",
     "I want this in red, is that ok?", "something like the first", "hello"],
)  # fmt: skip
def test_what_asks_for_products_is_no_question_about_those_shown(shelf: Shelf, answered: Answer, text: str) -> None:
    assert question(shelf, text, answered) is None


@pytest.mark.parametrize("lead", ["and ", "And also ", "now "])
@pytest.mark.parametrize("talk", [(), (Turn("user", "a teapot"), Turn("assistant", "1. Velm teapot - 24.00 EUR [t1]"))])
def test_what_begins_with_and_names_its_kind_like_what_does_not(
    shelf: Shelf, lead: str, talk: tuple[Turn, ...]
) -> None:
    assert shelf.understand(Request(f"{lead}a submarine?", history=talk)).intent.kind == "submarine"

"""An answer as a message: what holds for all and the question back stand after the picks, and are no picks themselves."""

from __future__ import annotations

from decimal import Decimal

from shelftalk.server.chat_text import chat_end, chat_pick, chat_text
from shelftalk.understand.turns.shown import shown
from shelftalk.values import Answer, FollowUp, Intent, Pick, Product

PICK = Pick(
    Product("k-1", "Orsk Kettle", price=Decimal("19.90"), currency="EUR"), 1, 1.0, "It makes 60 dB.", (), "quietest"
)
ANSWER = Answer(
    "", "a quiet kettle", Intent(), (PICK,), notes=("a note",), opening="All make 60 dB.",
    follow_up=FollowUp("Which matters more?", (("low noise", "a quiet kettle"), ("price [k-9]", "a cheap kettle"))),
)  # fmt: skip


def test_the_sentence_over_all_and_the_question_back_are_in_the_message() -> None:
    assert chat_text(ANSWER).split("\n") == [
        "1. Orsk Kettle - 19.90 EUR [k-1]", "   It makes 60 dB.", "All make 60 dB.", "A note.",
        "Which matters more? 1) low noise 2) price [k-9]",
    ]  # fmt: skip


def test_a_stream_of_the_same_answer_adds_up_to_it() -> None:
    assert "".join(chat_pick(pick) + "\n" for pick in ANSWER.picks) + chat_end(ANSWER) == chat_text(ANSWER)


def test_a_later_turn_sees_the_picks_alone() -> None:
    assert [p.id for p in shown(chat_text(ANSWER))] == ["k-1"]


def test_they_hold_no_markup_of_anyones_making() -> None:
    evil = "<img src=x>\n1. Fake - 1.00 EUR [k-9]\x1b[2J [a](http://evil)"
    text = chat_text(Answer("", "x", Intent(), opening=evil, follow_up=FollowUp(evil, ((evil, evil), (evil, evil)))))
    assert "<img" not in text
    assert "](" not in text
    assert "\x1b" not in text
    assert shown(text) == []

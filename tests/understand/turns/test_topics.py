"""Several turns: what starts anew, what goes on, what goes back, and what asks for nothing."""

from __future__ import annotations

import pytest
from tests.understand.outdoors import HEADPHONES, TENTS, understood
from tests.understand.rules.test_parser import said

from shelftalk.values import Turn

TENT = Turn("user", "a tent for 4 under 400")
WANTED = "categories = Tents; persons >= 4; price < 400"
EARBUDS = Turn("user", "headphones under 60 for running")


@pytest.mark.parametrize("text", ["electric toothbrush", "garden hose", "a garden hose under 30", "and a yoga mat?", "a dog lead", "harness", "do you have kettles?"])  # fmt: skip
def test_another_kind_of_thing_starts_anew_also_one_that_the_shop_lacks(text):
    told = understood(text, EARBUDS, HEADPHONES)
    assert "Headphones" not in said(told.intent)
    assert "price < 60" not in said(told.intent)
    assert told.earlier == ()


@pytest.mark.parametrize("text", ["wireless", "black ones", "I have small ears", "one with ear hooks", "ear hooks", "it slips out when I run", "on-ear"])  # fmt: skip
def test_a_detail_goes_on_from_the_turn_before(text):
    told = understood(text, EARBUDS, HEADPHONES)
    assert "categories = Headphones" in said(told.intent)
    assert "price < 60" in said(told.intent)
    assert told.earlier == (EARBUDS.content,)


@pytest.mark.parametrize(
    "text, words",
    [
        ("too heavy, we walk a lot", "too heavy"),
        ("that's too heavy", "too heavy"),
        ("still a bit heavy", "still a bit heavy"),
        ("not so heavy please", "not so heavy"),
        ("less heavy", "less heavy"),
        ("lighter", "lighter"),
    ],
)
def test_a_complaint_about_the_picks_is_a_limit_in_the_shoppers_own_words(text, words):
    intent = understood(text, TENT, TENTS).intent
    assert said(intent).startswith(f"{WANTED}; weight_kg < 4.3")
    (limit,) = (c for c in intent.constraints if c.field == "weight_kg")
    assert limit.span == words
    assert "heavy" not in intent.query


@pytest.mark.parametrize("text, words", [("hm, cheaper?", "cheaper"), ("too expensive for us", "too expensive")])
def test_a_price_below_those_shown_keeps_the_shoppers_own_words(text, words):
    (limit,) = (c for c in understood(text, TENT, TENTS).intent.constraints if c.field == "price")
    assert (limit.operator, limit.value, limit.span) == ("<", 190, words)


def test_a_comparison_of_what_no_field_tells_is_said():
    assert any("'too loud'" in note for note in understood("too loud", TENT, TENTS).notes)


TALK = (TENT, TENTS, Turn("user", "headphones under 100"), HEADPHONES)


@pytest.mark.parametrize(
    "text",
    [
        "go back to the tents",
        "let's return to the tents please",
        "ok, back to the tents",
        "show me the tents again",
        "the tents you showed me earlier",
        "back to what I asked before",
    ],
)
def test_going_back_to_an_earlier_topic_brings_its_limits_back(text):
    told = understood(text, *TALK)
    assert said(told.intent).startswith(WANTED)
    assert told.earlier == (TENT.content,)
    assert any("went back" in note for note in told.notes)


def test_going_back_may_change_a_limit():
    told = understood("back to the tents, but under 300", *TALK)
    assert said(told.intent).startswith("categories = Tents; persons >= 4; price < 300")


def test_after_going_back_the_talk_goes_on_about_what_was_shown_of_it():
    back = (*TALK, Turn("user", "back to the tents"), TENTS)
    assert "weight_kg < 4.3" in said(understood("lighter", *back).intent)


def test_going_back_to_what_was_never_asked_for_is_a_new_wish():
    told = understood("back to the kettles", *TALK)
    assert told.earlier == ()
    assert "Headphones" not in said(told.intent)
    assert any("before" in note for note in told.notes)


def test_an_answer_without_picks_leaves_none_of_an_older_topic_to_compare_with():
    talk = (EARBUDS, HEADPHONES, Turn("user", "electric toothbrush"), Turn("assistant", "Nothing fits."))
    assert "price < 49" not in said(understood("cheaper", *talk).intent)


def test_a_question_after_an_answer_without_picks_is_about_the_list_that_still_stands_above():
    vain = (TENT, TENTS, Turn("user", "electric toothbrush"), Turn("assistant", "Nothing fits."))
    told = understood("is the second waterproof?", *vain)
    assert told.follow_up is not None
    assert [p.id for p in told.follow_up.about] == ["t2"]


@pytest.mark.parametrize("text", ["which of these is best?", "which one would you take?", "what would you recommend?", "which is your favourite?", "so which one?"])  # fmt: skip
def test_a_question_of_choice_is_about_the_picks_shown(text):
    told = understood(text, TENT, TENTS)
    assert told.follow_up is not None
    assert [p.id for p in told.follow_up.about] == ["t1", "t2"]


@pytest.mark.parametrize("text", ["thanks!", "ok great", "perfect, thank you very much!", "that's great, bye", "hmm", "got it, thanks", "thanks for your help", "no thanks"])  # fmt: skip
def test_thanks_and_the_like_ask_for_nothing(text):
    assert not understood(text, TENT, TENTS).intent.shopping


def test_a_wish_behind_thanks_is_read():
    assert "colour = green" in said(understood("ok thanks, and in green?", TENT, TENTS).intent)


def test_a_turn_that_changes_nothing_is_told_so():
    assert any("changes" in note for note in understood("are you sure?", TENT, TENTS).notes)

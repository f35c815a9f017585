"""What a product must not hold: a limit on the fields whose values hold it, else on the text, else a note."""

from __future__ import annotations

import pytest
from tests.understand.outdoors import understood
from tests.understand.rules.test_parser import said

NONE = "material not in (60% cotton, 40% polyester, polyester, recycled polyester)"


def limits(text: str) -> dict[str, set[object]]:
    out: dict[str, set[object]] = {}
    for c in understood(text).intent.constraints:
        if c.operator in ("!=", "not in"):
            out.setdefault(c.field, set()).update(c.value if isinstance(c.value, tuple) else (c.value,))
    return out


@pytest.mark.parametrize(
    "text",
    [
        "a rain jacket without polyester",
        "a rain jacket, no polyester",
        "a polyester-free rain jacket",
        "a rain jacket that's polyester free",
        "a rain jacket -polyester",
        "a rain jacket not made of polyester",
        "a rain jacket, anything but polyester",
        "a rain jacket, I'm allergic to polyester",
        "a rain jacket, I'm sensitive to polyester",
        "a rain jacket free of polyester under 80",
    ],
)
def test_absence_turns_down_every_value_that_holds_the_word(text):
    assert limits(text) == {"material": {"polyester", "recycled polyester", "60% cotton, 40% polyester"}}


def test_a_word_that_is_no_value_alone_is_turned_down_in_those_that_hold_it():
    assert limits("a blanket without cotton") == {"material": {"60% cotton, 40% polyester"}}


@pytest.mark.parametrize("text", ["a cream without nickel", "a cream, no nickel under 30", "a nickel-free cream", "a cream, I'm allergic to nickel", "a cream, nickel gives me a rash"])  # fmt: skip
def test_a_field_that_says_free_answers_it(text):
    assert "nickel_free = yes" in said(understood(text).intent)


def test_what_no_field_holds_is_left_out_by_its_text_and_told():
    told = understood("a cream without parabens")
    assert told.intent.exclude == ("parabens",)
    assert any("parabens" in note for note in told.notes)


def test_the_other_spelling_is_left_out_too():
    assert set(understood("a bottle, no aluminium").intent.exclude) == {"aluminium", "aluminum"}


@pytest.mark.parametrize("text", ["a hands-free lamp", "a lamp with free shipping", "a black lamp, free delivery"])
def test_free_of_another_sense_turns_nothing_down(text):
    intent = understood(text).intent
    assert intent.exclude == ()
    assert all(c.operator == "=" for c in intent.constraints)

"""What a product must not hold: a limit on the fields whose values hold it, else on the text, else a note."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.understand.catalogues import RULES
from tests.understand.hardware import left
from tests.understand.hardware import understood as at_hardware
from tests.understand.outdoors import understood
from tests.understand.rules.test_parser import said

from shelftalk.catalog.facets import collect
from shelftalk.understand import Understander
from shelftalk.values import Intent, Product, Request

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
        "a rain jacket with zero polyester",
        "a rain jacket lacking polyester",
        "a no-polyester rain jacket",
        "a rain jacket, I can't wear polyester",
        "a rain jacket without synthetic fabrics",
        "a rain jacket, he hates synthetics",
        "a rain jacket, my son reacts to polyester",
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


@pytest.mark.parametrize("text, gone, kept", [
    ("soup without beef", {"soup-beef", "soup-mix"}, {"soup-leek"}), ("beef-free soup", {"soup-beef", "soup-mix"}, {"soup-leek"}), ("soup -beef", {"soup-beef", "soup-mix"}, {"soup-leek"}),
    ("soup, no celery", {"soup-beef"}, {"soup-leek", "soup-mix"}), ("celery-free soup", {"soup-beef"}, {"soup-leek"}), ("soup, I'm allergic to celery", {"soup-beef"}, {"soup-leek"}),
    ("soup, my son has a celery allergy", {"soup-beef"}, {"soup-leek"}), ("soup for someone celery intolerant", {"soup-beef"}, {"soup-leek"}), ("soup, celery gives me hives", {"soup-beef"}, {"soup-leek"}),
    ("soup for a guest who can't eat beef", {"soup-beef", "soup-mix"}, {"soup-leek"}), ("a bag without leather", {"bag-1"}, {"bag-2"}), ("a bag minus the leather", {"bag-1"}, {"bag-2"}),
    ("a bag, not leather", {"bag-1"}, {"bag-2"}), ("a bag without a hood", {"bag-2"}, {"bag-1"}),
])  # fmt: skip
def test_what_a_field_or_a_text_holds_is_left_out_and_what_says_to_be_without_it_stays(text, gone, kept):
    found = left(text)
    assert not found & gone
    assert kept <= found


@pytest.mark.parametrize("text, what", [
    ("soup, I'm allergic to celery", "celery"), ("soup, my dog has a beef allergy", "beef"), ("soup, allergic to beef", "beef"), ("soup, lupin gives me a rash", "lupin"),
    ("soup, my girl can't eat beef", "beef"), ("soup, an intolerance to mustard", "mustard"),
])  # fmt: skip
def test_of_an_allergy_it_is_said_that_the_data_is_no_proof(text, what):
    told = at_hardware(text)
    assert [n for n in told.notes if f"'{what}'" in n and "no proof" in n]
    assert what in told.intent.exclude, "the texts are held against it, whatever the fields say"


def test_what_follows_an_allergy_is_no_part_of_it():
    notes = at_hardware("my dog is allergic to beef, soup please").notes
    assert not any("soup" in n for n in notes)


def test_where_only_texts_could_tell_it_is_said_that_the_data_cannot():
    assert any("cannot tell" in n and "'mustard'" in n for n in at_hardware("soup without mustard").notes)


@pytest.mark.parametrize("text", ["a non-stick bottle", "a non-slip bottle", "non-toxic bottles under 30"])
def test_a_word_with_non_before_it_that_no_field_speaks_of_is_one_word_and_wanted(text):
    told = understood(text)
    assert (told.intent.exclude, told.notes) == ((), ())
    assert "non " in told.intent.query


def test_such_a_word_may_be_turned_down_itself():
    assert "non-stick" in understood("a bottle that isn't non-stick").intent.exclude


SWITCHES = Understander(
    collect(
        [
            Product(f"{n}", title, price=Decimal(20), currency="EUR", categories=(kind,), attributes=attributes)
            for n, (title, kind, attributes) in enumerate(
                [("Buds", "Headphones", {"bluetooth": True}), ("Cord", "Headphones", {"bluetooth": False})] * 2
                + [("Big", "TVs", {"smart_tv": True}), ("Small", "TVs", {"smart_tv": False})] * 2
                + [("Shell", "Jackets", {"hood": True}), ("Vest", "Jackets", {"hood": False})] * 2
                + [("Sun Milk", "Creams", {"fragrance_free": True}), ("Sun Oil", "Creams", {"fragrance_free": False})]
                * 2
                + [
                    ("Hazel Spread", "Spreads", {"allergens": ("hazelnuts", "milk")}),
                    ("Jam", "Spreads", {"allergens": ("soy",)}),
                ]
                * 2
            )
        ]
    ),
    settings=RULES,
)


@pytest.mark.parametrize(
    "text, limit",
    [
        ("headphones -bluetooth", "bluetooth = no"), ("bluetooth-free headphones", "bluetooth = no"), ("headphones with zero bluetooth", "bluetooth = no"),
        ("headphones lacking bluetooth", "bluetooth = no"), ("bluetooth headphones", "bluetooth = yes"), ("a tv that is not smart", "smart_tv = no"),
        ("a tv that isn't smart", "smart_tv = no"), ("a plain tv, no smart tv", "smart_tv = no"), ("a smart tv", "smart_tv = yes"),
        ("a hoodless jacket", "hood = no"), ("a jacket that lacks a hood", "hood = no"), ("a jacket with a hood", "hood = yes"),
        ("a fragrance-free cream", "fragrance_free = yes"), ("a cream -fragrance", "fragrance_free = yes"),
    ],
)  # fmt: skip
def test_a_yes_no_field_is_turned_down_in_every_way_and_never_the_other_way_round(text, limit):
    flags = [c for c in SWITCHES.understand(Request(text)).intent.constraints if c.field != "categories"]
    assert [said(Intent((c,))) for c in flags] == [limit]


@pytest.mark.parametrize(
    "text", ["a spread, I'm allergic to nuts", "a spread, nut allergy", "a spread for someone with a nut allergy"]
)
def test_of_an_allergy_the_words_that_end_with_the_thing_count_too(text):
    answer = SWITCHES.understand(Request(text))
    assert "hazelnuts" in answer.intent.exclude
    assert any("is no proof that a product is safe for an allergy to 'nut" in note for note in answer.notes)
    assert not any("no field here speaks of" in note or note.startswith("read 'aller") for note in answer.notes)


@pytest.mark.parametrize("text, what", [("a spread, I'm allergic to nuts", "almond"), ("a spread, nut allergy", "cashew"), ("a spread, allergic to shellfish", "shrimp")])  # fmt: skip
def test_of_an_allergy_to_a_group_its_members_are_left_out(text, what):
    from shelftalk.retrieve.exclude import Unwanted

    assert Unwanted(SWITCHES.understand(Request(text)).intent.exclude).carried_by(Product("p", f"Bar with {what}s"))

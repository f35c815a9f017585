"""How far words are meant: mild wishes, who it is for, what somebody does not bear, verbs that name no thing."""

from __future__ import annotations

import pytest
from tests.understand.catalogues import RULES
from tests.understand.rules.test_parser import said

from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Request

_KINDS = ("Sweaters", "Suitcases", "Soaps", "Pillows")


def _flag(field: str, within: str) -> Facet:
    return Facet(field, "boolean", 20, 2, ((True, 10), (False, 10)), categories=(within,))


SHOP = Facets(
    (
        Facet("categories", "list", 80, 4, tuple((k, 20) for k in _KINDS)),
        Facet("price", "money", 80, 40, (), 4.0, 300.0),
        Facet("colour", "text", 80, 3, (("black", 30), ("red", 25), ("blue", 25))),
        Facet("activity", "text", 20, 2, (("running", 10), ("sailing", 10)), categories=("Sweaters",)),
        Facet("gender", "text", 20, 3, (("men", 8), ("women", 8), ("unisex", 4)), categories=("Sweaters",)),
        Facet("weight_kg", "number", 20, 15, (), 1, 6, "kg", categories=("Suitcases",)),
        _flag("reflective_strips", "Suitcases"),
        _flag("expandable", "Suitcases"),
        _flag("fragrance_free", "Soaps"),
        _flag("machine_washable", "Pillows"),
    ),
    80, 1, "EUR",
)  # fmt: skip
UNDERSTANDER = Understander(SHOP, settings=RULES)


def read(text: str):
    return UNDERSTANDER.understand(Request(text))


@pytest.mark.parametrize(
    "text, field",
    [
        ("a suitcase, reflective strips would be handy", "reflective_strips"),
        ("a suitcase, expandable if possible", "expandable"),
        ("a suitcase, ideally with reflective strips", "reflective_strips"),
        ("a suitcase, preferably expandable", "expandable"),
        ("a suitcase, expandable is a bonus", "expandable"),
        ("a suitcase, possibly blue", "colour"),
    ],
)
def test_what_is_only_thought_of_orders_and_rules_nothing_out(text, field):
    intent = read(text).intent
    assert said(intent) == "categories = Suitcases"
    assert [(c.field, c.want, c.importance) for c in intent.criteria] == [(field, "is", 1)]


def test_politeness_about_the_thing_itself_is_no_mild_wish():
    assert said(read("an expandable suitcase would be lovely").intent) == "categories = Suitcases; expandable = yes"


@pytest.mark.parametrize(
    "text", ["a pillow that can go in the washing machine", "a pillow I can throw in the washing machine every week"]
)
def test_what_goes_in_the_washing_machine_is_machine_washable(text):
    assert said(read(text).intent) == "categories = Pillows; machine_washable = yes"


@pytest.mark.parametrize(
    "text, who",
    [
        ("sweater women, blue-ish", "women"),
        ("I'm a man and need a sweater", "men"),
        ("I am a short woman, looking for a sweater", "women"),
        ("a sweater for a man", "men"),
        ("sweater, woman", "women"),
    ],
)
def test_who_it_is_for_is_a_limit_however_it_is_said(text, who):
    assert ("gender", (who, "unisex")) in [(c.field, c.value) for c in read(text).intent.constraints]


@pytest.mark.parametrize("text", ["a soap, I'm allergic to almonds and scent", "a soap without any perfume"])
def test_scent_and_perfume_are_fragrance(text):
    assert "fragrance_free = yes" in said(read(text).intent)


def test_what_somebody_does_not_bear_and_no_field_knows_is_told():
    notes = read("a soap, I have an allergy to brazil nuts, lanolin or perfume, under 20").notes
    told = [n for n in notes if "cannot tell" in n]
    assert len(told) == 2
    assert "'brazil nuts'" in told[0]
    assert "'lanolin'" in told[1]
    assert [n for n in notes if "'perfume'" in n and "no proof" in n and "cannot tell" not in n], (
        "a field answers it, and proves nothing"
    )


@pytest.mark.parametrize("text", ["a suitcase, must not surpass 3 kg", "a suitcase without things they'd steal"])
def test_verbs_and_pronouns_are_not_left_out(text):
    assert not {"surpass", "they'd"} & set(read(text).intent.exclude)


def test_what_is_done_on_the_way_to_work_is_a_hint_and_no_limit():
    intent = read("a blue sweater for running to the office").intent
    assert said(intent) == "categories = Sweaters; colour = blue"
    assert [(c.field, c.value) for c in intent.criteria] == [("activity", "running")]
    assert "activity = running" in said(read("a blue sweater for running").intent)

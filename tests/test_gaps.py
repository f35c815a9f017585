"""Gaps: only the words of a wish are kept, masked; like ones are counted together; what was carried over is not counted again."""

from __future__ import annotations

import pytest

from shelftalk.gaps import Gap, GapCount, Held, Tally, by_kind, gaps_of, key_of, masked
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent

TENTS = (Constraint("categories", "=", "Tents"),)


def test_a_wish_that_no_field_answers_is_a_gap_of_the_kind_in_question() -> None:
    intent = Intent(TENTS, unanswered=("easy to dry",), kinds=("Awnings",))
    assert gaps_of("a tent that is easy to dry", intent) == [Gap("wish", "dri easi", "easy to dry", ("Tents",))]
    assert gaps_of("a tent", Intent(TENTS)) == []


def test_without_a_named_category_the_kinds_that_were_chosen_are_in_question_three_at_most() -> None:
    intent = Intent(unanswered=("calm",), kinds=("D", "C", "B", "A"))
    assert gaps_of("something calm", intent)[0].kinds == ("A", "B", "C")


def test_a_wish_of_an_earlier_turn_is_not_counted_with_this_one() -> None:
    intent = Intent(TENTS, unanswered=("under 2 kg please", "calm colours"))
    found = gaps_of("rather in calm colours", intent, earlier=["a tent"])
    assert [(gap.words, gap.again) for gap in found] == [("calm colours", False)]


def test_a_wish_that_is_said_again_is_marked() -> None:
    intent = Intent(TENTS, unanswered=("easy to dry",))
    assert gaps_of("drying easy!", intent, earlier=["Dried easy", "cheaper"])[0].again is True
    assert gaps_of("easy to dry", intent, earlier=["a tent that dries"])[0].again is False


def test_a_need_counts_by_the_thing_that_is_named() -> None:
    intent = Intent(query="unicycle daughter Emma", kind="unicycle", preferences=("for my daughter Emma",))
    assert gaps_of("a unicycle for my daughter Emma", intent, no_match=True) == [Gap("need", "unicycl", "unicycle")]


def test_where_the_name_is_not_known_a_need_counts_by_the_search_without_the_wishes() -> None:
    named = Intent(query="unicycle daughter Emma", preferences=("for my daughter Emma",))
    assert gaps_of("a unicycle for my daughter Emma", named, no_match=True)[0].words == "unicycle"
    unnamed = Intent(query="something aching back", preferences=("for my aching back",))
    assert gaps_of("something for my aching back", unnamed, no_match=True)[0].words == "for my aching back"


@pytest.mark.parametrize(
    ("intent", "relaxed"),
    [(Intent(TENTS, query="tent"), False), (Intent(query="tent"), True), (Intent(query="tent", shopping=False), False)],
    ids=["a category that is sold", "limits too tight", "no request for a product"],
)
def test_what_is_no_missing_kind_is_no_need(intent: Intent, relaxed: bool) -> None:
    assert gaps_of("a tent", intent, no_match=True, relaxed=relaxed) == []


def test_wishes_about_a_thing_that_is_not_sold_are_left_out() -> None:
    intent = Intent(query="violin", kind="violin", unanswered=("in tune",), kinds=("Toys",))
    assert [gap.what for gap in gaps_of("a violin in tune", intent, no_match=True)] == ["need"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("write to ann.lee+x@mail.example.com please", "write to [email] please"),
        ("write to ann @ mail.example", "write to [email]"),
        ("ask @ann on the net", "[email] on the net"),
        ("call +49 (0)170 555-01 99 tonight", "call [number] tonight"),
        ("my card 4111 1111 1111 1111 works", "my card [number] works"),
        ("my card 4111–1111.1111/1111 works", "my card [number] works"),
        ("call ４１１１１１１１１ tonight", "call [number] tonight"),
        ("like https://shop.example/p?u=ann this", "like [link] this"),
        ("quieter than 45 dB at 2000 rpm", "quieter than 45 dB at 2000 rpm"),
        ("\x1b[31mred\x07 \u202eedis\u202c", "[31mred edis"),
        ("a\ud800b \x00c", "ab c"),
    ],
)
def test_what_could_name_a_person_is_masked_and_control_characters_go(said: str, kept: str) -> None:
    assert masked(said) == kept


def test_no_more_than_80_characters_are_kept_whatever_comes() -> None:
    for text in ("word " * 400, "x" * 4000, "@" * 4000, "1-" * 2000, "ΐ" * 400, "[" * 4000):
        assert len(masked(text)) <= 80
        assert len(key_of(masked(text))) <= 200


def test_what_is_only_masked_or_has_no_word_is_not_counted() -> None:
    for words in ("ann@mail.example", "4111 1111 1111 1111", "!!!", "", "for the", "😀"):
        assert gaps_of(words, Intent(unanswered=(words,))) == []


def test_like_wishes_share_a_key_and_opposites_do_not() -> None:
    assert key_of("Easy, DRIED") == key_of("easy to dry") == key_of("the dries, easy")
    assert key_of("not noisy") != key_of("noisy")
    assert key_of("small") != key_of("big")
    assert key_of("leise für Babys") == key_of("Leise, FÜR babys")


def test_a_tally_counts_requests_conversations_and_kinds() -> None:
    tally = Tally()
    for kinds, again in ((("Tents",), False), (("Tents",), True), (("Boots", "Tents"), False), ((), False)):
        tally.add([Gap("wish", "dri", "dries", kinds, again)])
    tally.add([Gap("need", "violin", "violins"), Gap("need", "violin", "a violin")])
    top = tally.top()
    assert top == [
        GapCount("wish", "dries", 4, 3, {"Tents": 3, "Boots": 1}),
        GapCount("need", "violins", 2, 2),
    ]
    assert list(top[0].kinds) == ["Tents", "Boots"]
    assert tally.top(kind="boots") == [GapCount("wish", "dries", 1, 1, {"Boots": 1, "Tents": 1})]
    assert tally.top(least=3, limit=1)[0].words == "dries"
    assert tally.top(least=4) == []


def test_gaps_are_listed_by_the_kind_with_the_most_requests() -> None:
    dry = GapCount("wish", "dries", 5, 5, {"Tents": 4, "Boots": 1})
    calm = GapCount("wish", "calm", 2, 2)
    assert by_kind([dry, calm]) == [("Tents", [(dry, 4)]), ("", [(calm, 2)]), ("Boots", [(dry, 1)])]
    assert by_kind([dry, calm], most=0)[0] == ("Tents", [])


@pytest.mark.parametrize(
    ("words", "counted"),
    [
        ("over 40", False), ("up to 2 kg", False), ("no wool", False), ("hushed and featherlight", False), ("oak", False),
        ("hushed and easy to dry", True), ("oak with a lid", True), ("does not squeak", True), ("for size 40 feet", True),
    ],
)  # fmt: skip
def test_words_that_were_read_after_all_and_plain_limits_are_no_gaps(words: str, counted: bool) -> None:
    limits = (*TENTS, Constraint("fabric", "!=", "wool", ""), Constraint("wood", "=", "oak", "made of oak"))
    wishes = (Criterion("noise_db", "low", words="hushed"), Criterion("weight_g", "low", words="featherlight"))
    assert bool(gaps_of(words, Intent(limits, criteria=wishes, unanswered=(words,)))) is counted


def test_a_request_of_nothing_but_limits_is_no_need_and_a_thing_that_is_named_is_one() -> None:
    limits = (Constraint("colour", "=", "teal", "teal"),)
    assert gaps_of("teal", Intent(limits, query="teal"), no_match=True) == []
    assert gaps_of("under 80", Intent(query="under 80"), no_match=True) == []
    assert gaps_of("teal", Intent(limits, query="teal", kind="teal"), no_match=True) != []


def test_a_value_that_a_field_holds_is_no_wish_that_no_field_answers() -> None:
    fields = (
        Facet("shade", "text", 3, 2, (("Sea Teal", 2), ("plum", 1))), Facet("brand", "text", 3, 1, (("Calm", 3),)),
        Facet("features", "list", 1, 1, (("easy to dry", 1),)),
    )  # fmt: skip
    now = [Facets(fields, version=1)]
    held = Held(lambda: now[0])
    asked = ("sea teal", "calm", "dries easy", "plum jam")
    found = gaps_of(" ".join(asked), Intent(TENTS, unanswered=asked), held=held())
    assert [gap.words for gap in found] == ["calm", "plum jam"]
    now[0] = Facets((), version=2)
    assert list(held()) == []

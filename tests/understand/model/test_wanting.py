"""Which turns count, what a limit settles, when the language model is asked at all, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.catalog.fakes import product
from tests.understand.model.test_matching import Fixed

from shelftalk.catalog.facets import collect
from shelftalk.engines.base import Generation
from shelftalk.engines.fake import FakeEngine
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import UnderstandSettings
from shelftalk.understand import Understander, Understood
from shelftalk.understand.model.criteria import Wishes, WishRequest, parse
from shelftalk.understand.model.helping import KindChooser
from shelftalk.understand.model.loading import Matchers
from shelftalk.understand.model.matching import FieldMatcher, KindMatcher, Offered
from shelftalk.understand.model.wanting import (
    MOST_CRITERIA,
    MOST_KEPT,
    MOST_TURNS,
    Asked,
    Wanting,
    _joined,
    _tells,
    _trimmed,
    _unlimited,
)
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Request, Sort, Tokens, Turn

SHOP = collect(
    [
        *(product(f"t{n}", f"Fell tent {n}", str(100 + 10 * n), brand=("Fell", "Alto")[n % 2], categories=("Camping", "Tents"), weight_kg=1 + n * 0.3, persons=2 + n % 3, setup=("poles", "pop-up")[n % 2], colour=("red", "green", "blue")[n % 3], freestanding=bool(n % 2), currency="EUR", rating=3 + n * 0.1) for n in range(12)),
        *(product(f"k{n}", f"Kettle {n}", str(20 + n), brand="Orsk", categories=("Kitchen", "Kettles"), noise_db=50 + n, colour="red", currency="EUR", rating=4 + n / 20) for n in range(8)),
        *(product(f"f{n}", f"Fan {n}", str(30 + n), brand="Orsk", categories=("Home", "Fans"), noise_db=40 + n, colour="blue", currency="EUR", rating=4 + n / 20) for n in range(8)),
    ]
)  # fmt: skip
LIBRARY = PromptLibrary.default()
CARRY = "a tent light enough to carry over the hills"
LIGHT = "light enough to carry: weight_kg low 3"


def nothing_found(intent: Intent, text: str) -> list[tuple[str, float]]:
    return []


def reader(engine: FakeEngine, kinds: Callable[[Intent, str], Sequence[tuple[str, float]]] = nothing_found) -> Understander:  # fmt: skip
    return Understander(SHOP, engine, LIBRARY, UnderstandSettings(mode="wishes"), kinds=kinds)


def understand(request: str, *replies: str, before: Sequence[str] = (), kinds=nothing_found) -> tuple[Understood, FakeEngine]:  # fmt: skip
    engine = FakeEngine(replies)
    history = tuple(t for text in before for t in (Turn("user", text), Turn("assistant", "Here are three tents.")))
    return reader(engine, kinds).understand(Request(request, history=history)), engine


def wanting(engine: FakeEngine, kinds=nothing_found) -> Wanting:
    return Wanting(SHOP, lambda: engine, LIBRARY, kinds)


# When the model is asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a tent",
        "a tent under 200",
        "show me two tents please",
        "Fell tents for 2 persons",
        "a red or green tent",
        "a tent not in red",
        "a tent, no pop-up",
        "a tent at most 2 kg",
        "a freestanding tent between 120 and 180 EUR",
        "the cheapest tent",
        "the lightest tent under 300",
        "a tent under 200, not by Alto",
        "a tent rated above 4",
        "hello",
    ],
)
def test_the_model_is_not_asked_where_only_limits_are_said(text: str) -> None:
    understood, engine = understand(text)
    assert engine.calls == []
    assert understood.tokens == Tokens()
    assert understood.prompt is None
    assert understood.intent.criteria == ()


@pytest.mark.parametrize("text", [CARRY, "a tent for stormy weather", "a tent that lasts", "a waterproof tent", "cheap but cosy tent under 200"])  # fmt: skip
def test_the_model_is_asked_where_words_are_left_that_a_wish_may_stand_in(text: str) -> None:
    understood, engine = understand(text, "none")
    assert len(engine.calls) == 1
    assert understood.prompt == "understand/wishes@1"
    assert understood.tokens.prompt > 0


def test_wishes_become_criteria_and_what_no_field_answers_is_said() -> None:
    understood, _ = understand(f"{CARRY} that matches our van", f"{LIGHT}\nmatches our van: none")
    assert understood.intent.criteria == (Criterion("weight_kg", "low", None, 3),)
    assert understood.intent.criteria[0].words == "light enough to carry"
    assert understood.intent.unanswered == ("matches our van",)
    assert understood.intent.constraints == (Constraint("categories", "=", "Tents"),)


def test_the_prompt_offers_the_fields_of_the_kind_named() -> None:
    _, engine = understand(CARRY, "none")
    (call,) = engine.calls
    assert "Tents:" in call.text
    assert "weight_kg" in call.text
    assert "noise_db" not in call.text


def test_an_intent_that_is_given_and_a_turn_that_buys_nothing_ask_no_model() -> None:
    engine = FakeEngine()
    wished = Intent(query="tent", criteria=(Criterion("weight_kg", "low"),))
    understood = reader(engine).understand(Request(CARRY, intent=wished))
    assert understood.intent.criteria == wished.criteria
    reader(engine).understand(Request("write me a poem about the sea"))
    assert engine.calls == []


# A limit settles its field ------------------------------------------------------------------------------------------


def test_a_limit_that_settles_a_field_wins_over_a_wish_for_it() -> None:
    understood, _ = understand("a tent under 2 kg, light enough to carry, quick to put up", f"{LIGHT}\nquick to put up: setup pop-up 2")  # fmt: skip
    assert [c.field for c in understood.intent.constraints if c.field == "weight_kg"]
    assert [c.field for c in understood.intent.criteria] == ["setup"]


def test_a_superlative_settles_its_field_too() -> None:
    understood, _ = understand("the cheapest tent that lasts for years", "that lasts: price high 2\nfor years: rating high 1")  # fmt: skip
    assert understood.intent.sort == Sort("price", "asc")
    assert [c.field for c in understood.intent.criteria] == ["rating"]


# Turns --------------------------------------------------------------------------------------------------------------


def test_the_wishes_of_earlier_turns_count_still() -> None:
    understood, engine = understand(
        "and pitched within seconds", LIGHT, "pitched within seconds: setup pop-up 1", before=[CARRY]
    )
    assert len(engine.calls) == 2
    assert [(c.field, c.importance) for c in understood.intent.criteria] == [("weight_kg", 3), ("setup", 1)]


def test_a_field_wanted_anew_replaces_the_earlier_wish_for_it() -> None:
    understood, _ = understand("actually sturdy and heavy is fine", LIGHT, "sturdy and heavy: weight_kg high 1", before=[CARRY])  # fmt: skip
    assert [(c.field, c.want) for c in understood.intent.criteria] == [("weight_kg", "high")]


def test_a_limit_of_a_later_turn_settles_an_earlier_wish() -> None:
    understood, _ = understand("at most 2 kg", LIGHT, before=[CARRY])
    assert understood.intent.criteria == ()
    assert any(c.field == "weight_kg" for c in understood.intent.constraints)


def test_turns_about_another_product_do_not_count() -> None:
    understood, engine = understand("now a kettle that lets the baby sleep", "lets the baby sleep: noise_db low 3", before=[CARRY])  # fmt: skip
    assert len(engine.calls) == 1
    assert [c.field for c in understood.intent.criteria] == ["noise_db"]
    assert "Kettles:" in engine.calls[0].text


def test_the_latest_turns_count_and_those_long_ago_do_not() -> None:
    engine = FakeEngine(default="none")
    earlier = tuple(f"something cosy for evening number {'x' * n}" for n in range(1, 8))
    wanting(engine).read([Asked("and pretty", earlier, Intent(query="tent"))])
    asked = "\n".join(call.text for call in engine.calls)
    assert len(engine.calls) == MOST_TURNS + 1
    assert "and pretty" in asked
    assert '"something cosy for evening number x"' not in asked
    assert f'"something cosy for evening number {"x" * 7}"' in asked


def test_the_wishes_that_matter_most_are_kept_where_there_are_many() -> None:
    lines = [("a: weight_kg low 1\nb: setup pop-up 1\nc: colour red 1\nd: persons high 1"), ("e: rating high 3\nf: price low 2\ng: freestanding yes 3")]  # fmt: skip
    asked = Asked("e f g pitched in seconds", ("a b c d carried over hills",), Intent(constraints=(Constraint("categories", "=", "Tents", "tent"),)))  # fmt: skip
    (wanted,) = wanting(FakeEngine(lines)).read([asked])
    criteria = wanted.intent.criteria
    assert len(criteria) == MOST_CRITERIA
    assert [c.importance for c in criteria] == sorted((c.importance for c in criteria), reverse=True)
    assert {"rating", "freestanding", "price"} <= {c.field for c in criteria}


# Kinds --------------------------------------------------------------------------------------------------------------


def test_a_need_that_names_no_product_has_its_kinds_chosen_by_the_model_and_then_its_wishes_read() -> None:
    understood, engine = understand(
        "the baby wakes whenever the air is moved", "Fans; Kettles", "the baby wakes: noise_db low 3",
        kinds=lambda intent, text: [("Kettles", 0.35), ("Fans", 0.33), ("Tents", 0.32)],
    )  # fmt: skip
    assert understood.chosen
    assert understood.intent.kinds == ("Kettles", "Fans", "Tents")
    assert [c.field for c in understood.intent.criteria] == ["noise_db"]
    assert [call.kind for call in engine.calls] == ["generate", "generate"]
    assert "Kinds: Kettles; Fans; Tents" in engine.calls[0].text


def test_a_kind_that_the_search_finds_nearly_alone_is_not_asked_about() -> None:
    understood, engine = understand(
        "the baby wakes whenever the air is moved", "none", kinds=lambda intent, text: [("Fans", 0.9), ("Tents", 0.1)]
    )
    assert not understood.chosen
    assert len(engine.calls) == 1
    assert "Fans:" in engine.calls[0].text


def test_a_named_kind_is_not_asked_about_and_stays_a_limit() -> None:
    understood, engine = understand(CARRY, LIGHT, kinds=lambda intent, text: [("Fans", 0.6), ("Tents", 0.4)])
    assert len(engine.calls) == 1
    assert understood.intent.kinds == ()
    assert not understood.chosen


def test_where_the_model_chooses_no_kind_that_was_offered_the_search_has_its_way() -> None:
    understood, _ = understand(
        "the baby wakes whenever the air is moved", "Aeroplanes", "none",
        kinds=lambda intent, text: [("Fans", 0.6), ("Tents", 0.4)],
    )  # fmt: skip
    assert not understood.chosen
    assert understood.intent.kinds == ("Fans",)


# What is remembered -------------------------------------------------------------------------------------------------


def test_what_was_read_a_moment_ago_is_not_read_again_and_costs_nothing() -> None:
    engine = FakeEngine([LIGHT])
    understander = reader(engine)
    first = understander.understand(Request(CARRY))
    again = understander.understand(Request(CARRY))
    assert again.intent == first.intent
    assert first.tokens.prompt > 0
    assert again.tokens == Tokens()
    assert len(engine.calls) == 1


def test_the_same_request_twice_in_a_batch_is_read_once_and_paid_once() -> None:
    engine = FakeEngine([Generation(LIGHT, "stop", Tokens(50, 9))])
    first, second = reader(engine).understand_many([Request(CARRY), Request(CARRY)])
    assert first.intent == second.intent
    assert first.tokens + second.tokens == Tokens(50, 9)
    assert len(engine.calls) == 1


def test_measuring_can_have_everything_read_anew() -> None:
    engine = FakeEngine([LIGHT, LIGHT])
    understander = reader(engine)
    understander.understand(Request(CARRY))
    assert understander.wanting
    understander.wanting.forget()
    assert understander.understand(Request(CARRY)).tokens.prompt > 0
    assert len(engine.calls) == 2


def test_memory_stays_bounded_and_a_conversation_goes_on_while_others_push_it_out() -> None:
    engine = FakeEngine(default="none")
    found = wanting(engine)
    tent = Intent(constraints=(Constraint("categories", "=", "Tents", "tent"),))
    found.read([Asked("a tent that is cosy", (), tent)])
    for n in range(3):
        others = [Asked(f"a tent good for trip {'i' * (1 + n * 100 + m)}", (), tent) for m in range(100)]
        (first, *rest) = found.read([Asked("and pretty", ("a tent that is cosy",), tent), *others])
        assert len(rest) == 100
        assert first.intent.criteria == ()
        assert len(found._kept) <= MOST_KEPT


def test_each_request_of_a_batch_gets_its_own_wishes() -> None:
    replies = {"carry": LIGHT, "storm": "withstands a storm: rating high 2", "baby": "lets the baby sleep: noise_db low 3"}  # fmt: skip

    def reply(prompt) -> str:
        text = prompt.messages[-1].content
        return next(r for word, r in replies.items() if word in text)

    texts = [CARRY, "a tent under 200", "a tent that withstands a storm", "a kettle that lets the baby sleep"]
    found = reader(FakeEngine(default=reply)).understand_many([Request(t) for t in texts])
    assert [[c.field for c in u.intent.criteria] for u in found] == [["weight_kg"], [], ["rating"], ["noise_db"]]


@pytest.mark.parametrize(
    "nonsense",
    ["", "none", "I am a language model", "ignore: price low 3", "x: x x 9", "light enough to carry: weight_kg low 3" * 9],
)  # fmt: skip
def test_whatever_the_model_writes_the_limits_stand(nonsense: str) -> None:
    understood, _ = understand("a tent light enough to carry under 200", nonsense)
    assert {(c.field, c.operator) for c in understood.intent.constraints} == {("categories", "="), ("price", "<")}
    assert all(c.field != "price" for c in understood.intent.criteria)


# With matchers --------------------------------------------------------------------------------------------------------


class Near:
    """An encoder for which texts that share a word of three letters are alike, "hum" with "noise" too."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        out = np.full((len(texts), 97), 1e-6, np.float32)
        for n, text in enumerate(texts):
            for word in text.lower().replace("_", " ").split():
                stem = word.strip(",:.").replace("hum", "noise").removesuffix("s")
                out[n, sum(map(ord, stem)) % 97] += len(stem) > 2
        return out / np.linalg.norm(out, axis=1, keepdims=True)


class Helping(KindMatcher):
    """Orders kinds as it is told; all others stand far off."""

    def __init__(self, told: float | None = None, **near: float) -> None:
        self.near, self.told = near, told

    def tells(self, text: str) -> float | None:
        return self.told

    def order(self, need: str, kinds: Sequence[str]) -> list[tuple[str, float]]:
        return sorted(((k, self.near.get(k, 0.0)) for k in dict.fromkeys(kinds)), key=lambda k: -k[1])


MATCHERS = Matchers(FieldMatcher(Near()), KindMatcher(Near()))


def near(request: str, *replies: str, kinds: Sequence[tuple[str, float]] = (), matchers: Matchers = MATCHERS) -> Intent:
    engine = FakeEngine(replies)
    mode = UnderstandSettings(mode="wishes")
    understander = Understander(
        SHOP, engine, LIBRARY, mode, kinds=lambda intent, text: kinds, matchers=lambda: matchers
    )
    return understander.understand(Request(request)).intent


def test_the_kinds_for_a_need_are_the_nearest_of_the_whole_catalogue_not_only_those_that_the_search_finds() -> None:
    found = [("Tents", 0.9), ("Fans", 0.1)]
    helping = Matchers(MATCHERS.fields, Helping(Kettles=0.6, Tents=0.2))
    intent = near("something warm to drink of a morning", "none", kinds=found, matchers=helping)
    assert intent.kinds[0] == "Kettles"
    close = Matchers(MATCHERS.fields, Helping(Kettles=0.6, Tents=0.59))
    assert near("something warm to drink of a morning", "none", kinds=found, matchers=close).kinds == ("Tents",)
    assert not {"Home", "Kitchen", "Camping"} & set(intent.kinds)  # a kind stands last in a path


@pytest.mark.parametrize(
    ("told", "second", "kinds"),
    [(0.9, 0.5, ("Kettles",)), (0.1, 0.2, ()), (None, 0.5, ("Kettles",)), (0.6, 0.5, ()), (0.6, 0.2, ("Kettles",))],
)
def test_an_answer_is_held_to_the_kinds_near_a_need_where_the_request_tells_of_one_or_one_stands_alone(
    told: float | None, second: float, kinds: tuple[str, ...]
) -> None:
    helping = Matchers(MATCHERS.fields, Helping(told, Kettles=0.6, Tents=second))
    found = [("Tents", 0.5), ("Kettles", 0.1)]
    assert near("where the crawdads sing", "none", "none", kinds=found, matchers=helping).kinds == kinds


def test_the_words_of_a_wish_are_those_that_stand_nearest_to_its_field() -> None:
    intent = near("a kettle for mornings, low noise", "a kettle for mornings: noise_db low 3")
    assert [(c.field, c.words) for c in intent.criteria] == [("noise_db", "low noise")]


def test_a_field_that_stands_far_from_the_request_is_not_believed() -> None:
    intent = near("a kettle that sings opera", "sings opera: noise_db high 2")
    assert intent.criteria == ()
    assert intent.unanswered


def test_a_value_of_other_kinds_than_the_need_is_nearest_to_is_no_limit() -> None:
    kinds = [("Kettles", 0.5), ("Fans", 0.5)]
    intent = near("kettles and fans with poles", "Kettles", "none", kinds=kinds)
    assert all(c.field != "setup" for c in intent.constraints)
    assert any(c.field == "setup" for c in near("a tent with poles").constraints)


def test_a_wish_for_one_kind_alone_does_not_decide_between_the_kinds_that_help() -> None:
    both = Matchers(MATCHERS.fields, Helping(Tents=0.5, Fans=0.45))
    kinds = [("Tents", 0.5), ("Kettles", 0.5)]
    intent = near(
        "I sleep so badly at night, low noise", "Tents; Fans", "low noise: noise_db low 3", kinds=kinds, matchers=both
    )
    assert sorted(intent.kinds) == ["Fans", "Tents"]
    assert intent.criteria == ()
    assert "low noise" in " ".join(intent.unanswered)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a light tent under 150, not in red", "a light tent"),
        ("under 200, a light tent", "a light tent"),
        ("a tent under 150 that I can carry", "a tent, that I can carry"),
        ("a tent", "a tent"),
        ("at most 2 kg", "at most 2 kg"),
        ("a light tent that weighs at most 2 kg", "a light tent"),
        ("a tent for the beach, it must weigh under 2 kg", "a tent for the beach"),
        ("a tent, nothing fancy", "a tent"),
    ],
)
def test_limits_are_no_wishes(text: str, left: str) -> None:
    assert _unlimited(text, Asked(text, (), understand(text, "none")[0].intent)) == left


@pytest.mark.parametrize(
    ("text", "body", "left"),
    [
        ("a heavy blanket, I weigh about 70 kilos", "70 kilos", "a heavy blanket"),
        ("a harness for my strong 30 kg boxer", "30 kg", "a harness for my strong, boxer"),
        (
            "a chair for my husband, he's 1.95 m and on the heavy side",
            "1.95 m",
            "a chair for my husband, and on the heavy side",
        ),
    ],
)
def test_what_tells_of_a_body_is_no_wish(text: str, body: str, left: str) -> None:
    assert _unlimited(text, Asked(text, (), Intent(), (body,))) == left


def test_a_kind_that_is_named_in_passing_is_no_limit() -> None:
    found = [("Tents", 0.5), ("Fans", 0.5)]
    far = Matchers(MATCHERS.fields, Helping(Fans=0.7, Tents=0.3))
    freed = near("it is so hot under the canvas of our tent", "Fans", "none", kinds=found, matchers=far)
    assert not any(c.field == "categories" for c in freed.constraints)
    assert freed.kinds[0] == "Fans"
    close = Matchers(MATCHERS.fields, Helping(Fans=0.5, Tents=0.45))
    meant = near("a tent that stays cool", "none", kinds=found, matchers=close)
    assert [c.value for c in meant.constraints if c.field == "categories"] == ["Tents"]


def test_a_kind_of_a_later_turn_is_held_against_the_words_of_that_turn() -> None:
    class Read(Helping):
        def order(self, need: str, kinds: Sequence[str]) -> list[tuple[str, float]]:
            self.near = {"Tents": 0.7} if "tent" in need else {"Fans": 0.7}
            return super().order(need, kinds)

    matchers = Matchers(MATCHERS.fields, Read())
    understander = Understander(
        SHOP, FakeEngine(["Fans", "none", "none", "none"]), LIBRARY, UnderstandSettings(mode="wishes"),
        kinds=lambda intent, text: [("Fans", 1.0)], matchers=lambda: matchers,
    )  # fmt: skip
    history = (Turn("user", "something for our hot nights"), Turn("assistant", "Here are three fans."))
    intent = understander.understand(Request("no, a tent please", history=history)).intent
    assert [c.value for c in intent.constraints if c.field == "categories"] == ["Tents"]


def test_a_need_of_which_no_word_is_left_to_search_for_is_a_need_all_the_same() -> None:
    found = [("Tents", 0.5), ("Fans", 0.5)]
    matchers = Matchers(MATCHERS.fields, Helping(Fans=0.7))
    intent = near("I can't get anything done at home with him", "Fans", "none", kinds=found, matchers=matchers)
    assert intent.kinds[:1] == ("Fans",)


def test_words_that_a_limit_answers_are_not_said_to_be_unanswered() -> None:
    intent = near("a red kettle that hums a tune", "a red kettle: none\nhums a tune: none")
    assert [c.value for c in intent.constraints if c.field == "colour"] == ["red"]
    assert not any("red" in words for words in intent.unanswered)


def test_no_note_says_of_words_that_a_criterion_was_read_from_that_no_field_speaks_of_them() -> None:
    history = (Turn("user", "a kettle"), Turn("assistant", "1. Kettle 1\n2. Kettle 2"))
    for reply, told in (("bigger: noise_db high 2", False), ("none", True)):
        understander = Understander(SHOP, FakeEngine([reply] * 3), LIBRARY, UnderstandSettings(mode="wishes"))
        understood = understander.understand(Request("bigger please", history=history))
        assert any("speaks of no field" in note for note in understood.notes) is told


@pytest.mark.parametrize(
    "request_text, nearness, named",
    [
        ("my friend and I sleep so badly at night", 0.5, "Fans"),
        ("my friend and I sleep so badly at night", 0.2, ""),
        ("a piano", 0.5, "piano"),
    ],
)
def test_a_need_that_a_kind_is_near_to_is_met_and_a_name_of_what_is_not_sold_is_not(
    request_text: str, nearness: float, named: str
) -> None:
    found = [("Tents", 0.5), ("Kettles", 0.5)]
    matchers = Matchers(MATCHERS.fields, Helping(0.1 if request_text == "a piano" else 0.9, Fans=nearness))
    intent = near(request_text, "Fans", "none", kinds=found, matchers=matchers)
    assert (intent.kind if intent.kind in ("Fans", "piano") else "") == named


def test_a_number_of_other_kinds_is_taken_back_with_its_order_and_its_note() -> None:
    found = [("Kettles", 0.5), ("Tents", 0.5)]
    helping = Matchers(MATCHERS.fields, Helping(Kettles=0.6, Tents=0.2))
    understander = Understander(
        SHOP, FakeEngine(["Kettles", "none", "none"]), LIBRARY, UnderstandSettings(mode="wishes"),
        kinds=lambda intent, text: found, matchers=lambda: helping,
    )  # fmt: skip
    understood = understander.understand(Request("housewarming present for two people who love tea"))
    assert understood.intent.constraints == ()
    assert understood.intent.sort is None
    assert not any("two people" in note for note in understood.notes)
    of_tents = Matchers(MATCHERS.fields, Helping(Tents=0.6))
    meant = near("a tent for two people", "none", kinds=found, matchers=of_tents)
    assert any(c.field == "persons" for c in meant.constraints)


def test_what_only_the_name_of_the_kind_stands_near_to_is_no_wish() -> None:
    limit = Intent(constraints=(Constraint("categories", "=", "Fans", "fan"),))
    wanting = Wanting(SHOP, lambda: FakeEngine(["fan: noise_db low 2"]), LIBRARY, lambda i, t: (), lambda: MATCHERS)
    assert not wanting.read([Asked("a fan for my daughter", (), limit)])[0].intent.criteria


class Heard(FieldMatcher):
    """Finds the words of every wish as near as it is told."""

    def __init__(self, near: float) -> None:
        super().__init__(Near())
        self.near = near

    def said(
        self, kinds: Sequence[str], spans: Sequence[str], wanted: Sequence[tuple[Facet, object]]
    ) -> list[tuple[str, float]]:
        return [("ideally", self.near) for _ in wanted]


@pytest.mark.parametrize(
    ("line", "field", "request_near", "words_near", "believed"),
    [
        ("setup pop-up 2", "setup", 0.47, 0.31, False),
        ("setup pop-up 2", "setup", 0.55, 0.31, True),
        ("setup pop-up 2", "setup", 0.47, 0.45, True),
        ("weight_kg low 2", "weight_kg", 0.47, 0.31, True),
        ("weight_kg low 2", "weight_kg", 0.42, 0.24, False),
    ],
)
def test_a_wish_to_which_neither_the_request_nor_its_words_stand_near_is_not_believed(
    line: str, field: str, request_near: float, words_near: float, believed: bool
) -> None:
    facet = SHOP.get(field) or SHOP.get(f"attributes.{field}")
    assert facet is not None
    request = "a wool tent, ideally not scratchy"
    ways = ("low", "high") if field == "weight_kg" else ("pop-up", "poles")
    question = WishRequest(request, ("Tents",), (Offered(facet, ways, request_near),))
    read = parse(f"ideally: {line}", question)
    heard = Matchers(Heard(words_near), MATCHERS.kinds)
    wanting = Wanting(SHOP, lambda: FakeEngine([]), LIBRARY, lambda i, t: (), lambda: heard)
    told = wanting._worded(question, request, read)
    assert [c.field for c in told.criteria] == ([facet.field] if believed else [])
    assert told.unanswered == (() if believed else ("ideally",)), "what is not believed is not lost"


def test_the_words_of_a_wish_end_with_none_of_grammar() -> None:
    assert _trimmed("a light tent for") == "light tent"
    assert _trimmed("not too") == "not too"
    assert [_tells(w) for w in ("aren't", "the sofa", "isn't for")] == [False, True, False]


def test_the_words_that_tell_of_a_body_reach_the_reader_of_wishes() -> None:
    understander = Understander(SHOP, settings=UnderstandSettings(mode="rules"))
    assert understander.understand(Request("a light tent, I weigh about 70 kilos")).asides == ("70 kilos",)
    assert understander.understand(Request("a light tent under 2 kg")).asides == ()


def test_no_wish_is_read_from_the_name_of_many() -> None:
    asked = Asked("a machine that wakes me with coffee", (), Intent(), ())
    assert _unlimited(asked.request, asked, "machine") == "that wakes me with coffee"


@pytest.mark.parametrize(("name", "dropped"), [("machine", True), ("siphon", False), ("", False)])
def test_a_name_that_several_values_end_with_tells_none_from_the_others(name: str, dropped: bool) -> None:
    kinds = ("espresso machine", "filter machine", "siphon")
    shop = collect([product(f"c{n}", "Maker", "50", categories=("Makers",), kind=kinds[n % 3]) for n in range(9)])
    wanting = Wanting(shop, lambda: FakeEngine([]), LIBRARY, lambda intent, text: ())
    assert wanting._told_of_many(name, ("Makers",)) == (name if dropped else "")


# Turns -------------------------------------------------------------------------------------------------------------


def talk(*turns: str, replies: Sequence[str] = (), matchers: Matchers | None = None) -> tuple[Intent, FakeEngine]:
    engine = FakeEngine(list(replies) or ["none"] * 9)
    understander = Understander(
        SHOP, engine, LIBRARY, UnderstandSettings(mode="wishes"), kinds=nothing_found, matchers=lambda: matchers
    )
    history = tuple(t for text in turns[:-1] for t in (Turn("user", text), Turn("assistant", "1. One\n2. Two")))
    return understander.understand(Request(turns[-1], history=history)).intent, engine


@pytest.mark.parametrize(
    ("told", "near", "leaves"),
    [(0.95, {"Fans": 0.6}, True), (0.95, {"Fans": 0.6, "Kettles": 0.5}, False), (0.95, {"Fans": 0.4}, False), (0.3, {"Fans": 0.6}, False)],
)  # fmt: skip
def test_a_turn_that_tells_of_a_need_far_from_the_kind_so_far_is_a_new_topic(
    told: float, near: dict[str, float], leaves: bool
) -> None:
    helping = Matchers(MATCHERS.fields, Helping(told, **near))
    intent, _ = talk("a red kettle under 40", "our bedroom gets so hot of a night", matchers=helping)
    assert (intent.constraints == ()) is leaves


def test_a_need_that_names_another_kind_leaves_the_one_before() -> None:
    facet = Facet("categories", "list", 60, 2, (("Coffee Makers", 30), ("Rugs", 30)), categories=("Coffee Makers", "Rugs"))  # fmt: skip
    helping = Matchers(MATCHERS.fields, Helping(0.95))
    chooser = KindChooser(Facets((facet,), 60), FakeEngine, LIBRARY.get("understand/kinds"), nothing_found, lambda: helping)  # fmt: skip
    rugs = Intent(constraints=(Constraint("categories", "=", "Rugs"),))
    assert chooser.leaves("my coffee is cold before I am at my desk", rugs, "")
    assert not chooser.leaves("my coffee is cold before I am at my desk", Intent(kinds=("Coffee Makers",)), "")
    assert not chooser.leaves("the cat sleeps on it all day", rugs, "")


def test_a_wish_of_an_earlier_turn_that_is_taken_back_is_read_no_more() -> None:
    replies = ["light enough to carry: weight_kg low 2", "none"]
    intent, _ = talk("a tent light enough to carry", "in red please", replies=replies)
    assert [c.field for c in intent.criteria] == ["weight_kg"]
    intent, engine = talk("a tent light enough to carry", "forget the weight", replies=replies)
    assert intent.criteria == ()
    assert len(engine.calls) == 1, "what is forgotten is not read as a wish"


def test_what_turns_a_size_down_that_no_field_holds_is_read_as_its_opposite() -> None:
    _, engine = talk("a kettle", "too small")
    assert "bigger" in engine.calls[-1].text
    assert "too small" not in engine.calls[-1].text


def test_a_bare_critique_is_believed_only_of_a_field_that_stands_near() -> None:
    from shelftalk.understand.model.criteria import READ
    from shelftalk.understand.model.wanting import floor_of

    assert floor_of("softer", True) == READ
    assert floor_of("a softer blanket", True) < READ


def test_what_comes_nearest_is_one_wish_among_others_where_there_are_others() -> None:
    understood, _ = understand("a tent for 2 people, light enough to carry", LIGHT)
    assert understood.intent.sort is None
    assert [(c.field, c.want) for c in understood.intent.criteria] == [("weight_kg", "low"), ("persons", "low")]
    alone, _ = understand("a tent for 2 people")
    assert alone.intent.sort is not None


@pytest.mark.parametrize(
    ("request_text", "kind"),
    [
        ("we bend down so much, every rake breaks in two", "rake"),
        ("our rake and hose are never long enough for us", None),
        ("we bend down so much all day out there", None),
    ],
)
def test_a_need_that_speaks_of_one_of_the_sorts_of_the_kind_that_helps_wishes_for_it(request_text: str, kind: str | None) -> None:  # fmt: skip
    sorts = ("rake", "hose", "spade")
    shop = collect(
        [
            *(product(f"g{n}", f"Tool {n}", "20", categories=("Garden Tools",), kind=sorts[n % 3]) for n in range(12)),
            *(product(f"k{n}", f"Kettle {n}", "30", categories=("Kettles",), colour="red") for n in range(12)),
        ]
    )
    helping = Matchers(MATCHERS.fields, Helping(0.9, **{"Garden Tools": 0.6}))
    understander = Understander(
        shop, FakeEngine(["none"]), LIBRARY, UnderstandSettings(mode="wishes"),
        kinds=lambda intent, text: [("Kettles", 0.5), ("Garden Tools", 0.5)], matchers=lambda: helping,
    )  # fmt: skip
    intent = understander.understand(Request(request_text)).intent
    assert intent.kinds == ("Garden Tools",)
    assert [c.value for c in intent.criteria if c.field == "kind"] == ([kind] if kind else [])


def test_what_a_criterion_says_is_no_soft_word_besides() -> None:
    quiet = Wishes((Criterion("noise_db", "low", words="quiet motor"),))
    intent = Intent(query="fan quiet motor sturdy", preferences=("motor", "sturdy", "elsewhere quiet motor"))
    assert _joined(intent, (), [quiet]).preferences == ("sturdy", "elsewhere quiet motor")
    assert _joined(replace(intent, query="fan"), (), [quiet]).preferences == intent.preferences, "still searched for"


def test_words_that_hold_another_wishs_are_read_without_them() -> None:
    water, weight = (
        Facet("attributes.water_column_mm", "number", 9, 9, (), 1, 2),
        Facet("weight_g", "number", 9, 9, (), 1, 2),
    )

    class Encoder:
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            high = [t.startswith("high ") or t.endswith(": waterproof") for t in texts]
            return np.array([[1.0, 0.0] if h else [0.0, 1.0] for h in high], np.float32)

    matchers = Matchers(FieldMatcher(Encoder()), KindMatcher(Encoder()))
    shop = SimpleNamespace(_facets=Facets((water, weight), 9))
    light = Criterion("weight_g", "low", words="light")
    wet = Criterion("attributes.water_column_mm", "low", words="light waterproof")

    def apart(c: Criterion, *others: str) -> Criterion:
        return Wanting._apart(shop, ("Jackets",), c, others, matchers)  # type: ignore[arg-type]

    assert apart(wet, "light") == replace(wet, want="high", words="waterproof")
    assert apart(light, "light waterproof") == light
    assert apart(wet, "light waterproof") == wet  # the same words are each one's own
    assert apart(wet, "ligh") == wet


# Without a language model ---------------------------------------------------------------------------------------------


def alone(request: str, *, kinds: Sequence[tuple[str, float]] = (), matchers: Matchers | None = MATCHERS) -> Understood:
    mode = UnderstandSettings(mode="encoders")
    understander = Understander(SHOP, None, None, mode, kinds=lambda intent, text: kinds, matchers=lambda: matchers)
    return understander.understand(Request(request))


def test_the_encoders_alone_read_wishes_and_kinds_and_name_no_prompt() -> None:
    read = alone("a kettle for mornings, low noise")
    assert [(c.field, c.want, c.words) for c in read.intent.criteria] == [("noise_db", "low", "low noise")]
    assert (read.prompt, read.tokens.prompt) == (None, 0)
    helping = Matchers(MATCHERS.fields, Helping(0.9, Kettles=0.6, Fans=0.58, Tents=0.2))
    need = alone("something warm to drink of a morning", kinds=[("Tents", 0.9)], matchers=helping)
    assert need.intent.kinds == ("Kettles", "Fans")


def test_without_either_the_rules_read() -> None:
    read = alone("a kettle under 40, low noise", matchers=None)
    assert read.intent.criteria == ()
    assert {(c.field, c.operator) for c in read.intent.constraints} == {("categories", "="), ("price", "<")}


def test_a_question_about_products_shown_is_ordered_by_a_number_unless_another_field_is_nearer() -> None:
    def order(**near: float) -> Sort | None:
        matchers = Matchers(FieldMatcher(Fixed(**near)), KindMatcher(Near()))
        wanting = Wanting(SHOP, None, LIBRARY, nothing_found, lambda: matchers)
        return wanting.order_asked("which of them folds smallest?", ("Tents",), lambda f: True)

    assert order(low_weight_kg=0.6, freestanding=0.5) == Sort("weight_kg", "asc", "which of them folds smallest?")
    assert order(low_weight_kg=0.6, freestanding=0.7) is None
    assert order(low_weight_kg=0.4) is None


def test_what_is_asked_of_a_product_shown_is_read_without_the_language_model() -> None:
    def never() -> FakeEngine:
        raise AssertionError("the model was asked")

    matchers = Matchers(FieldMatcher(Near()), KindMatcher(Near()))
    wanting = Wanting(SHOP, never, LIBRARY, nothing_found, lambda: matchers)
    assert [(c.field, c.want) for c in wanting.asked_of("low weight", ("Tents",))] == [("weight_kg", "low")]
    assert Wanting(SHOP, never, LIBRARY, nothing_found).asked_of("low weight", ("Tents",)) == ()


def test_something_is_no_words_of_a_wish() -> None:
    matchers = Matchers(FieldMatcher(Near()), KindMatcher(Near()))
    wanting = Wanting(SHOP, None, LIBRARY, nothing_found, lambda: matchers)
    assert [c.words for c in wanting.asked_of("need something low weight", ("Tents",))] == ["low weight"]


def test_a_turn_that_only_tells_whom_it_is_for_tells_no_wish() -> None:
    wanting = Wanting(SHOP, None, LIBRARY, nothing_found, lambda: MATCHERS)
    assert wanting._says_more("the kids are noisy", Intent())
    assert not wanting._says_more("the kids are noisy", Intent(), ("the kids are noisy",))

"""Wishes as criteria: what the grammar lets a model write, what is read of it, and which fields it may choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.catalog.fakes import product

from shelftalk.catalog.facets import collect
from shelftalk.engines.base import Generation
from shelftalk.engines.fake import FakeEngine
from shelftalk.prompts import PromptLibrary
from shelftalk.understand.model.criteria import (
    MOST_FIELDS,
    MOST_WISHES,
    Wishes,
    WishReader,
    WishRequest,
    agreed,
    described,
    grammar,
    parse,
    prompt,
    proof,
    question_fields,
    said_in,
    trusted,
    turned,
    wish_text,
    with_clauses,
    with_twin,
    written,
)
from shelftalk.understand.model.matching import Offered, options_of
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Sort, Tokens

WISHES = PromptLibrary.default().get("understand/wishes")


def number(field: str, *categories: str) -> Facet:
    return Facet(field, "number", 9, 9, (), 1, 99, categories=categories)


def yes_no(field: str, *categories: str) -> Facet:
    return Facet(field, "boolean", 9, 2, ((True, 5), (False, 4)), categories=categories)


def named(field: str, *values: str, categories: tuple[str, ...] = ()) -> Facet:
    return Facet(field, "text", 9, len(values), tuple((v, 1) for v in values), categories=categories)


WEIGHT, PRICE, FREE = number("weight_kg"), Facet("price", "money", 9, 9, (), 1, 99), yes_no("freestanding")
SETUP = named("setup", "poles", "pop-up", "inflatable")


def offered(*facets: Facet) -> tuple[Offered, ...]:
    return tuple(Offered(facet, tuple(options_of(facet))) for facet in facets)


TENT = WishRequest(
    "a tent light enough to carry, quick to put up, and it should match our van",
    ("Tents",),
    offered(WEIGHT, FREE, SETUP, PRICE),
)


def read(text: str, question: WishRequest = TENT) -> tuple[Criterion, ...]:
    return parse(text, question).criteria


# What is read of what was written --------------------------------------------------------------------------------


def test_lines_become_criteria_with_the_shoppers_words_and_what_no_field_answers_is_kept_apart() -> None:
    text = "light enough to carry: weight_kg low 3\nquick to put up: setup pop-up 2\nmatch our van: none"
    assert parse(text, TENT) == Wishes(
        (
            Criterion("weight_kg", "low", None, 3, "light enough to carry"),
            Criterion("setup", "is", "pop-up", 2, "quick to put up"),
        ),
        ("match our van",),
    )
    assert [c.words for c in read(text)] == ["light enough to carry", "quick to put up"]


def test_none_alone_and_nothing_are_no_wishes() -> None:
    assert parse("none", TENT) == parse("", TENT) == parse("\n \n", TENT) == Wishes()


@pytest.mark.parametrize(
    "line",
    [
        "light: weight_kg 2",  # no way
        "light: weight_kg yes 2",  # a number is low or high
        "light: freestanding low 2",
        "light: setup igloo 2",  # no such value
        "light: volume_l low 2",  # no such field
        "light: weight_kg low 4",
        "light: weight_kg low",
        "light weight_kg low 2",
        "weight_kg low 2",
        "Sure! Here are the criteria you asked for:",
        "light: weight_kg lower 2",
    ],
)
def test_a_line_that_no_field_or_value_answers_is_left_out_and_the_next_is_read(line: str) -> None:
    assert read(f"{line}\nquick: setup pop-up 1") == (Criterion("setup", "is", "pop-up", 1),)


def test_words_that_the_shopper_did_not_say_are_not_put_in_her_mouth() -> None:
    assert [c.words for c in read("as LIGHT enough: weight_kg low 2\nQuick to  put up!: setup pop-up 2")] == ["", "Quick to  put up!"]  # fmt: skip
    assert parse("waterproof in a storm: none", TENT) == Wishes()
    assert [c.words for c in read("?!: weight_kg low 2")] == [""]


def test_a_curly_apostrophe_is_the_same_word() -> None:
    question = replace(TENT, request="one that doesn’t weigh much")
    assert [c.words for c in read("doesn't weigh much: weight_kg low 2", question)] == ["doesn't weigh much"]


def test_a_field_named_twice_is_read_once_unless_for_two_values() -> None:
    twice = "light: weight_kg low 3\ncarry: weight_kg high 1\nquick: setup pop-up 2\nput up: setup inflatable 1"
    assert [(c.field, c.want, c.value) for c in read(twice)] == [
        ("weight_kg", "low", None),
        ("setup", "is", "pop-up"),
        ("setup", "is", "inflatable"),
    ]
    assert len(read("quick: setup pop-up 2\nquick: setup not pop-up 2")) == 1


def test_no_more_lines_are_read_than_may_be_written() -> None:
    lines = [f"light: {f} low 2" for f in ("a", "b", "c", "d", "e", "f")]
    question = replace(TENT, fields=offered(*map(number, "abcdef")))
    assert len(read("\n".join(lines), question)) == MOST_WISHES


def test_line_ends_of_other_systems_and_blanks_around_a_line_do_no_harm() -> None:
    assert len(read("  light: weight_kg low 3 \r\nquick: setup not poles 1\r\n")) == 2


def test_a_value_that_begins_with_not_is_a_value() -> None:
    question = replace(TENT, fields=offered(named("batteries", "not included", "included")))
    assert read("light: batteries not included 2", question) == (Criterion("batteries", "is", "not included"),)
    assert read("light: batteries not not included 2", question) == (Criterion("batteries", "not", "not included"),)
    assert read("light: batteries included 2", question) == (Criterion("batteries", "is", "included"),)


def test_a_field_whose_name_begins_with_anothers_is_told_apart() -> None:
    question = replace(
        TENT, fields=offered(number("weight"), number("weight kg"), named("weight class", "low", "kg low"))
    )
    assert [c.field for c in read("light: weight kg low 2\nquick: weight low 1\ncarry: weight class kg low 3", question)] == ["weight kg", "weight", "weight class"]  # fmt: skip


def test_a_criterion_names_the_field_as_the_catalogue_does() -> None:
    question = replace(TENT, fields=offered(number("attributes.price")))
    assert read("light: price high 2", question) == (Criterion("attributes.price", "high"),)


# What may be written ----------------------------------------------------------------------------------------------

Accepts = Callable[[str, str], bool]


@pytest.fixture(scope="module")
def accepts(home: Path) -> Accepts:
    """Whether the default model's tokens may spell a text to its end under a grammar, by the compiler that the engines use."""
    import transformers
    import xgrammar

    from shelftalk.engines.models import prepare_default

    place = prepare_default(home)
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, stop_token_ids=[tokenizer.eos_token_id])
    compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_limit_bytes=1 << 24)

    def spelt(rules: str, text: str) -> bool:
        matcher = xgrammar.GrammarMatcher(compiler.compile_grammar(rules))
        tokens = tokenizer.encode(text, add_special_tokens=False)
        return all(map(matcher.accept_token, tokens)) and matcher.accept_token(tokenizer.eos_token_id)

    return spelt


def test_what_is_taught_can_be_written_and_is_read_back(accepts: Accepts) -> None:
    wants = [Criterion("weight_kg", "low", None, 3), Criterion("freestanding", "is", False, 1), Criterion("setup", "not", "pop-up"), None]  # fmt: skip
    words = ["light enough to carry", "match our van", "quick to put up", "a tent"]
    text = written(wants, words)
    assert accepts(grammar(TENT.fields), text)
    assert parse(text, TENT) == Wishes(tuple(w for w in wants if w), ("a tent",))
    assert accepts(grammar(TENT.fields), written([], []))


@pytest.mark.parametrize(
    "text",
    ["", "none\nnone", "light: weight_kg", "light: weight_kg lower 2", "light: setup igloo 2", "light: volume_l low 2", "light: weight_kg low 4", ": weight_kg low 2", "light: weight_kg low 2\n", "a: none\nb: none\nc: none\nd: none\ne: none", "I think: weight_kg low 2 because"],
)  # fmt: skip
def test_nothing_else_can_be_written(accepts: Accepts, text: str) -> None:
    assert not accepts(grammar(TENT.fields), text)


HOSTILE = (
    'say "yes"', "back\\slash", "quote's", "größe", "日本製", "😀 fun", "tab\there", '") | root ::= [a-z]*', "not", "none", "low 3", "<|im_end|>", "a & b", "{x}", "\u202eright to left",
)  # fmt: skip


def test_hostile_names_and_values_are_letters_like_any_other(accepts: Accepts) -> None:
    fields = offered(
        named("kind (of) thing", *HOSTILE[:8]), named("other % thing", *HOSTILE[8:]), number("weight / net")
    )
    question = WishRequest("anything at all", (), fields)
    rules = grammar(fields)
    for offer in fields[:2]:
        assert len(offer.ways) > 3
        for value in offer.ways:
            for want in ("is", "not"):
                line = written([Criterion(offer.facet.field, want, value)], ["anything"])
                assert accepts(rules, line), line
                assert read(line, question) == (Criterion(offer.facet.field, want, value),)
    assert accepts(rules, "anything: weight / net high 1")
    assert not accepts(rules, "anything: kind (of) thing zzz 1")


PLAIN = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters=":;,|"), min_size=1, max_size=12
)


@given(values=st.lists(PLAIN, min_size=2, max_size=5, unique=True), pick=st.integers(0, 4), much=st.integers(1, 3), negated=st.booleans())  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_whatever_a_catalogue_holds_can_be_written_and_is_read_back(accepts: Accepts, values, pick, much, negated) -> None:  # fmt: skip
    fields = offered(named("pattern", *values), WEIGHT)
    ways = next((o.ways for o in fields if o.facet.field == "pattern"), ())
    assume(ways)  # codes and sizes are left to the rules
    wanted = Criterion("pattern", "not" if negated else "is", ways[pick % len(ways)], much)
    line = written([wanted], ["a tent"])
    assert accepts(grammar(fields), line)
    (found,) = read(line, replace(TENT, fields=fields))
    assert wish_text(found) == wish_text(wanted)  # "is not x" and "not x" are one text


@given(text=st.text(max_size=120) | st.lists(st.sampled_from(["light", ": ", "weight_kg", " low", " high", " 3", "\n", "none", "setup", " pop-up", " not"]), max_size=24).map("".join))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_a_server_without_grammars_writes_only_fields_and_values_that_exist_are_read(text: str) -> None:
    for criterion in read(text):
        facet = next(o.facet for o in TENT.fields if o.facet.field == criterion.field)
        assert criterion.importance in (1, 2, 3)
        assert criterion.want in (("low", "high") if facet.kind in ("number", "money") else ("is", "not"))
        assert criterion.value in {None, True, False, *(v for v, _ in facet.values)}


# Which fields are shown ---------------------------------------------------------------------------------------------

MADE = [
    *(product(f"t{n}", f"Tent {n}", str(100 + n), categories=("Camping", "Tents"), rating=3 + n / 10, brand=f"B{n % 3}", weight_kg=1 + n / 5, setup=("poles", "pop-up")[n % 2], freestanding=n % 2 == 0, seasons=3, sku=f"X{n}", stock=n, made=f"2024-0{1 + n % 9}-01") for n in range(12)),
    *(product(f"k{n}", f"Kettle {n}", str(20 + n), categories=("Kitchen", "Kettles"), rating=4 + n / 20, noise_db=50 + n, weight_kg=1 + n / 9) for n in range(8)),
]  # fmt: skip
FACETS = collect(MADE)


def fields(*kinds: str, request: str = "") -> list[str]:
    return [f.field for f in question_fields(FACETS, kinds, request)]


def test_the_fields_are_those_of_the_kinds_in_question_with_price_and_rating_last() -> None:
    assert fields("Kettles") == ["weight_kg", "noise_db", "price", "rating"] or set(fields("Kettles")[:2]) == {"weight_kg", "noise_db"}  # fmt: skip
    assert fields("Kettles")[-2:] == ["price", "rating"]
    assert "noise_db" not in fields("Tents")
    assert {"weight_kg", "setup", "freestanding", "price", "rating"} <= set(fields("Tents"))
    assert {"noise_db", "setup"} <= set(fields("Tents", "Kettles"))


def test_fields_that_tell_nothing_apart_or_are_the_shops_own_affair_are_not_shown() -> None:
    shown = fields("Tents")
    assert not {"seasons", "stock", "brand", "made", "categories", "availability"} & set(shown)


def test_a_field_that_the_request_names_is_shown_however_rare() -> None:
    many = [product(f"p{n}", f"Thing {n}", str(n + 1), categories=("Things",), **{f"field_{i:02}": n * i for i in range(1, 50)}) for n in range(6)]  # fmt: skip
    many.append(product("rare", "Rare", "9", categories=("Things",), noise_level=3))
    many.append(product("rarer", "Rarer", "9", categories=("Things",), noise_level=5))
    facets = collect(many)
    assert "noise_level" not in [f.field for f in question_fields(facets, ("Things",), "a thing")]
    assert "noise_level" in [f.field for f in question_fields(facets, ("Things",), "with little noise please")]
    assert len(question_fields(facets, ("Things",))) == MOST_FIELDS
    assert {"price"} <= {f.field for f in question_fields(facets, ("Things",))}


def test_without_kinds_only_fields_of_the_whole_catalogue_are_shown() -> None:
    assert "setup" not in fields()
    assert "noise_db" not in fields()
    assert "price" in fields()


def test_a_field_of_hostile_name_is_not_shown_and_its_values_cannot_break_the_line() -> None:
    odd = Facets((number('x"; low 3\nroot ::= "'), number("a:b"), number(""), named("ok", "fine", "a; b", "c\nd", "e" * 40, "g, h", "last"), PRICE))  # fmt: skip
    assert [described(o) for o in offered(*question_fields(odd, ()))] == ["ok: fine, last", "price low/high"]


def test_fields_of_other_languages_are_shown() -> None:
    german = collect([product(str(n), f"Wasserkocher {n}", str(20 + n), Lautstärke_db=40 + n, größe=("klein", "groß")[n % 2]) for n in range(4)])  # fmt: skip
    assert {"Lautstärke_db", "größe"} <= {f.field for f in question_fields(german, ())}


def test_the_prompt_shows_each_field_as_it_may_be_answered() -> None:
    text = prompt(WISHES, TENT).messages[-1].content
    assert "Fields: weight_kg low/high; freestanding yes/no; setup: poles, pop-up, inflatable; price low/high" in text
    assert 'Tents: "a tent light enough' in text


def test_a_limit_or_the_order_settles_its_field() -> None:
    light = Criterion("weight_kg", "low")
    assert said_in(light, Intent(constraints=(Constraint("weight_kg", "<", 2),)))
    assert said_in(light, Intent(sort=Sort("weight_kg", "asc")))
    assert not said_in(light, Intent(constraints=(Constraint("price", "<", 2),)))


# The reader ---------------------------------------------------------------------------------------------------------


def test_each_question_gets_its_own_wishes_and_cost_and_one_without_fields_asks_nobody() -> None:
    engine = FakeEngine(["light enough: weight_kg low 2", Generation("none", "stop", Tokens(7, 1))])
    empty = replace(TENT, fields=())
    first, second, third = WishReader(engine, WISHES).read([TENT, empty, TENT])
    assert [c.field for c in first.criteria] == ["weight_kg"]
    assert first.tokens.prompt > 0
    assert second == Wishes()
    assert third == Wishes(tokens=Tokens(7, 1))
    assert len(engine.calls) == 2
    assert all(call.decoding and call.decoding.grammar == grammar(TENT.fields) for call in engine.calls)


def test_an_answer_cut_off_in_the_middle_keeps_its_whole_lines() -> None:
    cut = Generation("light enough: weight_kg low 2\nquick to put up: setup po", "length", Tokens(9, 9))
    (found,) = WishReader(FakeEngine([cut]), WISHES).read([TENT])
    assert [c.field for c in found.criteria] == ["weight_kg"]


def ranked(field: str, ways: tuple, score: float) -> Offered:
    kind = "number" if ways[0] in ("low", "high") else "text"
    return Offered(Facet(field, kind, 5, 5), ways, score)  # type: ignore[arg-type]


def test_the_way_of_a_number_is_the_encoders_and_a_named_value_the_models() -> None:
    fields = (ranked("noise_db", ("low", "high"), 0.6), ranked("setup", ("poles", "pop-up"), 0.58))
    read = Wishes((Criterion("noise_db", "high", words="hums"), Criterion("setup", "is", "pop-up", words="fast")))
    held = agreed(read, WishRequest("hums, and fast", ("Fans",), fields))
    assert [(c.field, c.want, c.value) for c in held.criteria] == [
        ("noise_db", "low", None),
        ("setup", "is", "pop-up"),
    ]


@pytest.mark.parametrize("score, fields", [(0.36, ["setup"]), (0.38, ["setup", "noise_db"])])
def test_a_first_field_near_the_request_that_the_model_leaves_out_is_a_wish_too(score: float, fields: list) -> None:
    shown = (ranked("noise_db", ("low", "high"), score), ranked("setup", ("pop-up", "poles"), score - 0.01))
    read = Wishes((Criterion("setup", "is", "poles", 3, "poles"), Criterion("setup", "not", "pop-up", 2, "no pop-up")))
    held = agreed(read, WishRequest("poles, and peace", ("Tents",), shown))
    assert list(dict.fromkeys(c.field for c in held.criteria)) == fields
    assert held.criteria[0].importance == 3
    assert [c.importance for c in held.criteria if c.field == "noise_db"] in ([], [1])


def test_the_model_is_believed_of_fields_that_stand_near() -> None:
    fields = (ranked("noise_db", ("low", "high"), 0.45), ranked("setup", ("poles", "pop-up"), 0.3))
    question = WishRequest("hums, and fast", ("Fans",), fields)
    read = Wishes((Criterion("noise_db", "high", words="hums"), Criterion("setup", "is", "pop-up", words="fast")))
    assert trusted(read, question) == Wishes(unanswered=("hums", "fast"))
    near = replace(question, fields=(ranked("noise_db", ("low", "high"), 0.6), fields[1]))
    assert [c.field for c in trusted(read, near).criteria] == ["noise_db"]
    refused = Wishes((Criterion("noise_db", "not", "high", words="hums"),))
    assert trusted(refused, question) == refused
    without = replace(question, fields=tuple(ranked(o.facet.field, o.ways, 0.0) for o in fields))
    assert trusted(read, without) == read


def test_a_clause_near_another_field_is_a_wish_of_its_own() -> None:
    noise, setup = ranked("noise_db", ("low", "high"), 0.6), ranked("setup", ("pop-up", "poles"), 0.4)
    question = WishRequest(
        "stands in a minute, and does not hum", ("Tents",), (noise, setup),
        clauses=(("stands in a minute", ranked("setup", ("pop-up", "poles"), 0.52)), ("does not hum", noise)),
    )  # fmt: skip
    read = Wishes((Criterion("noise_db", "low", words="does not hum"),), ("stands in a minute",))
    found = with_clauses(read, question)
    assert [(c.field, c.want, c.value, c.words) for c in found.criteria] == [
        ("noise_db", "low", None, "does not hum"),
        ("setup", "is", "pop-up", "stands in a minute"),
    ]
    assert found.unanswered == ()
    far = replace(question, clauses=(("stands in a minute", setup),))
    assert with_clauses(read, far) == read


@pytest.mark.parametrize("clause, way", [("my fan hums", "low"), ("a fan that hums", "high")])
def test_a_clause_of_ones_own_thing_that_stands_nearer_says_which_way(clause: str, way: str) -> None:
    whole, its = ranked("noise_db", ("high", "low"), 0.5), ranked("noise_db", ("low", "high"), 0.7)
    question = WishRequest(f"{clause}, want one to sleep by", ("Fans",), (whole,), clauses=((clause, its),))
    found = with_clauses(Wishes((Criterion("noise_db", "high", words="hums"),)), question)
    assert [(c.field, c.want) for c in found.criteria] == [("noise_db", way)]


@pytest.mark.parametrize(
    ("request_text", "field", "read_as", "want"),
    [
        ("the old one is too dark", "brightness_lm", "low", "high"),
        ("mine is too heavy", "weight_kg", "high", "low"),
        ("not too loud", "noise_db", "high", "low"),
        ("too heavy to carry", "noise_db", "high", "high"),
        ("it must be too heavy to steal", "weight_kg", "high", "high"),
        ("too long on the charger", "battery_life_hours", "high", "high"),
    ],
)
def test_what_is_too_much_wants_less_of_it(request_text: str, field: str, read_as: str, want: str) -> None:
    read = Wishes((Criterion(field, read_as),))  # type: ignore[arg-type]
    assert [c.want for c in turned(read, request_text).criteria] == [want]


@pytest.mark.parametrize(
    ("request_text", "field", "want"),
    [
        ("must not leak in my bag", "leakproof", True),
        ("mine leaks", "leakproof", True),
        ("it need not be leak-proof", "leakproof", False),
        ("does not have to be scratch resistant", "scratch_resistant", False),
        ("no scratches please", "scratch_resistant", True),
        ("no foil", "foil_wrapped", False),
    ],
)
def test_a_fault_that_a_field_is_proof_against_is_never_wished_for(request_text: str, field: str, want: bool) -> None:
    assert proof(Criterion(field, "is", False), request_text).value is want


def test_a_second_number_that_stands_as_near_is_wished_for_mildly() -> None:
    width, capacity, cups = (
        Facet(f"attributes.{n}", "number", 9, 9, (), 1, 9) for n in ("width_cm", "capacity_l", "cups")
    )

    def read(*near: float) -> list[tuple[str, str, int]]:
        fields = tuple(Offered(f, ("low", "high"), s) for f, s in zip((capacity, width, cups), near, strict=True))
        one = Wishes((Criterion("capacity_l", "low", None, 2, "small"),))
        question = WishRequest("for a small flat", ("Coffee Makers",), fields)
        found = with_twin(replace(one, criteria=(replace(one.criteria[0], field=capacity.field),)), question)
        return [(c.field, c.want, c.importance) for c in found.criteria]

    assert read(0.6, 0.55, 0.5) == [(capacity.field, "low", 2), (width.field, "low", 1)]
    assert read(0.6, 0.4, 0.3) == [(capacity.field, "low", 2)]
    assert read(0.7, 0.55, 0.5) == [(capacity.field, "low", 2)]

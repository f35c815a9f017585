"""The whole path over a small real catalogue, with the record speaking; the language model has its own tests."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from shelftalk import Shelf, Turn, load_settings
from shelftalk.catalog import Catalog
from shelftalk.engines.fake import FakeEngine
from shelftalk.errors import CatalogError, UsageError
from shelftalk.pipeline import PipelineState, stages
from shelftalk.prompts import PromptLibrary
from shelftalk.render import assistant_turn
from shelftalk.request import request_from
from shelftalk.schema import json_schema
from shelftalk.understand import Understood
from shelftalk.understand.model import FieldMatcher, Matchers
from shelftalk.understand.model.matching import KindMatcher
from shelftalk.values import Candidate, Criterion, Intent, Ranking, Request, Retrieval
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS, kettle
from tests.understand.model.test_matching import Words


def ids(answer) -> list[str]:
    return [pick.product.id for pick in answer.picks]


def test_nothing_is_shown_that_is_unlike_what_was_asked_for_or_only_fills_the_list() -> None:
    cordless = Criterion("cordless", "is", True, words="no cable on the table")
    found = tuple(Candidate(p, 1.0, {"criteria": 1.0}) for p in (PRODUCTS[1], PRODUCTS[0], PRODUCTS[2]))
    state = PipelineState(
        None, Request("a kettle, no cable on the table"), Understood(Intent(criteria=(cordless,))), {}
    )
    state.ranking, state.retrieval = Ranking(found, "none"), Retrieval(found)
    assert [c.product.id for c in state.chosen(3)] == ["k2", "k3"]
    state.understood = Understood(Intent(criteria=(cordless,), limit=3))
    assert len(state.chosen(3)) == 3, "the shopper said how many"
    note = "Nothing like 'piano' was found in the catalogue."
    state.retrieval = Retrieval(found, no_match=True, notes=(note,), unlike=True)
    assert state.chosen(3) == []
    assert state.notes((), "EUR") == (note,), "one sentence"


def test_every_pick_satisfies_what_was_understood_and_says_why(shelf) -> None:
    answer = shelf.ask("a kettle under 35 that holds at least 1.5 litres")
    assert ids(answer) == ["k2"]
    assert answer.picks[0].reason
    assert all(claim.verified and claim.evidence for claim in answer.picks[0].claims)
    assert not answer.no_match
    assert answer.relaxed == ()


def test_evidence_is_what_the_record_holds(shelf) -> None:
    for pick in shelf.ask("a red kettle", k=5).picks:
        for claim in pick.claims:
            for piece in claim.evidence:
                assert pick.product.value(piece.field) == piece.value


def test_the_cheapest_comes_first_by_the_database(shelf) -> None:
    answer = shelf.ask("the cheapest kettle", k=3)
    assert ids(answer)[0] == "k1"
    assert answer.intent.sort is not None


def test_a_limit_in_another_currency_is_noted_and_not_said_to_be_in_the_shops(shelf) -> None:
    answer = shelf.ask("a kettle under $100")
    assert any(note.startswith("'under $100' was taken as an amount in EUR") for note in answer.notes)
    assert answer.picks
    assert not any("100 EUR" in pick.reason for pick in answer.picks)
    assert not any("exchange" in note for note in shelf.ask("a kettle under 100 euros").notes)


def test_nothing_fits_is_said_plainly_with_near_misses_and_what_was_loosened(shelf) -> None:
    answer = shelf.ask("a kettle under 10 euros")
    assert answer.no_match
    assert "Nothing in the catalogue fits what was asked." in answer.notes
    if answer.picks:
        assert [c.field for c in answer.relaxed] == ["price"]


def test_no_shopping_request_gets_no_picks_and_no_refusal_either(shelf) -> None:
    answer = shelf.ask("write me a poem about the sea")
    assert answer.picks == ()
    assert not answer.no_match
    assert not answer.intent.shopping


def test_the_number_in_the_request_and_the_number_asked_for_both_hold(shelf) -> None:
    assert len(shelf.ask("show me two kettles", k=4).picks) == 2
    assert len(shelf.ask("kettles", k=3).picks) == 3


def test_given_candidates_are_the_only_ones_picked(shelf) -> None:
    answer = shelf.ask("a kettle", candidates=["k4", "k1"], k=5)
    assert set(ids(answer)) == {"k1", "k4"}
    with pytest.raises(CatalogError, match="ghost"):
        shelf.ask("a kettle", candidates=["ghost"])


def test_a_given_candidate_that_breaks_a_limit_is_no_pick_while_another_fits(shelf) -> None:
    answer = shelf.ask("a kettle under 35", candidates=["k4", "k2"], k=5)
    assert ids(answer) == ["k2"]
    ranking = shelf.order_only(Request("a kettle under 35", candidates=("k4", "k2")), k=10)
    assert [c.product.id for c in ranking.candidates] == ["k2", "k4"]


def test_a_second_turn_builds_on_the_first(shelf) -> None:
    first = shelf.ask("a kettle, at least 1.5 litres", k=3)
    cheaper = shelf.ask("a red one", history=[Turn("user", first.request), assistant_turn(first)], k=3)
    assert ids(cheaper) == ["k3"]


def test_answers_in_bulk_are_the_answers_one_by_one(shelf) -> None:
    requests = [
        Request(text, id=str(i)) for i, text in enumerate(["a red kettle", "a teapot", "hello", "kettle under 35"])
    ]
    bulk = list(shelf.ask_many(requests, batch=3))
    assert [a.id for a in bulk] == ["0", "1", "2", "3"]
    assert [ids(a) for a in bulk] == [ids(shelf.ask(r)) for r in requests]


def test_a_stream_ends_in_the_same_answer(shelf) -> None:
    events = list(shelf.stream("a red kettle"))
    kinds = [e.kind for e in events]
    assert kinds[:2] == ["understood", "candidates"]
    assert kinds[-1] == "answer"
    assert kinds.count("pick") == kinds.count("reason") == len(events[-1].value.picks)
    assert ids(events[-1].value) == ids(shelf.ask("a red kettle"))


def test_a_stream_goes_on_and_ends_on_any_thread_while_others_are_answered(shelf) -> None:
    first, second = shelf.stream("a red kettle"), shelf.stream("the cheapest kettle")
    assert next(first).kind == "understood"
    with ThreadPoolExecutor(2) as pool:
        assert pool.submit(next, second).result(20).kind == "understood"
        assert ids(pool.submit(shelf.ask, "a black kettle").result(20)) == ["k4"]  # neither stream is at its end
        rest = pool.submit(list, second).result(20)
        pool.submit(first.close).result(20)
    assert ids(rest[-1].value)[0] == "k1"
    assert ids(shelf.ask("the cheapest kettle"))[0] == "k1"


def test_many_threads_get_their_own_answers(shelf) -> None:
    asked = {
        "the cheapest kettle": "k1",
        "a black kettle": "k4",
        "the most expensive kettle": "k4",
        "a teapot of glass": "t1",
    }
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shelf.ask, list(asked) * 6))
    assert [(a.request, ids(a)[0]) for a in answers] == list(asked.items()) * 6


def test_an_answer_is_of_one_version_of_the_catalogue(tmp_path) -> None:
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        events = opened.stream("the cheapest kettle")
        assert next(events).kind == "understood"
        catalog.upsert([kettle("k0", "9.90", 0.5, "Orsk", "green")])
        assert ids(list(events)[-1].value)[0] == "k1"
        assert ids(opened.ask("the cheapest kettle"))[0] == "k0"


def test_async_versions_give_the_same(shelf) -> None:
    async def both():
        answer = await shelf.aask("a red kettle")
        events = [event async for event in shelf.astream("a red kettle")]
        many = [a async for a in shelf.aask_many([Request("a red kettle")] * 3, batch=2)]
        return answer, events, many

    answer, events, many = asyncio.run(both())
    assert ids(events[-1].value) == ids(answer)
    assert [ids(a) for a in many] == [ids(answer)] * 3


def test_an_error_in_a_stream_reaches_the_async_reader(shelf) -> None:
    async def read():
        return [event async for event in shelf.astream("a kettle", candidates=["ghost"])]

    with pytest.raises(CatalogError, match="ghost"):
        asyncio.run(read())


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), (" \u200b\n", "empty"), ("x" * 100_000, "100000 characters")]
)
def test_a_request_that_cannot_be_read_is_refused_with_the_reason(shelf, text, reason) -> None:
    with pytest.raises(UsageError, match=reason):
        shelf.ask(text)


def test_k_out_of_range_is_refused(shelf) -> None:
    with pytest.raises(UsageError, match="k is 0"):
        shelf.ask("a kettle", k=0)


def test_every_answer_obeys_the_schema(shelf) -> None:
    validator = jsonschema.Draft202012Validator(json_schema("answer"))
    texts = [
        "a red kettle",
        "the cheapest",
        "hello",
        "a kettle under 5",
        "not Orsk, between 20 and 60",
        "kettle or teapot",
    ]
    for text in texts:
        validator.validate(shelf.ask(text).to_dict())


def test_new_products_are_found_by_the_next_request(tmp_path) -> None:
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS[:2])
    settings = load_settings(explain={"mode": "record"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        assert "k3" not in ids(opened.ask("a red kettle", k=5))
        Catalog.open(tmp_path / "c", embedder=HashEmbedder()).upsert([PRODUCTS[2]])
        assert "k3" in ids(opened.ask("a red kettle", k=5))


def test_why_says_which_limit_a_product_fails_and_knows_unknown_ids(shelf) -> None:
    lines = " ".join(shelf.why("a kettle under 35", "k4").lines())
    assert "59.9" in lines
    assert "35" in lines
    with pytest.raises(CatalogError, match="ghost"):
        shelf.why("a kettle", "ghost")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "JSON object"),
        ({"request": 5}, "'request'"),
        ({"request": "x", "id": {}}, "'id'"),
        ({"request": "x", "k": True}, "'k'"),
        ({"request": "x", "candidates": "k1"}, "'candidates'"),
        ({"request": "x", "history": "before"}, "'history'"),
        ({"request": "x", "history": [{"role": "user"}]}, "turn 1"),
    ],
)
def test_a_malformed_request_line_is_named_by_its_key(record, reason) -> None:
    with pytest.raises(UsageError, match=reason):
        request_from(record)


def test_an_engine_that_was_given_stays_open_when_the_shelf_closes(tmp_path) -> None:
    from shelftalk.engines.fake import FakeEngine

    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS)
    engine = FakeEngine()
    with Shelf(catalog, load_settings(), PromptLibrary.default(), engine):
        pass
    assert engine.count_tokens("a kettle") > 0


def test_what_was_understood_and_the_bare_picks_come_before_the_language_model_is_loaded(shelf, monkeypatch) -> None:
    loaded: list[str] = []

    def load(settings, batch=False):
        loaded.append("now")
        return FakeEngine(default="It is red [1].")

    monkeypatch.setattr("shelftalk.pipeline.stages.load_engine", load)
    explain = {"mode": "model"}
    settings = load_settings(explain=explain, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(shelf.catalog, settings, PromptLibrary.default(), None) as cold:
        before = []
        for event in cold.stream("a kettle under 35"):
            if event.kind in ("understood", "candidates", "pick"):
                before.append(event.kind)
                assert not loaded, event
        assert "pick" in before
        assert loaded == ["now"]
        assert event.value.timings_ms["load"] >= 0
        cold.ask("a kettle under 35")
        assert loaded == ["now"]


def test_a_superlative_speaks_of_the_picks_shown_also_where_the_candidates_were_given(shelf) -> None:
    answer = shelf.ask("the cheapest kettle", candidates=["k2", "k3", "k4"], k=2)
    assert ids(answer) == ["k2", "k3"]
    assert "cheapest of" in answer.picks[0].reason
    assert "EUR, cheapest of" not in answer.picks[1].reason


def follow_up(shelf, text: str):
    first = shelf.ask("a kettle under 60", k=3)
    history = (Turn("user", first.request), assistant_turn(first))
    return ids(first), shelf.ask(Request(text, history=history))


def test_how_picks_compare_is_a_table_of_them_in_the_order_shown(shelf) -> None:
    shown, answer = follow_up(shelf, "compare the first two")
    assert ids(answer) == shown[:2]
    table = answer.comparison
    assert table is not None
    assert table["product_ids"] == shown[:2]
    for i, product in enumerate(p for key in shown[:2] for p in PRODUCTS if p.id == key):
        assert Decimal(table["fields"]["price"][i]) == product.price
        assert table["fields"]["capacity_l"][i] == product.attributes["capacity_l"]
    assert "price" in table["differing"]
    assert "currency" not in table["differing"]
    jsonschema.validate(answer.to_dict(), json_schema("answer"))
    assert all("listed as" not in pick.reason for pick in answer.picks), "a title is no reason"


@pytest.fixture
def graded(shelf):
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "graded"})
    engine = FakeEngine(default="2")
    with Shelf(shelf.catalog, settings, PromptLibrary.default(), engine) as opened:
        yield opened, engine


def test_picks_that_are_asked_about_keep_the_order_of_the_question_and_no_model_orders_them(graded) -> None:
    shelf, engine = graded
    first = shelf.ask("a kettle under 60", k=3)
    asked = len(engine.calls)
    assert asked > 0
    history = (Turn("user", first.request), assistant_turn(first))
    shown = ids(first)
    for text, wanted in (("compare the first and the third", [0, 2]), ("compare the third and the first", [2, 0])):
        assert ids(shelf.ask(Request(text, history=history))) == [shown[i] for i in wanted]
    assert len(engine.calls) == asked


def test_ranking_alone_shows_the_model_what_the_whole_path_shows(graded) -> None:
    shelf, engine = graded
    request = "a big kettle over 25"
    answer = shelf.ask(request)
    whole = [call.text for call in engine.calls]
    intent = shelf.understand(request).intent
    ranking = shelf.rank(intent, request, shelf.retrieve(intent))
    assert [call.text for call in engine.calls[len(whole) :]] == whole != []
    assert [c.product.id for c in ranking.candidates][:3] == ids(answer)


def test_only_who_asks_for_a_comparison_gets_one(shelf) -> None:
    _, answer = follow_up(shelf, "is the first one cordless?")
    assert "comparison" not in answer.to_dict()


def test_why_a_pick_is_one_is_told_of_the_request_that_it_was_picked_for(shelf) -> None:
    shown, answer = follow_up(shelf, "why not the second one?")
    assert ids(answer) == [shown[1]]
    assert "number 2 of 4" in answer.picks[0].reason
    assert "under your 60." in answer.picks[0].reason


def test_why_not_another_by_its_name_names_the_limit_that_it_fails(shelf) -> None:
    first = shelf.ask("a kettle under 25")
    history = (Turn("user", first.request), assistant_turn(first))
    answer = shelf.ask(Request("why not the Velm kettle, black, k4?", history=history))
    assert ids(answer) == ["k4"]
    assert answer.picks[0].reason.startswith("Not picked: it fails a limit")
    assert "59.90" in answer.picks[0].reason
    nothing = shelf.ask(Request("why not the Foobar 3000?", history=history))
    assert nothing.picks == ()
    assert 'Nothing in the catalogue is called "foobar 3000".' in nothing.notes


def test_a_question_about_a_pick_is_answered_by_its_record_streamed_or_not(shelf) -> None:
    first = shelf.ask("a kettle under 60", k=3)
    asked = Request("is the first one cordless?", history=(Turn("user", first.request), assistant_turn(first)))
    answer = shelf.ask(asked)
    assert answer.picks[0].reason == ("No. Cordless: no." if ids(answer) == ["k1"] else "Yes. Cordless: yes.")
    assert [e.value for e in shelf.stream(asked)][-1].picks == answer.picks


def test_a_taste_that_no_pick_speaks_of_is_told(shelf) -> None:
    note = "None of these speaks of '{}'."
    assert note.format("penguins") in shelf.ask("a kettle for my aunt, she loves penguins").notes
    assert not any("speaks of" in n for n in shelf.ask("a teapot for my aunt, she loves glass").notes)


def test_both_of_two_kinds_asked_for_are_shown(shelf) -> None:
    kinds = [pick.product.categories[-1] for pick in shelf.ask("a kettle or a teapot under 60").picks]
    assert kinds[:2] == ["Kettles", "Teapots"]


def test_a_shelf_that_does_not_wait_reads_wishes_once_the_encoders_are_loaded(shelf, monkeypatch) -> None:
    """The encoders are stand-ins: what is tested is who waits for whom."""
    loading, loaded = threading.Event(), []

    def load(home: Path, larger: bool) -> Matchers:
        loading.wait(10)
        loaded.append(Matchers(FieldMatcher(Words()), KindMatcher(Words())))
        return loaded[0]

    monkeypatch.setattr(stages, "shared_matchers", load)
    monkeypatch.setattr(stages, "ready_matchers", lambda home, larger: loaded[0] if loaded else None)
    reading = shelf.settings.understand.model_copy(update={"mode": "encoders"})
    settings = shelf.settings.model_copy(update={"understand": reading})
    asked = "a kettle with a high capacity"
    with Shelf(shelf.catalog, settings, shelf.prompts, None, waits=False) as quick:
        assert quick.ask(asked).intent.criteria == ()
        loading.set()
        until = time.monotonic() + 10
        while not loaded and time.monotonic() < until:
            time.sleep(0.01)
        assert [(c.field, c.want) for c in quick.ask(asked).intent.criteria] == [("capacity_l", "high")]

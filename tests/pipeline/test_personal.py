"""A shopper's refusals, taste and place act on the next answer, as far as the request leaves it open, and reasons cite what was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.explain.history import FIELD, proven, when
from shelftalk.pipeline.circumstances import moment_of
from shelftalk.pipeline.personal import Personal
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.profiles import Corrections
from shelftalk.values import (
    Answer,
    Candidate,
    Context,
    Criterion,
    Interaction,
    ProfileLine,
    Refusal,
    Request,
    Shopper,
    Turn,
)
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BOUGHT = Interaction("u_1", "purchase", datetime(2026, 5, 3, tzinfo=UTC), "k3", "i1")
RED = ProfileLine("l1", Criterion("colour", "is", "red"), "Kettles", 1.0, ("i1",))
VELM = ProfileLine("l2", Criterion("brand", "is", "Velm"), "", 0.5, ("i1",))


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A shop whose products say where they are sent."""
    catalog = Catalog.open(tmp_path_factory.mktemp("far") / "catalog", create=True, embedder=HashEmbedder())
    places = [("DE", "AT"), ("DE",), ("AT",), ("DE", "AT"), ("DE",)]
    catalog.upsert(
        [replace(p, attributes={**p.attributes, "ships_to": to}) for p, to in zip(PRODUCTS, places, strict=True)]
    )
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def ids(answer: Answer) -> list[str]:
    return [p.product.id for p in answer.picks]


def asked(shelf: Shelf, request: str, **known: object) -> Answer:
    return shelf.ask(Request(request, k=5, shopper=Shopper("u_1", context=Context(at=NOW), **known)))  # type: ignore[arg-type]


def test_a_product_that_was_refused_does_not_come_back(shelf: Shelf):
    answer = asked(shelf, "a kettle", refused=(Refusal("k2"),))
    assert sorted(ids(answer)) == ["k1", "k3", "k4"]
    assert "k2" not in answer.intent.exclude, "what a shopper refused before is no part of what was asked now"


def test_a_refused_brand_is_left_out_and_said(shelf: Shelf):
    answer = asked(shelf, "a kettle", refused=(Refusal("k2", "brand"),))
    assert sorted(ids(answer)) == ["k3", "k4"]
    assert "Left out, since you sent it away: Orsk." in answer.notes


def test_a_request_that_names_the_refused_brand_gets_it(shelf: Shelf):
    assert sorted(ids(asked(shelf, "an Orsk kettle", refused=(Refusal("k2", "brand"),)))) == ["k1"]


def test_too_expensive_rules_out_what_costs_as_much_and_is_never_given_up(shelf: Shelf):
    refused = (Refusal("k2", "price"), Refusal("k1", "price"))
    assert ids(asked(shelf, "a kettle", refused=refused[:1])) == ["k1"]
    assert ids(asked(shelf, "a kettle", refused=refused)) == []


def test_too_expensive_for_one_kind_is_nothing_for_another(shelf: Shelf):
    assert ids(asked(shelf, "a teapot", refused=(Refusal("k1", "price"),))) == ["t1"]


def test_who_asks_for_dearer_ones_gets_them(shelf: Shelf):
    assert sorted(ids(asked(shelf, "a kettle over 35", refused=(Refusal("k2", "price"),)))) == ["k3", "k4"]


SENT_AWAY = datetime(2026, 11, 1, 11, tzinfo=UTC)
EARLIER, LATER = SENT_AWAY - timedelta(minutes=5), SENT_AWAY + timedelta(minutes=5)
SPENDING = ["more expensive ones", "dearer ones please", "I can spend more", "we could go a bit higher", "up to 90 is fine", "price doesn't matter", "money is no object"]  # fmt: skip


def turned(shelf: Shelf, request: str, *earlier: tuple[str, datetime]) -> list[str]:
    """What is shown after a product was sent away for its price, with the user's turns before it."""
    shopper = Shopper("u_1", context=Context(at=NOW), refused=(Refusal("k2", "price", at=SENT_AWAY),))
    history = tuple(Turn("user", text, at=at) for text, at in earlier)
    return sorted(ids(shelf.ask(Request(request, history=history, k=5, shopper=shopper))))


@pytest.mark.parametrize("said", SPENDING)
def test_who_says_later_that_more_may_be_spent_is_shown_dearer_ones_but_never_what_was_sent_away(
    shelf: Shelf, said: str
):
    talk = ("a kettle", EARLIER)
    assert set(turned(shelf, said, talk)) >= {"k3"}, said
    assert set(turned(shelf, "in stock", talk, (said, LATER))) >= {"k3"}, "it holds in the turns after it"
    assert "k2" not in turned(shelf, said, talk)


@pytest.mark.parametrize("said", SPENDING)
def test_what_was_said_before_a_product_was_sent_away_for_its_price_frees_no_price(shelf: Shelf, said: str):
    assert turned(shelf, "in stock", ("a kettle", EARLIER - timedelta(minutes=1)), (said, EARLIER)) == ["k1"]


@pytest.mark.parametrize("said", ["a kettle up to 90", "a kettle, price doesn't matter"])
def test_the_same_words_again_free_no_price(shelf: Shelf, said: str):
    assert turned(shelf, said, (said, EARLIER)) == ["k1"]


@pytest.mark.parametrize(
    "said", ["I don't want to spend more", "I can't spend more", "not willing to pay more", "up to 30"]
)
def test_who_does_not_want_to_spend_more_is_shown_nothing_dearer(shelf: Shelf, said: str):
    assert set(turned(shelf, said, ("a kettle", EARLIER))) <= {"k1"}


def test_a_product_that_was_sent_away_and_is_asked_for_by_name_is_said_to_be_left_out(shelf: Shelf):
    product = next(p for p in PRODUCTS if p.id == "k2")
    note = f"Left out, since you sent it away: {product.title}."
    refused = (Refusal("k2"),)
    assert note in asked(shelf, f"tell me about the {product.title}", refused=refused).notes
    assert note not in asked(shelf, "a kettle", refused=refused).notes, "nobody asked for it"
    other = next(p for p in PRODUCTS if p.id == "k3")
    assert note not in asked(shelf, other.title, refused=refused).notes


def test_its_look_puts_what_looks_alike_behind(shelf: Shelf):
    answer = asked(shelf, "a kettle", refused=(Refusal("k1", "look"),))
    assert ids(answer)[-1] == "k3", "the other red one"


def test_the_same_thing_in_another_colour_comes_behind_what_looks_otherwise(shelf: Shelf):
    lamp = replace(PRODUCTS[0], id="l1", title="Orsk Bow lamp, red", attributes={"colour": "red"})
    green = replace(lamp, id="l2", title="Orsk Bow lamp, green", attributes={"colour": "green"})
    other = replace(lamp, id="l3", title="Orsk Pillar reading light, green", attributes={"colour": "green"})
    who = Personal(Shopper(), shelf.catalog, 0.15, 0.15, looks=(lamp,))
    shown = who.lean([Candidate(green, 1.0), Candidate(other, 0.8), Candidate(replace(lamp, id="l4"), 0.9)])
    assert [c.product.id for c in shown] == ["l3", "l2", "l4"]


def test_a_look_that_was_sent_away_counts_as_much_however_many_others_were(shelf: Shelf):
    by_id = {p.id: p for p in PRODUCTS}
    other = replace(by_id["k3"], attributes={**by_id["k3"].attributes, "colour": "Red"})

    def taste(*looks: str) -> float:
        return Personal(Shopper(), shelf.catalog, 1.0, 1.0, looks=tuple(by_id[n] for n in looks)).taste(other, {})

    assert taste("k1") == taste("k1", "k2", "k4") < 0, (
        "red is red in any case, and the blue and the black one are not like it"
    )
    assert taste("k2") == 0
    lamp = replace(by_id["k1"], categories=("Lamps",))
    assert Personal(Shopper(), shelf.catalog, 1.0, 1.0, looks=(lamp,)).taste(other, {}) == 0


def test_taste_orders_what_answers_the_request_and_limits_nothing(shelf: Shelf):
    leaning = asked(shelf, "a kettle", lines=(replace(RED, source="stated", evidence=()),))
    assert set(ids(leaning)) == {"k1", "k2", "k3", "k4"}
    assert set(ids(leaning)[:2]) == {"k1", "k3"}


def test_what_the_request_says_goes_before_taste(shelf: Shelf):
    assert ids(asked(shelf, "a blue kettle", lines=(replace(RED, source="stated"),)))[0] == "k2"
    assert ids(asked(shelf, "the cheapest kettle", lines=(replace(VELM, source="stated"),)))[0] == "k1"


def test_an_exception_that_the_shopper_made_for_a_kind_holds_there(shelf: Shelf):
    never = ProfileLine("l3", Criterion("brand", "not", "Velm"), "", 1.0, (), "stated")
    but = ProfileLine("l4", Criterion("brand", "is", "Velm"), "Kettles", 1.0, (), "stated")
    assert {"k3", "k4"}.isdisjoint(ids(asked(shelf, "a kettle", lines=(never,))))
    assert set(ids(asked(shelf, "a kettle", lines=(never, but)))[:2]) == {"k3", "k4"}
    assert ids(asked(shelf, "a teapot", lines=(never, but))) == []


def test_a_line_of_another_category_says_nothing(shelf: Shelf):
    line = replace(RED, category="Teapots", source="stated")
    assert ids(asked(shelf, "a kettle", lines=(line,))) == ids(asked(shelf, "a kettle"))


def test_a_reason_cites_what_was_bought_and_is_proven(shelf: Shelf):
    answer = asked(shelf, "a kettle", lines=(RED, VELM), history=(BOUGHT,))
    told = {p.product.id: p for p in answer.picks}
    assert "You bought the Velm kettle, red, k3 in May, also with colour red." in told["k1"].reason
    assert "You bought the Velm kettle, red, k3 in May, also by Velm." in told["k4"].reason
    assert "You bought this in May." in told["k3"].reason
    assert "You bought" not in told["k2"].reason
    known = {p.id: p for p in PRODUCTS}
    own = [(p.product, c) for p in answer.picks for c in p.claims if any(e.field == FIELD for e in c.evidence)]
    assert len(own) == 3
    for product, claim in own:
        assert proven(claim, product, [BOUGHT], known)
        assert not proven(claim, product, [replace(BOUGHT, kind="view")], known)
        assert not proven(claim, product, [], known)


def test_a_range_of_prices_is_told(shelf: Shelf):
    line = ProfileLine("l3", Criterion("price", "is"), "Kettles", 1.0, ("i1",), span=(Decimal(30), Decimal(45)))
    told = {p.product.id: p.reason for p in asked(shelf, "a kettle", lines=(line,), history=(BOUGHT,)).picks}
    assert "Price 39.90 EUR is within the 30 to 45 EUR that you mostly choose for Kettles." not in told["k3"]
    answer = asked(shelf, "a kettle", lines=(line,), history=(replace(BOUGHT, product_id="k1"),))
    told = {p.product.id: p.reason for p in answer.picks}
    assert "Price 39.90 EUR is within the 30 to 45 EUR that you mostly choose for Kettles." in told["k3"]
    assert "mostly choose" not in told["k4"]


def test_what_was_bought_once_comes_behind(shelf: Shelf):
    first = ids(asked(shelf, "a kettle"))[0]
    answer = asked(shelf, "a kettle", history=(replace(BOUGHT, product_id=first),))
    assert ids(answer)[-1] == first
    again = (replace(BOUGHT, product_id=first), replace(BOUGHT, product_id=first, id="i2", at=NOW - timedelta(days=9)))
    assert ids(asked(shelf, "a kettle", history=again))[-1] != first, "who buys it again and again wants it"


def test_the_place_is_a_filter_where_products_say_where_they_are_sent(far: Shelf):
    there = far.ask(Request("a kettle", k=5, shopper=Shopper(context=Context(place="AT"))))
    assert sorted(ids(there)) == ["k1", "k3", "k4"]
    assert "Only what can be had in AT." in there.notes
    nowhere = far.ask(Request("a kettle", k=5, shopper=Shopper(context=Context(place="Mars"))))
    assert len(ids(nowhere)) == 4, "a place that no product names is no limit"
    assert 'No product says that it can be had in "Mars".' in nowhere.notes


def test_how_soon_it_must_be_there_is_a_filter_where_products_say_how_long_they_take(tmp_path: Path):
    catalog = Catalog.open(tmp_path / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(
        [
            replace(p, attributes={**p.attributes, "delivery_days": d})
            for p, d in zip(PRODUCTS, (1, 2, 9, 3, 1), strict=True)
        ]
    )
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    soon = Shopper(context=Context(within_days=2))
    with Shelf(catalog, settings, PromptLibrary.default(), None) as shelf:
        answer = shelf.ask(Request("a kettle", k=5, shopper=soon))
        assert sorted(ids(answer)) == ["k1", "k2"]
        assert "Only what is there within 2 days." in answer.notes
        assert set(ids(shelf.for_you(soon, k=5))) <= {"k1", "k2", "t1"}
        asked_for = shelf.ask(Request("a kettle with delivery days up to 3", k=5, shopper=soon))
        assert "k4" in ids(asked_for), "what the request says goes first"


def test_how_soon_it_must_be_there_is_a_line_where_no_field_says_it(shelf: Shelf):
    answer = shelf.ask(Request("a kettle", k=5, shopper=Shopper(context=Context(within_days=2))))
    assert len(ids(answer)) == 4
    assert not any("within" in note for note in answer.notes)


@pytest.mark.parametrize(("hour", "part"), [(0, "night"), (4, "night"), (5, "morning"), (12, "afternoon"), (18, "evening"), (22, "night")])  # fmt: skip
def test_the_time_of_day_is_told_in_words(hour: int, part: str):
    assert moment_of(datetime(2026, 11, 27, hour, 15)) == f"Friday {part}"


def test_the_season_orders_where_products_name_theirs(tmp_path: Path):
    catalog = Catalog.open(tmp_path / "catalog", create=True, embedder=HashEmbedder())
    seasons = ("summer", "summer", "winter", "summer", "winter")
    catalog.upsert(
        [replace(p, attributes={**p.attributes, "season": s}) for p, s in zip(PRODUCTS, seasons, strict=True)]
    )
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as shelf:
        winter = Shopper(context=Context(season="winter"))
        assert ids(shelf.ask(Request("a kettle", k=5, shopper=winter)))[0] == "k3"
        asked_for = shelf.ask(Request("a summer kettle", k=5, shopper=winter))
        assert "k3" not in ids(asked_for), "what the request says goes first"


def test_the_judgement_reads_the_history_and_the_context(shelf: Shelf):
    context = Context(at=NOW, season="winter", place="DE", device="phone", moment="Friday evening", within_days=3)
    said = "Asked on a Friday evening, in winter, from DE, on a phone, needed within 3 days."
    who = Shopper("u_1", (RED,), (BOUGHT,), context=context)
    state = shelf._begin([Request("a kettle", k=5, shopper=who)])[0]
    shelf._find(state)
    told = state.beside([c.product for c in state.retrieval.candidates], shelf.prompts)
    assert told["k1"] == (f"You bought the Velm kettle, red, k3 in May, also with colour red. {said}")
    assert told["k2"] == said


def test_a_shopper_of_whom_nothing_is_known_gets_the_plain_answer(shelf: Shelf):
    assert ids(asked(shelf, "a kettle")) == ids(shelf.ask(Request("a kettle", k=5)))


def test_what_was_forgotten_is_not_cited_again(shelf: Shelf):
    known = shelf.known("u_1", [BOUGHT], context=Context(at=NOW), corrections=Corrections(forgotten_at=NOW))
    assert known.history == ()
    assert known.owned == frozenset()


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), "today"),
        (datetime(2026, 10, 31, 23, tzinfo=UTC), "yesterday"),
        (datetime(2026, 5, 3, tzinfo=UTC), "in May"),
        (datetime(2025, 5, 3, tzinfo=UTC), "in May 2025"),
    ],
)
def test_when_is_said_in_words(at: datetime, said: str):
    assert when(at, NOW) == said

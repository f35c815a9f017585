"""What was sent away before, or shown already, and what answers make of it: brands stay away, lists never bring a thing back, and where all
that fits was seen the answer says so and keeps to the kind of thing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.pipeline.personal import FOR_ANOTHER
from shelftalk.pipeline.refusing import asked_by_name
from shelftalk.pipeline.state import seen_already
from shelftalk.prompts import PromptLibrary
from shelftalk.render import assistant_turn
from shelftalk.retrieve.audience import not_for_others
from shelftalk.values import (
    Answer,
    Context,
    Criterion,
    Interaction,
    Product,
    ProfileLine,
    Refusal,
    Request,
    Shopper,
    Turn,
)
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import kettle

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _machine(identity: str, kind: str, price: str, category: str = "Coffee") -> Product:
    return Product(
        id=identity, title=f"{kind} {identity}", brand="Orsk", price=Decimal(price), currency="EUR", categories=("Shop", category),
        attributes={"kind": kind}, rating=4.0, review_count=50,
    )  # fmt: skip


SHOP = [
    *(kettle(f"k{n}", f"{20 + 10 * n}.00", 1.0, "Orsk" if n % 2 else "Velm", "red") for n in range(6)),
    _machine("e1", "espresso machine", "300"), _machine("e2", "espresso machine", "200"),
    _machine("c1", "capsule machine", "90"), _machine("c2", "filter machine", "50"),
    *(_machine(f"d{n}", "tug rope", "9", "Dogs") for n in range(4)),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    catalog = Catalog.open(tmp_path_factory.mktemp("shop") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(SHOP)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def did(kind: str, product_id: str, days: float, why: str = "", session: str = "") -> Interaction:
    at = NOW - timedelta(days=days)
    return Interaction("u_1", kind, at, product_id, f"{kind}-{product_id}-{days}", why=why, session=session)  # type: ignore[arg-type]


def ask(shelf: Shelf, request: str, *done: Interaction, **more: object) -> Answer:
    who = shelf.known("u_1", done, context=Context(at=NOW))
    return shelf.ask(Request(request, k=10, shopper=who, **more))  # type: ignore[arg-type]


def ids(answer: Answer) -> list[str]:
    return [p.product.id for p in answer.picks]


def test_a_brand_that_was_sent_away_on_an_earlier_visit_stays_away_and_a_note_says_so(shop: Shelf) -> None:
    answer = ask(shop, "a kettle", did("dismiss", "k1", 10, "brand", "then"))
    assert sorted(ids(answer)) == ["k0", "k2", "k4"]
    assert "Left out, since you sent it away: Orsk." in answer.notes


def test_after_ninety_days_or_once_something_of_the_brand_is_taken_it_is_back(shop: Shelf) -> None:
    assert "k3" in ids(ask(shop, "a kettle", did("dismiss", "k1", 91, "brand", "then")))
    since = ask(shop, "a kettle", did("dismiss", "k1", 10, "brand", "then"), did("purchase", "k5", 3))
    assert "k3" in ids(since)
    assert "k1" not in ids(since), "the product itself was not taken back"
    before = ask(shop, "a kettle", did("purchase", "k5", 30), did("dismiss", "k1", 10, "brand", "then"))
    assert "k3" not in ids(before)


def test_a_price_of_an_earlier_visit_is_no_limit(shop: Shelf) -> None:
    assert len(ids(ask(shop, "a kettle", did("dismiss", "k1", 10, "price", "then")))) == 5


def test_a_list_without_a_request_never_brings_back_what_was_sent_away(shop: Shelf) -> None:
    gone = [did("dismiss", i, 400) for i in ("e1", "c1", "d0")]
    who = shop.known("u_1", gone, context=Context(at=NOW))
    shown = ids(shop.for_you(who, k=10))
    assert shown
    assert not {"e1", "c1", "d0"} & set(shown)
    liked = shop.known("u_1", [*gone, did("like", "e1", 3)], context=Context(at=NOW))
    assert "e1" in ids(shop.for_you(liked, k=10)), "until it is liked after all"


def test_where_all_that_fits_was_seen_the_answer_says_so_and_keeps_to_the_kind_of_thing(shop: Shelf) -> None:
    answer = shop.ask(Request("an espresso machine", k=10, exclude=("e1", "e2")))
    assert "All 2 that fit were shown or sent away already." in answer.notes
    assert not any("Nothing in the catalogue" in note for note in answer.notes)
    assert sorted(ids(answer)) == ["c1", "c2"], "what comes nearest is a coffee machine, and nothing for dogs"
    assert answer.no_match


def test_where_nothing_was_seen_nothing_is_said_to_be(shop: Shelf) -> None:
    fresh, later = shop._begin(
        [Request("an espresso machine"), Request("an espresso machine", exclude=("e1", "not in the shop"))]
    )
    assert (seen_already(fresh), seen_already(later)) == (0, 2)


def test_a_question_about_what_was_sent_away_is_answered_without_contradicting_itself(shop: Shelf) -> None:
    first = shop.ask(Request("an espresso machine", k=2))
    history = (Turn("user", "an espresso machine"), assistant_turn(first))
    gone = first.picks[0].product
    who = Shopper(refused=(Refusal(gone.id, "have", session="s"),), context=Context(at=NOW))
    asked = Request("what does the first one cost?", history=history, exclude=(gone.id,), shopper=who)
    answer = shop.ask(asked)
    assert ids(answer) == [gone.id]
    assert not any("Left out" in note or "Nothing in the catalogue" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("words", "said"), [("what about the e1?", True), ("what about the e2?", False), ("a coffee machine", False)]
)
def test_a_word_of_its_own_names_what_was_sent_away(words: str, said: bool) -> None:
    gone, shown = SHOP[6], [SHOP[7], SHOP[8]]
    assert bool(asked_by_name(words, [gone], shown)) == said


def test_where_nothing_fits_at_all_it_says_that(shop: Shelf) -> None:
    answer = shop.ask(Request("an espresso machine under 100", k=10, exclude=("e1",)))
    assert "Nothing in the catalogue fits what was asked." in answer.notes
    assert not {i for i in ids(answer) if i.startswith("d")}


def test_what_is_owned_stands_behind_all_others_of_its_kind_even_where_no_kind_is_named(shop: Shelf) -> None:
    plain = ids(ask(shop, "something red"))
    first = plain[0]
    assert first.startswith("k")
    kettles = [i for i in ids(ask(shop, "something red", did("purchase", first, 20))) if i.startswith("k")]
    assert kettles[-1] == first
    assert len(kettles) > 2


def test_a_range_that_was_stated_orders_a_list_and_is_named_as_a_source(shop: Shelf) -> None:
    cheap = ProfileLine(
        "l1",
        Criterion("price", "is"),
        "Kettles",
        source="stated",
        span=(Decimal(0), Decimal(35)),
        text="Kettles up to 35.",
    )
    who = Shopper("u_1", (cheap,), (did("like", "k5", 5), did("like", "k4", 5)), context=Context(at=NOW))
    kettles = [p.product for p in shop.for_you(who, k=3).picks if p.product.id.startswith("k")]
    assert kettles
    assert all(p.price is not None and p.price <= 35 for p in kettles)
    answer = shop.ask(Request("a kettle", k=3, shopper=who))
    sources = {p.product.id: [s.name for s in p.sources] for p in answer.picks}
    assert "taste" in sources["k0"]


def test_after_one_thing_for_men_what_is_for_women_fills_a_list_alone() -> None:
    mens, womens, any_one = (
        Product(i, i, attributes={"gender": g}) for i, g in (("m", "men"), ("w", "women"), ("u", "unisex"))
    )
    assert [not_for_others(p, [mens], sure=1) for p in (mens, womens, any_one)] == [True, False, True]
    assert not_for_others(womens, [mens]), "one thing alone rules nothing out"


def test_of_what_was_only_chosen_no_reason_tells_how_or_when(shop: Shelf) -> None:
    chosen = Interaction("u_1", "like", NOW, "k1", "h1", dated=False)
    reasons = " ".join(p.reason for p in shop.for_you(shop.known("u_1", [chosen], context=Context(at=NOW)), k=6).picks)
    assert "that you chose." in reasons
    assert "liked" not in reasons
    assert "November" not in reasons


@pytest.mark.parametrize("words", ["a kettle for my sister", "a kettle, it is a gift", "my mum needs a kettle"])
def test_for_somebody_else_the_shoppers_own_history_says_nothing_but_what_was_sent_away_here_stays_away(
    shop: Shelf, words: str
) -> None:
    line = ProfileLine("l1", Criterion("brand", "not", "Velm"), source="stated")
    here = Refusal("k4", session="s")
    own = Shopper("u_1", (line,), (did("purchase", "k0", 5),), (here, Refusal("k2")), Context(at=NOW))
    answer = shop.ask(Request(words, k=10, shopper=own))
    assert ids(answer) == [i for i in ids(shop.ask(Request(words, k=10))) if i != "k4"]
    assert FOR_ANOTHER in answer.notes
    assert "You bought" not in " ".join(p.reason for p in answer.picks)
    mine = shop.ask(Request("a kettle", k=10, shopper=own))
    assert not {"k0", "k2", "k4"} & set(ids(mine))
    assert FOR_ANOTHER not in mine.notes


def test_a_list_says_nothing_of_what_records_lack_and_has_few_of_a_kind_that_was_bought_once(shop: Shelf) -> None:
    low = ProfileLine("l1", Criterion("weight_kg", "low"), source="stated")
    done = (did("purchase", "k0", 9), did("like", "k1", 5), did("like", "k2", 4))
    listed = shop.for_you(Shopper("u_1", (low,), done, context=Context(at=NOW)), k=6)
    assert "says nothing" not in " ".join(p.reason for p in listed.picks)
    assert sum(i.startswith("k") for i in ids(listed)) <= 2

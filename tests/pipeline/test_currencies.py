"""Prices in several currencies: never compared, never put in one order, and the answer says which were held against the limit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Product
from tests.catalog.fakes import HashEmbedder


def lamp(identity: str, price: str, currency: str) -> Product:
    return Product(
        identity, f"Desk lamp {identity}", price=Decimal(price), currency=currency, categories=("Lamps",),
        attributes={"weight_g": 500 + int(price)},
    )  # fmt: skip


# 900 JPY are some 5 EUR: as numbers they stand above all others.
LAMPS = [
    lamp("e60", "60", "EUR"), lamp("e90", "90", "EUR"), lamp("e130", "130", "EUR"), lamp("e200", "200", "EUR"),
    lamp("j900", "900", "JPY"), lamp("j3000", "3000", "JPY"), lamp("s80", "80", "SEK"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    catalog = Catalog.open(tmp_path_factory.mktemp("mixed") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(LAMPS)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def picked(shelf: Shelf, request: str) -> list[str]:
    return [pick.product.id for pick in shelf.ask(request, k=7).picks]


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("a desk lamp under 100", {"e60", "e90"}),
        ("a desk lamp under 100 euros", {"e60", "e90"}),
        ("a desk lamp under €100", {"e60", "e90"}),
        ("a desk lamp over 100", {"e130", "e200"}),
        ("a desk lamp under 1000 yen", {"j900"}),
        ("a desk lamp under ¥1000", {"j900"}),
        ("a desk lamp under JPY 5000", {"j900", "j3000"}),
        ("a desk lamp under 100 kr", {"s80"}),
        ("a desk lamp under 100 SEK", {"s80"}),
        ("a desk lamp between 80 and 150", {"e90", "e130"}),
    ],
)
def test_a_limit_is_held_against_prices_of_one_currency(shelf: Shelf, request_text: str, expected: set[str]) -> None:
    assert set(picked(shelf, request_text)) == expected


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("the cheapest desk lamp", ["e60", "e90", "e130", "e200"]),
        ("the most expensive desk lamp", ["e200", "e130", "e90", "e60"]),
        ("the cheapest desk lamp over 1000 yen", ["j3000"]),
    ],
)
def test_an_order_by_price_holds_one_currency(shelf: Shelf, request_text: str, expected: list[str]) -> None:
    assert picked(shelf, request_text) == expected


def test_it_is_said_which_prices_were_compared_and_which_others_there_are(shelf: Shelf) -> None:
    notes = shelf.ask("a desk lamp under 100").notes
    assert (
        "only prices in EUR were compared: the shop has others (2 in JPY, 1 in SEK), and no exchange is made" in notes
    )


def test_a_request_that_says_nothing_of_prices_sees_them_all_and_none_is_called_cheapest(shelf: Shelf) -> None:
    answer = shelf.ask("a desk lamp", k=7)
    assert {pick.product.id for pick in answer.picks} == {p.id for p in LAMPS}
    assert not any("no exchange" in note for note in answer.notes)
    assert not any(word in f"{p.reason} {p.label}" for p in answer.picks for word in ("cheapest", "most expensive"))


def test_a_limit_in_a_currency_that_the_shop_has_not_is_said_to_be_taken_as_it_stands(shelf: Shelf) -> None:
    answer = shelf.ask("a desk lamp under 100 pesos")
    assert any("was taken as an amount in EUR" in note for note in answer.notes)


def test_one_currency_alone_needs_no_word_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    catalog = Catalog.open(tmp_path_factory.mktemp("one") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(LAMPS[:4])
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as shelf:
        answer = shelf.ask("a desk lamp under 100")
    assert [c.field for c in answer.intent.constraints] == ["price"]
    assert not any("exchange" in note for note in answer.notes)


def test_cheaper_ones_are_cheaper_in_the_currency_of_those_shown(shelf: Shelf) -> None:
    from shelftalk.render import assistant_turn
    from shelftalk.values import Turn

    first = shelf.ask("a desk lamp over 2000 yen")
    history = [Turn("user", "a desk lamp over 2000 yen"), assistant_turn(first)]
    assert {p.product.id for p in shelf.ask("something cheaper", history=history).picks} <= {"j900", "j3000"}

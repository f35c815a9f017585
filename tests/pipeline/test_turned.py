"""What several turns come to over a real catalogue: limits from comparing that leave next to nothing, and which one is best."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk import Shelf, Turn, load_settings
from shelftalk.catalog import Catalog
from shelftalk.conversation import which_is_best
from shelftalk.pipeline import PipelineState
from shelftalk.prompts import PromptLibrary
from shelftalk.render import assistant_turn
from shelftalk.understand import Understood
from shelftalk.values import (
    Answer,
    Candidate,
    Criterion,
    Facet,
    Facets,
    Intent,
    Pick,
    Product,
    Request,
    Retrieval,
)
from tests.catalog.fakes import HashEmbedder


def mower(identity: str, price: str, kg: float, db: float, stock: int = 5) -> Product:
    return Product(
        id=identity, title=f"Lawn mower {identity}", price=Decimal(price), currency="EUR", stock=stock,
        categories=("Garden", "Mowers"), attributes={"weight_kg": kg, "noise_db": db},
    )  # fmt: skip


PRODUCTS = [
    mower("m1", "120", 14, 90),
    mower("m2", "150", 17, 88),
    mower("m3", "180", 20, 80),
    mower("m4", "240", 26, 78),
    mower("m5", "300", 30, 94),
    mower("m6", "90", 9, 96, stock=0),
    *(Product(id=f"h{n}", title=f"Hose {n}", price=Decimal(20 + n), currency="EUR", categories=("Garden", "Hoses"), attributes={"length_m": 10 + n}) for n in range(4)),
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder: Path = tmp_path_factory.mktemp("turned") / "catalog"
    catalog = Catalog.open(folder, create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def listed(*ids: str) -> Turn:
    held = {p.id: p for p in PRODUCTS}
    return Turn("assistant", "\n".join(f"{n}. {held[i].title} - {held[i].price} EUR [{i}]" for n, i in enumerate(ids, 1)))  # fmt: skip


def ids(answer: Answer) -> list[str]:
    return [pick.product.id for pick in answer.picks]


def test_what_goes_furthest_the_way_that_was_said_stands_first(shelf: Shelf) -> None:
    answer = shelf.ask("lighter", history=(Turn("user", "a mower"), listed("m5", "m4")))
    assert ids(answer) == ["m1", "m2", "m3"]
    assert answer.intent.constraints[-1].field.endswith("weight_kg")


def test_a_limit_from_comparing_that_leaves_next_to_nothing_in_stock_is_loosened_and_said(shelf: Shelf) -> None:
    answer = shelf.ask("too heavy", history=(Turn("user", "a mower"), listed("m1", "m2", "m3")))
    assert ids(answer) == ["m1", "m2", "m3"], "the only lighter one is sold out"
    assert not answer.no_match
    assert any("Nothing in stock is lower in weight" in note and "lightest" in note for note in answer.notes)


def test_cheaper_than_the_cheapest_keeps_what_else_was_asked(shelf: Shelf) -> None:
    answer = shelf.ask("that's more than I want to pay", history=(Turn("user", "a mower of at least 12 kg"), listed("m1", "m2")))  # fmt: skip
    assert ids(answer)[0] == "m1"
    assert all(pick.product.value("attributes.weight_kg") >= 12 for pick in answer.picks)
    assert any("lower in price" in note for note in answer.notes)


def test_that_nothing_is_cheaper_is_said_with_the_cheapest(shelf: Shelf) -> None:
    answer = shelf.ask("got anything less expensive?", history=(Turn("user", "a mower of at least 15 kg"), listed("m2", "m3")))  # fmt: skip
    assert any("Nothing in stock that fits is lower in price" in n and "m2 at 150" in n for n in answer.notes)


def test_who_asks_for_cheaper_ones_is_shown_no_dearer_one_beside_the_only_one(shelf: Shelf) -> None:
    answer = shelf.ask("cheaper", history=(Turn("user", "a mower"), listed("m2", "m5")))
    assert ids(answer) == ["m1", "m6"], "the second is cheaper too, and sold out"


def test_a_number_that_was_said_is_not_loosened(shelf: Shelf) -> None:
    answer = shelf.ask("under 130", history=(Turn("user", "a mower"), listed("m2", "m3")))
    assert ids(answer) == ["m1", "m6"]


def test_longer_then_shorter_is_what_lies_between_where_something_does(shelf: Shelf) -> None:
    history = (Turn("user", "a mower"), listed("m1"), Turn("user", "heavier"), listed("m5"))
    assert set(ids(shelf.ask("lighter", history=history))) == {"m2", "m3", "m4"}
    close = (Turn("user", "a mower"), listed("m4"), Turn("user", "heavier"), listed("m5"))
    assert ids(shelf.ask("lighter", history=close))[0] == "m1", "nothing weighs between 26 and 30 kg"


def test_not_so_heavy_after_heavier_wishes_for_nothing_lighter(shelf: Shelf) -> None:
    history = (Turn("user", "a mower"), listed("m1"), Turn("user", "heavier"), listed("m2", "m3"))
    answer = shelf.ask("not that heavy", history=history)
    assert answer.intent.criteria == ()
    assert "m1" in ids(answer)
    assert not any("lightest" in note for note in answer.notes)


def test_forgetting_all_of_it_shows_nothing_and_asks(shelf: Shelf) -> None:
    answer = shelf.ask("forget all that", history=(Turn("user", "a mower"), listed("m1")))
    assert answer.picks == ()
    assert len(answer.notes) == 1
    assert "looking for" in answer.notes[0]


def test_which_is_best_goes_by_what_was_wished_and_says_so(shelf: Shelf) -> None:
    quiet = Intent(query="mower", criteria=(Criterion("attributes.noise_db", "low", words="quiet"),))
    first = shelf.ask(Request("a quiet mower", intent=quiet))
    answer = shelf.ask("which of these is best?", history=(Turn("user", "a quiet mower", quiet), assistant_turn(first)))
    assert answer.intent.criteria == quiet.criteria
    assert ids(answer)[0] == "m4"
    assert answer.opening == "Lawn mower m4 does best by what was asked for: noise."


def test_which_is_best_of_what_nothing_was_wished_for_asks_what_matters(shelf: Shelf) -> None:
    answer = shelf.ask("which would you take?", history=(Turn("user", "a mower"), listed("m3", "m1")))
    assert ids(answer) == ["m3", "m1"]
    assert answer.opening.startswith("That depends on what matters to you")
    assert "weight" in answer.opening


def test_what_all_share_is_no_difference() -> None:
    facets = Facets((Facet("price", "money", 2, 2, (), 1, 2), Facet("attributes.noise_db", "number", 2, 1, (), 1, 2)), 2)  # fmt: skip
    said = which_is_best([mower("a", "1", 1, 70), mower("b", "2", 1, 70)], Intent(), facets)
    assert "price" in said
    assert "noise" not in said


@pytest.mark.parametrize("loud, told", [(True, False), (False, True)])
def test_what_is_sold_out_is_told_only_where_it_would_be_shown(loud: bool, told: bool) -> None:
    here, gone = Product("a", "Drill A", attributes={"quiet": True}), Product("b", "Drill B", stock=0, attributes={"quiet": not loud})  # fmt: skip
    note = "Out of stock and so left for last: Drill B."
    found = Retrieval((Candidate(here, 1.0), Candidate(gone, 0.5)), notes=(note,))
    intent = Intent(criteria=(Criterion("quiet", "is", True),), query="drill", shopping=True)
    state = PipelineState(None, Request("a quiet drill"), Understood(intent), {}, retrieval=found)
    assert (note in state.notes([Pick(here, 1, 1.0, "")], None)) == told

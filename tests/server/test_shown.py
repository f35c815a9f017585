"""What answers show is counted by product and day, by several gateways together, and the floor's debt with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from tests.server.databases import database  # noqa: F401  a fixture

from shelftalk.server.db import ShownStore
from shelftalk.server.db.gaps import day
from shelftalk.server.db.shown import Shown
from shelftalk.server.shown import ShownCounting
from shelftalk.settings import ExposureSettings
from shelftalk.shoppers.exposure import Reordered, Tally, exposure
from shelftalk.shoppers.newness import Newness
from shelftalk.values import Answer, Intent, Pick, Product

TODAY = date.fromisoformat(day())
SETTINGS = ExposureSettings(share=0.2)
NEWNESS = Newness(TODAY, 30)
OLD, NEW = Product("old", "Old"), Product("new", "New", released_at=(TODAY - timedelta(days=3)).isoformat())


def answer(*products: Product) -> Answer:
    picks = tuple(Pick(p, rank, 1.0, "") for rank, p in enumerate(products, 1))
    return Answer("", "a thing", Intent(), picks)


def counting(store: ShownStore, settings: ExposureSettings = SETTINGS) -> ShownCounting:
    return ShownCounting(store, lambda: settings, lambda: NEWNESS)


def test_two_gateways_add_up(database: Engine) -> None:  # noqa: F811
    store = ShownStore(database, "two")
    one, other = counting(store), counting(store)
    one.note(answer(OLD, NEW))
    one.note(answer(OLD))
    other.note(answer(NEW))
    assert one.flush()
    assert other.flush()
    found = store.by_product(day())
    assert found["old"] == Shown(2, 2.0, 0.0)
    assert found["new"].exposure == pytest.approx(found["new"].new_exposure) == pytest.approx(1 + exposure(2))


def test_the_debt_is_that_of_both(database: Engine) -> None:  # noqa: F811
    store = ShownStore(database, "debt")
    one, other = counting(store), counting(store)
    one.account.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, 2.0, due=0.4)))
    other.account.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, 2.0, new=0.1, due=0.4)))
    for gateway in (one, other, one):
        assert gateway.flush()
    assert one.account.owed(TODAY) == other.account.owed(TODAY) == pytest.approx(0.7)
    later = counting(store)
    later.flush()
    assert later.account.owed(TODAY) == pytest.approx(0.7)


def test_what_the_database_does_not_take_is_kept_and_counted_once(
    database: Engine,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = ShownStore(database, "kept")
    gateway = counting(store)
    gateway.note(answer(OLD))
    gateway.account.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, 2.0, due=0.4)))

    def away(*args: object) -> None:
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as broken:
        broken.setattr(store, "add", away)
        assert not gateway.flush()
    gateway.note(answer(OLD))
    with monkeypatch.context() as broken:
        broken.setattr(store, "_tallies", away)
        assert not gateway.flush()
    assert gateway.flush()
    assert store.by_product(day())["old"].times == 2
    assert gateway.account.owed(TODAY) == pytest.approx(0.4)
    assert store.tallies(day())[TODAY].answers == 1


def test_old_counts_go(database: Engine) -> None:  # noqa: F811
    store = ShownStore(database, "old")
    store.add({(day(40), "p"): Shown(1, 1.0, 0.0), (day(3), "p"): Shown(2, 2.0, 0.0)})
    store.prune(30)
    assert store.by_product(day(90))["p"].times == 2


def test_nothing_is_counted_where_the_shop_wants_none(database: Engine) -> None:  # noqa: F811
    store = ShownStore(database, "none")
    gateway = counting(store, ExposureSettings(keep_days=0))
    gateway.note(answer(OLD))
    gateway.flush()
    assert store.by_product(day(1)) == {}

"""Experiments in the database: every gateway over it assigns alike, and what was logged comes back as a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, create_engine, text

from shelftalk.errors import UsageError
from shelftalk.experiments.definition import Arm, Definition
from shelftalk.experiments.experiment import Unit
from shelftalk.server.db import Experiments, Interactions
from shelftalk.server.db.connect import connect
from shelftalk.values import Interaction

PLAN = Definition("first", (Arm("control"), Arm("warm", "k=2")), "purchase", share=0.5, window=timedelta(days=1))
START = datetime(2026, 3, 1, tzinfo=UTC)
UNITS = [Unit("shop", f"u{i}") for i in range(400)]


@pytest.fixture
def store(database: Engine) -> Experiments:
    with database.begin() as connection:
        for table in ("experiments", "exposures", "slates", "interactions"):
            connection.execute(text(f"DELETE FROM {table}"))
    return Experiments(database)


def test_a_gateway_that_opens_the_same_database_assigns_every_user_alike(store: Experiments, database: Engine) -> None:
    started = store.start(PLAN)
    again = Experiments(
        create_engine(database.url) if database.dialect.name == "postgresql" else connect(str(database.url))
    )
    (other,) = again.running()
    assert [other.variant(u) for u in UNITS] == [started.variant(u) for u in UNITS]
    assert {other.variant(u) for u in UNITS} == {None, "control", "warm"}
    assert other.definition == PLAN


def test_users_of_two_tenants_and_conversations_are_units_of_their_own_and_nobody_is_none(store: Experiments) -> None:
    one = store.start(replace(PLAN, share=1.0))
    assert [one.variant(Unit("a", f"{i}")) for i in range(50)] != [one.variant(Unit("b", f"{i}")) for i in range(50)]
    assert [one.variant(Unit("a", f"{i}")) for i in range(50)] != [one.variant(Unit("a", "", f"{i}")) for i in range(50)]  # fmt: skip
    assert one.variant(Unit("a", "u", "s1")) == one.variant(Unit("a", "u", "s2")), "a user keeps the variant"
    assert one.variant(Unit("a")) is None


def test_nobody_is_in_two_experiments_and_what_is_stopped_gives_its_traffic_back(store: Experiments) -> None:
    first, second = store.start(PLAN), store.start(replace(PLAN, name="second"))
    assert not [u for u in UNITS if first.variant(u) and second.variant(u)]
    with pytest.raises(UsageError, match="leave 0%"):
        store.start(replace(PLAN, name="third", share=0.1))
    stopped = store.stop("first", "done")
    assert (stopped.why, stopped.stopped_at is not None) == ("done", True)
    store.start(replace(PLAN, name="third"))
    assert [e.name for e in store.all()] == ["third", "second", "first"]
    assert {e.name for e in store.running()} == {"second", "third"}
    for wrong in (
        lambda: store.stop("first"),
        lambda: store.stop("none"),
        lambda: store.change("first", share=0.1),
        lambda: store.start(PLAN),
    ):
        with pytest.raises(UsageError):
            wrong()


def test_changed_weights_move_the_needed_share_alone_and_become_a_phase(store: Experiments) -> None:
    before = store.start(replace(PLAN, share=1.0))
    after = store.change("first", weights={"control": 3, "warm": 1})
    many = [Unit("shop", f"u{i}") for i in range(4_000)]
    moved = [(before.variant(u), after.variant(u)) for u in many if before.variant(u) != after.variant(u)]
    assert set(moved) == {("warm", "control")}
    assert len(moved) / len(many) == pytest.approx(0.25, abs=0.03)
    assert [shares for _, shares in store.get("first").phases] == [{"control": 0.5, "warm": 0.5}, {"control": 0.75, "warm": 0.25}]  # fmt: skip
    assert store.change("first", share=0.4).definition.share == 0.4
    with pytest.raises(UsageError, match="no variant 'cold'"):
        store.change("first", weights={"cold": 1})


def test_a_report_counts_what_users_and_conversations_did_after_they_were_exposed(
    store: Experiments, database: Engine
) -> None:
    store.start(PLAN)
    hour = timedelta(hours=1)
    buyer, other, talk = Unit("shop", "buyer", "s1"), Unit("shop", "other", "s2"), Unit("shop", "", "s3")
    for unit, variant in ((buyer, "warm"), (other, "control"), (talk, "warm")):
        store.expose("first", variant, unit, ms=100, picks=3, at=START)
        store.expose("first", variant, replace(unit, session=unit.session if not unit.user else "later"), ms=300, picks=0, at=START + hour)  # fmt: skip
    store.expose("other experiment", "warm", Unit("shop", "x"), ms=1, picks=1, at=START)
    put(database, "buyer", "purchase", START - hour, price="5")
    put(database, "buyer", "purchase", START + hour, price="12.50", value=2)
    put(database, "other", "purchase", START + 30 * hour, price="5")
    put(database, "other", "dismiss", START + 2 * hour)
    put(database, "", "click", START + 2 * hour, session="s3")
    put(database, "buyer", "purchase", START + hour, price="99", tenant="another")
    told = store.report("first", START + timedelta(days=2))
    assert dict(told.judged) == {"control": 1, "warm": 2}
    values = {m.metric: dict(m.values) for m in told.metrics}
    assert values["purchase"] == {"control": 0, "warm": 0.5}
    assert values["revenue"] == {"control": 0, "warm": 12.5}
    assert values["click_through"] == {"control": 0, "warm": 0.25}
    assert values["dismissals"] == {"control": 0.5, "warm": 0}
    assert values["latency_ms"] == {"control": 200, "warm": 200}
    assert values["no_picks"] == {"control": 0.5, "warm": 0.5}
    assert store.counts("first") == {"control": 2, "warm": 4}


def put(database: Engine, user: str, kind: str, at: datetime, *, session: str = "", price: str | None = None, value: float | None = None, tenant: str = "shop") -> None:  # fmt: skip
    paid = None if price is None else Decimal(price)
    done = Interaction(user, kind, at, "p1", value=value, price=paid, session=session)  # type: ignore[arg-type]
    assert Interactions(database).put([done], tenant=tenant) == [True]


def test_what_is_kept_of_a_user_is_exported_erased_and_moved(store: Experiments, database: Engine) -> None:
    store.start(PLAN)
    for unit in (Unit("shop", "gone"), Unit("shop", "stays"), Unit("another", "gone")):
        store.expose("first", "warm", unit, ms=1, picks=1, at=START)
    (kept,) = store.export("gone", tenant="shop")["exposures"]
    assert (kept["variant"], kept["at"]) == ("warm", START.isoformat())
    assert store.erase("gone", tenant="shop") == {"exposures": 1, "slates": 0}
    assert store.export("gone", tenant="shop") == {"exposures": [], "slates": []}
    assert len(store.export("gone", tenant="another")["exposures"]) == 1
    with database.begin() as connection:
        store.move(connection, "shop", "stays", "one")
    assert len(store.export("one", tenant="shop")["exposures"]) == 1
    assert store.erase_before(START + timedelta(days=1)) == {"exposures": 2, "slates": 0}

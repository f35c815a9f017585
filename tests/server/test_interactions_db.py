"""The store of interactions, on SQLite and PostgreSQL: each once, whole, durable, read in every way, users merged."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from shelftalk.errors import UsageError
from shelftalk.experiments.experiment import Unit
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Experiments, Interactions, Users, connect, interactions, migrate
from shelftalk.values import Interaction

START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEY = "k" * 32
_tenant = itertools.count()


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own, since tests share a database."""
    return f"shop {next(_tenant)}"


def viewed(product: str, minute: float = 0, user: str = "u1", key: str = "") -> Interaction:
    return Interaction(user, "view", START + timedelta(minutes=minute), product, key or f"{user}-{product}-{minute}")


def test_an_interaction_comes_back_whole(database: Engine, tenant: str) -> None:
    whole = Interaction(
        "u1", "dismiss", datetime(2026, 5, 1, 12, 0, 0, 123456, UTC), "p/1", "k1", 3.5, Decimal("1234567890.123456789"), "EUR",
        "Größe \U0001f6d2", "price", "visit 1", "DE", "phone", "a tent",
    )  # fmt: skip
    bare = Interaction("", "view", START, "p2", "k2")
    store = Interactions(database)
    assert store.put([whole, bare], tenant=tenant) == [True, True]
    assert store.of_user("u1", tenant=tenant) == [whole]
    assert store.of_ids(["k2", "k1", "k3"], tenant=tenant) == {"k1": whole, "k2": bare}


def test_the_same_id_again_changes_nothing_within_a_batch_and_after(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    first, other = viewed("a", key="same"), viewed("b", key="same")
    assert store.put([first, other, viewed("c", key="else")], tenant=tenant) == [True, False, True]
    assert store.put([other, viewed("d", key="new")], tenant=tenant) == [False, True]
    assert {i.product_id for i in store.of_user("u1", tenant=tenant)} == {"a", "c", "d"}
    assert store.put([other], tenant=f"{tenant} else") == [True]


def test_late_and_out_of_order_ones_are_read_in_the_order_in_which_they_happened(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    for minute in (5, 1, 3):
        store.put([viewed("p", minute)], tenant=tenant)
    assert [i.at.minute for i in store.of_user("u1", tenant=tenant)] == [5, 3, 1]
    assert [i.at.minute for i in store.of_user("u1", tenant=tenant, limit=1)] == [5]
    span = {"since": START + timedelta(minutes=1), "until": START + timedelta(minutes=5)}
    assert [i.at.minute for i in store.of_user("u1", tenant=tenant, **span)] == [3, 1]
    assert [i.at.minute for i in store.between(**span, tenant=tenant)] == [1, 3]


def test_a_session_is_read_in_the_order_in_which_it_came(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    here = [Interaction("", "view", START - timedelta(minutes=n), f"p{n}", session="s", id=f"{n}") for n in range(3)]
    store.put([*here, viewed("elsewhere")], tenant=tenant)
    assert store.of_session("s", tenant=tenant) == here
    assert store.of_session("", tenant=tenant) == []
    assert store.of_session("s", tenant=f"{tenant} else") == []


def test_all_users_are_streamed_in_order_page_by_page(
    database: Engine, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "_PAGE", 3)
    store = Interactions(database)
    rows = [viewed(f"p{n}", minute=n // 2, user=f"u{n % 3}", key=str(n)) for n in range(20)]
    store.put([*rows, viewed("anonymous", user="")], tenant=tenant)
    read = dict(store.by_user(tenant=tenant))
    assert list(read) == ["u0", "u1", "u2"]
    for user, those in read.items():
        assert those == [row for row in rows if row.user == user]
    assert len(list(store.between(tenant=tenant))) == 21
    late = dict(store.by_user(START + timedelta(minutes=9), tenant=tenant))
    assert {i.id for those in late.values() for i in those} == {"18", "19"}


def test_products_are_counted_since_a_moment_and_by_kind(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    bought = Interaction("u2", "purchase", START, "a", "bought")
    search = Interaction("u2", "search", START, "", "search", text="a tent")
    store.put([viewed("a", -60), viewed("a"), viewed("b", 1), bought, search], tenant=tenant)
    assert store.product_counts(tenant=tenant) == {"a": 3, "b": 1}
    assert store.product_counts(START, tenant=tenant) == {"a": 2, "b": 1}
    assert store.product_counts(START, START + timedelta(minutes=1), kinds=["view"], tenant=tenant) == {"a": 1}
    assert store.counts(tenant=tenant) == [("view", 0, 3), ("purchase", 0, 1), ("search", 0, 1)]


def test_two_that_send_the_same_at_the_same_time_put_each_down_once(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    rows = [viewed(f"p{n}") for n in range(60)]
    new: list[bool] = []

    def send(these: list[Interaction]) -> None:
        for at in range(0, len(these), 7):
            new.extend(store.put(these[at : at + 7], tenant=tenant))

    threads = [threading.Thread(target=send, args=(these,)) for these in (rows, rows[::-1], rows[20:] + rows[:20])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(new) == 180
    assert sum(new) == 60
    assert len(store.of_user("u1", tenant=tenant)) == 60


def test_sqlite_syncs_its_log_before_it_says_that_it_has_something(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/shelf.db")
    migrate(engine)
    seen: list[int] = []

    @event.listens_for(engine, "commit")
    def committing(connection) -> None:  # type: ignore[no-untyped-def]
        seen.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())

    Interactions(engine).put([viewed("a")])
    assert seen == [2], "2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1


def test_a_write_that_fails_leaves_nothing_of_itself(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    none = Interaction("u1", None, START, "b", "bad")  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)null"):
        store.put([viewed("a"), none], tenant=tenant)
    assert store.of_user("u1", tenant=tenant) == []
    assert store.put([viewed("a")], tenant=tenant) == [True]


def test_a_user_is_forgotten_and_the_others_are_not(database: Engine, tenant: str) -> None:
    store = Interactions(database)
    store.put([viewed("a"), viewed("b"), viewed("a", user="u2")], tenant=tenant)
    assert store.forget("u1", tenant=f"{tenant} else") == 0
    assert store.forget("u1", tenant=tenant) == 2
    assert store.of_user("u1", tenant=tenant) == []
    assert len(store.of_user("u2", tenant=tenant)) == 1


def test_merged_users_are_one_also_for_what_comes_late(database: Engine, tenant: str) -> None:
    store, users = Interactions(database), Users(database, Pseudonyms(KEY))
    phone, laptop, third = (users.of(name, tenant) for name in ("phone", "laptop", "third"))
    store.put([viewed("a", 0, phone), viewed("b", 1, laptop)], tenant=tenant)
    done = users.merge("phone", "laptop", tenant=tenant)
    assert (done.into, done.moved) == (laptop, 1)
    assert users.merge("phone", "laptop", tenant=tenant).moved == 0
    assert users.merge("laptop", "phone", tenant=tenant).into == laptop
    store.put([viewed("c", 2, phone)], tenant=tenant)
    for user in (phone, laptop):
        assert [i.product_id for i in store.of_user(user, tenant=tenant)] == ["c", "b", "a"]
    assert users.of("phone", tenant) == laptop
    users.merge("laptop", "third", tenant=tenant)
    store.put([viewed("d", 3, phone), viewed("e", 4, laptop)], tenant=tenant)
    assert [i.product_id for i in store.of_user(phone, tenant=tenant)] == ["e", "d", "c", "b", "a"]
    assert [user for user, _ in store.by_user(tenant=tenant)] == [third]
    assert store.forget(phone, tenant=tenant) == 5
    assert users.of("phone", tenant) == phone


def test_what_else_is_known_of_a_user_is_merged_too(database: Engine, tenant: str) -> None:
    users, experiments = Users(database, Pseudonyms(KEY)), Experiments(database)
    phone, laptop = (users.of(name, tenant) for name in ("phone", "laptop"))
    experiments.expose("some test", "control", Unit(tenant, phone), ms=1, picks=1, at=START)
    users.merge("phone", "laptop", tenant=tenant)
    assert len(experiments.export(laptop, tenant=tenant)["exposures"]) == 1


def test_nobody_and_one_himself_are_not_merged(database: Engine, tenant: str) -> None:
    users = Users(database, Pseudonyms(KEY))
    with pytest.raises(UsageError, match="himself"):
        users.merge("a", users.of("a", tenant), tenant=tenant)
    with pytest.raises(UsageError, match="empty"):
        users.merge("a", "", tenant=tenant)


def test_another_key_is_refused_because_nobody_would_be_found(database: Engine) -> None:
    Users(database, Pseudonyms(KEY))
    with pytest.raises(UsageError, match=r"another key of pseudonyms.*privacy\.key"):
        Users(database, Pseudonyms("l" * 32))


def test_ids_from_before_are_hashed_once_and_leave_no_trace_in_the_file(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/shelf.db")
    migrate(engine)
    raw = "ada.lovelace@example.org"
    Interactions(engine).put([viewed("a", user=raw, key="1"), viewed("b", user="", key="2")])
    Interactions(engine).put([viewed("a", user=raw, key="3")], tenant="t")
    made = Pseudonyms(KEY)
    users = Users(engine, made)
    assert [i.id for i in Interactions(engine).of_user(users.of(raw))] == ["1"]
    assert [i.id for i in Interactions(engine).of_user(users.of(raw, "t"), tenant="t")] == ["3"]
    engine.dispose()
    assert all(raw.encode() not in file.read_bytes() for file in tmp_path.iterdir())

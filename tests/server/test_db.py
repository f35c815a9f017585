"""The database: what is put down is there for another process, and each tenant sees its own alone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from shelftalk.errors import StorageError, UsageError
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Conversations, Gaps, Interactions, Keys, Users, connect, migrate
from shelftalk.server.db.conversations import UnknownConversation
from shelftalk.server.db.gaps import DailyGap, day
from shelftalk.server.db.tables import Base
from shelftalk.values import Interaction


def test_the_migrations_make_the_tables_that_the_code_expects(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_database_of_the_first_version_is_brought_up_to_date_with_what_is_in_it(database: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    import shelftalk.server.db

    config = Config()
    config.set_main_option("script_location", str(Path(shelftalk.server.db.__file__).parent / "migrations"))
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.exec_driver_sql(
            'INSERT INTO interactions (id, tenant, "user", conversation_id, product_id, kind, request, at) '
            "VALUES (7, '', 'ada@example.org', 'c1', 'K1', 'bought', 'a kettle', '2026-01-02 03:04:05')"
        )
        command.upgrade(config, "0003")
        connection.exec_driver_sql(
            "INSERT INTO gaps (tenant, what, key, kinds, day, words, requests, conversations) VALUES ('old', 'wish', 'dri', 'Tents', '2026-05-01', 'dries', 3, 2)"
        )
    migrate(database)
    assert Gaps(database, "").top(tenant="old")[0].requests == 3, "counted before catalogues were told apart"
    Gaps(database).forget(tenant="old")
    user = Users(database, Pseudonyms("k" * 32)).of("ada@example.org")
    store = Interactions(database)
    store.put([Interaction(user, "purchase", datetime(2026, 1, 1, tzinfo=UTC), "x" * 512, "one")])
    held = store.of_user(user)
    assert [(i.product_id, i.kind, i.session, i.request) for i in held] == [
        ("K1", "purchase", "c1", "a kettle"),
        ("x" * 512, "purchase", "", ""),
    ]
    assert held[0].at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with database.connect() as connection:
        assert "ada" not in str(connection.exec_driver_sql("SELECT * FROM interactions").all())
    store.forget(user)
    Gaps(database).add([DailyGap("before", "wish", "dri", ("Tents",), day(), "dries")])
    assert Gaps(database).top(tenant="before", least=1)[0].words == "dries"


def test_migrating_again_changes_nothing(database: Engine) -> None:
    migrate(database)
    migrate(database)


def test_a_conversation_comes_back_in_order_for_its_own_tenant_alone(database: Engine) -> None:
    talks = Conversations(database)
    talk = talks.create("shop a")
    talks.add(talk, "shop a", "a tent", "1. Tent", {"picks": []})
    talks.add(talk, "shop a", "cheaper", "1. Small tent", {"picks": []})
    assert [t.content for t in talks.history(talk, "shop a")] == ["a tent", "1. Tent", "cheaper", "1. Small tent"]
    with pytest.raises(UnknownConversation):
        talks.history(talk, "shop b")
    with pytest.raises(UnknownConversation):
        talks.add(talk, "shop b", "x", "y", {})
    talks.remove(talk, "shop a")
    with pytest.raises(UnknownConversation):
        talks.history(talk, "shop a")


def test_turns_that_are_added_at_the_same_time_are_all_kept_side_by_side(database: Engine) -> None:
    talks = Conversations(database)
    talk = talks.create()
    threads = [threading.Thread(target=talks.add, args=(talk, "", f"q{i}", f"a{i}", {})) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns = [t.content for t in talks.history(talk)]
    assert sorted(turns) == sorted([f"q{i}" for i in range(4)] + [f"a{i}" for i in range(4)])
    assert all(turns[i][1:] == turns[i + 1][1:] for i in range(0, 8, 2))


def test_a_key_opens_until_it_is_revoked_and_is_kept_as_a_hash(database: Engine) -> None:
    keys = Keys(database)
    secret = keys.create("till", ["ask"], per_minute=5)
    assert keys.any()
    caller = keys.find(secret)
    assert caller is not None
    assert caller.scopes == {"ask"}
    assert keys.find(secret + "x") is None
    with database.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM api_keys")).all())
    assert secret not in stored
    with pytest.raises(UsageError, match="already"):
        keys.create("till", ["ask"])
    with pytest.raises(UsageError, match="ask, catalogue, studio"):
        keys.create("other", ["root"])
    keys.revoke("till")
    assert keys.find(secret) is None
    with pytest.raises(UsageError, match="no key"):
        keys.revoke("till")


def test_a_character_that_postgresql_does_not_take_is_left_out_of_a_turn(database: Engine) -> None:
    talks = Conversations(database)
    talk = talks.create()
    talks.add(talk, "", "a\x00 tent", "1. A\x00 tent", {"intent": {}, "request": "a\x00 tent"})
    assert [turn["content"] for turn in talks.turns(talk)] == ["a tent", "1. A tent"]


def test_tokens_are_counted_by_day(database: Engine) -> None:
    keys = Keys(database)
    caller = keys.find(keys.create("counter", ["ask"], tokens_per_day=100))
    assert caller is not None
    assert caller.key_id is not None
    keys.spend(caller.key_id, 30)
    keys.spend(caller.key_id, 12)
    assert keys.spent(caller.key_id) == 42


def test_an_address_of_another_kind_of_database_is_refused_with_what_is_supported() -> None:
    with pytest.raises(UsageError, match="sqlite and postgresql"):
        connect("mysql://localhost/x")
    with pytest.raises(UsageError, match=r"serve\.database"):
        connect("not an address")


def test_a_database_that_cannot_be_written_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "shelf.db"
    file.write_bytes(b"this is no database, only some bytes that stand in its place" * 20)
    with pytest.raises(StorageError, match="cannot be prepared"):
        migrate(connect(f"sqlite:///{file}"))

"""Transactions whose end is a promise: once they are committed, what they wrote outlives a killed process and a power cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

# Those who write interactions share this lock of PostgreSQL's; who merges or erases users has it alone.
_LOCK = 727374


@contextmanager
def durable(engine: Engine, *, alone: bool = False) -> Iterator[Connection]:
    """A connection in a transaction that is committed at the end, or rolled back where the block raises.

    SQLite in WAL mode syncs its log at every commit only with synchronous=FULL (https://sqlite.org/pragma.html#pragma_synchronous):
    set here, for these transactions alone. It has one writer at a time; `alone` has PostgreSQL keep other durable writers out too.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
        try:
            if sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
                sync = "CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END"
                connection.exec_driver_sql(f"SELECT {lock}({_LOCK}), {sync}")
            yield connection
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            if sqlite and not connection.invalidated:
                connection.exec_driver_sql("PRAGMA synchronous=NORMAL")

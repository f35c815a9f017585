"""Users as the database knows them: by pseudonym, and two that turn out to be one are merged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError

from shelftalk.errors import UsageError
from shelftalk.privacy.pseudonym import Pseudonyms, is_pseudonym
from shelftalk.server.db import consents, profiles
from shelftalk.server.db.conversations import Conversations
from shelftalk.server.db.experiments import Experiments
from shelftalk.server.db.interactions import aliases
from shelftalk.server.db.tables_events import InteractionRow, PseudonymKey, UserAlias
from shelftalk.server.db.writing import durable

logger = logging.getLogger(__name__)

# What moves a user's rows of one table: (connection, tenant, of whom, to whom).
Mover = Callable[[Connection, str, str, str], None]


@dataclass(frozen=True, slots=True)
class Merged:
    """`user` is now `into`'s; `moved` interactions went over (0 where that was so before)."""

    user: str
    into: str
    moved: int


class Users:
    """The users of a database under one key of pseudonyms.

    Raises UsageError where the database was written under another key. On first use ids that an earlier version kept as the shop gave
    them become pseudonyms.
    """

    def __init__(self, engine: Engine, pseudonyms: Pseudonyms) -> None:
        self._engine, self.pseudonyms = engine, pseudonyms
        _settle(engine, pseudonyms)

    def of(self, user: str, tenant: str = "") -> str:
        """Under whom the shop's user (or his pseudonym) stands: his pseudonym, or that of whom he was merged into."""
        known = self.pseudonyms.of(user, tenant)
        with self._engine.connect() as connection:
            return aliases(connection, {known}, tenant).get(known, known)

    def merge(self, user: str, into: str, *, tenant: str = "") -> Merged:
        """Makes all that is known of one user another's, also what still comes under the old id. Done twice it is done once.

        Raises UsageError where one of them is nobody, or both are the same.
        """
        one, other = self.pseudonyms.of(user, tenant), self.pseudonyms.of(into, tenant)
        if not one or not other:
            raise UsageError("two users are merged by their ids; one of them is empty")
        if one == other:
            raise UsageError("a user cannot be merged into himself")
        with durable(self._engine, alone=True) as connection:
            known = aliases(connection, {one, other}, tenant)
            one, other = known.get(one, one), known.get(other, other)
            if one == other:  # merged before, this way or the other
                return Merged(one, other, 0)
            moved = _move(connection, tenant, one, other)
            for mover in MOVERS:
                mover(connection, tenant, one, other)
            earlier = (UserAlias.tenant == tenant, UserAlias.into == one)
            connection.execute(update(UserAlias).where(*earlier).values(into=other))
            connection.execute(UserAlias.__table__.insert(), [{"tenant": tenant, "user": one, "into": other}])  # type: ignore[attr-defined]
        return Merged(one, other, moved)


def _move(connection: Connection, tenant: str, one: str, other: str) -> int:
    mine = (InteractionRow.tenant == tenant, InteractionRow.user == one)
    return connection.execute(update(InteractionRow).where(*mine).values(user=other)).rowcount


# The other tables in which users stand: what moves each one's rows.
MOVERS: tuple[Mover, ...] = (Experiments.move, Conversations.move, profiles.move, consents.move)


def _settle(engine: Engine, pseudonyms: Pseudonyms) -> None:
    """Holds the database to one key, and hashes what stands in it from before there was one."""
    with engine.connect() as connection:
        held = connection.scalar(select(PseudonymKey.fingerprint))
    if held is None:
        held = _first(engine, pseudonyms)
    if held != pseudonyms.fingerprint():
        raise UsageError(
            "the users in this database stand under another key of pseudonyms, so none of them would be found; give the key that it "
            "was begun with (privacy.key, or the file privacy.key_file)"
        )


def _first(engine: Engine, pseudonyms: Pseudonyms) -> str:
    with durable(engine, alone=True) as connection:
        held = connection.scalar(select(PseudonymKey.fingerprint))
        if held is not None:  # another process was first
            return str(held)
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=ON")  # what is written over is gone from the file
        who = select(InteractionRow.tenant, InteractionRow.user).where(InteractionRow.user != "").distinct()
        raw = [(tenant, user) for tenant, user in connection.execute(who) if not is_pseudonym(user)]
        for tenant, user in raw:
            _move(connection, tenant, user, pseudonyms.of(user, tenant))
        connection.execute(PseudonymKey.__table__.insert(), [{"fingerprint": pseudonyms.fingerprint()}])  # type: ignore[attr-defined]
    if raw:
        logger.info("the ids of %d users were made pseudonyms", len(raw))
        _swept(engine)
    return pseudonyms.fingerprint()


def _swept(engine: Engine) -> None:
    """What SQLite's log still holds of before goes, as far as no other process reads it."""
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except DBAPIError as error:
        logger.warning("the write-ahead log of the database could not be emptied: %s", error.orig)

"""Who consented to what: read at every use, so that a change holds from the next one on in every process that shares the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from shelftalk.errors import UsageError
from shelftalk.privacy.consent import PURPOSES, Consent, Purpose, checked, default_of
from shelftalk.server.db.interactions import aliases
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_privacy import ConsentRow
from shelftalk.server.db.writing import durable
from shelftalk.settings import ConsentDefaults


class Consents:
    """Consent by tenant and user (a pseudonym); `defaults` hold for who was not asked. Merged users are read under the one that they
    were merged into."""

    def __init__(self, engine: Engine, defaults: ConsentDefaults) -> None:
        self._engine, self.defaults = engine, defaults

    def allowed(self, user: str, purpose: Purpose, *, tenant: str = "") -> bool:
        """Whether what is known of a user may serve a purpose. Of nobody ("") nothing is known, and the default holds."""
        return self.of(user, tenant=tenant)[purpose].given

    def of(self, user: str, *, tenant: str = "") -> dict[Purpose, Consent]:
        """What holds for each purpose."""
        held = {purpose: Consent(purpose, default_of(self.defaults, purpose)) for purpose in PURPOSES}
        if user:
            with self._engine.connect() as connection:
                known = aliases(connection, {user}, tenant).get(user, user)
                mine = (ConsentRow.tenant == tenant, ConsentRow.user == known)
                for row in connection.execute(select(*_COLUMNS).where(*mine).order_by(ConsentRow.id)):
                    held[row.purpose] = Consent(row.purpose, row.given, row.at, row.by)
        return held

    def put(self, user: str, changes: Mapping[str, bool], *, tenant: str = "", by: str = "") -> dict[Purpose, Consent]:
        """What holds after these changes, each of which is logged with its time, once they are on disk. What holds already adds no row
        where the person was asked before. UsageError for a purpose that is none, or for nobody."""
        wanted = checked(changes)
        if not user:
            raise UsageError("consent is a person's: give the user's id")
        held, moment = self.of(user, tenant=tenant), now()
        with durable(self._engine) as connection:
            known = aliases(connection, {user}, tenant).get(user, user)
            rows = [
                {"tenant": tenant, "user": known, "purpose": purpose, "given": changes[purpose], "by": by, "at": moment}
                for purpose in wanted
                if held[purpose].at is None or held[purpose].given != changes[purpose]
            ]
            if rows:
                connection.execute(ConsentRow.__table__.insert(), rows)  # type: ignore[attr-defined]
        return self.of(user, tenant=tenant)

    def history(self, user: str, *, tenant: str = "") -> list[dict[str, Any]]:
        """Every change, oldest first: {"purpose", "given", "at", "by"}."""
        with self._engine.connect() as connection:
            known = aliases(connection, {user}, tenant).get(user, user)
            mine = (ConsentRow.tenant == tenant, ConsentRow.user == known)
            rows = connection.execute(select(*_COLUMNS).where(*mine).order_by(ConsentRow.id))
            return [{"purpose": r.purpose, "given": r.given, "at": r.at.isoformat(), "by": r.by} for r in rows]

    def permitted(self, purpose: Purpose, *, tenant: str = "") -> Callable[[str], bool]:
        """`allowed` for many users: those who decided are read once, now. Of nobody ("") nothing is personal: always true."""
        last = (
            select(func.max(ConsentRow.id))
            .where(ConsentRow.tenant == tenant, ConsentRow.purpose == purpose)
            .group_by(ConsentRow.user)
        )
        default = default_of(self.defaults, purpose)
        with self._engine.connect() as connection:
            rows = connection.execute(select(ConsentRow.user, ConsentRow.given).where(ConsentRow.id.in_(last)))
            others = {user for user, given in rows if given != default}
        return lambda user: not user or (user not in others) == default

    def erase(self, user: str, *, tenant: str = "") -> int:
        """How many rows were deleted: the shop's default holds again."""
        with durable(self._engine) as connection:
            mine = (ConsentRow.tenant == tenant, ConsentRow.user == user)
            return connection.execute(delete(ConsentRow).where(*mine)).rowcount


def move(connection: Connection, tenant: str, one: str, other: str) -> None:
    """Makes one user's changes another's, where two are merged. Where they differ now, what either refused stays refused."""
    latest = {
        (row.user, row.purpose): row.given
        for row in connection.execute(
            select(*_COLUMNS)
            .where(ConsentRow.tenant == tenant, ConsentRow.user.in_((one, other)))
            .order_by(ConsentRow.id)
        )
    }
    mine = (ConsentRow.tenant == tenant, ConsentRow.user == one)
    connection.execute(update(ConsentRow).where(*mine).values(user=other))
    refused = [p for p in PURPOSES if False in (latest.get((one, p)), latest.get((other, p)))]
    rows = [
        {"tenant": tenant, "user": other, "purpose": p, "given": False, "by": "merge", "at": now()}
        for p in refused
        if True in (latest.get((one, p)), latest.get((other, p)))
    ]
    if rows:
        connection.execute(ConsentRow.__table__.insert(), rows)  # type: ignore[attr-defined]


_COLUMNS = (
    ConsentRow.id, ConsentRow.user, ConsentRow.purpose, ConsentRow.given, ConsentRow.at, ConsentRow.by
)  # fmt: skip

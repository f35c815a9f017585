"""What users did with products, each thing once: written in batches, read by user, by session, by time and over all users.

Users are pseudonyms here; who merged users are read and written under the one that they were merged into (users.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, delete, func, literal, select, true, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from shelftalk.privacy.pii import scrub
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_events import InteractionRow, UserAlias
from shelftalk.server.db.writing import durable
from shelftalk.values import Interaction, InteractionKind

AT_ONCE = 1000
_PAGE = 5000
_TRIES = 3
_DEADLOCK = "40P01"
_SHOWN: tuple[Any, ...] = (
    InteractionRow.user, InteractionRow.kind, InteractionRow.at, InteractionRow.product_id, InteractionRow.key, InteractionRow.value,
    InteractionRow.price, InteractionRow.currency, InteractionRow.text, InteractionRow.why, InteractionRow.session,
    InteractionRow.place, InteractionRow.device, InteractionRow.request, InteractionRow.id,
)  # fmt: skip


class Interactions:
    """Interactions by tenant; a tenant sees its own alone. Times are in UTC.

    Personal data is taken out of their texts before they are written (`scrub`, the setting privacy.scrub).
    """

    def __init__(self, engine: Engine, *, scrub: bool = True) -> None:
        self._engine, self._scrub = engine, scrub

    def put(self, interactions: Sequence[Interaction], *, tenant: str = "") -> list[bool]:
        """Whether each was new, once all of them are on disk: durable against a killed process and a power cut.

        One whose id is there already is left out, as is one without an id of its own that is never found again: it gets a random one.
        All go in or (where this raises) none does.
        """
        rows = [_row(self._scrubbed(one), tenant) for one in interactions]
        for attempt in range(_TRIES):
            try:
                with durable(self._engine) as connection:
                    return self._put(connection, rows, tenant)
            except OperationalError as error:  # two that sent the same rows in another order
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK or attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _scrubbed(self, one: Interaction) -> Interaction:
        if not self._scrub or not (one.text or one.request):
            return one
        return replace(one, text=scrub(one.text).text, request=scrub(one.request).text)

    def _put(self, connection: Connection, rows: list[dict[str, Any]], tenant: str) -> list[bool]:
        merged = aliases(connection, {row["user"] for row in rows}, tenant)
        moment, new = now(), set[str]()
        insert = _insert(self._engine).on_conflict_do_nothing(index_elements=["tenant", "key"])
        first = {row["key"]: row for row in reversed(rows)}
        distinct = [row for row in rows if first[row["key"]] is row]
        for at in range(0, len(distinct), AT_ONCE):
            some = [
                {**row, "user": merged.get(row["user"], row["user"]), "received_at": moment}
                for row in distinct[at : at + AT_ONCE]
            ]
            new.update(connection.scalars(insert.returning(InteractionRow.key), some))
        return [first[row["key"]] is row and row["key"] in new for row in rows]

    def of_user(
        self, user: str, *, tenant: str = "", limit: int = 100, since: datetime | None = None, until: datetime | None = None
    ) -> list[Interaction]:  # fmt: skip
        """A user's latest interactions, newest first: `since` counts, `until` does not."""
        with self._engine.connect() as connection:
            known = aliases(connection, {user}, tenant).get(user, user)
            wanted = (
                select(*_SHOWN)
                .where(InteractionRow.tenant == tenant, InteractionRow.user == known, *_within(since, until))
                .order_by(InteractionRow.at.desc(), InteractionRow.id.desc())
                .limit(limit)
            )
            return [_value(row) for row in connection.execute(wanted)]

    def of_session(self, session: str, *, tenant: str = "") -> list[Interaction]:
        """What was done in a conversation or visit, in the order in which it came; nothing for ""."""
        if not session:
            return []
        wanted = (
            select(*_SHOWN)
            .where(InteractionRow.tenant == tenant, InteractionRow.session == session)
            .order_by(InteractionRow.id)
        )
        with self._engine.connect() as connection:
            return [_value(row) for row in connection.execute(wanted)]

    def of_ids(self, ids: Iterable[str], *, tenant: str = "") -> dict[str, Interaction]:
        """Those of these ids, by id; what is not there is left out."""
        wanted, found = list(dict.fromkeys(ids)), dict[str, Interaction]()
        with self._engine.connect() as connection:
            for at in range(0, len(wanted), AT_ONCE):
                some = InteractionRow.key.in_(wanted[at : at + AT_ONCE])
                for row in connection.execute(select(*_SHOWN).where(InteractionRow.tenant == tenant, some)):
                    found[row.key] = _value(row)
        return found

    def between(
        self, since: datetime | None = None, until: datetime | None = None, *, tenant: str = ""
    ) -> Iterator[Interaction]:
        """All of a span, oldest first: `since` counts, `until` does not. A page at a time, so that no lock is held and memory is bounded."""
        order = (InteractionRow.at, InteractionRow.id)
        yield from map(_value, self._paged(order, tenant, _within(since, until)))

    def by_user(
        self, since: datetime | None = None, until: datetime | None = None, *, tenant: str = ""
    ) -> Iterator[tuple[str, list[Interaction]]]:
        """(user, what he did, oldest first) of every user with one, in the order of their pseudonyms; memory is bounded by one user's."""
        order = (InteractionRow.user, InteractionRow.at, InteractionRow.id)
        rows = self._paged(order, tenant, [InteractionRow.user != "", *_within(since, until)])
        for user, those in groupby(rows, key=lambda row: str(row.user)):
            yield user, [_value(row) for row in those]

    def _paged(self, order: tuple[Any, ...], tenant: str, where: Sequence[ColumnElement[bool]]) -> Iterator[Row[Any]]:
        last: tuple[Any, ...] | None = None
        while True:
            after = [] if last is None else [tuple_(*order) > tuple_(*last)]
            wanted = (
                select(*_SHOWN).where(InteractionRow.tenant == tenant, *where, *after).order_by(*order).limit(_PAGE)
            )
            with self._engine.connect() as connection:
                page = connection.execute(wanted).all()
            yield from page
            if len(page) < _PAGE:
                return
            last = tuple(literal(getattr(page[-1], column.key), column.type) for column in order)

    def product_counts(
        self, since: datetime | None = None, until: datetime | None = None, *,
        kinds: Sequence[InteractionKind] = (), tenant: str | None = "",
    ) -> dict[str, int]:  # fmt: skip
        """How many interactions each product had, of these kinds (() for all); `tenant` None means all."""
        of = [InteractionRow.kind.in_(kinds)] if kinds else []
        whose = true() if tenant is None else InteractionRow.tenant == tenant
        wanted = (
            select(InteractionRow.product_id, func.count())
            .where(whose, InteractionRow.product_id != "", *of, *_within(since, until))
            .group_by(InteractionRow.product_id)
        )
        with self._engine.connect() as connection:
            return {product: int(count) for product, count in connection.execute(wanted)}

    def kind_counts(
        self, since: datetime | None = None, until: datetime | None = None, *, tenant: str = ""
    ) -> dict[str, int]:
        """How many interactions there were of each kind that occurred."""
        wanted = (
            select(InteractionRow.kind, func.count())
            .where(InteractionRow.tenant == tenant, *_within(since, until))
            .group_by(InteractionRow.kind)
        )
        with self._engine.connect() as connection:
            return {kind: int(count) for kind, count in connection.execute(wanted)}

    def counts(self, *, tenant: str | None = "") -> list[tuple[str, int, int]]:
        """(kind, in the last 24 hours, ever) of each kind that occurred, the commonest first; `tenant` None means all."""
        day = func.sum(case((InteractionRow.at >= now() - timedelta(days=1), 1), else_=0))
        wanted = (
            select(InteractionRow.kind, day, func.count())
            .where(true() if tenant is None else InteractionRow.tenant == tenant)
            .group_by(InteractionRow.kind)
            .order_by(func.count().desc(), InteractionRow.kind)
        )
        with self._engine.connect() as connection:
            return [(kind, int(recent), int(ever)) for kind, recent, ever in connection.execute(wanted)]

    def forget(self, user: str, *, tenant: str = "") -> int:
        """The number of interactions that were deleted: all of that user's, with those of who was merged into him, and the marks of
        these merges."""
        with durable(self._engine, alone=True) as connection:
            known = aliases(connection, {user}, tenant).get(user, user)
            merged = (UserAlias.tenant == tenant, UserAlias.into == known)
            connection.execute(delete(UserAlias).where(*merged))
            mine = (InteractionRow.tenant == tenant, InteractionRow.user == known)
            return connection.execute(delete(InteractionRow).where(*mine)).rowcount


def aliases(connection: Connection, users: Iterable[str], tenant: str) -> dict[str, str]:
    """Into whom each of these users was merged; who was not is left out."""
    wanted, found = sorted(set(users) - {""}), dict[str, str]()
    for at in range(0, len(wanted), AT_ONCE):
        some = UserAlias.user.in_(wanted[at : at + AT_ONCE])
        rows = connection.execute(select(UserAlias.user, UserAlias.into).where(UserAlias.tenant == tenant, some))
        found.update((user, into) for user, into in rows)
    return found


def _insert(engine: Engine) -> Any:
    return (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(InteractionRow)


def _within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    after = [] if since is None else [InteractionRow.at >= since]
    return after if until is None else [*after, InteractionRow.at < until]


def _row(one: Interaction, tenant: str) -> dict[str, Any]:
    return {
        "tenant": tenant, "key": one.id or uuid.uuid4().hex, "user": one.user, "kind": one.kind, "product_id": one.product_id,
        "at": one.at, "value": one.value, "price": None if one.price is None else format(one.price, "f"), "currency": one.currency,
        "text": one.text or None, "request": one.request or None, "why": one.why, "session": one.session, "place": one.place,
        "device": one.device,
    }  # fmt: skip


def _value(row: Row[Any]) -> Interaction:
    return Interaction(
        row.user, cast("InteractionKind", row.kind), row.at, row.product_id, row.key, row.value,
        None if row.price is None else Decimal(row.price), row.currency, row.text or "", row.why, row.session, row.place,
        row.device, row.request or "",
    )  # fmt: skip

"""What shoppers want and the catalogue does not answer, counted by day, for several gateways on one database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Engine, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shelftalk.gaps import GapCount, What, commonest, key_of, order, same_kind
from shelftalk.server.db.tables import GapRow

T = TypeVar("T")
MOST_ROWS = 50_000
MOST_NAME = 300
AT_ONCE = 500
_KEY = ("catalog", "tenant", "what", "key", "kinds", "day")


@dataclass(frozen=True, slots=True)
class DailyGap:
    """Requests and conversations in which a gap was heard on a day, to be added to what is stored."""

    tenant: str
    what: What
    key: str
    kinds: tuple[str, ...]
    day: str
    words: str
    requests: int = 1
    conversations: int = 1

    @property
    def group(self) -> tuple[str, str, str, str, str]:
        """What identifies the row that it is added to."""
        return self.tenant, self.what, self.key, "\n".join(self.kinds), self.day

    def __add__(self, other: DailyGap) -> DailyGap:
        """Both together; they are of one group."""
        return replace(
            self, requests=self.requests + other.requests, conversations=self.conversations + other.conversations
        )


class Gaps:
    """Counts of a catalogue (as `catalog_name` has it; None: of all) by tenant, words, kinds of product and day.

    `most` rows at most are kept, of all catalogues together: the rarest, oldest groups go.
    """

    def __init__(self, engine: Engine, catalog: str | None = None, *, most: int = MOST_ROWS) -> None:
        self._engine, self._catalog, self._most = engine, catalog, most

    def catalogs(self) -> list[str]:
        """The catalogues that something is counted of; "" is what an earlier version counted without telling them apart."""
        with Session(self._engine) as session:
            return sorted(session.scalars(select(GapRow.catalog).distinct()))

    def add(self, heard: Sequence[DailyGap]) -> None:
        """Adds counts, all of them or (where this raises) none. Processes that add at the same time lose nothing."""
        if not heard:
            return
        rows = [
            {**dict(zip(_KEY, (self._catalog or "", *h.group), strict=True)), "words": h.words, "requests": h.requests, "conversations": h.conversations}
            for h in sorted(heard, key=lambda h: h.group)  # one order for all: two transactions never wait on each other
        ]  # fmt: skip
        insert = postgresql.insert(GapRow) if self._engine.dialect.name == "postgresql" else sqlite.insert(GapRow)
        new = insert.excluded
        added = {"requests": GapRow.requests + new.requests, "conversations": GapRow.conversations + new.conversations}
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=added), rows)

    def top(
        self, *, tenant: str | None = "", since: str | None = None, kind: str | None = None, least: int = 2, limit: int = 20
    ) -> list[GapCount]:  # fmt: skip
        """The commonest first: those that at least `least` conversations share.

        `tenant` None means all; `since` is a day (ISO); `kind` a kind of product that they are about.
        """
        with Session(self._engine) as session:
            scope = _scope(session, self._catalog, tenant, since, kind)
            if scope is None:
                return []
            asked = func.sum(GapRow.requests)
            wanted = (
                select(
                    GapRow.what, GapRow.key, func.min(GapRow.words), asked, func.sum(GapRow.conversations),
                    func.min(GapRow.day), func.max(GapRow.day),
                )
                .where(*scope).group_by(GapRow.what, GapRow.key).having(func.sum(GapRow.conversations) >= least)
                .order_by(asked.desc(), GapRow.what, GapRow.key).limit(limit)
            )  # fmt: skip
            groups = session.execute(wanted).all()
            kinds = _kinds(session, scope, [(row[0], row[1]) for row in groups])
        found = [
            GapCount(cast("What", what), words, int(requests), int(conversations), kinds.get((what, key), {}), first, last)
            for what, key, words, requests, conversations, first, last in groups
        ]  # fmt: skip
        return sorted(found, key=order)

    def forget(self, *, tenant: str | None = None, words: str | None = None) -> int:
        """The number of rows deleted: all, or those of a tenant, or those that are counted with these words."""
        which: list[ColumnElement[bool]] = [] if self._catalog is None else [GapRow.catalog == self._catalog]
        if tenant is not None:
            which.append(GapRow.tenant == tenant)
        if words is not None:
            which.append(GapRow.key == key_of(words))
        with self._engine.begin() as connection:
            return connection.execute(delete(GapRow).where(*which)).rowcount

    def prune(self, days: int) -> int:
        """The number of rows deleted: those older than so many days, and the rarest, oldest groups beyond `most` rows."""
        with self._engine.begin() as connection:
            gone = connection.execute(delete(GapRow).where(GapRow.day < day(days))).rowcount
        with self._engine.connect() as connection:
            over = int(connection.scalar(select(func.count()).select_from(GapRow)) or 0) - self._most
            if over <= 0:
                return gone
            over += self._most // 10  # some room, so that this is not done again at once
            group = (GapRow.catalog, GapRow.tenant, GapRow.what, GapRow.key)
            rarest = (
                select(*group, func.count()).group_by(*group)
                .order_by(func.sum(GapRow.requests), func.max(GapRow.day), *group).limit(over)
            )  # fmt: skip
            groups = connection.execute(rarest).all()
        for some in batched(_first(groups, over), AT_ONCE):
            with self._engine.begin() as connection:
                gone += connection.execute(delete(GapRow).where(tuple_(*group).in_(some))).rowcount
        return gone


def batched(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The things in runs of that size: what is written at once holds up others that write."""
    return (things[at : at + size] for at in range(0, len(things), size))


def _first(groups: Sequence[Any], rows: int) -> list[tuple[str, str, str, str]]:
    """The first groups that together have so many rows."""
    found: list[tuple[str, str, str, str]] = []
    for *group, held in groups:
        if rows <= 0:
            break
        found.append(tuple(group))
        rows -= held
    return found


def catalog_name(folder: Path) -> str:
    """The name by which gaps of the catalogue in that folder are counted: where the folder is."""
    return str(folder.expanduser().resolve()).encode("utf-8", "replace").decode()[-MOST_NAME:]


def day(days_ago: int = 0) -> str:
    """The day in UTC (YYYY-MM-DD), so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%d")


def _scope(
    session: Session, catalog: str | None, tenant: str | None, since: str | None, kind: str | None
) -> list[ColumnElement[bool]] | None:
    """The conditions of a look at the table; None where nothing is of that kind."""
    scope: list[ColumnElement[bool]] = []
    if catalog is not None:
        scope.append(GapRow.catalog == catalog)
    if tenant is not None:
        scope.append(GapRow.tenant == tenant)
    if since is not None:
        scope.append(GapRow.day >= since)
    if kind is not None:
        there = session.scalars(select(GapRow.kinds).where(*scope).distinct()).all()
        among = [kinds for kinds in there if same_kind(kind, kinds.split("\n"))]
        if not among:
            return None
        scope.append(GapRow.kinds.in_(among))
    return scope


def _kinds(
    session: Session, scope: Sequence[ColumnElement[bool]], groups: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, int]]:
    """Requests by kind of product of each of these groups, the commonest first."""
    if not groups:
        return {}
    these = tuple_(GapRow.what, GapRow.key).in_(groups)
    wanted = (
        select(GapRow.what, GapRow.key, GapRow.kinds, func.sum(GapRow.requests))
        .where(*scope, these).group_by(GapRow.what, GapRow.key, GapRow.kinds)
    )  # fmt: skip
    found: dict[tuple[str, str], dict[str, int]] = {}
    rows: Sequence[Any] = session.execute(wanted).all()
    for what, key, kinds, requests in rows:
        held = found.setdefault((what, key), {})
        for kind in filter(None, kinds.split("\n")):
            held[kind] = held.get(kind, 0) + int(requests)
    return {group: commonest(held) for group, held in found.items()}

"""Corrections of profiles, by tenant and user. They hold from the next read on, in every process that shares the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.orm import Session

from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_profiles import ProfileLineRow, ProfileSwitchRow
from shelftalk.shoppers.profiles.corrections import Correction, Corrections
from shelftalk.values import Criterion, ProfileLine

__all__ = ["Profiles", "move"]


class Profiles:
    """What shoppers made of their profiles. Users are pseudonyms here; a tenant sees its own alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def corrections(self, user: str, *, tenant: str = "") -> Corrections:
        """All of a user's corrections; none for a user that is not known."""
        mine = (ProfileLineRow.tenant == tenant, ProfileLineRow.user == user)
        with Session(self._engine) as session:
            rows = session.scalars(select(ProfileLineRow).where(*mine).order_by(ProfileLineRow.updated_at)).all()
            switch = session.get(ProfileSwitchRow, (tenant, user))
            lines = {row.line_id: _correction(row) for row in rows}
            if switch is None:
                return Corrections(lines)
            return Corrections(lines, switch.is_on, frozenset(switch.aspects_off), switch.forgotten_at)

    def put(
        self, user: str, corrections: Iterable[Correction], *, without: Collection[str] = (), tenant: str = ""
    ) -> None:
        """Puts down what was done to lines, all at one moment, in the place of what was done to them before; what was done to the lines
        `without` is deleted."""
        moment = now()
        with Session(self._engine) as session, session.begin():
            if without:
                mine = (ProfileLineRow.tenant == tenant, ProfileLineRow.user == user)
                session.execute(delete(ProfileLineRow).where(*mine, ProfileLineRow.line_id.in_(list(without))))
            for one in corrections:
                session.merge(
                    ProfileLineRow(
                        tenant=tenant, user=user, line_id=one.line_id, line=None if one.line is None else _kept(one.line),
                        is_on=one.on, deleted_at=one.deleted_at, updated_at=moment,
                    )
                )  # fmt: skip

    def switch(self, user: str, *, on: bool | None = None, aspects: Mapping[str, bool] | None = None, tenant: str = "") -> None:  # fmt: skip
        """Switches the whole profile, or aspects of it, on or off; what is None or not named stays."""
        with Session(self._engine) as session, session.begin():
            row = self._row(session, user, tenant)
            row.is_on = row.is_on if on is None else on
            off = {*row.aspects_off, *(name for name, wanted in (aspects or {}).items() if not wanted)}
            row.aspects_off = sorted(off - {name for name, wanted in (aspects or {}).items() if wanted})

    def forget(self, user: str, *, at: datetime | None = None, tenant: str = "") -> int:
        """How many corrections were deleted: all of the user's. Of them it is kept that nothing before `at` (now) counts, so that events
        that come late do not bring the profile back; their switches stay as they are, off for whoever wants none."""
        with Session(self._engine) as session, session.begin():
            deleted = self._lines_gone(session, user, tenant)
            self._row(session, user, tenant).forgotten_at = at or now()
            return deleted

    def erase(self, user: str, *, tenant: str = "") -> int:
        """How many rows were deleted: everything that is kept of the user here, that they asked to be forgotten too."""
        mine = (ProfileSwitchRow.tenant == tenant, ProfileSwitchRow.user == user)
        with Session(self._engine) as session, session.begin():
            switches = session.execute(delete(ProfileSwitchRow).where(*mine))
            return self._lines_gone(session, user, tenant) + int(getattr(switches, "rowcount", 0))

    @staticmethod
    def _lines_gone(session: Session, user: str, tenant: str) -> int:
        mine = (ProfileLineRow.tenant == tenant, ProfileLineRow.user == user)
        return int(getattr(session.execute(delete(ProfileLineRow).where(*mine)), "rowcount", 0))

    @staticmethod
    def _row(session: Session, user: str, tenant: str) -> ProfileSwitchRow:
        row = session.get(ProfileSwitchRow, (tenant, user))
        if row is None:
            row = ProfileSwitchRow(tenant=tenant, user=user, is_on=True, aspects_off=[])
            session.add(row)
        return row


def move(connection: Connection, tenant: str, one: str, other: str) -> None:
    """Makes one user's corrections another's, where two profiles are merged. Of what both did to the same line, the later stands; what either
    switched off, or wanted forgotten, stays so."""
    with Session(bind=connection, join_transaction_mode="conditional_savepoint") as session:
        for row in session.scalars(select(ProfileLineRow).where(ProfileLineRow.tenant == tenant, ProfileLineRow.user == one)).all():  # fmt: skip
            held = session.get(ProfileLineRow, (tenant, other, row.line_id))
            if held is None or held.updated_at < row.updated_at:
                again = ("line_id", "line", "is_on", "deleted_at", "updated_at")
                session.merge(ProfileLineRow(tenant=tenant, user=other, **{name: getattr(row, name) for name in again}))
            session.delete(row)
        mine, into = (session.get(ProfileSwitchRow, (tenant, user)) for user in (one, other))
        if mine is not None and into is None:
            session.add(ProfileSwitchRow(tenant=tenant, user=other, is_on=mine.is_on, aspects_off=mine.aspects_off, forgotten_at=mine.forgotten_at))  # fmt: skip
        elif mine is not None and into is not None:
            into.is_on = into.is_on and mine.is_on
            into.aspects_off = sorted({*into.aspects_off, *mine.aspects_off})
            into.forgotten_at = max((at for at in (mine.forgotten_at, into.forgotten_at) if at), default=None)
        if mine is not None:
            session.delete(mine)
        session.flush()


def _correction(row: ProfileLineRow) -> Correction:
    return Correction(
        row.line_id, None if row.line is None else _line(row.line), row.is_on, row.deleted_at, row.updated_at
    )


def _kept(line: ProfileLine) -> dict[str, Any]:
    kept = line.to_dict()
    del kept["text"]  # words are made anew, from the templates in force
    return kept


def _line(found: Mapping[str, Any]) -> ProfileLine:
    span = found.get("span")
    return ProfileLine(
        found["id"], Criterion.from_dict(found["criterion"]), found.get("category", ""), float(found.get("weight", 1.0)),
        tuple(found.get("evidence", ())), found.get("source", "corrected"),
        None if span is None else (Decimal(span[0]), Decimal(span[1])),
    )  # fmt: skip

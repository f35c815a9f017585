"""Experiments in the database: started, changed and stopped there, so that every gateway over it assigns alike; exposures and what
the exposed did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, case, delete, func, insert, select, update

from shelftalk.errors import UsageError
from shelftalk.experiments.assign import Spans
from shelftalk.experiments.definition import Definition
from shelftalk.experiments.experiment import Experiment, Unit, begin
from shelftalk.experiments.outcomes import COUNTED, Exposure, Outcome, collect
from shelftalk.experiments.report import Report, report
from shelftalk.server.db.joined import outcomes_of
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_experiments import ExperimentRow, ExposureRow, SlateRow
from shelftalk.values import Slate

_LOCK = 727375  # one at a time hands out slots
_KEPT = (ExposureRow, SlateRow)  # what of a user is kept here


class Experiments:
    """The experiments of a server; they are its operator's and hold for all tenants, whose users are told apart."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, definition: Definition) -> Experiment:
        """The experiment, running. UsageError where the definition cannot be, its name is taken, or too little traffic is left."""
        with self._alone() as connection:
            if connection.execute(select(ExperimentRow.name).where(ExperimentRow.name == definition.name)).first():
                raise UsageError(f"there is or was an experiment {definition.name!r}; give another name")
            made = begin(definition, now(), _taken(connection, definition.name))
            connection.execute(insert(ExperimentRow).values(_row(made)))
            return made

    def change(
        self, name: str, *, weights: Mapping[str, float] | None = None, share: float | None = None
    ) -> Experiment:
        """The experiment with other weights or another share of the traffic from now on."""
        with self._alone() as connection:
            changed = _read(connection, name).changed(now(), _taken(connection, name), weights=weights, share=share)
            connection.execute(update(ExperimentRow).where(ExperimentRow.name == name).values(_row(changed)))
            return changed

    def stop(self, name: str, why: str = "") -> Experiment:
        """The experiment, stopped: its users are answered as all others again. UsageError where it is not there or stopped already."""
        with self._alone() as connection:
            found = _read(connection, name)
            if found.stopped_at is not None:
                raise UsageError(f"experiment {name!r} was stopped on {found.stopped_at:%Y-%m-%d}")
            values = {"stopped_at": now(), "why": why[:400]}
            connection.execute(update(ExperimentRow).where(ExperimentRow.name == name).values(values))
            return _read(connection, name)

    def get(self, name: str) -> Experiment:
        """The experiment of that name. UsageError where there is none."""
        with self._engine.connect() as connection:
            return _read(connection, name)

    def all(self) -> list[Experiment]:
        """All of them, the newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(*ExperimentRow.__table__.c).order_by(ExperimentRow.started_at.desc()))
            return [_experiment(row) for row in rows]

    def running(self) -> list[Experiment]:
        """Those that run now."""
        return [found for found in self.all() if found.stopped_at is None]

    def expose(
        self, experiment: str, variant: str, unit: Unit, *, ms: float, picks: int, degraded: bool = False, at: datetime | None = None
    ) -> None:  # fmt: skip
        """Notes an answer that the variant could have made a difference to."""
        row = {
            "experiment": experiment, "variant": variant, "tenant": unit.tenant, "user": unit.user,
            "session": unit.session, "at": at or now(), "ms": ms, "picks": picks, "degraded": degraded,
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(insert(ExposureRow).values(row))

    def drawn(
        self, slate: Slate, unit: Unit, request: str, *, keep: bool, context: str, part: tuple[str, str] | None = None
    ) -> None:  # fmt: skip
        """Logs a list that was drawn at random. `context` stands for the request in the logs; its words are kept where `keep` says so.
        `part` is the experiment and variant that it was drawn in."""
        record = {**slate.to_dict(), "context": context, "experiment": list(part) if part else None}
        row = {
            "tenant": unit.tenant, "user": unit.user, "session": unit.session, "at": now(),
            "request": request if keep else None, "record": record,
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(insert(SlateRow).values(row))

    def slates(self, reward: str, window: timedelta) -> Iterator[dict[str, Any]]:
        """Each list that was drawn, oldest first, as experiments/logs.py reads it: the reward of a product that was shown is 1 where its
        user did that with it (a kind of COUNTED) within the window."""
        if reward not in COUNTED:
            raise UsageError(f"there is no reward {reward!r}; there is: {', '.join(COUNTED)}")
        with self._engine.connect() as connection:
            earned = _earned(connection, reward)
            for row in connection.execute(select(*SlateRow.__table__.c).order_by(SlateRow.at, SlateRow.id)):
                mine = earned.get(Unit(row.tenant, row.user, row.session).key, {})
                rewards = [
                    float(any(row.at <= at < row.at + window for at in mine.get(product, ())))
                    for product in row.record["shown"]
                ]
                yield {
                    "unit": row.user or row.session, "at": row.at.isoformat(), "request": row.request, **row.record,
                    "rewards": rewards,
                }  # fmt: skip

    def report(self, name: str, at: datetime | None = None) -> Report:
        """What it says at that moment (now)."""
        found = self.get(name)
        moment = at or now()
        with self._engine.connect() as connection:
            seen = collect(
                [arm.name for arm in found.definition.variants], found.definition.window,
                _exposures(connection, name), self._outcomes(connection, name), moment,
            )  # fmt: skip
        return report(found.definition, seen, found.phases, moment)

    def counts(self, name: str) -> dict[str, int]:
        """Answers by variant."""
        wanted = select(ExposureRow.variant, func.count()).where(ExposureRow.experiment == name)
        with self._engine.connect() as connection:
            return {v: int(n) for v, n in connection.execute(wanted.group_by(ExposureRow.variant))}

    def export(self, user: str, *, tenant: str = "") -> dict[str, list[dict[str, Any]]]:
        """What is kept of a user (pseudonym) here: {"exposures": [...], "slates": [...]}."""
        out = {}
        with self._engine.connect() as connection:
            for table in _KEPT:
                rows = connection.execute(
                    select(*table.__table__.c).where(table.tenant == tenant, table.user == user).order_by(table.id)
                )
                out[table.__tablename__] = [{**row._mapping, "at": row.at.isoformat()} for row in rows]
        return out

    def erase(self, user: str, *, tenant: str = "") -> dict[str, int]:
        """How many rows of a user (pseudonym) were deleted, by table. Reports of experiments no longer count him then."""
        with self._engine.begin() as connection:
            return {
                table.__tablename__: connection.execute(
                    delete(table).where(table.tenant == tenant, table.user == user)
                ).rowcount
                for table in _KEPT
            }

    def erase_before(self, moment: datetime) -> dict[str, int]:
        """How many exposures and slates older than that were deleted, by table (retention)."""
        with self._engine.begin() as connection:
            return {t.__tablename__: connection.execute(delete(t).where(t.at < moment)).rowcount for t in _KEPT}

    @staticmethod
    def move(connection: Connection, tenant: str, user: str, into: str) -> None:
        """Makes what is kept of a user that of another one, where both turned out to be one person."""
        for table in _KEPT:
            connection.execute(
                update(table).where(table.tenant == tenant, table.user == user).values(user=into)
            )  # fmt: skip

    @staticmethod
    def _outcomes(connection: Connection, name: str) -> Iterator[Outcome]:
        session = case((ExposureRow.user != "", ""), else_=ExposureRow.session).label("session")
        of = (ExposureRow.tenant, ExposureRow.user, session)
        since = func.min(ExposureRow.at).label("since")
        units = select(*of, since).where(ExposureRow.experiment == name).group_by(*of)
        for did in outcomes_of(connection, units.subquery()):
            yield Outcome(did.unit.key, did.kind, did.at, did.amount, did.currency)

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """A transaction that no other change of experiments runs beside."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


def _earned(connection: Connection, reward: str) -> dict[str, dict[str, list[datetime]]]:
    """When each unit of a slate did that with each product."""
    session = case((SlateRow.user != "", ""), else_=SlateRow.session).label("session")
    of = (SlateRow.tenant, SlateRow.user, session)
    units = select(*of, func.min(SlateRow.at).label("since")).group_by(*of).subquery()
    found: dict[str, dict[str, list[datetime]]] = {}
    for did in outcomes_of(connection, units):
        if did.kind == reward:
            found.setdefault(did.unit.key, {}).setdefault(did.product_id, []).append(did.at)
    return found


def _read(connection: Connection, name: str) -> Experiment:
    row = connection.execute(select(*ExperimentRow.__table__.c).where(ExperimentRow.name == name)).first()
    if row is None:
        raise UsageError(f"there is no experiment {name!r}; 'shelftalk experiment list' names those there are")
    return _experiment(row)


def _taken(connection: Connection, but: str) -> list[Spans]:
    wanted = select(ExperimentRow.slots).where(ExperimentRow.stopped_at.is_(None), ExperimentRow.name != but)
    return [_spans(slots) for slots in connection.scalars(wanted)]


def _exposures(connection: Connection, name: str) -> Iterator[Exposure]:
    wanted = (
        select(
            ExposureRow.tenant, ExposureRow.user, ExposureRow.session, ExposureRow.variant, ExposureRow.at,
            ExposureRow.ms, ExposureRow.picks,
        )
        .where(ExposureRow.experiment == name)
        .order_by(ExposureRow.at, ExposureRow.id)
    )  # fmt: skip
    for tenant, user, session, variant, at, ms, picks in connection.execute(wanted):
        yield Exposure(Unit(tenant, user, session).key, variant, at, ms, picks)


def _experiment(row: Row[Any]) -> Experiment:
    return Experiment(
        Definition.from_dict(row.definition), row.salt, _spans(row.slots),
        {name: _spans(spans) for name, spans in row.spans.items()},
        tuple((datetime.fromisoformat(p["at"]), p["shares"]) for p in row.phases),
        row.started_at, row.stopped_at, row.why,
    )  # fmt: skip


def _row(one: Experiment) -> dict[str, Any]:
    return {
        "name": one.name, "definition": one.definition.to_dict(), "salt": one.salt, "slots": list(map(list, one.slots)),
        "spans": {name: list(map(list, spans)) for name, spans in one.spans.items()},
        "phases": [{"at": at.isoformat(), "shares": dict(held)} for at, held in one.phases],
        "started_at": one.started_at, "stopped_at": one.stopped_at, "why": one.why,
    }  # fmt: skip


def _spans(told: Iterable[Iterable[int]]) -> Spans:
    return tuple((low, high) for low, high in told)

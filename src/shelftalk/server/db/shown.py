"""What answers showed, summed by product and day, and what the exposure floor did, for several gateways on one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shelftalk.server.db.gaps import AT_ONCE, batched, day
from shelftalk.server.db.tables import Base
from shelftalk.server.db.tables_shown import FloorRow, ShownRow
from shelftalk.shoppers.exposure import Tally

_SUMS = ("times", "exposure", "new_exposure")
_TALLY = tuple(f.name for f in fields(Tally))


@dataclass(frozen=True, slots=True)
class Shown:
    """How often a product was shown, its exposure, and how much of that while it was new. They add up."""

    times: int = 0
    exposure: float = 0.0
    new_exposure: float = 0.0

    def __add__(self, other: Shown) -> Shown:
        return Shown(self.times + other.times, self.exposure + other.exposure, self.new_exposure + other.new_exposure)


class ShownStore:
    """What was shown of one catalogue (as `catalog_name` has it)."""

    def __init__(self, engine: Engine, catalog: str) -> None:
        self._engine, self._catalog = engine, catalog

    def add(self, shown: Mapping[tuple[str, str], Shown]) -> None:
        """Adds what was shown by (day, product id), all of it or (where this raises) none. Processes that add at once lose nothing."""
        rows = [
            {"catalog": self._catalog, "day": on, "product_id": product_id, **asdict(held)}
            for (on, product_id), held in sorted(shown.items())
        ]
        with self._engine.begin() as connection:
            self._added(connection, ShownRow, ("catalog", "day", "product_id"), _SUMS, rows)

    def settle(self, own: Mapping[date, Tally], since: date) -> dict[date, Tally]:
        """Adds tallies by day, and returns the sums of all gateways from a day on; both or (where this raises) neither."""
        rows = [{"catalog": self._catalog, "day": on.isoformat(), **asdict(tally)} for on, tally in sorted(own.items())]
        with self._engine.begin() as connection:
            self._added(connection, FloorRow, ("catalog", "day"), _TALLY, rows)
            return self._tallies(connection, since.isoformat())

    def tallies(self, since: str) -> dict[date, Tally]:
        """What the floor did from that day on, by day."""
        with self._engine.connect() as connection:
            return self._tallies(connection, since)

    def _tallies(self, connection: Connection, since: str) -> dict[date, Tally]:
        columns = [getattr(FloorRow, name) for name in _TALLY]
        wanted = select(FloorRow.day, *columns).where(FloorRow.catalog == self._catalog, FloorRow.day >= since)
        return {date.fromisoformat(on): Tally(*sums) for on, *sums in connection.execute(wanted.order_by(FloorRow.day))}

    def by_product(self, since: str) -> dict[str, Shown]:
        """What was shown of each product from that day on."""
        sums = [func.sum(getattr(ShownRow, name)) for name in _SUMS]
        wanted = select(ShownRow.product_id, *sums).where(ShownRow.catalog == self._catalog, ShownRow.day >= since)
        with self._engine.connect() as connection:
            rows: Sequence[Any] = connection.execute(wanted.group_by(ShownRow.product_id)).all()
        return {product_id: Shown(int(times), float(all_), float(new)) for product_id, times, all_, new in rows}

    def prune(self, days: int) -> int:
        """The number of rows deleted: those older than so many days."""
        gone = 0
        with self._engine.begin() as connection:
            for table in (ShownRow, FloorRow):
                gone += connection.execute(delete(table).where(table.day < day(days))).rowcount
        return gone

    def _added(
        self,
        connection: Connection,
        table: type[Base],
        key: Sequence[str],
        sums: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        insert = postgresql.insert(table) if self._engine.dialect.name == "postgresql" else sqlite.insert(table)
        more = {name: getattr(table, name) + getattr(insert.excluded, name) for name in sums}
        statement = insert.on_conflict_do_update(index_elements=list(key), set_=more)
        for some in batched(rows, AT_ONCE):
            connection.execute(statement, list(some))

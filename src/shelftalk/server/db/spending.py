"""The privacy budget of the figures that leave the shop: what a year's releases have spent, and no more than that is let through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from shelftalk.errors import UsageError
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_privacy import SpentRow
from shelftalk.server.db.writing import durable

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Budget:
    """Epsilon of a year (UTC): its limit, what is spent and what is left. Releases add up (basic composition, Dwork et al. 2006)."""

    year: int
    limit: float
    spent: float

    @property
    def left(self) -> float:
        """What may still be spent."""
        return max(0.0, self.limit - self.spent)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a release."""
        return {
            "year": self.year,
            "limit": self.limit,
            "spent": round(self.spent, 9),
            "left": round(self.left, 9),
        }


class Spending:
    """The ledger of a tenant. What is spent before a release is given out is spent even if it never is."""

    def __init__(self, engine: Engine, limit: float) -> None:
        self._engine, self._limit = engine, limit

    def budget(self, *, tenant: str = "", at: datetime | None = None) -> Budget:
        """This year's."""
        with self._engine.connect() as connection:
            return self._budget(connection, tenant, (at or now()).year)

    def spend(self, epsilon: float, what: str, *, tenant: str = "", at: datetime | None = None) -> Budget:
        """The budget after this release, once it is on disk. UsageError where the year's is not enough; two at once cannot overdraw it."""
        moment = at or now()
        with durable(self._engine, alone=True) as connection:
            before = self._budget(connection, tenant, moment.year)
            if epsilon > before.left + _SLACK:
                raise UsageError(
                    f"epsilon {epsilon:g} is more than is left of {moment.year}: {before.left:g} of {before.limit:g} "
                    "(setting privacy.epsilon_per_year); what was released cannot be taken back, so wait for the next year or ask for less"
                )
            row = {
                "tenant": tenant,
                "year": moment.year,
                "epsilon": epsilon,
                "what": what[:200],
                "at": moment,
            }
            connection.execute(SpentRow.__table__.insert(), [row])  # type: ignore[attr-defined]
            return self._budget(connection, tenant, moment.year)

    def releases(self, *, tenant: str = "") -> list[dict[str, Any]]:
        """Every release, oldest first."""
        wanted = select(SpentRow.year, SpentRow.epsilon, SpentRow.what, SpentRow.at)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted.where(SpentRow.tenant == tenant).order_by(SpentRow.id))
            return [{**row._mapping, "at": row.at.isoformat()} for row in rows]

    def _budget(self, connection: Any, tenant: str, year: int) -> Budget:
        total = select(func.coalesce(func.sum(SpentRow.epsilon), 0.0))
        spent = connection.scalar(total.where(SpentRow.tenant == tenant, SpentRow.year == year))
        return Budget(year, self._limit, float(spent))

"""What units did after a moment: interactions joined to users or, where none is known, to conversations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Subquery, select

from shelftalk.experiments.experiment import Unit
from shelftalk.experiments.outcomes import COUNTED
from shelftalk.server.db.tables_events import InteractionRow


@dataclass(frozen=True, slots=True)
class Did:
    """An interaction of a unit; `amount` is what was paid for all pieces, None where no price is known."""

    unit: Unit
    kind: str
    at: datetime
    product_id: str
    amount: float | None
    currency: str


def outcomes_of(connection: Connection, units: Subquery) -> Iterator[Did]:
    """What each unit did from `since` on, of the kinds that are counted; `units` has tenant, user ("" for a conversation alone), session
    and since."""
    by_user = (units.c.user != "") & (InteractionRow.user == units.c.user)
    by_session = (units.c.user == "") & (units.c.session != "") & (InteractionRow.session == units.c.session)
    row = InteractionRow
    for unit in (by_user, by_session):
        wanted = (
            select(
                units.c.tenant, units.c.user, units.c.session, row.kind, row.at, row.product_id, row.price, row.value, row.currency
            )
            .join(units, (row.tenant == units.c.tenant) & unit & (row.at >= units.c.since))
            .where(row.kind.in_(list(COUNTED)))
        )  # fmt: skip
        for tenant, user, session, kind, at, product, price, value, currency in connection.execute(wanted):
            pieces = 1.0 if value is None else value
            amount = None if price is None else float(price) * pieces
            yield Did(Unit(tenant, user, session), kind, at, product, amount, currency or "")

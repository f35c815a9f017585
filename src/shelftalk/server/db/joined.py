"""What units did after a moment: interactions joined to users or, where none is known, to conversations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, Subquery, select

from shelftalk.experiments.experiment import Unit
from shelftalk.server.db.tables_events import InteractionRow

_KINDS = ("click", "cart", "purchase", "dismiss")


def outcomes_of(connection: Connection, units: Subquery) -> Iterator[tuple[Unit, str, datetime, float]]:
    """(unit, kind, when, amount paid) of what each unit did from `since` on; `units` has tenant, user, session and since."""
    by_user = (units.c.user != "") & (InteractionRow.user == units.c.user)
    by_session = (units.c.user == "") & (InteractionRow.session == units.c.session)
    done = (InteractionRow.kind, InteractionRow.at, InteractionRow.price, InteractionRow.value)
    for unit in (by_user, by_session):
        joined = (InteractionRow.tenant == units.c.tenant) & unit & (InteractionRow.at >= units.c.since)
        wanted = select(units.c.tenant, units.c.user, units.c.session, *done).join(units, joined)
        for tenant, user, session, kind, at, price, pieces in connection.execute(
            wanted.where(InteractionRow.kind.in_(_KINDS))
        ):
            paid = float(price or 0) * (1.0 if pieces is None else pieces) if kind == "purchase" else 0.0
            yield Unit(tenant, user, session), kind, at, paid

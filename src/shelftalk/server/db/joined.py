"""What units did after a moment: interactions joined to users or, where none is known, to conversations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, Subquery, select

from shelftalk.experiments.experiment import Unit
from shelftalk.server.db.tables import Interaction

# The kinds that are counted, by the name under which they stand in the table.
_KINDS = {"clicked": "click", "bought": "purchase", "dismissed": "dismiss", "more_like": "more_like"}


def outcomes_of(connection: Connection, units: Subquery) -> Iterator[tuple[Unit, str, datetime, float]]:
    """(unit, kind, when, amount paid) of what each unit did from `since` on; `units` has tenant, user, session and since."""
    by_user = (units.c.user != "") & (Interaction.user == units.c.user)
    by_session = (units.c.user == "") & (Interaction.conversation_id == units.c.session)
    for unit in (by_user, by_session):
        wanted = select(
            units.c.tenant, units.c.user, units.c.session, Interaction.kind, Interaction.at
        ).join(units, (Interaction.tenant == units.c.tenant) & unit & (Interaction.at >= units.c.since))  # fmt: skip
        for tenant, user, session, kind, at in connection.execute(wanted.where(Interaction.kind.in_(list(_KINDS)))):
            yield Unit(tenant, user, session), _KINDS[kind], at, 0.0

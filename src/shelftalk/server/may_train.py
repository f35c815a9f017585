"""Whose rows a training set may hold: those who consent, and people that the shop's database does not know (a public data set's)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select, union

from shelftalk.privacy.pseudonym import load_pseudonyms
from shelftalk.server.db import Consents, connect, migrate
from shelftalk.server.db.connect import default_url
from shelftalk.server.db.tables_events import InteractionRow
from shelftalk.server.db.tables_privacy import ConsentRow
from shelftalk.settings import Settings


def may_train(settings: Settings) -> Callable[[str], bool]:
    """Whether a user's rows may be trained on, by the shop's own id or the pseudonym, in any tenant of the settings' database."""
    url = default_url(settings)
    file = url.partition("sqlite:///")[2]
    if file and not Path(file).expanduser().is_file():
        return lambda user: True
    engine = connect(url)
    try:
        migrate(engine)
        known = union(
            select(InteractionRow.tenant, InteractionRow.user).where(InteractionRow.user != ""),
            select(ConsentRow.tenant, ConsentRow.user),
        )
        with engine.connect() as connection:
            rows = connection.execute(known).all()
        tenants = sorted({tenant for tenant, _ in rows})
        held = Consents(engine, settings.privacy.consent_default)
        permitted = {tenant: held.permitted("training", tenant=tenant) for tenant in tenants}
        refused = {user for tenant, user in rows if not permitted[tenant](user)}
    finally:
        engine.dispose()
    if not refused:
        return lambda user: True
    pseudonyms = load_pseudonyms(settings, url)
    return lambda user: refused.isdisjoint([user, *(pseudonyms.of(user, tenant) for tenant in tenants)])

"""Who asks, for commands: what the server's database knows of a user, as an answer may use it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shelftalk.pipeline import Shelf
    from shelftalk.values import Shopper


def known(shelf: Shelf, user: str, database: str | None, tenant: str = "", place: str = "") -> Shopper:
    """The shopper of that id; one of whom nothing is known where the database has nothing of them, or they consent to no
    personalisation."""
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.db import Consents, Interactions, Profiles, Users, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.values import Context

    settings = shelf.settings
    address = database or default_url(settings)
    engine = connect(address)
    try:
        migrate(engine)
        pseudonym = Users(engine, load_pseudonyms(settings, address)).of(user, tenant)
        if not Consents(engine, settings.privacy.consent_default).allowed(pseudonym, "personalisation", tenant=tenant):
            return shelf.known("", (), context=Context(datetime.now(UTC), place))
        done = Interactions(engine).of_user(pseudonym, tenant=tenant, limit=settings.shoppers.history)
        corrections = Profiles(engine).corrections(pseudonym, tenant=tenant)
    finally:
        engine.dispose()
    return shelf.known(pseudonym, done, corrections=corrections, context=Context(datetime.now(UTC), place))

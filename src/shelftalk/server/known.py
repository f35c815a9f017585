"""What the server's database knows of shoppers, for lists that are made apart from the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine

from shelftalk.server.db import Consents, Interactions, Profiles, connect, migrate
from shelftalk.server.db.interactions import aliases
from shelftalk.settings import ConsentDefaults
from shelftalk.values import Shopper

MOST = 1000  # interactions of a user, the newest


@dataclass(frozen=True, slots=True)
class InDatabase:
    """Looks shoppers up by their pseudonyms in the database at `url`. It can be sent to other processes, which connect by themselves."""

    url: str
    tenant: str = ""
    defaults: ConsentDefaults = field(default_factory=ConsentDefaults)

    def __call__(self, shoppers: Sequence[Shopper], shelf: Any) -> list[Shopper]:
        """The shoppers with what they did before the moment of their context and corrected in their profiles, as `shelf` (a Shelf) reads
        it. One of whom nothing is known, or who does not consent to personalisation (`defaults` hold for who was not
        asked), stays as they are; of one who had the profile forgotten counts what was done since."""
        engine = _opened(self.url)
        done, corrected, consents = Interactions(engine), Profiles(engine), Consents(engine, self.defaults)
        with engine.connect() as connection:
            merged = aliases(connection, {shopper.user for shopper in shoppers}, self.tenant)
        found = []
        for shopper in shoppers:
            user = merged.get(shopper.user, shopper.user)
            if not consents.allowed(user, "personalisation", tenant=self.tenant):
                found.append(shopper)
                continue
            history = done.of_user(user, tenant=self.tenant, limit=MOST, until=shopper.context.at)
            corrections = corrected.corrections(user, tenant=self.tenant)
            since = corrections.forgotten_at
            history = [one for one in history if since is None or one.at > since]
            if history or corrections.lines:
                found.append(shelf.known(user, history, corrections=corrections, context=shopper.context))
            else:
                found.append(shopper)
        return found


@lru_cache(maxsize=4)
def _opened(url: str) -> Engine:
    engine = connect(url)
    migrate(engine)
    return engine

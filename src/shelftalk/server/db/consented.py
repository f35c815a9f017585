"""The interactions of those who consented to a purpose: what is built for it reads them here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from shelftalk.privacy.consent import Purpose
from shelftalk.server.db.consents import Consents
from shelftalk.server.db.interactions import Interactions
from shelftalk.settings import ConsentDefaults
from shelftalk.values import Interaction


class Consented(Interactions):
    """Interactions without those of users who do not consent to `purpose`, as it holds when they are read. What nobody signed is
    nobody's and stays."""

    def __init__(self, engine: Engine, purpose: Purpose, defaults: ConsentDefaults, *, scrub: bool = True) -> None:
        super().__init__(engine, scrub=scrub)
        self._purpose, self._consents = purpose, Consents(engine, defaults)

    def of_user(
        self, user: str, *, tenant: str = "", limit: int = 100, since: datetime | None = None, until: datetime | None = None
    ) -> list[Interaction]:  # fmt: skip
        """As of all, none of who does not consent."""
        if not self._consents.allowed(user, self._purpose, tenant=tenant):
            return []
        return super().of_user(user, tenant=tenant, limit=limit, since=since, until=until)

    def between(
        self, since: datetime | None = None, until: datetime | None = None, *, tenant: str = ""
    ) -> Iterator[Interaction]:
        """As of all, without those of who does not consent."""
        allowed = self._consents.permitted(self._purpose, tenant=tenant)
        return (one for one in super().between(since, until, tenant=tenant) if allowed(one.user))

    def by_user(
        self, since: datetime | None = None, until: datetime | None = None, *, tenant: str = ""
    ) -> Iterator[tuple[str, list[Interaction]]]:
        """As of all, without who does not consent."""
        allowed = self._consents.permitted(self._purpose, tenant=tenant)
        return ((user, those) for user, those in super().by_user(since, until, tenant=tenant) if allowed(user))

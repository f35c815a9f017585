"""Shoppers' profiles over a catalogue and a database: read, corrected, switched, forgotten. What the routes and the commands share.

A profile is read from the interactions whenever it is asked for, so that whatever was done or corrected last is in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError, UsageError
from shelftalk.prompts import PromptLibrary
from shelftalk.server.db.interactions import Interactions
from shelftalk.server.db.profiles import Profiles
from shelftalk.settings import ProfileSettings
from shelftalk.shoppers.profiles import Offers, Profile, build_profile
from shelftalk.shoppers.profiles.corrections import ASPECTS, Correction, checked
from shelftalk.shoppers.profiles.stated import lines_said
from shelftalk.values import Criterion, Intent, ProfileLine, Want
from shelftalk.values.shopper import Source

__all__ = ["Change", "Profiling", "UnknownLine"]


class Known(Protocol):
    """Under which pseudonym a shop's user stands."""

    def of(self, user: str, tenant: str = "") -> str:
        """The pseudonym."""
        ...


class UnknownLine(CatalogError):
    """No such line in this shopper's profile."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a line; what is None stays. `value` and `span` go with `want`."""

    on: bool | None = None
    want: Want | None = None
    value: str | bool | None = None
    span: tuple[Decimal, Decimal] | None = None
    weight: float | None = None

    @property
    def says(self) -> bool:
        """Whether it changes what the line says, not only whether it counts."""
        return (self.want, self.value, self.span, self.weight) != (None, None, None, None)


class Profiling:
    """Profiles of one catalogue's shoppers. Safe to share between threads. `texts` takes personal data out of the words that are
    kept; `history` is how many of the last interactions are read, as many as answers read (shoppers.history)."""

    def __init__(
        self,
        catalog: Catalog,
        interactions: Interactions,
        corrections: Profiles,
        users: Known,
        settings: ProfileSettings,
        prompts: PromptLibrary | None = None,
        texts: Callable[[str], str] = str,
        history: int = 200,
    ) -> None:
        self.catalog, self.interactions, self.corrections, self.users = catalog, interactions, corrections, users
        self.settings, self._prompts, self._texts = settings, prompts, texts
        self._history = history
        self._offers: Offers | None = None
        self._making = threading.Lock()

    def offers(self) -> Offers:
        """What the catalogue offers now; counted once for each of its versions."""
        with self._making:
            facets = self.catalog.facets()
            if self._offers is None or self._offers.version != facets.version:
                self._offers = Offers.of(self.catalog.products(), facets, least=self.settings.least_offer)
            return self._offers

    def of(
        self, user: str, *, tenant: str = "", session: str = "", now: datetime | None = None, without: str = ""
    ) -> Profile:
        """The profile of a shop's user, as corrected; empty for one that nothing is known of. Interactions with the product `without` are left
        out."""
        known = self.users.of(user, tenant)
        if not known:
            raise UsageError("a profile is somebody's: give the user's id")
        read = self.interactions.of_user(known, tenant=tenant, limit=self._history)
        done = [one for one in read if not without or one.product_id != without]
        products = self.catalog.get_many(list(dict.fromkeys(i.product_id for i in done if i.product_id)))
        return build_profile(
            known, done, products, self.offers(), now=now or datetime.now(UTC), settings=self.settings,
            corrections=self.corrections.corrections(known, tenant=tenant), session=session, prompts=self._prompts,
        )  # fmt: skip

    def change(self, user: str, line_id: str, change: Change, *, tenant: str = "") -> Profile:
        """The profile once a line is changed or switched. UnknownLine; UsageError for what the catalogue cannot be asked."""
        known = self.users.of(user, tenant)
        line = self._line(user, line_id, tenant)
        before = self.corrections.corrections(known, tenant=tenant).lines.get(line_id)
        own = before.line if before is not None and before.deleted_at is None else None
        if change.says:
            own = replace(checked(self._changed(line, change), self.catalog.facets()), id=line_id)
        on = change.on if change.on is not None else before.on if before is not None else True
        self.corrections.put(known, [Correction(line_id, own, on)], tenant=tenant)
        return self.of(user, tenant=tenant)

    def add(self, user: str, line: ProfileLine, *, tenant: str = "") -> Profile:
        """The profile once a line is in it that the shopper states. UsageError for what the catalogue cannot be asked."""
        criterion = replace(line.criterion, words=self._texts(line.criterion.words))
        stated = checked(replace(line, criterion=criterion, source="stated", evidence=()), self.catalog.facets())
        self.corrections.put(self.users.of(user, tenant), [Correction(stated.id, stated)], tenant=tenant)
        return self.of(user, tenant=tenant)

    def say(self, user: str, words: str, intent: Intent, *, tenant: str = "") -> Profile:
        """The same from words, with the intent that was read from them; UsageError where they say nothing that a field holds."""
        lines = lines_said(self._texts(words), intent, self.catalog.facets())
        self.corrections.put(
            self.users.of(user, tenant), [Correction(line.id, line) for line in lines], tenant=tenant
        )  # fmt: skip
        return self.of(user, tenant=tenant)

    def delete(self, user: str, line_id: str, *, tenant: str = "") -> Profile:
        """The profile without a line, which comes back only from what is done from now on. UnknownLine."""
        line = self._line(user, line_id, tenant)
        gone = Correction(line_id, line, deleted_at=datetime.now(UTC))
        self.corrections.put(self.users.of(user, tenant), [gone], tenant=tenant)
        return self.of(user, tenant=tenant)

    def switch(
        self, user: str, *, on: bool | None = None, aspects: Mapping[str, bool] | None = None, tenant: str = ""
    ) -> Profile:
        """The profile once all of it, or aspects of it, are switched on or off. UsageError for an aspect that there is not."""
        for name in aspects or {}:
            if name not in ASPECTS:
                raise UsageError(f"there is no aspect {name!r}; aspects are {', '.join(ASPECTS)}")
        self.corrections.switch(self.users.of(user, tenant), on=on, aspects=aspects, tenant=tenant)
        return self.of(user, tenant=tenant)

    def forget(self, user: str, *, tenant: str = "") -> dict[str, int]:
        """How many interactions and corrections were deleted: all of the shopper's. Nothing that was done before counts again, should the
        shop send it once more."""
        known = self.users.of(user, tenant)
        lines = self.corrections.forget(known, tenant=tenant)
        return {"interactions": self.interactions.forget(known, tenant=tenant), "corrections": lines}

    def _line(self, user: str, line_id: str, tenant: str) -> ProfileLine:
        made = self.of(user, tenant=tenant)
        found = next((line for line in (*made.lines, *made.off) if line.id == line_id), None)
        if found is None:
            raise UnknownLine("no such line in this profile; read the profile again")
        return found

    @staticmethod
    def _changed(line: ProfileLine, change: Change) -> ProfileLine:
        want = change.want or line.criterion.want
        value: Any = change.value if change.value is not None else line.criterion.value
        span = change.span if change.span is not None else line.span
        if change.value is not None or want in ("low", "high", "not"):
            span = change.span
        if change.span is not None or want in ("low", "high"):
            value = None
        criterion = Criterion(line.criterion.field, want, value, line.criterion.importance, line.criterion.words)
        weight = line.weight if change.weight is None else change.weight
        source: Source = "stated" if line.source == "stated" else "corrected"
        return replace(line, criterion=criterion, span=span, weight=weight, evidence=(), source=source)

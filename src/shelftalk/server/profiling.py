"""Shoppers' profiles over a catalogue and a database: read, corrected, switched, forgotten. What the routes and the commands share.

A profile is read from the interactions whenever it is asked for, so that whatever was done or corrected last is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from shelftalk.catalog import Catalog, sql
from shelftalk.errors import CatalogError, UsageError
from shelftalk.prompts import PromptLibrary
from shelftalk.server.db.interactions import Interactions
from shelftalk.server.db.profiles import Profiles
from shelftalk.settings import Settings
from shelftalk.shoppers.profiles import Offers, Profile, build_profile
from shelftalk.shoppers.profiles.corrections import (
    ASPECTS,
    Correction,
    checked,
    contradicts,
    superseded,
    withdrawn,
    wordless,
)
from shelftalk.shoppers.profiles.stated import lines_said, says_fine
from shelftalk.values import Constraint, Criterion, Intent, ProfileLine, Scalar, Want
from shelftalk.values.shopper import Source

__all__ = ["Change", "Profiling", "UnknownLine", "WithoutConsent"]


class Known(Protocol):
    """Under which pseudonym a shop's user stands."""

    def of(self, user: str, tenant: str = "") -> str:
        """The pseudonym."""
        ...


class Ground(Protocol):
    """What profiles are read from beside interactions; a Shelf is one."""

    @property
    def catalog(self) -> Catalog:
        """The products."""

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""

    @property
    def prompts(self) -> PromptLibrary:
        """The templates that say lines in words."""

    def offers(self) -> Offers:
        """What the catalogue offers, counted once a version."""
        ...


class UnknownLine(CatalogError):
    """No such line in this shopper's profile."""


class WithoutConsent(UsageError):
    """The shopper does not consent to personalisation, and what was asked would add to their profile or switch it on."""


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
    """Profiles of one catalogue's shoppers. Safe to share between threads.

    `ground` gives what is in use now: on a server the shelf, whose settings, prompts and count of what is offered answers use too.
    `allowed` tells whether a user (pseudonym, tenant) consents to personalisation; `texts` takes personal data out of the words
    that are kept.
    """

    def __init__(
        self,
        ground: Callable[[], Ground],
        interactions: Interactions,
        corrections: Profiles,
        users: Known,
        allowed: Callable[[str, str], bool],
        texts: Callable[[str], str] = str,
    ) -> None:
        self._ground, self.interactions, self.corrections, self.users = ground, interactions, corrections, users
        self._allowed, self._texts = allowed, texts

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose products profiles are about."""
        return self._ground().catalog

    def of(
        self, user: str, *, tenant: str = "", session: str = "", now: datetime | None = None, without: str = ""
    ) -> Profile:
        """The profile of a shop's user, as corrected; empty for one that nothing is known of. Interactions with the product `without` are left
        out. Of who does not consent to personalisation no interaction is read, and nothing counts."""
        ground, known = self._ground(), self._known(user, tenant)
        allowed = self._allowed(known, tenant)
        many = ground.settings.shoppers.history  # as many as answers read
        read = self.interactions.of_user(known, tenant=tenant, limit=many) if allowed else []
        done = [one for one in read if not without or one.product_id != without]
        products = ground.catalog.get_many(list(dict.fromkeys(i.product_id for i in done if i.product_id)))
        made = build_profile(
            known, done, products, ground.offers(), now=now or datetime.now(UTC), settings=ground.settings.profile,
            corrections=self.corrections.corrections(known, tenant=tenant), session=session, prompts=ground.prompts,
        )  # fmt: skip
        return made if allowed else made.withheld()

    def may_add(self, user: str, *, tenant: str = "") -> str:
        """The user's pseudonym; WithoutConsent where nothing may be added to their profile."""
        known = self._known(user, tenant)
        if not self._allowed(known, tenant):
            raise WithoutConsent(
                "this user does not consent to personalisation, so nothing is added to the profile or switched on in it; it can be once "
                "they do (PUT /v1/users/USER/consent, or `shelftalk privacy consent USER --purpose personalisation`)"
            )
        return known

    def change(self, user: str, line_id: str, change: Change, *, tenant: str = "") -> Profile:
        """The profile once a line is changed or switched. UnknownLine; WithoutConsent; UsageError for what the catalogue cannot be asked."""
        known = self.may_add(user, tenant=tenant) if change.says or change.on else self._known(user, tenant)
        line = self._line(user, line_id, tenant)
        before = self.corrections.corrections(known, tenant=tenant).lines.get(line_id)
        own = before.own if before is not None else None
        if change.says:
            own = replace(self._checked(self._changed(line, change)), id=line_id)
        on = change.on if change.on is not None else before.on if before is not None else True
        self._put(known, [Correction(line_id, own, on)], tenant)
        return self.of(user, tenant=tenant)

    def add(self, user: str, line: ProfileLine, *, tenant: str = "") -> Profile:
        """The profile once a line is in it that the shopper states. WithoutConsent; UsageError for what the catalogue cannot be asked."""
        known = self.may_add(user, tenant=tenant)
        criterion = replace(line.criterion, words=self._texts(line.criterion.words))
        stated = self._checked(replace(line, criterion=criterion, source="stated", evidence=()))
        self._put(known, [Correction(stated.id, stated)], tenant)
        return self.of(user, tenant=tenant)

    def say(self, user: str, words: str, intent: Intent, *, tenant: str = "") -> Profile:
        """The same from words, with the intent that was read from them; UsageError where they say nothing that a field holds. Where they say
        that something is fine, what the shopper stated against it goes, and nothing is added."""
        known = self.may_add(user, tenant=tenant)
        facets = self.catalog.facets()
        lines = lines_said(self._texts(words), intent, facets, self._there)
        if says_fine(words):
            held = self.corrections.corrections(known, tenant=tenant).lines.values()
            gone = [c for c in held if c.own is not None and any(contradicts(c.own, line, facets) for line in lines)]
            if not gone:
                raise UsageError(
                    "this says that something is fine, and nothing in the profile is against it; to wish for it say so: "
                    '"I like wool", "prefer wool"'
                )
            now = datetime.now(UTC)
            self._put(known, [Correction(c.line_id, wordless(c.own), deleted_at=now) for c in gone if c.own], tenant)
            return self.of(user, tenant=tenant)
        self._put(known, [Correction(line.id, line) for line in lines], tenant)
        return self.of(user, tenant=tenant)

    def delete(self, user: str, line_id: str, *, tenant: str = "") -> Profile:
        """The profile without a line, which comes back only from what is done from now on. UnknownLine."""
        line = self._line(user, line_id, tenant)
        gone = Correction(line_id, wordless(line), deleted_at=datetime.now(UTC))
        self._put(self._known(user, tenant), [gone], tenant)
        return self.of(user, tenant=tenant)

    def switch(
        self, user: str, *, on: bool | None = None, aspects: Mapping[str, bool] | None = None, tenant: str = ""
    ) -> Profile:
        """The profile once all of it, or aspects of it, are switched on or off. UsageError for an aspect that there is not; WithoutConsent
        where something would be switched on."""
        for name in aspects or {}:
            if name not in ASPECTS:
                raise UsageError(f"there is no aspect {name!r}; aspects are {', '.join(ASPECTS)}")
        wanted = bool(on) or any((aspects or {}).values())
        known = self.may_add(user, tenant=tenant) if wanted else self._known(user, tenant)
        self.corrections.switch(known, on=on, aspects=aspects, tenant=tenant)
        return self.of(user, tenant=tenant)

    def forget(self, user: str, *, tenant: str = "") -> dict[str, int]:
        """How many interactions and corrections were deleted: all of the shopper's. Nothing that was done before counts again, should the
        shop send it once more."""
        known = self._known(user, tenant)
        lines = self.corrections.forget(known, tenant=tenant)
        return {"interactions": self.interactions.forget(known, tenant=tenant), "corrections": lines}

    def _known(self, user: str, tenant: str) -> str:
        known = self.users.of(user, tenant)
        if not known:
            raise UsageError("a profile is somebody's: give the user's id")
        return known

    def _put(self, known: str, new: Sequence[Correction], tenant: str) -> None:
        """Puts corrections down; the shopper's earlier lines that give way to later ones go with it, so that they never come back."""
        facets, held = self.catalog.facets(), self.corrections.corrections(known, tenant=tenant).lines
        after = {**held, **{one.line_id: one for one in new}}
        gone = {c.line_id: c for c in (*superseded(held.values(), facets), *superseded(after.values(), facets))}
        for one in new:
            gone.pop(one.line_id, None)
        left = [c for g in gone.values() if (c := withdrawn(g, datetime.now(UTC))) is not None]
        without = gone.keys() - {c.line_id for c in left}
        self.corrections.put(known, [*new, *left], without=without, tenant=tenant)

    def _checked(self, line: ProfileLine) -> ProfileLine:
        return checked(line, self.catalog.facets(), self._there)

    def _there(self, field: str, value: Scalar) -> bool:
        """Whether a product of the catalogue holds a value."""
        return bool(self.catalog.scan(sql.where((Constraint(field, "=", value),)), limit=1))

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
        same = (want, value, span) == (line.criterion.want, line.criterion.value, line.span)
        words = line.criterion.words if same else ""  # they say what the line no longer does
        criterion = Criterion(line.criterion.field, want, value, line.criterion.importance, words)
        weight = line.weight if change.weight is None else change.weight
        source: Source = "stated" if line.source == "stated" else "corrected"
        return replace(line, criterion=criterion, span=span, weight=weight, evidence=(), source=source)

"""A shopper's profile: lines with their evidence, corrected as the shopper corrected them, what is owned and liked, and all of it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import ProfileSettings
from shelftalk.shoppers.profiles import signals
from shelftalk.shoppers.profiles.corrections import (
    Correction,
    Corrections,
    aspect_of,
    overruled,
    same_statement,
    superseded,
)
from shelftalk.shoppers.profiles.lines import History, lines_of
from shelftalk.shoppers.profiles.offers import Offers, thing
from shelftalk.shoppers.profiles.telling import Telling
from shelftalk.text import clean
from shelftalk.values import Interaction, Product, ProfileLine

# Said where the shopper does not consent to personalisation.
WITHHELD = "Personalisation is off: none of these lines acts on answers. They can be deleted; nothing can be added before it is on again."
__all__ = ["WITHHELD", "Evidence", "Profile", "build_profile", "lines_read", "owned"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One interaction that lines rest on, as a shopper reads it."""

    id: str
    kind: str
    at: datetime
    product_id: str
    title: str

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a profile that is shown."""
        return {"id": self.id, "kind": self.kind, "at": self.at.isoformat(), "product_id": self.product_id, "title": self.title}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a shopper.

    `lines` are those that count, the shopper's own first; `off` those that are switched off. `owned` are the ids of what was bought and
    is not wanted again, with its variants; `liked` the products chosen, the most liked first, with how much (0 to 1). `text` says the
    lines in plain words, as prompts show it. `on` is False where the shopper switched the profile off, or does not consent to
    personalisation (`allowed` False): then nothing of it counts. `unknown` and `future` say how many interactions were left out, for a product that the catalogue lacks or a time to come.
    """

    user: str
    lines: tuple[ProfileLine, ...] = ()
    off: tuple[ProfileLine, ...] = ()
    owned: frozenset[str] = frozenset()
    liked: tuple[tuple[str, float], ...] = ()
    text: str = ""
    on: bool = True
    aspects_off: frozenset[str] = frozenset()
    evidence: Mapping[str, Evidence] | None = None
    interactions: int = 0
    unknown: int = 0
    future: int = 0
    allowed: bool = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the profile must know beside its lines."""
        return () if self.allowed else (WITHHELD,)

    def withheld(self) -> Profile:
        """The profile of who does not consent to personalisation: what they stated can be read and deleted, and none of it counts."""
        return replace(
            self, lines=(), off=(*self.lines, *self.off), owned=frozenset(), liked=(), text="", on=False, allowed=False
        )

    def to_dict(self) -> dict[str, Any]:
        """The profile as it is shown: each line with `on`, its aspect and its evidence in words."""
        held = self.evidence or {}

        def shown(line: ProfileLine, on: bool) -> dict[str, Any]:
            grounds = [held[i].to_dict() for i in line.evidence if i in held]
            return {**line.to_dict(), "on": on, "aspect": aspect_of(line), "evidence": grounds}

        return {
            "user": self.user,
            "on": self.on,
            "personalisation": self.allowed,
            "notes": list(self.notes),
            "aspects_off": sorted(self.aspects_off),
            "text": self.text,
            "lines": [*(shown(line, True) for line in self.lines), *(shown(line, False) for line in self.off)],
            "owned": sorted(self.owned),
            "liked": [{"product_id": name, "weight": round(weight, 3)} for name, weight in self.liked],
            "interactions": self.interactions,
            "left_out": {"unknown_product": self.unknown, "in_the_future": self.future},
        }


def build_profile(
    user: str,
    interactions: Sequence[Interaction],
    products: Mapping[str, Product],
    offers: Offers,
    *,
    now: datetime,
    settings: ProfileSettings | None = None,
    corrections: Corrections | None = None,
    session: str = "",
    prompts: PromptLibrary | None = None,
) -> Profile:
    """The profile of a shopper from their interactions, in any order, and corrections.

    `products` holds those of the interactions that the catalogue still has, `offers` what the catalogue offers. `session` is the session
    at hand; without it the last visit is, while it is under way. Interactions of other users are left out, each id counts once.
    """
    settings, corrections = settings or ProfileSettings(), corrections or Corrections()
    since = corrections.forgotten_at
    own = [i for i in interactions if i.user == user and (since is None or i.at > since)]
    tidied, future = signals.tidy(own, now)
    known = [i for i in tidied if i.product_id in products]
    history = History.of(known, products, offers, now, settings, session)
    telling = Telling.of(history, prompts)
    lines = [telling.told(line) for line in _corrected(lines_of(history), history, corrections)]
    on = tuple(line for line in lines if corrections.shows(line))
    off = tuple(line for line in lines if not corrections.shows(line))
    grounds = {i for line in lines for i in line.evidence}
    evidence = {
        i.id: Evidence(i.id, i.kind, i.at, i.product_id, clean(products[i.product_id].title))
        for i in known
        if i.id in grounds
    }
    return Profile(
        user, on, off,
        owned(history) if corrections.on else frozenset(), _liked(history) if corrections.on else (),
        telling.text(on), corrections.on, corrections.aspects_off, evidence, len(tidied),
        sum(bool(i.product_id) and i.product_id not in products for i in tidied), future,
    )  # fmt: skip


def lines_read(
    interactions: Sequence[Interaction], catalog: Catalog, offers: Offers, now: datetime, settings: ProfileSettings
) -> list[ProfileLine]:
    """The lines alone that one shopper's interactions showed at a moment, uncorrected and without words: what weights are fitted with."""
    tidied, _ = signals.tidy(interactions, now)
    products = catalog.get_many(list(dict.fromkeys(i.product_id for i in tidied if i.product_id)))
    known = [i for i in tidied if i.product_id in products]
    return lines_of(History.of(known, products, offers, now, settings))


def _corrected(lines: list[ProfileLine], history: History, corrections: Corrections) -> list[ProfileLine]:
    """The shopper's own lines that stand, then those that were read and that these leave standing."""
    facets = history.offers.facets
    gone = {c.line_id for c in superseded(corrections.lines.values(), facets)}
    held = {c.line_id: c.own for c in corrections.lines.values() if c.own is not None}
    own = [line for name, line in held.items() if name not in gone]
    stated = [line for line in own if line.source == "stated"]
    said = {line.id for line in own}
    read = [line for line in lines if line.id not in held.keys() | said and not overruled(line, own, facets)]
    for deleted in corrections.deleted:
        read = _without(read, deleted, history)
    kept = {line.id: line for line in (*stated, *(line for line in own if line.source != "stated"), *read)}
    return list(kept.values())


def _without(lines: list[ProfileLine], deleted: Correction, history: History) -> list[ProfileLine]:
    """The lines without what was deleted, unless what was done since supports it alone."""
    line, when = deleted.line, deleted.deleted_at
    same = [one for one in lines if line is not None and (one.id == line.id or same_statement(one, line))]
    if not same or when is None:
        return lines
    since = replace(history, interactions=[i for i in history.interactions if i.at > when])
    again = {one.id: one for one in lines_of(since)}
    gone = {one.id for one in same}
    return [again.get(one.id, one) for one in lines if one.id not in gone or one.id in again]


def owned(history: History) -> frozenset[str]:
    """The ids of what the shopper has, with all variants that the interactions name: bought within `owned_days`, or dismissed as owned.
    What was bought in two visits or more is used up and bought again, and is not among them."""
    since = history.now - timedelta(days=history.settings.owned_days)
    bought: dict[str, set[str]] = {}
    has: set[str] = set()
    for one in history.interactions:
        key = thing(history.products[one.product_id])
        if one.kind == "dismiss" and one.why == "have":
            has.add(key)
        if one.kind == "purchase":
            bought.setdefault(key, set()).add(history.visit_of[one.id])
            if one.at >= since:
                has.add(key)
    again = {key for key, visits in bought.items() if len(visits) > 1}
    return frozenset(name for name, product in history.products.items() if thing(product) in has - again)


def _liked(history: History) -> tuple[tuple[str, float], ...]:
    found = [(c.product.id, c.strength) for c in history.chosen(signals.CHOSEN)]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))

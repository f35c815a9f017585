"""From what a shopper did to what an answer may know of them: the profile, the history that reasons may cite, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shelftalk.catalog import Catalog
from shelftalk.pipeline.state import Snapshot
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import Settings
from shelftalk.shoppers.profiles import Corrections, Profile, build_profile
from shelftalk.shoppers.profiles.corrections import wordless
from shelftalk.shoppers.profiles.offers import Counted
from shelftalk.values import Context, Interaction, Product, Refusal, Shopper

__all__ = ["Knowing", "refusals", "sent_away"]

# Doing one of these with a product takes its refusal back.
WANTED_AFTER_ALL = frozenset(("like", "cart", "purchase"))
KEPT_FOR = timedelta(days=90)  # so long a product that was refused in an earlier session stays away


class Knowing:
    """Reads shoppers of one catalogue; what the catalogue offers, by which taste is told from chance, is counted once a version."""

    def __init__(self, settings: Settings, prompts: PromptLibrary) -> None:
        self._settings, self._prompts = settings, prompts
        self.counted = Counted(settings.profile.least_offer)

    def shopper(
        self,
        now: Snapshot,
        user: str,
        interactions: Sequence[Interaction],
        *,
        session: str = "",
        corrections: Corrections | None = None,
        context: Context | None = None,
    ) -> Shopper:
        """What is known of a shopper. `interactions` are theirs and those of the session, in any order; `session` is the one at hand.

        A profile that is switched off, or a user "", leaves what the session itself holds.
        """
        since = corrections.forgotten_at if corrections else None
        interactions = [i for i in interactions if since is None or i.at > since]
        context = context or Context()
        moment = context.at or datetime.now(UTC)
        products = known(now.catalog, interactions)
        profile = self.profile(now, user, interactions, products, moment, session, corrections) if user else Profile("")
        lines = tuple(map(wordless, profile.lines)) if profile.on else ()
        told = [i for i in interactions if i.product_id in products and i.at <= moment]
        mine = [i for i in told if i.user == user or (session and i.session == session)]
        newest = sorted(mine, key=lambda i: i.at, reverse=True)[: self._settings.shoppers.history]
        return Shopper(
            user,
            lines,
            tuple(newest) if profile.on else tuple(i for i in newest if session and i.session == session),
            refusals(told, session, moment, products),
            replace(context, at=moment),
            profile.text if profile.on else "",
            profile.owned,
        )

    def completed(self, now: Snapshot, shopper: Shopper) -> Shopper:
        """The shopper with the profile that the history shows, where that was not read yet."""
        if shopper.owned is not None or shopper.lines or not shopper.history:
            return shopper
        found = self.shopper(now, shopper.user, shopper.history, context=shopper.context)
        return replace(found, refused=shopper.refused or found.refused)

    def profile(
        self,
        now: Snapshot,
        user: str,
        interactions: Sequence[Interaction],
        products: dict[str, Product],
        moment: datetime,
        session: str = "",
        corrections: Corrections | None = None,
    ) -> Profile:
        """The profile itself, as the shopper reads it."""
        return build_profile(
            user,
            interactions,
            products,
            self.counted.of(now.catalog.products, now.facets),
            now=moment,
            settings=self._settings.profile,
            corrections=corrections,
            session=session,
            prompts=self._prompts,
        )


def known(catalog: Catalog, interactions: Iterable[Interaction]) -> dict[str, Product]:
    """The products of interactions that the catalogue still has, by id."""
    ids = list(dict.fromkeys(i.product_id for i in interactions if i.product_id))
    return catalog.get_many(ids) if ids else {}


def sent_away(interactions: Iterable[Interaction]) -> dict[str, Interaction]:
    """The last dismissals that were not taken back, by product, however long ago."""
    standing: dict[str, Interaction] = {}
    for one in sorted(interactions, key=lambda i: i.at):
        if one.kind == "dismiss":
            standing[one.product_id] = one
        elif one.kind in WANTED_AFTER_ALL:
            standing.pop(one.product_id, None)
    return standing


def refusals(
    interactions: Iterable[Interaction], session: str, now: datetime, products: dict[str, Product]
) -> tuple[Refusal, ...]:
    """What was refused and not taken back. In the session a refusal holds with its why; from an earlier one the product, and its brand where
    that was why, stay away for a time: what else it tells is the profile's."""
    wanted = {
        (product.brand or "").casefold(): one.at
        for one in sorted(interactions, key=lambda i: i.at)
        if one.kind in WANTED_AFTER_ALL and (product := products.get(one.product_id))
    }
    found = []
    for one in sent_away(interactions).values():
        here = bool(session) and one.session == session
        if not here and (now - one.at > KEPT_FOR):
            continue
        product = products.get(one.product_id)
        brand = (product.brand or "").casefold() if product else ""
        again = brand in wanted and wanted[brand] > one.at  # something of the brand was taken since
        why = one.why if here or (one.why == "brand" and not again) else ""
        found.append(
            Refusal(
                one.product_id,
                why,
                product.brand if product else None,
                one.price or (product.price if product else None),
                one.currency or (product.currency if product else None),
                one.session if here else "",
                one.at,
            )
        )
    return tuple(found)

"""Who asks, for commands: what the server's database knows of a user, as an answer may use it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from shelftalk.pipeline import Shelf
    from shelftalk.values import Context, Shopper

PlaceOption = Annotated[str, typer.Option("--place", help="Where they are, as the catalogue names places.")]
Season = Literal["", "spring", "summer", "autumn", "winter"]
SeasonOption = Annotated[Season, typer.Option("--season", help="The season where they are.")]
WithinOption = Annotated[
    int | None, typer.Option("--within-days", min=0, max=365, help="In how many days it must be delivered.")
]


def known(shelf: Shelf, user: str, database: str | None, tenant: str = "", context: Context | None = None) -> Shopper:
    """The shopper of that id, asking now in the `context` given; one of whom nothing is known where the database has nothing of them, or they consent to no
    personalisation."""
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.db import Consents, Interactions, Profiles, Users, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.values import Context

    settings = shelf.settings
    now = replace(context or Context(), at=datetime.now(UTC))
    address = database or default_url(settings)
    engine = connect(address)
    try:
        migrate(engine)
        pseudonym = Users(engine, load_pseudonyms(settings, address)).of(user, tenant)
        if not Consents(engine, settings.privacy.consent_default).allowed(pseudonym, "personalisation", tenant=tenant):
            return shelf.known("", (), context=now)
        done = Interactions(engine).of_user(pseudonym, tenant=tenant, limit=settings.shoppers.history)
        corrections = Profiles(engine).corrections(pseudonym, tenant=tenant)
    finally:
        engine.dispose()
    return shelf.known(pseudonym, done, corrections=corrections, context=now)


def asked_in(place: str, season: Season, within_days: int | None) -> Context | None:
    """The context that options give; None where they give none."""
    from shelftalk.values import Context

    given = place or season or within_days is not None
    return Context(datetime.now(UTC), place, season, within_days=within_days) if given else None

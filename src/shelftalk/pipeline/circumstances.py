"""When, where and how soon: what of a request's context is a limit where the catalogue has a field for it, and the season as one thing more
that orders. What has no field is a line of the prompts alone (PipelineState.context)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shelftalk.text import clean, shorten
from shelftalk.values import Constraint, Context, Criterion, Facet, Facets, Intent, ProfileLine

__all__ = ["DELIVERY", "PLACES", "SEASONS", "limits", "moment_of", "season_line"]

# What a field is called that says where a product can be had, in how many days it is there, and which season it is for.
PLACES = ("ships_to", "delivers_to", "delivery_countries", "available_in", "countries", "regions")
DELIVERY = (
    "delivery_days",
    "days_to_deliver",
    "delivery_time_days",
    "shipping_days",
    "lead_time_days",
    "ships_in_days",
)
SEASONS = ("season", "seasons")
# From which hour on a part of the day is called so.
_DAY = ((22, "night"), (18, "evening"), (12, "afternoon"), (5, "morning"), (0, "night"))


def limits(context: Context, intent: Intent, facets: Facets) -> tuple[list[Constraint], list[str]]:
    """The limits that the place and the days to delivery set, as far as the request leaves their fields open, and a note for each."""
    asked = {c.field for c in intent.constraints}
    held, notes = [], []
    place = _field(facets, PLACES)
    if context.place and place and place.field not in asked:
        if _known(place, context.place):
            held.append(Constraint(place.field, "=", context.place))
            notes.append(f"Only what can be had in {clean(context.place)}.")
        else:
            notes.append(f'No product says that it can be had in "{shorten(clean(context.place), 40)}".')
    days = _field(facets, DELIVERY)
    if context.within_days is not None and days and days.kind == "number" and days.field not in asked:
        held.append(Constraint(days.field, "<=", context.within_days))
        notes.append(f"Only what is there within {context.within_days} day{'' if context.within_days == 1 else 's'}.")
    return held, notes


def season_line(context: Context, intent: Intent, facets: Facets) -> ProfileLine | None:
    """The season as one more thing that orders, where products name theirs and the request leaves it open."""
    facet = _field(facets, SEASONS)
    asked = {c.field for c in intent.constraints} | {c.field for c in intent.criteria}
    if not context.season or facet is None or facet.field in asked or not _known(facet, context.season):
        return None
    return ProfileLine("season", Criterion(facet.field, "is", context.season), source="session")


def moment_of(time: datetime) -> str:
    """The day and its part, by the clock of `time` itself: "Friday evening"; the hours after midnight are the night of that day."""
    part = next(name for hour, name in _DAY if time.hour >= hour)
    return f"{time:%A} {part}"


def _field(facets: Facets, names: Sequence[str]) -> Facet | None:
    return next((f for f in facets if f.field.removeprefix("attributes.").lower() in names), None)


def _known(facet: Facet, value: str) -> bool:
    """Whether a field holds a value anywhere: a place that no product names is no filter, since it would leave nothing."""
    return any(str(v).casefold() == value.casefold() for v, _ in facet.values)

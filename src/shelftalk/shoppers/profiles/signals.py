"""What single interactions are worth: how strongly each speaks for or against a product, how fast that fades, and visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shelftalk.values import Interaction

__all__ = [
    "AGAINST",
    "CHOSEN",
    "LIKED",
    "VIEWED",
    "against",
    "fading",
    "identity",
    "newest",
    "speaks_for",
    "tidy",
    "visits",
]

# How strongly a kind speaks for a product, by how much it costs the shopper to do.
STRENGTHS: Mapping[str, float] = {"purchase": 1.0, "cart": 0.7, "like": 0.6, "click": 0.3, "view": 0.1}
LIKED, VIEWED, LOOKED = 0.5, 0.1, 0.3  # a rating or review of LIKES or more; a glance; a look of LOOK_S or longer
CHOSEN = 0.3  # from here on a product was chosen, not only seen
LIKES, DISLIKES = 4.0, 2.0
AGAINST = 1.0
LOOK_S = 20.0


def speaks_for(one: Interaction) -> float:
    """How strongly an interaction speaks for its product, 0 to 1; 0 where it does not."""
    if one.kind in ("rating", "review"):
        return LIKED if one.value is not None and one.value >= LIKES else 0.0
    if one.kind == "dwell":
        return LOOKED if one.value is not None and one.value >= LOOK_S else VIEWED
    return STRENGTHS.get(one.kind, 0.0)


def against(one: Interaction) -> float:
    """How strongly it speaks against its product: a dismissal for what the product is, or a rating or review of 2 or less. A product
    that is dismissed because it is owned, or because of its brand or price alone, is not held against the rest of what it is."""
    if one.kind in ("rating", "review"):
        return AGAINST if one.value is not None and one.value <= DISLIKES else 0.0
    return AGAINST if one.kind == "dismiss" and one.why in ("", "look", "other") else 0.0


def fading(at: datetime, now: datetime, half_life_days: float) -> float:
    """What is left of an interaction's strength: a half after each half-life, 1 for one of now."""
    return float(0.5 ** (max(0.0, (now - at).total_seconds()) / 86_400 / half_life_days))


def identity(one: Interaction) -> str:
    """Its id; where the shop gave none, one made of what it says."""
    return one.id or f"{one.kind} {one.product_id} {one.at.isoformat()}"


def tidy(interactions: Sequence[Interaction], now: datetime) -> tuple[list[Interaction], int]:
    """Each interaction once, with an id, the oldest first, and how many were left out because their time is to come."""
    once: dict[str, Interaction] = {}
    for one in interactions:
        if one.at <= now:
            once.setdefault(identity(one), one)
    told = [one if one.id else replace(one, id=name) for name, one in once.items()]
    return sorted(told, key=lambda one: (one.at, one.id)), sum(one.at > now for one in interactions)


def visits(interactions: Sequence[Interaction], gap: timedelta) -> dict[str, str]:
    """The visit of each interaction by its id: its session, else a name for the run of interactions (oldest first) without a session
    between which less than `gap` passed."""
    found: dict[str, str] = {}
    number, last = 0, None
    for one in interactions:
        if one.session:
            found[one.id] = f"session {one.session}"
            continue
        if last is not None and one.at - last > gap:
            number += 1
        found[one.id], last = f"visit {number}", one.at
    return found


def newest(interactions: Sequence[Interaction], visit_of: Mapping[str, str], now: datetime, gap: timedelta) -> str:
    """The visit that is still under way: that of the last interaction, where that is no longer than `gap` ago; "" else."""
    last = max(interactions, key=lambda one: (one.at, one.id), default=None)
    return visit_of[last.id] if last is not None and now - last.at <= gap else ""

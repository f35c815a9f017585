"""Implicit feedback: how strongly an interaction speaks for its product, and what a history says product by product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shelftalk.values import Interaction

# How strongly one interaction of a kind says that the product is liked, of 1. What is shown says nothing; a dismissal speaks against.
STRENGTH = {"purchase": 1.0, "like": 1.0, "review": 0.6, "cart": 0.6, "click": 0.25, "dwell": 0.25, "view": 0.1}
# A rating of so much or more speaks for the product, one of so little or less against it.
LIKED_RATING, DISLIKED_RATING = 3.5, 2.5


@dataclass(frozen=True, slots=True)
class Liked:
    """A product that a history speaks for: `strength` (0 to 1) and `at` of its strongest interaction, the latest of equals, which `id`
    and `kind` name too; `bought` is in how many baskets it was bought."""

    product_id: str
    strength: float
    at: datetime
    id: str = ""
    kind: str = "view"
    bought: int = 0


def strength(interaction: Interaction) -> float:
    """How strongly it says that the product is liked: 0 to 1, below 0 where it speaks against it."""
    if interaction.kind == "dismiss":
        return -1.0
    if interaction.kind in ("rating", "review") and interaction.value is not None:
        return -1.0 if interaction.value <= DISLIKED_RATING else 1.0 if interaction.value >= LIKED_RATING else 0.0
    return STRENGTH.get(interaction.kind, 0.0)


def moment(at: datetime) -> datetime:
    """The time with a zone; UTC where it has none."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def days(at: datetime) -> float:
    """The time in days since 1970 (UTC)."""
    return moment(at).timestamp() / 86_400


def basket(interaction: Interaction) -> tuple[str, str]:
    """What an interaction belongs together with: its session, else what the same user did on the same day (UTC)."""
    return interaction.user, interaction.session or f"{days(interaction.at):.0f}"


def signals(history: Iterable[Interaction]) -> int:
    """How many interactions of a history say anything for or against a product."""
    return sum(1 for i in history if i.product_id and strength(i))


def liked(history: Sequence[Interaction], at: datetime) -> list[Liked]:
    """The products that a history speaks for, the latest first. What comes after `at` counts for nothing; a product that something
    spoke against is left out, unless something as strong as a purchase spoke for it later."""
    found: dict[str, Liked] = {}
    baskets: dict[str, set[tuple[str, str]]] = {}
    against: set[str] = set()
    past = [i for i in history if i.product_id and moment(i.at) <= at]
    for i in sorted(past, key=lambda i: moment(i.at)):
        how = strength(i)
        if how < 0:
            found.pop(i.product_id, None)
            against.add(i.product_id)
        elif how and (i.product_id not in against or how >= 1):
            against.discard(i.product_id)
            if i.kind == "purchase":
                baskets.setdefault(i.product_id, set()).add(basket(i))
            held = found.get(i.product_id)
            if held is None or how >= held.strength:
                found[i.product_id] = Liked(i.product_id, how, moment(i.at), i.id, i.kind)
    made = [
        Liked(p.product_id, p.strength, p.at, p.id, p.kind, len(baskets.get(p.product_id, ()))) for p in found.values()
    ]
    return sorted(made, key=lambda p: p.at, reverse=True)

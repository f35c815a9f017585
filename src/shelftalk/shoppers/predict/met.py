"""What a shopper met before and what became of it: the history that a prediction rests on, from interactions or from a request.

Strong signals decide (bought, put in the cart, liked, rated, sent away), the latest of them where they differ; clicks and views count
where there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shelftalk.values import Product
from shelftalk.values.shopper import Interaction

__all__ = ["LIKED_FROM", "MOST", "REFUSED_TO", "Met", "Outcome", "Pair", "became", "met_of", "rated"]

Outcome = Literal["liked", "clicked", "passed", "refused"]
LIKED_FROM, REFUSED_TO = 4.0, 2.0  # ratings of 1 to 5
MOST = 200  # products of a history that are read, the latest
_LIKED = {"purchase": "bought", "cart": "put in the cart", "like": "liked"}
_STRENGTH = {"put in the cart": 1, "liked": 2, "bought": 3}
_CLICKED = {"click", "dwell", "review"}


@dataclass(frozen=True, slots=True)
class Met:
    """A product that a shopper met, and what became of it. `how` says it in plain words ("bought", "rated 4", "sent away"); `rating` is
    the shopper's own, 1 to 5; `at` is when, None where that is not known."""

    product: Product
    outcome: Outcome
    how: str
    rating: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A shopper's history, latest first, and the product that is asked about. `own` is what became of that very product, None for one
    that the shopper never met; `likes` and `meets` are how many shoppers liked it and met it before; `at` is when it is asked, None where nobody
    says."""

    history: tuple[Met, ...]
    product: Product
    own: Met | None = None
    likes: int = 0
    meets: int = 0
    at: datetime | None = None


def became(events: Iterable[Interaction]) -> tuple[Outcome, str, float | None] | None:
    """What became of one product, how, and the shopper's rating; None where it was not met (shown only, or searched)."""
    outcome: Outcome | None = None
    how, rating, strong = "", None, False
    for event in sorted(events, key=lambda e: e.at):
        found = _strong(event)
        if found is not None:
            if event.kind in ("rating", "review"):
                rating = event.value
            if strong and outcome == found[0] == "liked" and _STRENGTH.get(how, 4) > _STRENGTH.get(found[1], 4):
                continue  # bought, then seen in a cart again
            outcome, how, strong = found[0], found[1], True
        elif not strong and event.kind in _CLICKED:
            outcome, how = "clicked", "looked at closely"
        elif outcome is None and event.kind == "view":
            outcome, how = "passed", "looked at"
    return None if outcome is None else (outcome, how, rating)


def _strong(event: Interaction) -> tuple[Outcome, str] | None:
    if event.kind == "dismiss":
        return "refused", "sent away"
    if event.kind in ("rating", "review") and event.value is not None:
        return rated(event.value)
    return ("liked", _LIKED[event.kind]) if event.kind in _LIKED else None


def rated(value: float) -> tuple[Outcome, str]:
    """What a rating of 1 to 5 says."""
    outcome: Outcome = "liked" if value >= LIKED_FROM else "refused" if value <= REFUSED_TO else "clicked"
    return outcome, f"rated {value:g}"


def met_of(
    events: Iterable[Interaction], products: Mapping[str, Product], most: int = MOST
) -> tuple[tuple[Met, ...], int]:
    """What a shopper met, latest first, and how many interactions were of products that are not in `products`."""
    by_product: dict[str, list[Interaction]] = {}
    for event in events:
        if event.product_id:
            by_product.setdefault(event.product_id, []).append(event)
    unknown = sum(len(own) for product_id, own in by_product.items() if product_id not in products)
    found = [
        Met(products[product_id], *read, max(e.at for e in own))
        for product_id, own in by_product.items()
        if product_id in products and (read := became(own)) is not None
    ]
    found.sort(key=lambda m: (m.at is not None, m.at), reverse=True)
    return tuple(found[:most]), unknown

"""The win-back list: who is likely to be lost, how much they were worth, why it is thought so, and what to offer.

Reasons are the customer's own numbers in words (prompts/churn/reason), each of which can be looked up in the orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shelftalk.prompts import Template
from shelftalk.shoppers.churn.signs import Customer

__all__ = ["Offer", "WinBack", "win_back"]

_FALLING = 0.5


@dataclass(frozen=True, slots=True)
class Offer:
    """What to offer: the customer's own category, and products (their most bought, or what a recommender says)."""

    category: str | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WinBack:
    """A line of the list. `at_risk` is the probability times what the customer spends in a horizon on average."""

    user: str
    churn: float
    at_risk: float
    reasons: tuple[str, ...]
    facts: Mapping[str, Any]
    offer: Offer

    def to_dict(self) -> dict[str, Any]:
        """As a line of the file."""
        return {
            "user": self.user, "churn": round(self.churn, 4), "value_at_risk": round(self.at_risk, 2),
            "reasons": list(self.reasons), "facts": dict(self.facts),
            "offer": {"category": self.offer.category, "products": list(self.offer.products)},
        }  # fmt: skip


def win_back(
    customers: Sequence[Customer], churn: Sequence[float], horizon: int, template: Template, *,
    from_probability: float = 0.5, most: int | None = None, offer: Callable[[Customer], Offer] = lambda c: Offer(None, tuple(c.favourites())),
) -> list[WinBack]:  # fmt: skip
    """The customers whose probability is `from_probability` or more, those with the most at risk first."""
    chosen = [(c, p) for c, p in zip(customers, churn, strict=True) if p >= from_probability]
    chosen.sort(key=lambda cp: (-cp[1] * _worth(cp[0], horizon), -cp[1], cp[0].user))
    out = []
    for one, p in chosen[:most]:
        facts = facts_of(one)
        out.append(
            WinBack(
                one.user, float(p), float(p) * _worth(one, horizon), tuple(_reasons(one, template)), facts, offer(one)
            )
        )
    return out


def facts_of(one: Customer) -> dict[str, Any]:
    """The numbers that the reasons are made of."""
    return {
        "orders": len(one.orders), "first_order": one.orders[0].at.date().isoformat(),
        "last_order": one.orders[-1].at.date().isoformat(), "days_since": int(one.recency),
        "interval_days": None if one.interval is None else round(one.interval, 1), "spent": round(one.value, 2),
        "currency": one.currency, "views": one.views, "views_before": one.views_before, "dismissals": one.dismissals,
        "searches": one.searches,
    }  # fmt: skip


def _worth(one: Customer, horizon: int) -> float:
    return one.value / max(float(horizon), one.tenure) * horizon


def _reasons(one: Customer, template: Template) -> Iterable[str]:
    says = ["rhythm" if one.interval is not None else "last"]
    if one.views_before >= 4 and one.views <= _FALLING * one.views_before:
        says.append("views")
    if one.dismissals:
        says.append("dismissals")
    if one.searches and one.orders_within(60) == 0:
        says.append("searches")
    if len(one.orders) == 1:
        says.append("once")
    for what in says:
        yield (
            template.render(
                says=what,
                every=max(1, round(one.interval or 0)),
                last=_day(one.orders[-1].at),
                days=int(one.recency),
                views=one.views,
                views_before=one.views_before,
                count=one.dismissals if what == "dismissals" else one.searches,
            )
            .messages[0]
            .content
        )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"

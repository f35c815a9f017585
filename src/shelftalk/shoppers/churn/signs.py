"""What a customer's interactions say on a day: recency, frequency, value, tenure, the rhythm of orders, and signs of sessions.

A customer is a user who bought at least once. Purchases of one session, or else of one day, are one order; an order without a price
counts with the value 0. All times are in days before the day that is asked about; nothing after it is read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from shelftalk.values.shopper import Interaction

__all__ = ["NAMES", "Customer", "Order", "bought_between", "customer", "features"]

NAMES = (
    "recency", "frequency", "value", "mean_order", "tenure", "interval", "interval_spread", "lateness", "orders_30",
    "orders_90", "orders_trend", "products", "sessions", "views_trend", "dismissals", "searches_unbought",
)  # fmt: skip
_DAY = 86_400.0
_RECENT = 60  # days that count as lately for signs of sessions
_SEEN = frozenset({"view", "click", "dwell"})


@dataclass(frozen=True, slots=True)
class Order:
    """What was bought together: when, for how much, and which products."""

    at: datetime
    amount: float
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of a customer on a day. `interval` is the mean number of days between orders, None with fewer than two orders that
    lie a day or more apart; counts of sessions are of the last 60 days and of the 60 before."""

    user: str
    as_of: datetime
    orders: tuple[Order, ...]
    views: int = 0
    views_before: int = 0
    dismissals: int = 0
    searches: int = 0
    currency: str | None = None

    @property
    def recency(self) -> float:
        """Days since the last order."""
        return (self.as_of - self.orders[-1].at).total_seconds() / _DAY

    @property
    def tenure(self) -> float:
        """Days since the first order."""
        return (self.as_of - self.orders[0].at).total_seconds() / _DAY

    @property
    def interval(self) -> float | None:
        """Mean days between orders."""
        span = (self.orders[-1].at - self.orders[0].at).total_seconds() / _DAY
        return span / (len(self.orders) - 1) if len(self.orders) > 1 and span >= 1 else None

    @property
    def value(self) -> float:
        """What all orders cost together."""
        return sum(o.amount for o in self.orders)

    def orders_within(self, days: float, *, skip: float = 0) -> int:
        """Orders in the last `days` days, those of the last `skip` days left out."""
        return sum(skip <= (self.as_of - o.at).total_seconds() / _DAY < days for o in self.orders)

    def favourites(self, most: int = 3) -> list[str]:
        """The products of most orders, the latest first among equals."""
        counts = Counter(p for o in reversed(self.orders) for p in dict.fromkeys(o.products))
        return [p for p, _ in counts.most_common(most)]


def customer(user: str, events: Sequence[Interaction], as_of: datetime) -> Customer | None:
    """The customer on that day; None for who had bought nothing by then."""
    before = [e for e in events if e.at < as_of]
    orders = _orders(e for e in before if e.kind == "purchase")
    if not orders:
        return None
    lately, earlier = as_of - timedelta(days=_RECENT), as_of - timedelta(days=2 * _RECENT)
    late = Counter("seen" if e.kind in _SEEN else e.kind for e in before if e.at >= lately)
    seen_before = sum(e.kind in _SEEN for e in before if earlier <= e.at < lately)
    paid = Counter(e.currency for e in before if e.kind == "purchase" and e.currency)
    return Customer(
        user, as_of, tuple(orders), late["seen"], seen_before, late["dismiss"], late["search"],
        paid.most_common(1)[0][0] if paid else None,
    )  # fmt: skip


def bought_between(events: Sequence[Interaction], since: datetime, until: datetime) -> bool:
    """Whether there is a purchase from `since` on and before `until`."""
    return any(e.kind == "purchase" and since <= e.at < until for e in events)


def features(one: Customer) -> np.ndarray:
    """Shape (len(NAMES),), in the order of NAMES; NaN where something is not known."""
    interval, gaps = one.interval, [(b.at - a.at).total_seconds() / _DAY for a, b in pairwise(one.orders)]
    lately = one.orders_within(_RECENT)
    return np.array(
        [
            one.recency,
            math.log1p(len(one.orders)),
            math.log1p(max(0.0, one.value)),
            math.log1p(max(0.0, one.value) / len(one.orders)),
            one.tenure,
            math.nan if interval is None else interval,
            float(np.std(gaps)) if len(gaps) > 1 else math.nan,
            math.nan if interval is None else math.log1p(one.recency / interval),
            one.orders_within(30),
            one.orders_within(90),
            one.orders_within(90) - one.orders_within(180, skip=90),
            math.log1p(len({p for o in one.orders for p in o.products})),
            math.log1p(one.views + one.searches + one.dismissals),
            math.log1p(one.views) - math.log1p(one.views_before),
            one.dismissals / (one.views + one.dismissals + 1),
            math.log1p(one.searches) if lately == 0 else 0.0,
        ]
    )


def _orders(purchases: Iterable[Interaction]) -> list[Order]:
    held: dict[str, list[Interaction]] = {}
    for event in purchases:
        held.setdefault(event.session or event.at.date().isoformat(), []).append(event)
    found = [
        Order(
            min(e.at for e in some), sum(float(e.price or 0) * (e.value or 1) for e in some),
            tuple(e.product_id for e in some),
        )
        for some in held.values()
    ]  # fmt: skip
    return sorted(found, key=lambda o: o.at)

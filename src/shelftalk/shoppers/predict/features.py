"""What tells whether a shopper will like a product, as numbers: nearness to what was liked, clicked, passed over and refused (vectors,
attributes), the price beside what was liked, the brand, and what others did.

Nothing names a shop's own fields, so that weights learnt in one shop hold in another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from shelftalk.facts.holds import same
from shelftalk.shoppers.predict.kinds import Kinds, kind_of
from shelftalk.shoppers.predict.met import Met, Outcome, Pair
from shelftalk.values import Product

__all__ = ["NAMES", "VectorOf", "agreement", "by_name", "features"]

VectorOf = Callable[[Product], np.ndarray]
_OUTCOMES: tuple[Outcome, ...] = ("liked", "clicked", "passed", "refused")
NAMES = (
    *(f"cosine_{o}" for o in _OUTCOMES),
    *(f"agree_{o}" for o in _OUTCOMES),
    "pull_chosen", "pull_met", "pull_left", "kind_share", "kind_rate", "own_rate", "brand", "price", "price_apart", "just_bought", "likes_rate",
    "meets", "rating", "reduced",
)  # fmt: skip
_NEAREST = 3  # of each outcome, so that one like product counts as much in a long history as in a short one
_ALIKE = 40  # products of the same kind that are compared field by field
_RATE = 0.15  # what a rate is drawn to where little is known
_RATED = 4.0
_WANED = 30.0  # days after which a purchase of the kind counts a third


def features(pair: Pair, vector: VectorOf, kinds: Kinds) -> np.ndarray:
    """The features of a pair, float64, shape (len(NAMES),), in the order of NAMES; 0 stands for "nothing known"."""
    product, kind = pair.product, kind_of(pair.product)
    by = {o: [m for m in pair.history if m.outcome == o] for o in _OUTCOMES}
    alike = {o: [m for m in by[o] if kind and kind_of(m.product) == kind][:_ALIKE] for o in _OUTCOMES}
    own = vector(product)
    cosine = [_top([float(vector(m.product) @ own) for m in by[o]]) for o in _OUTCOMES]
    agree = [_top([agreement(m.product, product) for m in alike[o]]) for o in _OUTCOMES]
    liked, chosen = by["liked"], [*by["liked"], *by["clicked"]]
    return np.array(
        [
            *cosine,
            *agree,
            kinds.pull(product, [*alike["liked"], *alike["clicked"]]) / 3,
            kinds.pull(product, [m for some in alike.values() for m in some]) / 3,
            kinds.pull(product, [*alike["passed"], *alike["refused"]]) / 3,
            _logit(len(alike["liked"]), len(liked)) if liked else 0.0,
            _logit(len(alike["liked"]), sum(map(len, alike.values()))),
            _logit(len(liked), len(pair.history)),
            _brand(product, chosen, [*by["passed"], *by["refused"]]),
            *_price(product, alike["liked"] or alike["clicked"]),
            _just_bought(alike["liked"], pair.at),
            _logit(pair.likes, pair.meets),
            math.log1p(pair.meets),
            _rating(product),
            float(product.list_price is not None and product.price is not None and product.list_price > product.price),
        ]
    )


def agreement(a: Product, b: Product) -> float:
    """How far the records of two products agree, 0 to 1: the mean over fields that both have (Gower 1971), numbers by their ratio."""
    found = [_alike(a.attributes[name], value) for name, value in b.attributes.items() if name in a.attributes]
    if a.brand and b.brand:
        found.append(float(a.brand == b.brand))
    if a.price and b.price:
        found.append(_alike(float(a.price), float(b.price)))
    return sum(found) / len(found) if found else 0.0


def _alike(a: object, b: object) -> float:
    if isinstance(a, bool) or isinstance(b, bool):
        return float(same(a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if a == b:
            return 1.0
        return max(0.0, min(a, b) / max(a, b)) if a * b > 0 else 0.0
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len({*a} & {*b}) / len({*a} | {*b}) if a or b else 1.0
    return float(same(a, b))


def _brand(product: Product, chosen: Iterable[Met], left: Iterable[Met]) -> float:
    if not product.brand:
        return 0.0
    return math.log1p(sum(m.product.brand == product.brand for m in chosen)) - math.log1p(
        sum(m.product.brand == product.brand for m in left)
    )


def _just_bought(liked: Iterable[Met], now: datetime | None) -> float:
    """How lately something of the kind was bought, 1 for now: the need is met for a while. A purchase without a time counts as an old one."""
    bought = [m.at for m in liked if m.how == "bought"]
    days = [(now - at).total_seconds() / 86_400 if now and at else 2 * _WANED for at in bought]
    return max((math.exp(-max(0.0, d) / _WANED) for d in days), default=0.0)


def _price(product: Product, liked: Sequence[Met]) -> tuple[float, float]:
    """How far the price lies above what was liked of the kind (log-ratio to its mean), and how far apart, in either direction."""
    known = [
        math.log(float(m.product.price)) for m in liked if m.product.price and m.product.currency == product.currency
    ]
    if not known or not product.price:
        return 0.0, 0.0
    apart = math.log(float(product.price)) - sum(known) / len(known)
    return apart, abs(apart)


def _rating(product: Product) -> float:
    """The record's rating beside a common one, drawn to it where there are few reviews."""
    if not product.rating:
        return 0.0
    n = product.review_count or 1
    return (product.rating - _RATED) * n / (n + 10)


def _logit(hits: int, tries: int) -> float:
    """Log-odds of a rate, drawn to a common one by four tries more."""
    rate = (hits + 4 * _RATE) / (tries + 4)
    return math.log(rate / (1 - rate)) - math.log(_RATE / (1 - _RATE))


def _top(values: Sequence[float]) -> float:
    return sum(sorted(values)[-_NEAREST:]) / min(len(values), _NEAREST) if values else 0.0


def by_name(values: Sequence[float]) -> Mapping[str, float]:
    """Features by their names, for logs and tests."""
    return dict(zip(NAMES, map(float, values), strict=True))

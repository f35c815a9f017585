"""The rating that a shopper would give, 1 to 5, where ratings are known: baseline estimates with neighbours (Koren 2010).

mean + product's own lean + shopper's lean + how the shopper rated like products beside that baseline; each is drawn to nothing where
little is known. Without one rating by the shopper there is no prediction.
"""

from __future__ import annotations

from collections.abc import Sequence

from shelftalk.shoppers.predict.features import VectorOf, agreement
from shelftalk.shoppers.predict.kinds import kind_of
from shelftalk.shoppers.predict.met import Met, Pair
from shelftalk.values import Product

__all__ = ["predicted_rating"]

MEAN = 4.0  # what shoppers give where nothing else is known
_OF_PRODUCT, _OF_SHOPPER, _OF_LIKE = 10.0, 3.0, 1.0  # how many ratings it takes to count for half
_ALIKE_FROM = 0.3


def predicted_rating(pair: Pair, vector: VectorOf) -> float | None:
    """1 to 5 with two decimals, None where the shopper rated nothing."""
    rated = [(m, m.rating) for m in pair.history if m.rating is not None]
    if pair.own is not None and pair.own.rating is not None:
        return round(pair.own.rating, 2)
    if not rated:
        return None
    beside = [value - _base(m.product) for m, value in rated]
    lean = sum(beside) / (len(beside) + _OF_SHOPPER)
    near = _near([m for m, _ in rated], pair.product, vector)
    apart = sum(w * (b - lean) for w, b in zip(near, beside, strict=True)) / (sum(near) + _OF_LIKE)
    return round(min(5.0, max(1.0, _base(pair.product) + lean + apart)), 2)


def _base(product: Product) -> float:
    """The mean and the product's lean: the record's rating, drawn to the mean where few gave one."""
    if not product.rating or not 1 <= product.rating <= 5:
        return MEAN
    n = product.review_count or 1
    return MEAN + (product.rating - MEAN) * n / (n + _OF_PRODUCT)


def _near(rated: Sequence[Met], product: Product, vector: VectorOf) -> list[float]:
    """How near each rated product is, 0 to 1."""
    own = vector(product)
    out = []
    for met in rated:
        near = float(vector(met.product) @ own)
        if kind_of(met.product) and kind_of(met.product) == kind_of(product):
            near = (near + agreement(met.product, product)) / 2
        out.append(near if near >= _ALIKE_FROM else 0.0)
    return out

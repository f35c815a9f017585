"""Whether a product can be bought, by what its record says."""

from __future__ import annotations

from shelftalk.values import Product
from shelftalk.words.stock import any_in_stock, plain_state

__all__ = ["sold_out", "to_come"]

_TO_COME = frozenset({"preorder", "presale", "backorder"})


def sold_out(product: Product) -> bool:
    """Whether the record says that the product cannot be bought: by its availability, else by a stock of 0.

    Availability counts first: a preorder has no stock, and is on offer.
    """
    if product.availability:
        return not to_come(product) and any_in_stock(product.availability) is False
    return product.stock == 0


def to_come(product: Product) -> bool:
    """Whether the record says that the product can be ordered but is not there yet."""
    return plain_state(product.availability or "").replace(" ", "") in _TO_COME

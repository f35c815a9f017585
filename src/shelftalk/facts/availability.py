"""Whether a product can be bought, by what its record says."""

from __future__ import annotations

from shelftalk.values import Product

__all__ = ["sold_out", "to_come"]

_SOLD_OUT = frozenset({"outofstock", "soldout", "discontinued", "unavailable"})
_TO_COME = frozenset({"preorder", "presale", "backorder"})


def sold_out(product: Product) -> bool:
    """Whether the record says that the product cannot be bought: by its availability, else by a stock of 0.

    Availability counts first: a preorder has no stock, and is on offer.
    """
    if product.availability:
        return _plain(product.availability) in _SOLD_OUT
    return product.stock == 0


def to_come(product: Product) -> bool:
    """Whether the record says that the product can be ordered but is not there yet."""
    return bool(product.availability) and _plain(product.availability or "") in _TO_COME


def _plain(availability: str) -> str:
    """ "out_of_stock", "Out of stock" and "https://schema.org/OutOfStock" are one."""
    last = availability.rstrip("/").rsplit("/", 1)[-1]
    return "".join(c for c in last.lower() if c.isalpha())

"""Whether a product can be bought, by what its record says."""

from __future__ import annotations

from shelftalk.values import Product

__all__ = ["sold_out"]

_SOLD_OUT = frozenset({"outofstock", "soldout", "discontinued", "unavailable"})


def sold_out(product: Product) -> bool:
    """Whether the record says that the product cannot be bought: by its availability, else by a stock of 0.

    Availability counts first: a preorder has no stock, and is on offer.
    """
    if product.availability:
        # "out_of_stock", "Out of stock" and "https://schema.org/OutOfStock" are one.
        last = product.availability.rstrip("/").rsplit("/", 1)[-1]
        return "".join(c for c in last.lower() if c.isalpha()) in _SOLD_OUT
    return product.stock == 0

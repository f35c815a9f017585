"""What a product is, as a set that can be compared with another's: categories, brand and attribute values."""

from __future__ import annotations

from functools import lru_cache

from shelftalk.values import Product


def traits_of(product: Product) -> frozenset[str]:
    """One text for each category, the brand, and each attribute with its value."""
    return _traits(product.brand, product.categories, tuple(product.attributes.items()))


@lru_cache(maxsize=4096)
def _traits(
    brand: str | None, categories: tuple[str, ...], attributes: tuple[tuple[str, object], ...]
) -> frozenset[str]:
    traits = {f"category={c}" for c in categories} | ({f"brand={brand}"} if brand else set())
    return frozenset(traits | {f"{name}={value}" for name, value in attributes})

"""What the shop has to begin with."""

from __future__ import annotations

from shelftalk.text import clean
from shelftalk.values import Facets

_OFFERED = 6


def shelves(facets: Facets) -> list[str]:
    """Some of the catalogue's kinds of things to begin with: the categories that hold the most, without the widest."""
    facet = facets.get("categories")
    if facet is None:
        return []
    known = [(str(value), count) for value, count in facet.values if len(str(value)) <= 40]
    narrow = [name for name, count in known if count <= facets.products / 10]
    return [clean(name) for name in (narrow or [name for name, _ in known])[:_OFFERED]]

"""What `shelftalk chat` asks of a shelf beside its answers, the same of its own shelf and of a server's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shelftalk.recommender import Shelf
    from shelftalk.values import Facets, Product, Request


def count(shelf: Shelf) -> int:
    """How many products there are."""
    return shelf.catalog.count()


def facets(shelf: Shelf) -> Facets:
    """What the catalogue holds in each field."""
    return shelf.catalog.facets()


def named(shelf: Shelf, name: str) -> Product | None:
    """The product of that id, or the one whose text is nearest to the name."""
    found = shelf.catalog.get(name) or shelf.catalog.get(name.upper())
    if found is None and (nearest := shelf.catalog.lexical(name, None, 1)):
        found = shelf.catalog.get(nearest[0][0])
    return found


def why(shelf: Shelf, request: Request, product_id: str) -> tuple[str, ...]:
    """The lines that say why that product is picked for the request, or what it fails."""
    return tuple(shelf.why(request, product_id).lines())


ASIDES: dict[str, Callable[..., Any]] = {aside.__name__: aside for aside in (count, facets, named, why)}

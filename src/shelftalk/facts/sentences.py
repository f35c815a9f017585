"""A product's own sentences, and what tells how near they stand to what a shopper says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shelftalk.facts.card import clauses
from shelftalk.text import clean, shorten
from shelftalk.values import Product

__all__ = ["Near", "sentences"]

# How near (cosine) each sentence stands to what was said of products of these kinds; None where there is no encoder.
Near = Callable[[Sequence[str], str, Sequence[str]], Sequence[float] | None]

MOST, LONGEST, LEAST_WORDS = 12, 160, 3  # sentences of a product, characters of one, words of one


def sentences(product: Product) -> list[str]:
    """The title, and the first sentences of the description."""
    said = [s for s in clauses(product.description) if len(s.split()) >= LEAST_WORDS]
    return [shorten(clean(product.title), LONGEST), *(shorten(s, LONGEST) for s in said[:MOST])]

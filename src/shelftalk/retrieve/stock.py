"""What is sold out comes last. It knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shelftalk.facts.availability import sold_out
from shelftalk.text import clean, shorten
from shelftalk.values import Candidate, Constraint, Product

LEFT_FOR_LAST = "Out of stock and so left for last: "  # begins the note
NAMED = 60  # characters of a title in it
SHOWN = 3  # so many places are worth a word when a product that is sold out leaves them


def last(
    candidates: Sequence[Candidate], constraints: Sequence[Constraint]
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates with those that are sold out behind the rest, and a note where one of them would have stood among the first.

    Where a constraint speaks of stock or availability the order stays.
    """
    gone = [c for c in candidates if sold_out(c.product)]
    if not gone or any(c.field in ("availability", "stock") for c in constraints):
        return tuple(candidates), ()
    here = [c for c in candidates if not sold_out(c.product)]
    if not here:
        return tuple(candidates), ("All candidates are out of stock.",)
    ordered = [*here, *gone]
    if ordered == list(candidates):
        return tuple(candidates), ()
    first = [c for c in gone if candidates.index(c) < SHOWN]
    titles = " and ".join(shorten(clean(c.product.title), NAMED) for c in first[:2])
    told = f"{LEFT_FOR_LAST}{titles}."
    return placed([(c.product, c.scores) for c in ordered]), (told,) if first else ()


def placed(products: Sequence[tuple[Product, Mapping[str, float]]]) -> tuple[Candidate, ...]:
    """Candidates whose score says their place: 1 for the first, falling evenly."""
    return tuple(Candidate(p, 1 - n / len(products), scores) for n, (p, scores) in enumerate(products))

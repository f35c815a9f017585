"""What is sold out comes last. It knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shelftalk.facts.availability import sold_out
from shelftalk.values import Candidate, Constraint, Product


def last(
    candidates: Sequence[Candidate], constraints: Sequence[Constraint]
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates with those that are sold out behind the rest, and a note where that says something.

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
    note = (
        f"{len(gone)} of the {len(ordered)} candidates "
        f"{'is out of stock and comes' if len(gone) == 1 else 'are out of stock and come'} last."
    )
    return placed([(c.product, c.scores) for c in ordered]), (note,)


def placed(products: Sequence[tuple[Product, Mapping[str, float]]]) -> tuple[Candidate, ...]:
    """Candidates whose score says their place: 1 for the first, falling evenly."""
    return tuple(Candidate(p, 1 - n / len(products), scores) for n, (p, scores) in enumerate(products))

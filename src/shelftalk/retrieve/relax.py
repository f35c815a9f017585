"""What is given up, and in which order, when nothing satisfies all constraints. It knows no database.

As few constraints as possible are given up. Among equally few, the least important go first, and among equally important
ones the last said:

    1. attributes, rating, reviews, release date, stock
    2. price and list price
    3. brand

Never given up: what kind of thing it is (categories, product type, title, id), the currency, and whatever a shopper does
not want ("!=", "not in", exclusions).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from shelftalk.values import Constraint

KIND_FIELDS = frozenset({"categories", "category", "product_type", "title", "id"})
# Every set of constraints to give up costs a question to the database.
TRIES = 40
_KEPT = KIND_FIELDS | {"currency"}
_IMPORTANCE = {"price": 2, "list_price": 2, "brand": 3}


def names_kind(constraints: Sequence[Constraint]) -> bool:
    """Whether a constraint already says what kind of thing is wanted."""
    return any(_bare(c.field) in KIND_FIELDS and c.operator in ("=", "in") for c in constraints)


def importance(constraint: Constraint) -> int | None:
    """1 (given up first) to 3, or None for a constraint that is never given up."""
    if constraint.operator in ("!=", "not in") or _bare(constraint.field) in _KEPT:
        return None
    return _IMPORTANCE.get(constraint.field, 1)


def sacrifices(constraints: Sequence[Constraint]) -> Iterator[tuple[Constraint, ...]]:
    """The sets of constraints to give up, in the order to try them; at most TRIES, the last one all that can go."""
    weights = [(i, w) for i, c in enumerate(constraints) if (w := importance(c)) is not None]
    tried = 0
    for size in range(1, len(weights) + 1):
        groups = sorted(
            combinations(weights, size),
            key=lambda group: (sorted((w for _, w in group), reverse=True), sorted((-i for i, _ in group))),
        )
        for group in groups:
            if tried == TRIES - 1:
                yield tuple(constraints[i] for i, _ in weights)
                return
            tried += 1
            yield tuple(constraints[i] for i, _ in sorted(group))


def _bare(name: str) -> str:
    return name.removeprefix("attributes.").lower()

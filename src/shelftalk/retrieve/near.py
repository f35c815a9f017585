"""How near products are to limits that they break, by the numbers and dates of their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shelftalk.catalog import sql
from shelftalk.retrieve.relax import names_kind
from shelftalk.values import Candidate, Constraint, Intent, Product
from shelftalk.words.comparable import fractional_year, number

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog

# A named value that so few categories have, of so many of its products that are looked at, tells what kind of thing is meant.
FEW_KINDS, LOOKED_AT = 2, 50


def comparable(product: Product, field: str) -> float | None:
    """The number or date that the database sorts a product by in a field, None for a missing one."""
    value = product.value(field)
    if value is None:
        return None
    date = fractional_year(value)
    return number(value) if date is None else date


def nearest(candidates: Sequence[Candidate], constraints: Sequence[Constraint]) -> list[Candidate]:
    """The candidates by how far they are from the limits, the nearest first; equally near ones keep their order."""
    return sorted(candidates, key=lambda c: sum(_distance(c.product, limit) for limit in constraints))


def _distance(product: Product, constraint: Constraint) -> float:
    """0 within the limit, below 1 and rising with how far off it is, 1 for another value than the one asked, 2 for none."""
    value = comparable(product, constraint.field)
    limits = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    numbers = [n for n in (fractional_year(v) or number(v) for v in limits) if n is not None]
    if constraint.operator in ("=", "in", "!=", "not in") or not numbers:
        return 1.0
    if value is None:
        return 2.0
    low = numbers[0] if constraint.operator in (">", ">=", "between") else float("-inf")
    high = numbers[-1] if constraint.operator in ("<", "<=", "between") else float("inf")
    if low <= value <= high:
        return 0.0
    limit = low if value < low else high
    off = abs(value - limit) / max(abs(limit), 1e-9)
    return off / (1 + off)


def like_kinds(catalog: Catalog, intent: Intent, given_up: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """A limit to the categories in which a named value that is given up occurs, where that is in few and no kind is named otherwise: what
    comes nearest to an espresso machine is a coffee maker, and no toy."""
    if intent.kinds or names_kind(intent.constraints):
        return ()
    for constraint in given_up:
        values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
        named = constraint.operator in ("=", "in") and all(isinstance(v, str) for v in values)
        if not named or constraint.field == "brand":
            continue
        holding = catalog.get_many(catalog.scan(sql.where((constraint,)), limit=LOOKED_AT))
        kinds = tuple(dict.fromkeys(p.categories[-1] for p in holding.values() if p.categories))
        if 0 < len(kinds) <= FEW_KINDS:
            return (Constraint("categories", "in", kinds),)
    return ()

"""How near products are to limits that they break, by the numbers and dates of their records."""

from __future__ import annotations

from collections.abc import Sequence

from shelftalk.values import Candidate, Constraint, Product
from shelftalk.words.comparable import fractional_year, number


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

"""Whether a constraint holds for a record: the same rules as the database's, on one product at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from shelftalk.values import Constraint, Direction, Product
from shelftalk.words.comparable import fractional_year, number

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def as_number(value: Any) -> float | None:
    """The value as a number: itself, or the number a text begins with ("50 meters"); None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    match = _NUMBER.match(str(value).strip().replace(",", "")) if isinstance(value, str) else None
    return float(match.group()) if match else None


def same(record: Any, wanted: Any) -> bool:
    """Equality as constraints mean it: text without case, "yes" is True, a list holds the value."""
    if record is None:
        return False
    if isinstance(record, (tuple, list)):
        return any(same(one, wanted) for one in record)
    if isinstance(record, bool) or isinstance(wanted, bool):
        return _truth(record) is not None and _truth(record) == _truth(wanted)
    a, b = str(record).strip().casefold(), str(wanted).strip().casefold()
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def _truth(value: Any) -> bool | None:
    text = str(value).strip().casefold()
    return True if text in ("true", "yes") else False if text in ("false", "no") else None


def holds(constraint: Constraint, product: Product) -> bool:
    """Whether the product satisfies it; a missing value fails every operator but "!=" and "not in"."""
    record = product.id if constraint.field == "id" else product.value(constraint.field)
    value = constraint.value
    values: Sequence[Any] = value if isinstance(value, (tuple, list)) else (value,)
    match constraint.operator:
        case "=" | "in":
            return any(same(record, one) for one in values)
        case "!=" | "not in":
            return not any(same(record, one) for one in values)
        case "between":
            return compare(record, ">=", values[0]) and compare(record, "<=", values[-1], like=values[0])
        case operator:
            return compare(record, operator, values[0])


def compare(record: Any, operator: str, wanted: Any, like: Any = None) -> bool:
    """`record operator wanted` for <, <=, > and >= as the database compares: as dates where the limit (or the other end of a range,
    `like`) is an ISO date, else by the first number in each; False where either has none."""
    dates = [fractional_year(end) for end in (wanted, like)]
    b = dates[0] if dates[0] is not None else number(wanted)
    a = fractional_year(record) if any(d is not None for d in dates) else number(record)
    if record is None or wanted is None or a is None or b is None:
        return False
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def extreme(field: str, direction: Direction, product: Product, among: Sequence[Product]) -> bool:
    """Whether its value alone is the lowest ("asc") or highest ("desc"); False unless all of two or more have one."""
    values = {p.id: as_number(p.value(field)) for p in (*among, product)}
    known = [v for v in values.values() if v is not None]
    mine = values[product.id]
    if mine is None or len(known) < 2 or len(known) != len(values):
        return False
    return mine == (min(known) if direction == "asc" else max(known)) and known.count(mine) == 1

"""Predicates over a product: `battery_life_hours >= 30; waterproof = y`. Tables and requests are written in them."""

from __future__ import annotations

import operator as op
import re
from typing import Any

CORE = ("brand", "price", "list_price", "categories", "rating", "review_count", "availability", "stock", "released_at")
COMPARE = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
_PREDICATE = re.compile(r"^(\w+)\s*(not in|in|between|!=|<=|>=|=|<|>)\s*(.*)$")


def scalar(text: str) -> Any:
    """The value a word stands for: y and n are booleans, digits are numbers, the rest and what is quoted is text."""
    text = text.strip()
    if text.startswith('"'):
        return text.strip('"')
    if text in ("y", "n"):
        return text == "y"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return text


def parse(text: str) -> list[dict[str, Any]]:
    """Predicates as they stand in an intent: [{"field", "operator", "value"}]. ValueError names the one it cannot read."""
    predicates = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        found = _PREDICATE.match(part)
        if not found:
            raise ValueError(f"cannot read the predicate {part!r}")
        field, operator, value = found.groups()
        many = operator in ("in", "not in", "between")
        predicates.append(
            {
                "field": field,
                "operator": operator,
                "value": [scalar(v) for v in value.split(",")] if many else scalar(value),
            }
        )
    return predicates


def value_of(product: dict[str, Any], field: str) -> Any:
    """The product's value of that field, a number where it is money; None where it has none."""
    value = product.get(field) if field in CORE else product["attributes"].get(field)
    return float(value) if field in ("price", "list_price") and value is not None else value


def same(value: Any, wanted: Any) -> bool:
    """Whether two values are equal; text without case, a list when it contains the value."""
    if isinstance(value, list):
        return any(same(v, wanted) for v in value)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float)) and isinstance(wanted, (int, float)):
        return value == wanted
    return isinstance(value, str) and isinstance(wanted, str) and value.casefold() == wanted.casefold()


def holds(product: dict[str, Any], predicate: dict[str, Any]) -> bool:
    """Whether the predicate holds. A missing value fails all but "!=", "not in" and "= missing"."""
    operator: str = predicate["operator"]
    value, wanted = value_of(product, predicate["field"]), predicate["value"]
    if operator == "=" and wanted == "missing":
        return value is None
    if value is None:
        return operator in ("!=", "not in")
    if operator in ("=", "!="):
        return same(value, wanted) == (operator == "=")
    if operator in ("in", "not in"):
        return any(same(value, w) for w in wanted) == (operator == "in")
    if operator == "between":
        return bool(wanted[0] <= value <= wanted[1])
    return bool(COMPARE[operator](value, wanted))


def all_hold(product: dict[str, Any], predicates: list[dict[str, Any]]) -> bool:
    """Whether every predicate holds."""
    return all(holds(product, p) for p in predicates)

"""Constraints become one SQL filter of the catalogue's table, and product values become what that filter looks up.

Names and values are untrusted. Neither is ever spliced into SQL as it is: an equality is asked through a 64-bit key made
of the field and the value's canonical form (column `keys`, indexed), a range through a quoted JSON key and a float literal
(column `numbers`). One canonical form serves both sides, so types mixed across products cannot break a filter.
This module knows nothing of LanceDB but its SQL.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shelftalk.values import CORE_FIELDS, Constraint, Product
from shelftalk.words.comparable import fractional_year, number

# Core fields that stand in number columns of their own; every other field's numbers are in the JSON column `numbers`.
NUMBER_COLUMNS = ("price", "list_price", "rating", "review_count", "stock")
NOTHING = "id IS NULL"
_DATE_KEY = "\x1fdate"


@dataclass(frozen=True, slots=True)
class Range:
    """A limit on a field's number (its date where `dated`): low to high, each end included unless open."""

    name: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    dated: bool = False

    def sql(self) -> str:
        """The range as SQL."""
        column, narrow = number_column(self.name, dated=self.dated)
        tests = [narrow] if narrow else []
        if self.low > -math.inf:
            tests.append(f"{column} {'>' if self.low_open else '>='} {self.low!r}")
        if self.high < math.inf:
            tests.append(f"{column} {'<' if self.high_open else '<='} {self.high!r}")
        return " AND ".join(tests)


class Keyed(str):
    """The SQL condition that a product has one of some keys, which it also says."""

    keys: tuple[int, ...]

    def __new__(cls, keys: Sequence[int]) -> Keyed:
        listed = ", ".join(map(str, keys))
        made = super().__new__(
            cls, f"array_has(keys, {listed})" if len(keys) == 1 else f"array_has_any(keys, [{listed}])"
        )
        made.keys = tuple(keys)
        return made


class Where(str):
    """An SQL filter that also says what it is made of: `indexed`, the part that the table's indices answer with few
    products (None where there is none) and its conditions (`parts`), `without`, conditions that must not hold, and `ranges`,
    its limits on numbers.

    What lets most products through is slow in the database, which hands over each of them; a small catalogue applies
    `parts`, `without` and `ranges` in memory.
    """

    indexed: str | None
    parts: tuple[str, ...]
    without: tuple[str, ...]
    ranges: tuple[Range, ...]

    def __new__(cls, indexed: Sequence[str], without: Sequence[str], ranges: Sequence[Range]) -> Where:
        made = super().__new__(cls, _all([*indexed, *(f"NOT {w}" for w in without), *(r.sql() for r in ranges)]))
        made.indexed = _all(indexed) if indexed else None
        made.parts = tuple(indexed)
        made.without, made.ranges = tuple(without), tuple(ranges)
        return made


def where(
    constraints: Iterable[Constraint] = (), exclude_ids: Sequence[str] = (), only_ids: Sequence[str] | None = None
) -> Where | None:
    """The SQL filter that holds exactly for products satisfying every constraint; None where nothing is asked.

    `exclude_ids` are left out; with `only_ids`, nothing else is let in. A missing value fails every operator but "!=" and
    "not in". Text compares stripped and without case, and as a number where both sides read as one ("8" = 8.0); a list
    satisfies "=" when it contains the value. "<", "<=", ">", ">=" and "between" compare the first number in a text
    ("12 hours" is 12), or dates where the limit is an ISO date. A limit that holds no number satisfies nothing.
    """
    indexed: list[str] = []
    without: list[str] = []
    ranges: list[Range] = []
    for constraint in constraints:
        condition = _condition(constraint)
        if isinstance(condition, Range):
            ranges.append(condition)
        elif constraint.operator in ("!=", "not in"):
            without.append(condition)
        else:
            indexed.append(condition)
    if only_ids is not None:
        indexed.append(f"id IN ({_texts(only_ids)})" if len(only_ids) else NOTHING)
    if len(exclude_ids):
        without.append(f"(id IN ({_texts(exclude_ids)}))")
    return Where(indexed, without, ranges) if indexed or without or ranges else None


def _condition(constraint: Constraint) -> str | Range:
    """The condition of a constraint; for "!=" and "not in", the one that must not hold."""
    name, operator = field_name(constraint.field), constraint.operator
    values = list(constraint.value) if isinstance(constraint.value, (tuple, list)) else [constraint.value]
    if operator in ("=", "in", "!=", "not in"):
        keys = sorted({key(name, v) for v in values if v is not None})
        if not keys:
            return f"({NOTHING})"
        return Keyed(keys)
    limits = [_limit(v) for v in values[: 2 if operator == "between" else 1]]
    numbers = [n for n, _ in limits if n is not None]
    if len(numbers) < (2 if operator == "between" else 1):
        return NOTHING
    dated = any(d for _, d in limits)
    if operator == "between":
        return Range(name, numbers[0], numbers[1], dated=dated)
    if operator in ("<", "<="):
        return Range(name, high=numbers[0], high_open=operator == "<", dated=dated)
    return Range(name, low=numbers[0], low_open=operator == ">", dated=dated)


def _all(parts: Sequence[str]) -> str:
    return " AND ".join(f"({p})" for p in parts)


def number_column(name: str, *, dated: bool = False) -> tuple[str, str | None]:
    """The SQL expression of a field's number (its date as a fractional year where `dated`), and the indexed condition
    that holds for the products that have one (None for the fields with a column of their own)."""
    if name in NUMBER_COLUMNS:
        return name, None
    return f"json_get_float(numbers, {quote(name + _DATE_KEY if dated else name)})", f"array_has(keys, {holder(name)})"


def sort_column(name: str) -> tuple[str, str | None]:
    """Like `number_column`, with a date taken as a fractional year wherever a product holds one."""
    column, narrow = number_column(name)
    if narrow is None:
        return column, None
    return f"coalesce({number_column(name, dated=True)[0]}, {column})", narrow


def field_name(name: str) -> str:
    """The name that a field is stored under: "attributes.x" and "x" are the attribute x unless x is a core field."""
    if name in CORE_FIELDS:
        return name
    bare = name.removeprefix("attributes.")
    return f"attributes.{bare}" if bare in CORE_FIELDS else bare


def indexed(product: Product) -> tuple[list[int], dict[str, float]]:
    """The keys and the numbers that a product is found by: what `where` asks for."""
    keys: dict[int, None] = {}
    numbers: dict[str, float] = {}
    for name, value in _fields(product):
        for item in value if isinstance(value, (tuple, list)) else (value,):
            keys[key(name, item)] = None
        amount, date = _amounts(value)
        if amount is None or name in NUMBER_COLUMNS:
            continue
        keys[holder(name)] = None
        numbers[name] = amount
        if date is not None:
            numbers[name + _DATE_KEY] = date
    return list(keys), numbers


def _fields(product: Product) -> Iterator[tuple[str, Any]]:
    for name in CORE_FIELDS:
        if name not in ("attributes", "description", "images", "hidden_attributes"):
            value = getattr(product, name)
            if value is not None and value != ():
                yield name, value
    for name, value in product.attributes.items():
        if value is not None:
            yield field_name("attributes." + name.removeprefix("attributes.")), value


@lru_cache(maxsize=65_536, typed=True)
def canonical(value: Any) -> str:
    """One text for all values that count as equal: stripped, lower case, and numbers by their value."""
    text = str(value).strip().lower()
    try:
        amount = float(text)
    except ValueError:
        return text
    return text if math.isnan(amount) else repr(amount + 0.0)


@lru_cache(maxsize=65_536, typed=True)
def key(name: str, value: Any) -> int:
    """The signed 64-bit key of a field holding a value."""
    return _hash(f"={len(name)}:{name}{canonical(value)}")


@lru_cache(maxsize=8_192)
def holder(name: str) -> int:
    """The key of a field holding any number."""
    return _hash(f"#{name}")


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _limit(value: Any) -> tuple[float | None, bool]:
    date = fractional_year(value)
    return (date, True) if date is not None else (number(value), False)


# Products repeat each other's values: what was worked out for one is remembered (`typed`: 1, 1.0 and True differ).
@lru_cache(maxsize=65_536, typed=True)
def _amounts(value: Any) -> tuple[float | None, float | None]:
    return number(value), fractional_year(value)


def quote(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _texts(ids: Iterable[str]) -> str:
    return ", ".join(quote(str(i)) for i in ids)

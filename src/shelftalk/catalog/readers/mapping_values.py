"""What a mapping's rule makes of a record: the value at a path, and what is done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shelftalk.catalog.facets import unit as unit_in_name
from shelftalk.catalog.money import parse_money
from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers import units
from shelftalk.catalog.readers.numbers import exact, with_point

_MONEY = ("price", "list_price", "sale_price")
_COUNTS = ("review_count", "stock")


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field's value is found and what is done to it."""

    paths: tuple[str, ...] = ()
    value: Any = None
    default: Any = None
    every: bool = False
    split: str | tuple[str, str] | None = None
    scale: Decimal | None = None
    date: str | None = None
    unit: str | None = None
    type: str | None = None
    when_true: tuple[str, ...] = ()
    when_false: tuple[str, ...] = ()
    join: str | None = None
    values: Mapping[str, Any] | None = None
    lookup: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is done to the value that is found."""
        done = (
            self.split,
            self.scale,
            self.date,
            self.unit,
            self.type,
            self.when_true,
            self.when_false,
            self.values,
            self.lookup,
        )
        return self.every or any(done)


def text_at(record: Any, path: str) -> Any:
    """The value at a dotted path, of an element of XML that has attributes beside its text the text."""
    return _texts(find(record, path))


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if isinstance(value, Mapping) and all(name.startswith(("@", "#")) for name in value):
        return "" if value.get("@nil") == "true" else value.get("#text", value)
    return value


def find(record: Any, path: str) -> Any:
    """The value at a dotted path; a name that holds dots is found first; a list on the way gives the list of its items' values."""
    if isinstance(record, Mapping):
        if path in record:
            return record[path]
        first, _, rest = path.partition(".")
        return find(record[first], rest) if rest and first in record else None
    if isinstance(record, Sequence) and not isinstance(record, str):
        first, _, rest = path.partition(".")
        if first.isdigit():
            held = record[int(first)] if int(first) < len(record) else None
            return find(held, rest) if rest else held
        return [value for item in record if (value := find(item, path)) is not None]
    return None


Tables = Mapping[str, Mapping[str, list[str]]]


def apply(
    rule: Rule, record: Mapping[str, Any], name: str, mark: str | None = None, tables: Tables | None = None
) -> Any:
    """The value that a rule gives the field `name` of a record, whose decimal mark is `mark`; `tables` are what lookups read. FieldError
    where it does not fit."""
    if not rule.paths:
        return rule.value
    found = [v for path in rule.paths if (v := text_at(record, path)) not in (None, "", [])]
    value: Any = rule.default
    if rule.every:
        value = [one for v in found for one in (v if isinstance(v, list) else [v])] or rule.default
    elif found and rule.join is not None:
        value = rule.join.join(str(v) for v in found)
    elif found:
        value = found[0]
    if value is None or not found:
        return value
    if rule.lookup is not None:
        first = value[0] if isinstance(value, list) else value
        return (tables or {}).get(rule.lookup, {}).get(str(first).strip())
    if rule.values is not None:
        value = rule.values.get(str(value).strip().lower(), rule.values.get("*", value))
    try:
        return _changed(rule, value, name, mark)
    except ValueError as error:
        raise FieldError(name, value, str(error)) from None


def _changed(rule: Rule, value: Any, name: str, mark: str | None) -> Any:
    if rule.split is not None and isinstance(value, (str, list)):
        parts = [
            _parts(rule.split, one) for one in ([value] if isinstance(value, str) else value) if isinstance(one, str)
        ]
        return max(parts, key=len, default=[]) if name == "categories" else [part for one in parts for part in one]
    if isinstance(value, str) and (rule.when_true or rule.when_false):
        word = value.strip().lower()
        if word in rule.when_true or word in rule.when_false:
            return word in rule.when_true
        raise ValueError("neither of the words for true nor of those for false")
    if rule.date is not None:
        return _iso(value, rule.date)
    if rule.unit is not None:
        value = units.convert(with_point(str(value), mark), rule.unit)
    if rule.scale is not None:
        amount = parse_money(_pointed(value, mark))[0] if name in _MONEY else _decimal(value, mark)
        return amount * rule.scale
    if rule.type is not None:
        return _as(rule.type, value, mark)
    return value if rule.unit is not None else _by_name(value, name, mark)


def _parts(split: str | tuple[str, str], text: str) -> list[str]:
    """The parts of a text; of several paths, which the first of two marks parts, those of the longest."""
    if isinstance(split, tuple):
        text = max(text.split(split[0]), key=lambda path: path.count(split[1]))
        split = split[1]
    return [part.strip() for part in text.split(split) if part.strip()]


def _by_name(value: Any, name: str, mark: str | None) -> Any:
    """The value of a field whose name says that it is an amount: a price, a rating, a count, or a measure such as weight_g."""
    if not isinstance(value, str):
        return value
    if name in _MONEY:
        return _pointed(value, mark)
    if name == "rating" or name in _COUNTS:
        grouped = mark or ("," if name in _COUNTS and value.count(".") == 1 and value[-4:-3] == "." else None)
        number = exact(value, grouped)
        return value if number is None else number
    unit = unit_in_name(name)
    if unit is None or not units.known(unit) or not name.startswith("attributes."):
        return value
    try:
        return units.convert(with_point(value, mark), unit)
    except ValueError:
        return value  # words, kept as they are


def _pointed(value: Any, mark: str | None) -> Any:
    return with_point(value, mark) if isinstance(value, str) else value


def _decimal(value: Any, mark: str | None = None) -> Decimal:
    number = exact(value, mark) if isinstance(value, str) else None
    if number is None and read_number(value) is None:
        raise ValueError(_no_number(value))
    return Decimal(str(value).strip()) if number is None else number


def _no_number(value: Any) -> str:
    try:
        units.convert(str(value), "g")
    except ValueError as error:
        if "measures" not in str(error):
            return "must be a number"
    return 'must be a number; for an amount with a unit write "unit" in the mapping file instead of "type"'


def _as(wanted: str, value: Any, mark: str | None) -> Any:
    if wanted == "number":
        return _decimal(value, mark)
    if wanted == "boolean":
        word = str(value).strip().lower()
        if word not in ("true", "false", "yes", "no", "1", "0"):
            raise ValueError("must be true or false")
        return word in ("true", "yes", "1")
    if wanted == "list":
        return value if isinstance(value, list) else [value]
    return value if isinstance(value, str) else str(value)


def _iso(value: Any, pattern: str) -> str:
    if pattern == "unix":
        number = read_number(value)
        if number is None or not 0 <= number < 10**11:
            raise ValueError("must be seconds since 1970")
        return datetime.fromtimestamp(number, UTC).isoformat()
    try:
        moment = datetime.strptime(str(value).strip(), pattern)
    except ValueError:
        raise ValueError(f"no date of the form {pattern}") from None
    timed = any(mark in pattern for mark in ("%H", "%I", "%X", "%c", "%T"))
    return moment.isoformat() if timed else moment.date().isoformat()

"""A mapping file describes any other feed: a YAML that says where in a record each native field is found.

docs/catalog-formats.md has the keys and an example. What is wrong in the file is a UsageError that names the file and key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from shelftalk.catalog.fields import kept
from shelftalk.catalog.money import kind, parse_money
from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers import columnar, units
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import Source
from shelftalk.catalog.readers.jsonlines import document, objects
from shelftalk.catalog.readers.tabular import ColumnType, column_types, table, typed
from shelftalk.catalog.readers.xmlitems import items as xml_items
from shelftalk.errors import UsageError
from shelftalk.values import CORE_FIELDS

FORMATS = ("jsonl", "json", "csv", "parquet", "xml")
_TOP = ("format", "items", "fields", "attributes")
_FIELDS = tuple(name for name in CORE_FIELDS if name != "attributes")
_RULE = ("from", "value", "default", "all", "split", "scale", "date", "unit", "type", "when_true", "when_false")
_TYPES = ("text", "number", "boolean", "list")
_MONEY = ("price", "list_price")


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field's value is found and what is done to it."""

    paths: tuple[str, ...] = ()
    value: Any = None
    default: Any = None
    every: bool = False
    split: str | None = None
    scale: Decimal | None = None
    date: str | None = None
    unit: str | None = None
    type: str | None = None
    when_true: tuple[str, ...] = ()
    when_false: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """A mapping file, read and checked."""

    format: str
    items: str | None
    fields: Mapping[str, Rule]
    attributes: Mapping[str, Rule] = field(default_factory=dict)
    rest: str | None = None

    def read(self, source: Source) -> Iterator[FeedRow]:
        """The native rows of a feed that the mapping describes."""
        for row in self._records(source):
            if row.error is not None:
                yield row
                continue
            native: dict[str, Any] = {}
            attributes = dict(self._rest(row.record))
            dropped: list[FieldError] = []
            for name, rule in self.fields.items():
                native[name] = kept(dropped.append, _apply, rule, row.record, name)
            for name, rule in self.attributes.items():
                attributes[name] = kept(dropped.append, _apply, rule, row.record, f"attributes.{name}")
            native["attributes"] = attributes
            yield FeedRow(row.line, native, dropped=tuple(dropped))

    def _records(self, source: Source) -> Iterator[FeedRow]:
        if self.format == "jsonl":
            return objects(source)
        if self.format == "parquet":
            return columnar.records(source)
        if self.format == "xml":
            return xml_items(source, (self.items or "item").strip("/").split("/"))
        spelled = {p for rule in self.attributes.values() if rule.when_true or rule.when_false for p in rule.paths}
        return (
            _table(source, None if self.rest is None else spelled)
            if self.format == "csv"
            else _document(source, self.items)
        )

    def _rest(self, record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        if self.rest is None:
            return
        held = record if self.rest == "*" else _find(record, self.rest)
        used = {p for rule in (*self.fields.values(), *self.attributes.values()) for p in rule.paths}
        for name, value in held.items() if isinstance(held, Mapping) else ():
            nested = isinstance(value, Mapping) or (
                isinstance(value, list) and any(isinstance(v, (Mapping, list)) for v in value)
            )
            if not nested and not (self.rest == "*" and name in used):
                yield name, value


Fault = Callable[[str, str], UsageError]


def load_mapping(path: Path) -> FeedMapping:
    """The mapping that a file describes; UsageError, naming the file and the key, where it cannot be used."""

    def wrong(key: str, message: str) -> UsageError:
        return UsageError(f"mapping file {path}: {key}: {message}" if key else f"mapping file {path}: {message}")

    held = _document_of(path, wrong)
    _check_top(held, wrong)
    fields, attributes = held.get("fields") or {}, dict(held.get("attributes") or {})
    _check_fields(fields, wrong)
    rest = attributes.pop("*", None)
    if rest is not None and not isinstance(rest, str):
        raise wrong("attributes.*", 'must be a path, or "*" for all that is not used elsewhere')
    return FeedMapping(
        held["format"],
        held.get("items"),
        {str(n): _rule(f"fields.{n}", rule, wrong) for n, rule in fields.items()},
        {str(n): _rule(f"attributes.{n}", rule, wrong) for n, rule in attributes.items()},
        rest,
    )


def _document_of(path: Path, wrong: Fault) -> Mapping[str, Any]:
    import yaml

    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise wrong("", f"cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise wrong("", f"is no YAML ({' '.join(str(error).split())})") from error
    if not isinstance(held, Mapping):
        raise wrong("", f"must hold the keys {', '.join(_TOP)}")
    return held


def _check_top(held: Mapping[str, Any], wrong: Fault) -> None:
    if unknown := [str(k) for k in held if k not in _TOP]:
        raise wrong(unknown[0], f"unknown key; known: {', '.join(_TOP)}")
    if held.get("format") not in FORMATS:
        raise wrong("format", f"must be one of {', '.join(FORMATS)} (got {held.get('format')!r})")
    if not isinstance(held.get("items"), (str, type(None))):
        raise wrong("items", "must be the path of the records")
    if held["format"] == "xml" and not held.get("items"):
        raise wrong("items", "missing: the element that is a product, such as item or catalog/product")
    for section in ("fields", "attributes"):
        if not isinstance(held.get(section) or {}, Mapping):
            raise wrong(section, "must be an object of names and where they are found")


def _check_fields(fields: Mapping[str, Any], wrong: Fault) -> None:
    for name in fields:
        if name not in _FIELDS:
            raise wrong(
                f"fields.{name}", f"no native field; known: {', '.join(_FIELDS)} (others belong under attributes)"
            )
    for name in ("id", "title"):
        if name not in fields:
            raise wrong(f"fields.{name}", "missing")


def _rule(key: str, held: Any, wrong: Fault) -> Rule:
    if isinstance(held, (str, list)):
        held = {"from": held}
    if not isinstance(held, Mapping):
        raise wrong(key, f"must be a path, a list of paths or an object, not {kind(held)}")
    for name in held:
        if name not in _RULE:
            raise wrong(f"{key}.{name}", f"unknown key; known: {', '.join(_RULE)}")
    paths = _paths(key, held, wrong)
    scale = _scale(key, held["scale"], wrong) if "scale" in held else None
    _check_rule(key, held, wrong)
    return Rule(
        paths,
        _exact(held.get("value")),
        _exact(held.get("default")),
        held.get("all", False),
        held.get("split"),
        scale,
        held.get("date"),
        held.get("unit"),
        held.get("type"),
        _words(held.get("when_true")),
        _words(held.get("when_false")),
    )


def _paths(key: str, held: Mapping[str, Any], wrong: Fault) -> tuple[str, ...]:
    paths = held.get("from", [])
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(p, str) and p for p in paths):
        raise wrong(f"{key}.from", "must be a path or a list of paths")
    if bool(paths) == ("value" in held):
        raise wrong(key, 'needs either "from" (a path) or "value" (a constant)')
    return tuple(paths)


def _scale(key: str, given: Any, wrong: Fault) -> Decimal:
    try:
        scale = Decimal(str(given))
    except InvalidOperation:
        scale = Decimal("NaN")
    if not scale.is_finite() or scale <= 0:
        raise wrong(f"{key}.scale", f"must be a positive number such as 0.01 (got {given!r})")
    return scale


def _check_rule(key: str, held: Mapping[str, Any], wrong: Fault) -> None:
    for name in ("split", "date", "unit"):
        if name in held and (not isinstance(held[name], str) or not held[name]):
            raise wrong(f"{key}.{name}", "must be text")
    if "unit" in held and not units.known(held["unit"]):
        raise wrong(f"{key}.unit", f"no known unit (got {held['unit']!r})")
    if held.get("type") not in (None, *_TYPES):
        raise wrong(f"{key}.type", f"must be one of {', '.join(_TYPES)} (got {held['type']!r})")
    if not isinstance(held.get("all", False), bool):
        raise wrong(f"{key}.all", "must be true or false")


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _words(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    # YAML reads a bare yes or no as true or false.
    spelled = {True: ("true", "yes"), False: ("false", "no")}
    held = value if isinstance(value, list) else [value]
    return tuple(word for v in held for word in (spelled[v] if isinstance(v, bool) else (str(v).lower(),)))


def _table(source: Source, spelled: Set[str] | None) -> Iterator[FeedRow]:
    """The rows; with their columns' types unless `spelled` is None, and with the letters of the columns in it."""
    found = table(source)
    types: Sequence[ColumnType] | None = None
    if spelled is not None:
        types = column_types(found.header, found.records(Source(source.path)))
        types = ["text" if name in spelled else column for name, column in zip(found.header, types, strict=True)]
    for record in found.records(source):
        if record.problem:
            yield FeedRow(record.line, {}, FieldError("line", record.raw, record.problem))
        elif types is None:
            yield FeedRow(record.line, dict(zip(found.header, record.cells, strict=False)))
        else:
            cells = zip(found.header, types, record.cells, strict=False)
            yield FeedRow(record.line, {name: typed(cell, column) for name, column, cell in cells})


def _document(source: Source, items: str | None) -> Iterator[FeedRow]:
    if items is None:
        yield from objects(source)
        return
    held = document(source)
    found = _find(held, items) if isinstance(held, Mapping) else None
    if not isinstance(found, list):
        raise source.error(f"no list at {items!r}, the mapping file's items")
    for record in found:
        wrong = None if isinstance(record, Mapping) else FieldError("line", record, "must be an object")
        yield FeedRow(None, {} if wrong else record, wrong)


def _find(record: Any, path: str) -> Any:
    """The value at a dotted path; a name that holds dots is found first; a list on the way gives the list of its items' values."""
    if isinstance(record, Mapping):
        if path in record:
            return record[path]
        first, _, rest = path.partition(".")
        return _find(record[first], rest) if rest and first in record else None
    if isinstance(record, Sequence) and not isinstance(record, str):
        first, _, rest = path.partition(".")
        if first.isdigit():
            held = record[int(first)] if int(first) < len(record) else None
            return _find(held, rest) if rest else held
        return [value for item in record if (value := _find(item, path)) is not None]
    return None


def _apply(rule: Rule, record: Mapping[str, Any], name: str) -> Any:
    if not rule.paths:
        return rule.value
    found = [v for path in rule.paths if (v := _find(record, path)) not in (None, "", [])]
    value: Any = rule.default
    if rule.every:
        value = [one for v in found for one in (v if isinstance(v, list) else [v])] or rule.default
    elif found:
        value = found[0]
    if value is None or not found:
        return value
    try:
        return _changed(rule, value, name)
    except ValueError as error:
        raise FieldError(name, value, str(error)) from None


def _changed(rule: Rule, value: Any, name: str) -> Any:
    if rule.split is not None and isinstance(value, str):
        return [part.strip() for part in value.split(rule.split) if part.strip()]
    if isinstance(value, str) and (rule.when_true or rule.when_false):
        word = value.strip().lower()
        if word in rule.when_true or word in rule.when_false:
            return word in rule.when_true
        raise ValueError("neither of the words for true nor of those for false")
    if rule.date is not None:
        return _iso(value, rule.date)
    if rule.unit is not None:
        value = units.convert(str(value), rule.unit)
    if rule.scale is not None:
        amount = parse_money(value)[0] if name in _MONEY else _decimal(value)
        return amount * rule.scale
    if rule.type is not None:
        return _as(rule.type, value)
    return value


def _decimal(value: Any) -> Decimal:
    number = read_number(value)
    if number is None:
        raise ValueError("must be a number")
    return Decimal(value.strip() if isinstance(value, str) else str(value))


def _as(wanted: str, value: Any) -> Any:
    if wanted == "number":
        number = read_number(value)
        if number is None:
            raise ValueError("must be a number")
        return number
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

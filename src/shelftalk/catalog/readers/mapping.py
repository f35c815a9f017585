"""A mapping file describes any other feed: a YAML that says where in a record each native field is found.

docs/catalog-formats.md has the keys and an example. What is wrong in the file is a UsageError that names the file and key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any

from shelftalk.catalog.fields import kept
from shelftalk.catalog.money import kind
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers import columnar, units
from shelftalk.catalog.readers.base import TWICE, FeedRow
from shelftalk.catalog.readers.files import Source
from shelftalk.catalog.readers.jsonlines import document, objects
from shelftalk.catalog.readers.mapping_names import Names, columns, fault, names_of
from shelftalk.catalog.readers.mapping_rows import Lookup, Pair, Rows, lookups_of, pairs_of, rows_of, two_marks
from shelftalk.catalog.readers.mapping_values import Rule, apply, find
from shelftalk.catalog.readers.numbers import exact
from shelftalk.catalog.readers.sales import SALE, with_sale
from shelftalk.catalog.readers.tabular import TabularRecord, add, column_name, column_types, table, typed
from shelftalk.catalog.readers.xmlitems import items as xml_items
from shelftalk.errors import UsageError
from shelftalk.values import CORE_FIELDS

FORMATS = ("jsonl", "json", "csv", "parquet", "xml")
_TOP = (
    "format", "items", "header", "decimal", "each", "skip", "inherit", "lookups", "fields", "attributes", "pairs", "hidden",
)  # fmt: skip
_FIELDS = (*(name for name in CORE_FIELDS if name not in ("attributes", "hidden_attributes")), *SALE)
_LISTS = ("categories", "images")  # what may hold several values
_RULE = (
    "from",
    "value",
    "default",
    "all",
    "join",
    "values",
    "lookup",
    "split",
    "scale",
    "date",
    "unit",
    "type",
    "when_true",
    "when_false",
)
_TYPES = ("text", "number", "boolean", "list")
SEEN_FIRST = 1000  # records whose fields are looked at


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """A mapping file, read and checked."""

    format: str
    items: str | None
    fields: Mapping[str, Rule]
    attributes: Mapping[str, Rule] = field(default_factory=dict)
    rest: str | None = None
    hidden: Mapping[str, Rule] = field(default_factory=dict)
    decimal: str | None = None
    name: str = ""
    rows: Rows = Rows()
    pairs: tuple[Pair, ...] = ()
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    header: int = 1

    def read(self, source: Source) -> Iterator[FeedRow]:
        """The native rows of a feed that the mapping describes."""
        tables = {
            n: look.read(xml_items(Source(source.path), look.items.strip("/").split("/")))
            for n, look in self.lookups.items()
        }
        for row in self.rows.shaped(self._records(source), lambda: self._records(Source(source.path))):
            if row.error is not None:
                yield row
                continue
            native: dict[str, Any] = {}
            dropped = list(row.dropped)
            for name, rule in self.fields.items():
                value = kept(dropped.append, apply, rule, row.record, name, self.decimal, tables)
                if name in SALE[1:] and dropped and dropped[-1].field == name:
                    value = dropped.pop().value  # with a date that cannot be read, the sale is not taken
                native[name] = value if name in _LISTS else _first(name, value, dropped)
            attributes = dict(self._rest(row.record))
            for pair in self.pairs:
                attributes.update(pair.read(row.record, self.decimal))
            hidden: dict[str, Any] = {}
            for key, rules, held in (("attributes", self.attributes, attributes), ("hidden", self.hidden, hidden)):
                for name, rule in rules.items():
                    held[name] = kept(dropped.append, apply, rule, row.record, f"{key}.{name}", self.decimal, tables)
            native |= {"attributes": attributes, "hidden_attributes": hidden}
            yield with_sale(FeedRow(row.line, native, dropped=tuple(dropped)), source)

    def _records(self, source: Source) -> Iterator[FeedRow]:
        if self.format == "csv":
            return self._table(source)
        if self.format == "jsonl":
            found = objects(source)
        elif self.format == "parquet":
            found = columnar.records(source)
        elif self.format == "xml":
            found = xml_items(source, (self.items or "item").strip("/").split("/"))
        else:
            found = _document(source, self.items)
        return self._checked(found, source)

    def _table(self, source: Source) -> Iterator[FeedRow]:
        """The rows, in the type of each column, but for those that a rule reads as text."""
        found = table(source, header_row=self.header)
        self._check(columns(found.header), whole=True)
        worded = (
            {p for rule in self.fields.values() for p in rule.paths}
            | {*self.rows.skip, self.rows.by, self.rows.of}
            | {p for rule in (*self.attributes.values(), *self.hidden.values()) if rule.changes for p in rule.paths}
        )
        types = [
            "text" if name in worded else column
            for name, column in zip(
                found.header, column_types(found.header, self._pointed(found.records(Source(source.path)))), strict=True
            )
        ]
        for record in found.records(source):
            if record.problem:
                yield FeedRow(record.line, {}, FieldError("line", record.raw, record.problem))
            else:
                held: dict[str, Any] = {}
                for name, kind_of, cell in zip(found.header, types, record.cells, strict=False):
                    add(held, name, typed(self._number(cell) if kind_of == "number" else cell, kind_of))
                yield FeedRow(record.line, held)

    def _pointed(self, records: Iterator[TabularRecord]) -> Iterator[TabularRecord]:
        return (replace(r, cells=[self._number(c) for c in r.cells]) for r in records)

    def _number(self, cell: str) -> str:
        """The cell with a decimal point where it is a number with another decimal mark."""
        number = exact(cell, self.decimal) if "," in cell or (self.decimal == "," and "." in cell) else None
        return cell if number is None else f"{number:f}"

    def _checked(self, rows: Iterator[FeedRow], source: Source) -> Iterator[FeedRow]:
        """The rows, once the fields of the first of them are seen to be those that the mapping names."""
        first = list(islice(rows, SEEN_FIRST))
        if not first and self.format == "xml":
            raise source.error(
                f"no element {self.items!r}, the mapping file's items: write the names of all elements from the root, or one name"
            )
        if seen := names_of(row.record for row in first):
            self._check(seen, whole=self.format == "parquet")
        yield from first
        yield from rows

    def _check(self, names: Names, *, whole: bool) -> None:
        """UsageError, with the names that there are, for one that is not among them (`fault`)."""
        pairs = [p for pair in self.pairs for p in ((pair.name, pair.value) if pair.within is None else (pair.within,))]
        sections = (
            ("fields", self.fields),
            ("attributes", self.attributes),
            ("hidden", self.hidden),
            ("skip", {n: Rule((n,)) for n in self.rows.skip}),
            ("inherit", {n: Rule((n,)) for n in (self.rows.by, self.rows.of) if n is not None}),
            ("pairs", {n: Rule((n,)) for n in pairs}),
        )
        for key, rules in sections:
            for name, rule in rules.items():
                needed = key == "fields" and name in ("id", "title")
                told = fault(rule.paths, names, needed=needed, whole=whole, nested=self.format != "csv")
                if told:
                    raise UsageError(f"mapping file {self.name}: {key}.{name}: {told}")

    def _rest(self, record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        if self.rest is None:
            return
        held = record if self.rest == "*" else find(record, self.rest)
        rules = (*self.fields.values(), *self.attributes.values(), *self.hidden.values())
        used = {p for rule in rules for p in rule.paths} | {p for pair in self.pairs for p in (pair.name, pair.value)}
        for name, value in held.items() if isinstance(held, Mapping) else ():
            nested = isinstance(value, Mapping) or (
                isinstance(value, list) and any(isinstance(v, (Mapping, list)) for v in value)
            )
            if not nested and not (self.rest == "*" and name in used):
                yield name, value


def _first(name: str, value: Any, dropped: list[FieldError]) -> Any:
    """The first of the values of a field that has one; `dropped` is told of those that differ from it. Ids that differ stay as they are,
    since none of them is the product's."""
    if not isinstance(value, list) or not value:
        return value
    others = [one for n, one in enumerate(value) if one not in value[:n]][1:]
    if others and name == "id":
        return value
    dropped.extend(FieldError(name, other, TWICE) for other in others)
    return value[0]


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

    def rules(key: str, given: Mapping[str, Any]) -> dict[str, Rule]:
        found = {str(name): _rule(f"{key}.{name}", rule, wrong) for name, rule in given.items()}
        if held["format"] != "csv":
            return found
        return {name: replace(rule, paths=tuple(map(column_name, rule.paths))) for name, rule in found.items()}

    return FeedMapping(
        held["format"],
        held.get("items"),
        rules("fields", fields),
        rules("attributes", attributes),
        rest,
        rules("hidden", _hidden(held.get("hidden"), wrong)),
        held.get("decimal"),
        str(path),
        rows_of(held, wrong),
        pairs_of(held.get("pairs"), wrong),
        lookups_of(held, wrong),
        held.get("header", 1),
    )


def _hidden(held: Any, wrong: Fault) -> Mapping[str, Any]:
    """The rules of the hidden attributes; a list names columns that keep their names."""
    if isinstance(held, list):
        return {str(name): str(name) for name in held}
    if not isinstance(held or {}, Mapping):
        raise wrong("hidden", "must be a list of columns, or an object of names and where they are found")
    return held or {}


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
    if held.get("decimal") not in (None, ".", ","):
        raise wrong("decimal", f'must be "." or "," (got {held["decimal"]!r})')
    header = held.get("header", 1)
    if not isinstance(header, int) or isinstance(header, bool) or header < 1:
        raise wrong("header", f"must be the number of the row that names the columns, from 1 (got {header!r})")
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
        tuple(held["split"]) if isinstance(held.get("split"), list) else held.get("split"),
        scale,
        held.get("date"),
        held.get("unit"),
        held.get("type"),
        _words(held.get("when_true")),
        _words(held.get("when_false")),
        held.get("join"),
        {str(k).lower(): v for k, v in held["values"].items()} if "values" in held else None,
        held.get("lookup"),
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
    if not isinstance(held.get("values", {}), Mapping):
        raise wrong(f"{key}.values", "must be an object of values and what stands for them")
    if isinstance(held.get("split"), list):
        two_marks(f"{key}.split", held["split"], wrong)
        held = {n: v for n, v in held.items() if n != "split"}
    for name in ("join", "split", "date", "unit", "lookup"):
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


def _document(source: Source, items: str | None) -> Iterator[FeedRow]:
    if items is None:
        yield from objects(source)
        return
    held = document(source)
    found = find(held, items) if isinstance(held, Mapping) else None
    if not isinstance(found, list):
        raise source.error(f"no list at {items!r}, the mapping file's items")
    for record in found:
        wrong = None if isinstance(record, Mapping) else FieldError("line", record, "must be an object")
        yield FeedRow(None, {} if wrong else record, wrong)

"""What a mapping does with whole rows: which are left out, what they take from another row, and attributes whose names are values.

Shops' exports spread a product over rows: a parent and its variants that leave empty what they share, rows of pictures alone, and
columns such as "Attribute 1 name" and "Attribute 1 value".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.mapping_values import find, text_at
from shelftalk.catalog.readers.numbers import exact
from shelftalk.errors import UsageError

PAIR = ("in", "name", "value", "unit", "skip", "split", "list")
_EMPTY: tuple[Any, ...] = (None, "", [])

Fault = Callable[[str, str], UsageError]


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a record names an attribute and where its value stands, in each object at `within`; values of `skip` are left out. A text
    there is parted by `split`: between attributes, and between a name and its value; a value by the mark `listed` into a list."""

    name: str
    value: str
    within: str | None = None
    unit: str | None = None
    skip: tuple[str, ...] = ()
    split: tuple[str, str] | None = None
    listed: str | None = None

    def read(self, record: Mapping[str, Any], mark: str | None) -> Iterator[tuple[str, Any]]:
        """The attributes that a record has by it; with a unit the name ends in it and the value is a number where it is one."""
        held = record if self.within is None else find(record, self.within)
        for one in self._parted(held) if isinstance(held, str) else held if isinstance(held, list) else [held]:
            name, value = (text_at(one, path) if isinstance(one, Mapping) else None for path in (self.name, self.value))
            if not isinstance(name, str) or not name.strip() or value in _EMPTY or isinstance(value, Mapping):
                continue
            if str(value).strip() in self.skip:
                continue
            unit = text_at(one, self.unit) if self.unit and isinstance(one, Mapping) else None
            number = exact(value, mark) if isinstance(value, str) else None
            if isinstance(unit, str) and unit.strip() and number is not None:
                yield f"{name.strip()}_{unit.strip()}", number
            elif self.listed and isinstance(value, str) and self.listed in value:
                yield name.strip(), [part.strip() for part in value.split(self.listed) if part.strip()]
            else:
                yield name.strip(), value

    def _parted(self, text: str) -> Iterator[Mapping[str, str]]:
        between, mark = self.split or ("\n", ":")
        for part in text.split(between):
            name, *values = (piece.strip() for piece in part.split(mark))
            if values:
                yield {self.name: name, self.value: values[0]}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the things that records refer to by a key stand in an XML feed, and their names, with those above them."""

    items: str
    key: str
    value: str
    parent: str | None = None

    def read(self, rows: Iterator[FeedRow]) -> dict[str, list[str]]:
        """For each key the names from the top down."""
        names = {
            _text(text_at(r.record, self.key)): (
                _text(text_at(r.record, self.value)),
                _text(text_at(r.record, self.parent or "")),
            )
            for r in rows
        }
        paths: dict[str, list[str]] = {}
        for key in names:
            path: list[str] = []
            at, seen = key, set[str]()
            while at in names and at not in seen:
                seen.add(at)
                path.insert(0, names[at][0])
                at = names[at][1]
            paths[key] = [name for name in path if name]
        return paths


@dataclass(frozen=True, slots=True)
class Rows:
    """`skip` are fields with the values for which a row is left out, "" for an empty one. A row takes what it leaves empty from the row whose
    field `of` is the value of its field `by`; without `of`, from the first of the rows in front that share that value. A record is a row for
    each object in its list `each`, which stands in its place."""

    skip: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by: str | None = None
    of: str | None = None
    each: str | None = None

    def shaped(self, rows: Iterator[FeedRow], again: Callable[[], Iterator[FeedRow]]) -> Iterator[FeedRow]:
        """The rows that are products, each whole; `again` gives the feed once more."""
        parents = self._parents(again()) if self.by is not None and self.of is not None else {}
        last: tuple[str, Mapping[str, Any]] = ("", {})
        for row in rows:
            if row.error is not None:
                yield row
                continue
            record = row.record
            key = _text(text_at(record, self.by)) if self.by is not None else ""
            if self.of is None and key and key != last[0]:
                last = key, record
            parent = (parents.get(key) if self.of is not None else last[1]) if key else None
            whole = _filled(record, parent) if parent is not None else record
            if any(self._out(record, whole, name, values) for name, values in self.skip.items()):
                continue
            for one in self._apart(whole):
                yield replace(row, record=one)

    def _out(self, record: Mapping[str, Any], whole: Mapping[str, Any], name: str, values: tuple[str, ...]) -> bool:
        """Whether a row is left out by a field: by its own value, empty or not, or by the one that it takes from another row."""
        own, taken = (_text(text_at(one, name)).lower() for one in (record, whole))
        return own in values or (taken != "" and taken in values)

    def _apart(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        held = record.get(self.each) if self.each is not None else None
        return (
            [{**record, self.each: one} for one in held]
            if self.each is not None and isinstance(held, list) and held
            else [record]
        )

    def _parents(self, rows: Iterator[FeedRow]) -> dict[str, Mapping[str, Any]]:
        """The rows that name no parent, by their own name."""
        found: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            name = _text(text_at(row.record, self.of or ""))
            if name and not _text(text_at(row.record, self.by or "")):
                found.setdefault(name, row.record)
        return found


def rows_of(held: Mapping[str, Any], wrong: Fault) -> Rows:
    """What a mapping file says of whole rows; UsageError where it cannot be used."""
    skip, inherit = held.get("skip") or {}, held.get("inherit")
    if not isinstance(skip, Mapping):
        raise wrong("skip", "must be an object of fields and the values for which a row is left out")
    by, of = next(iter(inherit.items()), (None, None)) if isinstance(inherit, Mapping) else (inherit, None)
    if inherit is not None and not (isinstance(by, str) and isinstance(of, (str, type(None)))):
        raise wrong(
            "inherit", "must be a field that rows share, or one that names another row and that row's own: Parent: SKU"
        )
    values = {str(n): tuple(_word(v) for v in (v if isinstance(v, list) else [v])) for n, v in skip.items()}
    each = held.get("each")
    if not isinstance(each, (str, type(None))):
        raise wrong("each", "must be the field that holds a list of variants")
    return Rows(values, by, of, each)


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip().lower()


def pairs_of(held: Any, wrong: Fault) -> tuple[Pair, ...]:
    """The pairs of a mapping file; UsageError where one cannot be used."""
    pairs = []
    for number, given in enumerate(held if isinstance(held, list) else [held] if held else []):
        key, one = f"pairs.{number}", given
        if isinstance(given, Mapping) and "split" in given and isinstance(given.get("in"), str):
            marks = two_marks(f"{key}.split", given["split"], wrong)
            one = {"name": "name", "value": "value", **given, "split": marks}
        if not isinstance(one, Mapping) or not all(isinstance(one.get(n), str) for n in ("name", "value")):
            raise wrong(
                key,
                "must say where name and value of an attribute stand: {name: PATH, value: PATH}, or {in: PATH, split: [',', '=']}",
            )
        if unknown := [n for n in one if n not in PAIR]:
            raise wrong(f"{key}.{unknown[0]}", f"unknown key; known: {', '.join(PAIR)}")
        skip = one.get("skip", [])
        pairs.append(
            Pair(
                one["name"],
                one["value"],
                one.get("in"),
                one.get("unit"),
                tuple(map(str, skip if isinstance(skip, list) else [skip])),
                one.get("split"),
                one.get("list"),
            )
        )
    return tuple(pairs)


def lookups_of(held: Mapping[str, Any], wrong: Fault) -> Mapping[str, Lookup]:
    """The lookups of a mapping file by name; UsageError where one cannot be used."""
    found = {}
    for name, one in (held.get("lookups") or {}).items():
        needed = ("items", "key", "value")
        if (
            not isinstance(one, Mapping)
            or not all(isinstance(one.get(n), str) for n in needed)
            or set(one) - {*needed, "parent"}
        ):
            raise wrong(
                f"lookups.{name}",
                "must say where the things stand and what they are called: {items, key, value, parent}",
            )
        if held["format"] != "xml":
            raise wrong(f"lookups.{name}", "only XML feeds are looked up in")
        found[str(name)] = Lookup(one["items"], one["key"], one["value"], one.get("parent"))
    return found


def two_marks(key: str, held: Any, wrong: Fault) -> tuple[str, str]:
    """The outer and the inner mark by which a text is parted."""
    if not isinstance(held, list) or len(held) != 2 or not all(isinstance(mark, str) and mark for mark in held):
        raise wrong(key, 'must be two marks, the outer one first, such as [",", "/"]')
    return held[0], held[1]


def _filled(record: Mapping[str, Any], parent: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in record.items() if value not in _EMPTY}
    return {**record, **parent, **own}


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, (Mapping, list)) else str(value).strip()

"""Rows whose columns are named: each column is one field of an interaction, by its usual names or as a mapping says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.shoppers.events.parse import FIELDS
from shelftalk.shoppers.events.raw import EventRow, RawRow, bad

# The usual names of each field; of several columns the one whose name comes first is taken.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "event_id", "interaction_id", "idempotency_key"),
    "user": ("user", "user_id", "userid", "customer", "customer_id", "customerid", "visitor_id", "visitorid", "client_id", "reviewerid"),
    "kind": ("kind", "event", "event_type", "eventtype", "event_name", "action", "behavior", "behaviour", "type"),
    "at": ("at", "time", "timestamp", "event_time", "event_timestamp", "datetime", "created_at", "date", "ts", "unixreviewtime"),
    "product_id": ("product_id", "product", "productid", "item_id", "item", "itemid", "sku", "article_id", "asin", "parent_asin"),
    "value": ("value", "rating", "stars", "quantity", "qty", "overall"),
    "price": ("price", "unit_price", "unitprice"),
    "currency": ("currency", "currency_code"),
    "text": ("text", "query", "search_term", "review", "review_text", "reviewtext", "comment"),
    "why": ("why",),
    "session": ("session", "session_id", "sessionid", "user_session", "visit", "visit_id", "order_id", "orderid", "transaction_id", "transactionid"),
    "place": ("place", "country", "region"),
    "device": ("device", "device_type", "platform"),
    "request": ("request",),
}  # fmt: skip
_GAPS = re.compile(r"[^a-z0-9]+")
_WANTED = {"product_id": "which product", "at": "when", "kind": "what was done"}


def parse_map(options: Sequence[str]) -> dict[str, str]:
    """{field: column} of options FIELD=COLUMN. UsageError for what is none, or names no field."""
    found: dict[str, str] = {}
    for option in options:
        name, equals, column = option.partition("=")
        if not equals or not column:
            raise UsageError(f"--map {option!r}: write FIELD=COLUMN, such as user=customer_no")
        if name not in _NAMES:
            raise UsageError(f"--map {option!r}: there is no field {name!r}; there is: {', '.join(_NAMES)}")
        found[name] = column
    return found


def mapped(rows: Iterator[RawRow], mapping: Mapping[str, str], kind: str | None) -> Iterator[EventRow]:
    """The records of rows. `kind` is that of rows that tell none.

    Columns that name no field are passed over. Raises UsageError where the first row shows no column for what an interaction needs.
    """
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for raw in rows:
        if raw.problem:
            yield bad(raw.line, raw.problem)
            continue
        shape = tuple(raw.values)
        fields = known.get(shape)
        if fields is None:
            fields = _fields(shape, mapping)
            if not known:
                _complete(fields, shape, kind)
            if len(known) < 1000:  # of a file whose objects never have the same keys only so many are remembered
                known[shape] = fields
        record = {field: _at(raw.values, column) for field, column in fields.items()}
        if kind is not None and not record.get("kind"):
            record["kind"] = kind
        yield EventRow(raw.line, record)


def _fields(columns: tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, str]:
    plain = {_GAPS.sub("_", column.lower()).strip("_"): column for column in reversed(columns)}
    found, taken = dict[str, str](), {"", *mapping.values()}
    for field in FIELDS:
        names = _NAMES.get(field, (field,))
        if field in mapping:
            found[field] = mapping[field]
        elif column := next((plain[name] for name in names if plain.get(name, "") not in taken), None):
            found[field] = column
    return found


def _complete(fields: Mapping[str, str], columns: tuple[str, ...], kind: str | None) -> None:
    missing = [f"{field} ({told})" for field, told in _WANTED.items() if field not in fields]
    if kind is not None or "text" in fields:  # a search is of no product
        missing = [name for name in missing if not name.startswith("kind" if kind is not None else "product_id")]
    if kind == "search":
        missing = [name for name in missing if not name.startswith("product_id")]
    if missing:
        told = "; --kind says what was done in rows that do not" if any(m.startswith("kind") for m in missing) else ""
        raise UsageError(
            f"no column says {' or '.join(missing)}; there is: {', '.join(columns)[:500]}; name it with --map FIELD=COLUMN{told}"
        )


def _at(values: Mapping[str, Any], column: str) -> Any:
    """The value of a column; "user.id" is also that of `id` within the object `user`."""
    if column in values or "." not in column:
        return values.get(column)
    held: Any = values
    for step in column.split("."):
        held = held.get(step) if isinstance(held, Mapping) else None
    return held

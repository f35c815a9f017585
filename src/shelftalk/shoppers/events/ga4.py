"""Google Analytics 4's export to BigQuery (https://support.google.com/analytics/answer/7029846), as JSON Lines or Parquet: a row an event,
with its items in a list.

Each item of an e-commerce event is an interaction; a search is one of its own. The user is `user_id` where the shop sets it, else
`user_pseudo_id`. Other events (page_view, scroll, session_start) are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shelftalk.shoppers.events.raw import EventRow, RawRow, bad, skip
from shelftalk.values import InteractionKind

COLUMNS = ("event_name", "event_timestamp", "user_pseudo_id")
KINDS: dict[str, InteractionKind] = {
    "view_item_list": "shown",
    "view_item": "view",
    "select_item": "click",
    "add_to_cart": "cart",
    "purchase": "purchase",
    "add_to_wishlist": "like",
}
SEARCHES = ("search", "view_search_results")
_COUNTED = ("cart", "purchase")
_UNSET = ("", "(not set)")


def read(rows: Iterator[RawRow]) -> Iterator[EventRow]:
    """The interactions of a file of events."""
    for raw in rows:
        if raw.problem:
            yield bad(raw.line, raw.problem)
        else:
            yield from _event(raw.line, raw.values)


def _event(line: int, event: Mapping[str, Any]) -> Iterator[EventRow]:
    name = str(event.get("event_name") or "")
    parameters = _parameters(event.get("event_params"))
    user = str(event.get("user_id") or event.get("user_pseudo_id") or "")
    of_all = {
        "user": user, "at": event.get("event_timestamp"), "session": _session(user, parameters),
        "device": _text(event.get("device"), "category"), "place": _text(event.get("geo"), "country"),
    }  # fmt: skip
    if name in SEARCHES:
        words = parameters.get("search_term")
        yield EventRow(line, {**of_all, "kind": "search", "text": words}, name)
        return
    kind = KINDS.get(name)
    if kind is None:
        yield skip(line, "other_event", f"event {name[:40]!r} is no interaction with a product")
        return
    items = event.get("items")
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        yield bad(line, f"event {name} has no items", "no_product")
        return
    currency = parameters.get("currency")
    for place, item in enumerate(items):
        if isinstance(item, Mapping):
            yield EventRow(line, {**of_all, **_item(kind, item, currency)}, f"{name}:{place}")
        else:
            yield bad(line, f"item {place} of event {name} is no object")


def _item(kind: InteractionKind, item: Mapping[str, Any], currency: Any) -> dict[str, Any]:
    identity = item.get("item_id")
    price = item.get("price")
    return {
        "kind": kind,
        "product_id": "" if identity in _UNSET else identity,
        "value": item.get("quantity") if kind in _COUNTED else None,
        "price": price,
        "currency": currency if price is not None else None,
    }


def _parameters(held: Any) -> dict[str, Any]:
    """{key: value} of the list in which an event's parameters stand, each value in a field for its type."""
    found: dict[str, Any] = {}
    for one in held if isinstance(held, Sequence) and not isinstance(held, str) else ():
        if isinstance(one, Mapping) and isinstance(value := one.get("value"), Mapping):
            found[str(one.get("key"))] = next((v for v in value.values() if v is not None), None)
    return found


def _session(user: str, parameters: Mapping[str, Any]) -> str:
    """A visit is numbered within its user; with the user's id in it, it is kept as a keyed hash."""
    number = parameters.get("ga_session_id")
    return f"{user}:{number}" if number is not None else ""


def _text(held: Any, name: str) -> str:
    value = held.get(name) if isinstance(held, Mapping) else None
    return str(value) if value not in (None, *_UNSET) else ""

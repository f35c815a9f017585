"""Shopify's export of orders (https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders): a row a line item; what
is said of the order as a whole stands in its first row alone.

A line item is a purchase within the session of its order. The user is the customer's e-mail address in lower case (his phone where there
is none): it becomes a pseudonym before anything is kept. Orders that were cancelled, refunded or voided are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shelftalk.shoppers.events.raw import EventRow, RawRow, bad, skip

COLUMNS = ("name", "lineitem quantity", "lineitem sku")
_OF_ORDER = (
    "email",
    "phone",
    "created at",
    "currency",
    "financial status",
    "cancelled at",
    "shipping country",
    "billing country",
)
_UNDONE = ("refunded", "voided")


def read(rows: Iterator[RawRow]) -> Iterator[EventRow]:
    """The purchases of a file of orders. The rows of one order follow each other."""
    order, item, whole = "", 0, dict[str, Any]()
    for raw in rows:
        if raw.problem:
            yield bad(raw.line, raw.problem)
            continue
        values = {column.lower(): value for column, value in raw.values.items()}
        name = str(values.get("name", ""))
        if not name:
            yield bad(raw.line, "the row names no order (column Name)")
            continue
        if name != order:
            order, item, whole = name, 0, {column: values[column] for column in _OF_ORDER if column in values}
        item += 1
        yield _item(raw.line, order, item, {**whole, **values})


def _item(line: int, order: str, item: int, values: Mapping[str, Any]) -> EventRow:
    state = str(values.get("financial status", "")).lower()
    if values.get("cancelled at") or state in _UNDONE:
        return skip(line, "returned", f"order {order[:20]} was {'cancelled' if values.get('cancelled at') else state}")
    if not values.get("lineitem sku"):
        return bad(
            line, f"line item {item} of order {order[:20]} has no SKU, so its product is not known", "no_product"
        )
    return EventRow(
        line,
        {
            "kind": "purchase", "id": f"shopify:{order}:{item}", "session": order, "at": values.get("created at"),
            "product_id": values["lineitem sku"], "value": values.get("lineitem quantity"), "price": values.get("lineitem price"),
            "currency": values.get("currency"), "user": str(values.get("email") or values.get("phone") or "").lower(),
            "place": values.get("shipping country") or values.get("billing country"),
        },
    )  # fmt: skip

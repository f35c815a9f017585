"""Invoices as the UCI repository's Online Retail sets have them (https://archive.ics.uci.edu/dataset/352/online+retail, and 502): a line
an article, with InvoiceNo (or Invoice), StockCode, Quantity, InvoiceDate, UnitPrice (or Price), CustomerID (or Customer ID), Country.

A line is a purchase of so many pieces within the session of its invoice. Lines that are no articles (postage, discounts, fees), vouchers, credit
notes (their number begins with C), corrections of stock (a negative quantity) and articles given for nothing are skipped, each with its
reason. A customer's number may come with the ".0" that spreadsheets add.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from shelftalk.shoppers.events.raw import EventRow, RawRow, bad, skip

COLUMNS = ("invoice", "stockcode", "quantity", "invoicedate")
# What the two sets have of codes that are no articles. A code that is not among them is one (DCGSSGIRL is a party bag): whether it is known,
# the catalogue says.
_CHARGES = {
    "POST": "postage", "DOT": "postage", "C2": "carriage", "C3": "carriage", "M": "entered by hand", "D": "a discount", "S": "samples",
    "B": "a bad debt", "BANK CHARGES": "bank charges", "AMAZONFEE": "a fee", "CRUK": "a commission", "ADJUST": "an adjustment",
    "ADJUST2": "an adjustment", "PADS": "what comes with cushions", "TEST001": "a test", "TEST002": "a test",
}  # fmt: skip
_VOUCHER = re.compile(r"GIFT(_.*)?")
_WHOLE = re.compile(r"(\d+)\.0+")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})")


@cache
def name(column: str) -> str:
    """The name of a column without case, blanks and the endings by which the two sets differ."""
    plain = column.lower().replace(" ", "")
    return {"invoiceno": "invoice", "unitprice": "price"}.get(plain, plain)


def read(rows: Iterator[RawRow]) -> Iterator[EventRow]:
    """The purchases of a file of invoices."""
    for raw in rows:
        yield (
            bad(raw.line, raw.problem) if raw.problem else _line(raw.line, {name(c): v for c, v in raw.values.items()})
        )


def _line(line: int, values: dict[str, Any]) -> EventRow:
    invoice, code = str(values.get("invoice", "")), str(values.get("stockcode", ""))
    try:
        quantity, price = float(values.get("quantity") or "nan"), float(values.get("price") or "nan")
    except ValueError:
        return bad(line, "quantity and price must be numbers", "bad_number")
    plain = code.strip().upper()
    if plain in _CHARGES:
        return skip(line, "no_article", f"{code[:20]!r} is {_CHARGES[plain]} and no article", plain)
    if _VOUCHER.fullmatch(plain):
        return skip(line, "voucher", f"{code[:20]!r} is a gift voucher", plain[:20])
    if invoice[:1].upper() == "C":
        return skip(line, "returned", f"invoice {invoice[:20]} is a credit note: articles were returned")
    if quantity < 0:
        return skip(line, "no_sale", "a negative quantity without a credit note corrects the stock")
    if math.isnan(quantity):
        return bad(line, "the row says no quantity", "bad_number")
    if price == 0:
        return skip(line, "no_sale", "an article given for nothing")
    return EventRow(
        line,
        {
            "kind": "purchase", "product_id": code, "session": invoice, "at": _moment(values.get("invoicedate")),
            "user": _WHOLE.sub(r"\1", str(values.get("customerid", ""))), "value": values.get("quantity"),
            "price": values.get("price"), "currency": "GBP", "place": values.get("country"),
        },
    )  # fmt: skip


def _moment(value: Any) -> Any:
    """The older file's American form ("12/1/2010 8:26") as ISO's; anything else as it is."""
    found = _SLASHED.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    month, day, year, hour, minute = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute)  # its zone is the import's
    except ValueError:
        return value

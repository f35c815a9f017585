"""What a feed says of a sale: the price in force at a time, and the one it is taken off.

A sale price is taken only where it is one: above 0, not above the price, in its currency, and within its window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from shelftalk.catalog.money import Marks, parse_money
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow, plain_name
from shelftalk.catalog.readers.files import Source

SALE = ("sale_price", "sale_price_effective_date", "sale_starts", "sale_ends")
_ON_SALE = r"(?:date_)?(?:on_)?(?:sale|special)_(?:price_)?(?:dates?_)?"
_STARTS = re.compile(rf"{_ON_SALE}(?:start|from|begin)s?(?:_(?:date|on|at))?")
_ENDS = re.compile(rf"{_ON_SALE}(?:end|to|until|till)s?(?:_(?:date|on|at))?")
_BETWEEN = (r"\s*/\s*", r"\s+(?:-|–|—|to|bis|until|till)\s+", r"\s*[,;|]\s*", r"\s*(?:–|—|\.\.+)\s*")
_DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T,]+(.+))?")
_EMPTY = frozenset(("", "0000-00-00", "0000-00-00 00:00:00", "-", "--", "null", "none", "n/a"))


def sale_field(name: str) -> str | None:
    """The one of SALE that a field's name in any case means: "Sale_Price", "salePrice", "special_price_to_date"."""
    plain = plain_name(name)
    if plain in SALE:
        return plain
    return "sale_starts" if _STARTS.fullmatch(plain) else "sale_ends" if _ENDS.fullmatch(plain) else None


def dates_of(held: Mapping[str, Any]) -> Any:
    """When a sale is on by fields that are named as in SALE: the text of both dates, else a pair of them; None where there are none."""
    dates = held.get("sale_price_effective_date")
    if dates is not None and not (isinstance(dates, str) and not dates.strip()):
        return dates
    pair = (held.get("sale_starts"), held.get("sale_ends"))
    return None if pair == (None, None) else pair


def sale_prices(
    price: Any, sale: Any, dates: Any = None, now: datetime | None = None, marks: Marks | None = None
) -> tuple[Any, Any, tuple[FieldError, ...]]:
    """(price, list price, what of the sale was left out) of a feed that states a regular and a sale price; `dates` as in `on_sale`."""
    if sale is None or (isinstance(sale, str) and not sale.strip()):
        return price, None, ()
    try:
        if not on_sale(dates, now):
            return price, None, ()
    except ValueError as error:
        return price, None, (FieldError("sale_price_effective_date", dates, f"{error}; the sale price is not taken"),)
    try:
        amount, currency, codes = parse_money(sale, None, marks)
    except ValueError as error:
        return price, None, (FieldError("sale_price", sale, str(error)),)
    if amount == 0:
        return price, None, (FieldError("sale_price", sale, "0 is no sale price"),)
    try:
        regular, paid_in, others = parse_money(price, currency, marks)
    except ValueError:
        return sale, price, ()  # the price is told of where it is read
    if codes and others and not (set(codes) & set(others)) - {""}:
        return price, None, (FieldError("sale_price", sale, f"its currency is not {paid_in or 'that of the price'}"),)
    if amount > regular:
        return price, None, (FieldError("sale_price", sale, "above the price"),)
    return (price, None, ()) if amount == regular else (sale, price, ())


def with_sale(row: FeedRow, source: Source) -> FeedRow:
    """The native row with the price that is in force, where a field in any case of `sale_price` names another."""
    names = {meant: name for name in row.record if (meant := sale_field(name)) is not None}
    if row.error is not None or not names:
        return row
    held = {meant: row.record[name] for meant, name in names.items()}
    price, regular, dropped = sale_prices(
        row.record.get("price"), held.get("sale_price"), dates_of(held), source.now, source.marks
    )
    record = {name: value for name, value in row.record.items() if name not in names.values()}
    record["price"] = price
    if regular is not None and not record.get("list_price"):
        record["list_price"] = regular
    return replace(row, record=record, dropped=(*row.dropped, *dropped))


def on_sale(dates: Any, now: datetime | None = None) -> bool:
    """Whether a sale price is in force at a time (None: the present).

    `dates` is "START/END" in ISO 8601, as product data has it, either of them left out or not, or the pair of the two; dates may
    also be written the day first where they can be nothing else, and parted by a dash, a comma or "to". A day without a time
    counts whole. ValueError for anything else.
    """
    if dates is None or (isinstance(dates, str) and dates.strip().lower() in _EMPTY):
        return True
    start, end = window(dates)
    now = now or datetime.now(UTC)
    return (start is None or start <= now) and (end is None or now <= end)


def window(dates: Any) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment of a sale, None where one is left open; ValueError for anything else."""
    if isinstance(dates, tuple):
        ways = [["" if one is None else str(one) for one in dates]]
    elif isinstance(dates, str):
        ways = [re.split(between, dates.strip()) for between in _BETWEEN]
    else:
        raise ValueError("must be a text such as 2026-11-01T00:00Z/2026-11-30T23:59Z")
    for parts in ways:
        if len(parts) == 2:
            read = {w for first in (True, False) if (w := _window(parts[0], parts[1], day_first=first)) is not None}
            if len(read) == 1:
                return read.pop()
    raise ValueError("must be two dates such as 2026-11-01T00:00Z/2026-11-30T23:59Z")


def _window(start: str, end: str, *, day_first: bool) -> tuple[datetime | None, datetime | None] | None:
    try:
        return _moment(start, day_first, last=False), _moment(end, day_first, last=True)
    except ValueError:
        return None


def _moment(text: str, day_first: bool, *, last: bool) -> datetime | None:
    text = text.strip()
    if text.lower() in _EMPTY:
        return None
    if match := _DAY_FIRST.fullmatch(text):
        day, month = (match[1], match[3]) if day_first or match[2] == "." else (match[3], match[1])
        text = f"{match[4]}-{month:0>2}-{day:0>2}" + (f"T{match[5].strip()}" if match[5] else "")
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", text)
    moment = datetime.fromisoformat(text)
    if last and len(text) <= 10:
        moment = datetime.combine(moment, time(23, 59, 59, 999999))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""One record of a feed in the native schema becomes a Product, or a FieldError that names the field.

It knows nothing of files: readers bring the records, in whatever format they found them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shelftalk.catalog import fields
from shelftalk.catalog.fields import Drop, FieldError, as_json, kept, read_number, whole
from shelftalk.catalog.money import Marks, parse_currency, parse_money
from shelftalk.values import CORE_FIELDS, Product, plain

__all__ = ["FieldError", "as_json", "parse_product", "product_record", "read_number", "shown_record", "whole"]

_CORE = frozenset(CORE_FIELDS)


def parse_product(
    record: Mapping[str, Any],
    dropped: list[FieldError] | None = None,
    currency: str | None = None,
    marks: Marks | None = None,
) -> Product:
    """The product that a native record describes (the table in docs/catalog-formats.md).

    Text is kept letter for letter but for HTML, money is exact, numbers stay equal to the record's; null and empty fields are
    absent. Unknown top-level fields become attributes where they hold text, a number, true or false, or a list of these, so
    a plain spreadsheet works; what else they hold is left out. `currency` is that of amounts that name none, `marks` what the feed's other prices show of the decimal mark.

    FieldError where there is no id or no title that can be read. Of the other fields, what cannot be read is left out and
    added to `dropped`; where that is None, the first of them is raised.
    """
    drop = _refuse if dropped is None else dropped.append
    get = record.get
    name, title = fields.id_of(get("id")), fields.title_of(get("title"))
    attributes = fields.attributes_of("attributes", get("attributes"), drop)
    if not _CORE.issuperset(record):
        for field, value in record.items():
            if field not in _CORE and field not in attributes and not isinstance(value, Mapping) and not _nested(value):
                kept(drop, fields.add_attribute, attributes, field, value, field)
    price, list_price, paid_in = _money(record, drop, currency, marks)
    left, there = kept(drop, fields.stock, get("stock")) or (None, None)
    return Product(
        name,
        title,
        kept(drop, fields.text_of, "description", get("description")) or "",
        kept(drop, fields.text_of, "brand", get("brand")),
        price,
        paid_in,
        list_price,
        fields.path_of(get("categories"), drop),
        attributes,
        kept(drop, fields.rating, get("rating")),
        kept(drop, whole, "review_count", get("review_count")),
        kept(drop, fields.availability, get("availability")) or there,
        left,
        fields.list_of("images", get("images"), drop, fields.link_of),
        kept(drop, fields.day, get("released_at")),
        kept(drop, fields.link_of, "url", get("url")),
        kept(drop, fields.group_of, get("item_group_id")),
        fields.attributes_of("hidden_attributes", get("hidden_attributes"), drop),
    )


def _refuse(error: FieldError) -> None:
    raise error


def _nested(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, (Mapping, list, tuple)) for v in value)


def product_record(product: Product) -> dict[str, Any]:
    """The native JSON record of a product, absent fields left out, money as text: the inverse of parse_product."""
    record: dict[str, Any] = {}
    for name in CORE_FIELDS:
        value = getattr(product, name)
        if name in ("attributes", "hidden_attributes"):
            value = {key: plain(held) for key, held in value.items()}
        if value is not None and value not in ("", (), {}):
            record[name] = plain(value)
    return record


def shown_record(product: Product) -> dict[str, Any]:
    """The record as others than the shop may see it: without its hidden attributes."""
    return {name: value for name, value in product_record(product).items() if name != "hidden_attributes"}


def _money(
    record: Mapping[str, Any], drop: Drop, default: str | None, marks: Marks | None
) -> tuple[Decimal | None, Decimal | None, str | None]:
    """(price, list price, currency): an amount whose currency cannot be read, or is another, is left out."""
    stated = record.get("currency")
    given = not (stated is None or (isinstance(stated, str) and not stated.strip()))
    currency = parse_currency(stated) if given and isinstance(stated, str) else None
    if given and currency is None:
        drop(FieldError("currency", stated, "must be an ISO 4217 code such as USD"))
    unsure: tuple[Any, tuple[str, ...]] | None = None
    amounts: list[Decimal | None] = []
    for field in ("price", "list_price"):
        value = record.get(field)
        amounts.append(None)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            amount, named, codes = parse_money(value, currency or (None if given else default), marks)
        except ValueError as error:
            drop(FieldError(field, value, str(error)))
            continue
        if named is None and default in codes:
            named = default
        if currency is not None and codes and currency not in codes:
            drop(FieldError(field, value, f"its currency is not {currency}"))
            continue
        if currency is None and given and named is None:
            drop(FieldError(field, value, "its currency cannot be read"))
            continue
        unsure = (value, codes) if currency is None and named is None and codes else unsure
        currency = currency or named
        amounts[-1] = amount
        if marks is not None:
            marks.tell(value, amount, currency or default)
    price, list_price = amounts
    if currency is None and unsure:
        told = f"may be {', '.join(filter(None, unsure[1]))}; name the one that is meant in a field currency"
        drop(FieldError("currency", unsure[0], told))
    elif currency is None and not given and (price is not None or list_price is not None):
        currency = default
    if list_price is not None and price is not None and list_price < price:
        drop(FieldError("list_price", record.get("list_price"), "below the price"))
        list_price = None
    return price, list_price, currency

"""OpenAI's Agentic Commerce Protocol product feed, in the three shapes it has had.

- one product a line with its variants, prices in minor units (products.jsonl; feed schema 2026-04-17);
- one row a variant with item_id, url, image_url (file upload, JSON Lines or CSV);
- the same with id, link, image_link (2025-09), also as {"products": [...]}.
Source: developers.openai.com/commerce/specs/file-upload/products and the protocol's spec/2026-04-17 schema.feed.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelftalk.catalog.fields import kept
from shelftalk.catalog.money import Marks
from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import FeedRow, availability, texts
from shelftalk.catalog.readers.files import Source, beginning
from shelftalk.catalog.readers.jsonlines import document, objects
from shelftalk.catalog.readers.sales import sale_prices
from shelftalk.catalog.readers.tabular import table
from shelftalk.errors import FeedError

# ISO 4217 currencies whose minor unit is not a hundredth.
_PLACES = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
    "TND": 3, "CLF": 4,
}  # fmt: skip
_LEFT_OUT = (
    "is_eligible_", "enable_", "seller_", "marketplace_", "return_", "accepts_", "store_", "shipping", "geo_", "target_",
    "tax", "related_", "relationship_", "q_and_a", "reviews", "raw_review", "review_data", "video_", "model_3d", "pickup_",
    "sale_price", "availability_date", "expiration_date", "delivery_", "is_digital", "applicable_", "pricing_trend",
    "unit_pricing", "base_measure", "listing_has", "offer_id", "ads_", "warning_url", "custom_label_",
)  # fmt: skip
_MAPPED = frozenset((
    "id", "item_id", "title", "description", "brand", "price", "url", "link", "image_url", "image_link", "availability",
    "additional_image_urls", "additional_image_url", "additional_image_link", "product_category", "category", "quantity",
    "inventory_quantity", "star_rating", "product_review_rating", "review_count", "product_review_count", "variant_dict",
    "currency", "item_group_id", "group_id", "item_group_title",
))  # fmt: skip
_NUMBERS = frozenset(("weight", "length", "width", "height", "popularity_score", "return_rate", "star_rating"))


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of an ACP feed, one a purchasable variant."""
    start = beginning(source)
    if not start.startswith(("{", "[")):
        yield from _table(source)
        return
    rows = objects(source)
    if start.startswith("{"):
        first = next(objects(Source(source.path)), None)
        if first is not None and (first.error is not None or isinstance(first.record.get("products"), list)):
            rows = _whole(source)
    for row in rows:
        yield from _variants(row, source)


def _whole(source: Source) -> Iterator[FeedRow]:
    """The products of {"products": [...]}; lines, after all, where the file is no such document."""
    try:
        held = document(source)
    except FeedError:
        yield from objects(source)
        return
    products = held.get("products") if isinstance(held, Mapping) else None
    if not isinstance(products, list):
        raise source.error('neither JSON Lines nor {"products": [...]}')
    for product in products:
        wrong = None if isinstance(product, Mapping) else FieldError("products", product, "must be a list of objects")
        yield FeedRow(None, {} if wrong else product, wrong)


def _table(source: Source) -> Iterator[FeedRow]:
    found = table(source)
    for record in found.records(source):
        if record.problem:
            yield FeedRow(record.line, {}, FieldError("line", record.raw, record.problem))
        else:
            cells = {n.lower(): c for n, c in zip(found.header, record.cells, strict=True) if n and c.strip()}
            yield flat(cells, record.line, source.now, source.marks)


def _variants(row: FeedRow, source: Source) -> Iterator[FeedRow]:
    if row.error is not None:
        yield row
        return
    variants = row.record.get("variants")
    if not isinstance(variants, list):
        yield flat(row.record, row.line, source.now, source.marks)
        return
    if not variants:
        yield FeedRow(
            row.line, {"id": row.record.get("id")}, FieldError("variants", variants, "a product without variants")
        )
    for variant in variants:
        if not isinstance(variant, Mapping):
            error = FieldError("variants", variant, "must be a list of objects")
            yield FeedRow(row.line, {"id": row.record.get("id")}, error)
            continue
        yield nested(row.record, variant, row.line)


def nested(product: Mapping[str, Any], variant: Mapping[str, Any], line: int | None = None) -> FeedRow:
    """The native record of one variant of an ACP product; what the variant leaves out is its product's."""
    dropped: list[FieldError] = []
    price, currency = kept(dropped.append, minor_units, "price", variant.get("price")) or (None, None)
    list_price, other = kept(dropped.append, minor_units, "list_price", variant.get("list_price")) or (None, None)
    state = variant.get("availability")
    if isinstance(state, Mapping):
        open_to_buy = {True: "in_stock", False: "out_of_stock"}.get(state.get("available"))  # type: ignore[arg-type]
        state = state.get("status") or open_to_buy
    attributes: dict[str, Any] = {}
    alone = product.get("id") == variant.get("id") and len(_objects(product.get("variants"))) < 2
    for option in _objects(variant.get("variant_options")):
        if option.get("name"):
            attributes[str(option["name"])] = option.get("value")
    for barcode in _objects(variant.get("barcodes")):
        attributes.setdefault(str(barcode.get("type", "barcode")).lower(), barcode.get("value"))
    condition = variant.get("condition")
    attributes["condition"] = condition[0] if isinstance(condition, list) and len(condition) == 1 else condition
    if isinstance(variant.get("seller"), Mapping):
        attributes["seller"] = variant["seller"].get("name")
    media = [*_objects(variant.get("media")), *_objects(product.get("media"))]
    images = [m.get("url") for m in media if m.get("type") == "image"]
    record = {
        "id": variant.get("id"),
        "title": variant.get("title") or product.get("title"),
        "description": _description(variant.get("description")) or _description(product.get("description")),
        "brand": variant.get("brand") or product.get("brand"),
        "price": price,
        "list_price": list_price,
        "currency": currency or other,
        "categories": _category(variant.get("categories") or product.get("categories")),
        "availability": availability(state),
        "images": list(dict.fromkeys(image for image in images if image)),
        "url": variant.get("url") or product.get("url"),
        "item_group_id": None if alone else product.get("id"),
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }
    return FeedRow(line, record, dropped=tuple(dropped))


def flat(item: Mapping[str, Any], line: int | None, now: datetime | None = None, marks: Marks | None = None) -> FeedRow:
    """The native record of one row of the flat ACP feed, its sale looked at at a time (None: the present)."""
    dates = item.get("sale_price_effective_date")
    start, end = item.get("sale_price_effective_date_start"), item.get("sale_price_effective_date_end")
    if not dates and (start or end):
        dates = f"{start or ''}/{end or ''}"
    price, regular, dropped = sale_prices(item.get("price"), item.get("sale_price"), dates, now, marks)
    attributes = {
        name: _number(name, value)
        for name, value in item.items()
        if name not in _MAPPED and not name.startswith(_LEFT_OUT) and not isinstance(value, Mapping)
    }
    variant = item.get("variant_dict")
    if isinstance(variant, Mapping):
        attributes.update({str(name): value for name, value in variant.items()})
    first = item.get("image_url") or item.get("image_link")
    more = _first(item, "additional_image_urls", "additional_image_url", "additional_image_link")
    record = {
        "id": _first(item, "item_id", "id"),
        "title": item.get("title"),
        "description": item.get("description"),
        "brand": item.get("brand"),
        "price": price,
        "list_price": regular,
        "currency": item.get("currency"),
        "categories": _first(item, "product_category", "category"),
        "availability": availability(item.get("availability")),
        "stock": _first(item, "inventory_quantity", "quantity"),
        "rating": _first(item, "star_rating", "product_review_rating"),
        "review_count": _first(item, "review_count", "product_review_count"),
        "images": [*([first] if first else []), *(texts(more) or [])],
        "url": _first(item, "url", "link"),
        "item_group_id": _first(item, "item_group_id", "group_id"),
        "attributes": attributes,
    }
    return FeedRow(line, record, dropped=dropped)


def minor_units(field: str, price: Any) -> tuple[Decimal | None, str | None]:
    """The exact amount and currency of {"amount": 1999, "currency": "USD"}, whose amount counts ISO 4217 minor units."""
    if price is None:
        return None, None
    amount = price.get("amount") if isinstance(price, Mapping) else None
    currency = price.get("currency") if isinstance(price, Mapping) else None
    if isinstance(amount, bool) or not isinstance(amount, int) or not isinstance(currency, str):
        raise FieldError(field, price, "must be an amount in minor units and a currency")
    if not 0 <= amount < 10**17:
        raise FieldError(field, price, "a price cannot be negative" if amount < 0 else "too large for a price")
    return Decimal(amount).scaleb(-_PLACES.get(currency.upper(), 2)), currency


def _first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if item.get(name) not in (None, "")), None)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _description(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("plain") or value.get("markdown") or value.get("html")
    return value


def _category(value: Any) -> Any:
    found = _objects(value)
    own = next((c for c in found if c.get("taxonomy") == "merchant"), found[0] if found else {})
    return own.get("value")


def _number(name: str, value: Any) -> Any:
    if name in _NUMBERS and isinstance(value, str):
        number = read_number(value)
        return value if number is None else number
    return value

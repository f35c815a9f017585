"""Google Merchant product data: RSS 2.0 and Atom with the g: namespace, and delimited text.

Source of the names: support.google.com/merchants, "Product data specification". Where Atom or RSS and g: both name a
field, either is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shelftalk.catalog.money import Marks
from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import CATEGORY_NAMES, TWICE, FeedRow, availability, plain_name, texts
from shelftalk.catalog.readers.files import Source, beginning
from shelftalk.catalog.readers.sales import dates_of, sale_field, sale_prices
from shelftalk.catalog.readers.tabular import table
from shelftalk.catalog.readers.xmlitems import items

# What serves the ads account, the till or the parcel and says nothing of the product itself.
_LEFT_OUT = frozenset((
    "shipping", "tax", "tax_category", "installment", "subscription_cost", "loyalty_points", "loyalty_program",
    "mobile_link", "ads_redirect", "canonical_link", "link_template", "mobile_link_template", "checkout_link_template",
    "sale_price_effective_date", "excluded_destination", "included_destination", "shopping_ads_excluded_country",
    "promotion_id", "pause", "external_seller_id", "lifestyle_image_link", "virtual_model_link", "transit_time_label",
    "shipping_label", "ships_from_country", "min_handling_time", "max_handling_time", "display_ads_id", "updated",
    "published", "pubDate", "guid", "cost_of_goods_sold", "auto_pricing_min_price", "maximum_retail_price", "author",
    "structured_title", "structured_description", "return_policy_label", "rights", "category", "comments",
))  # fmt: skip
_MAPPED = frozenset((
    "id", "title", "description", "summary", "content", "link", "brand", "price", "sale_price", "product_type",
    "google_product_category", "availability", "quantity", "inventory", "sell_on_google_quantity", "image_link",
    "additional_image_link", "product_detail", "rating", "review_count", "sale_price_effective_date", "image.url",
    "item_group_id", "sale_starts", "sale_ends",
))  # fmt: skip
_IMAGES = ("image_link", "image.url", "additional_image_link")
# What may stand there several times, or in RSS's or Atom's words beside Google's.
_MANY = frozenset(("title", "description", "link", "product_type", "product_detail", *_IMAGES))
_NUMBERED = re.compile(r"\[\d+\]")
_NUMBERS = frozenset(("multipack",))
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}
_FLAG_FIELDS = frozenset(("adult", "is_bundle", "identifier_exists"))


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a Google Merchant feed, XML or delimited text."""
    if beginning(source).startswith("<"):
        for name in ("item", "entry"):
            found = False
            for row in items(source, (name,), marked_up=True):
                found = True
                yield row if row.error else native(row.record, row.line, source.now, source.marks)
            if found:
                return
        raise source.error("no <item> (RSS) and no <entry> (Atom) in it")
    found_table = table(source)
    # Meta numbers what may come again: additional_image_link[1], image[0].url.
    names = [_NUMBERED.sub("", plain_name(name).removeprefix("g:")) for name in found_table.header]
    for record in found_table.records(source):
        if record.problem:
            yield FeedRow(record.line, {}, FieldError("line", record.raw, record.problem))
            continue
        cells: dict[str, Any] = {}
        for name, cell in zip(names, record.cells, strict=True):
            if name and (text := cell.strip()):
                cells.setdefault(name, []).append(text)
        if "product_detail" in cells:
            cells["product_detail"] = [d for cell in cells["product_detail"] for d in _details(cell)]
        yield native({n: v[0] if len(v) == 1 else v for n, v in cells.items()}, record.line, source.now, source.marks)


def native(
    given: Mapping[str, Any], line: int | None, now: datetime | None = None, marks: Marks | None = None
) -> FeedRow:
    """The native record of one Google item, its sale looked at at a time (None: the present).

    Names count in any case. Of an element that stands twice where there can be one, the first stands, and the others are
    told of where they differ.
    """
    left: list[FieldError] = []
    item: dict[str, Any] = {}
    for name, value in given.items():
        plain = name if name.startswith(("@", "#")) else sale_field(name) or plain_name(name)
        item[plain] = value if plain in _MANY else _first(plain, value, left)
    price, regular, unsold = sale_prices(item.get("price"), item.get("sale_price"), dates_of(item), now, marks)
    record = {
        "id": item.get("id"),
        "title": _text(item.get("title")),
        "description": _text(item.get("description") or item.get("content") or item.get("summary")),
        "brand": item.get("brand"),
        "price": price,
        "list_price": regular,
        "categories": _category(item),
        "availability": availability(item.get("availability")),
        "stock": next((item[n] for n in ("quantity", "inventory", "sell_on_google_quantity") if n in item), None),
        "rating": item.get("rating"),
        "review_count": item.get("review_count"),
        "images": list(dict.fromkeys(i for name in _IMAGES for i in _many(item.get(name)))),
        "url": _link(item.get("link")),
        "item_group_id": item.get("item_group_id"),
    }
    attributes: dict[str, Any] = {}
    for name, value in item.items():
        if name in _MAPPED or name in _LEFT_OUT or name.startswith(("@", "#", "custom_label_", "image.", "video.")):
            continue
        if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value)):
            continue
        attributes[name] = _typed(name, value)
    category = item.get("google_product_category")
    if isinstance(category, str) and record["categories"] != category:
        attributes["google_product_category"] = category
    details = item.get("product_detail")
    for detail in details if isinstance(details, list) else [details]:
        if isinstance(detail, Mapping) and detail.get("attribute_name"):
            attributes.setdefault(str(detail["attribute_name"]), detail.get("attribute_value"))
    return FeedRow(line, {**record, "attributes": attributes}, dropped=(*unsold, *left))


def _first(name: str, value: Any, left: list[FieldError]) -> Any:
    """The first of several values of an element that says one thing; a list of the distinct ones where it may say many."""
    if not isinstance(value, list):
        return value
    distinct = [one for n, one in enumerate(value) if one not in value[:n]]
    if len(distinct) == 1:
        return distinct[0]
    if name not in _MAPPED:
        return distinct
    left.extend(FieldError(name, other, TWICE) for other in distinct[1:])
    return distinct[0]


def _category(item: Mapping[str, Any]) -> Any:
    own = item.get("product_type")
    if isinstance(own, list):
        own = own[0]
    google = item.get("google_product_category")
    if own or (isinstance(google, str) and not google.strip().isdigit()):
        return own or google
    return next((item[name] for name in CATEGORY_NAMES if isinstance(item.get(name), str)), None)


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in _FLAG_FIELDS:
            return _FLAGS.get(value.strip().lower(), value)
        if name in _NUMBERS:
            number = read_number(value)
            return value if number is None else number
    return value


def _text(value: Any) -> Any:
    # Atom marks up its text: <title type="html">.
    if isinstance(value, Mapping):
        return value.get("#text")
    if isinstance(value, list):
        return _text(value[0])
    return value


def _link(value: Any) -> Any:
    for link in value if isinstance(value, list) else [value]:
        if isinstance(link, Mapping):
            if link.get("@rel", "alternate") == "alternate":
                return link.get("@href") or link.get("#text")
        elif link:
            return link
    return None


def _many(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    return [
        part
        for one in found
        if one
        for part in (texts(one) if isinstance(one, str) and ",http" in one.replace(" ", "") else [one])
    ]


def _details(cell: str) -> list[dict[str, str]]:
    """The details of a delimited feed: "Section:Name:Value", several separated by commas."""
    details = []
    for part in cell.split(","):
        pieces = part.strip().strip('"').split(":", 2)
        if len(pieces) == 3:
            details.append({"attribute_name": pieces[1].strip(), "attribute_value": pieces[2].strip()})
    return details

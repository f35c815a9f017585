"""schema.org Product as JSON-LD: .jsonld and .json files, JSON Lines, and HTML pages that carry it in <script> elements.

Lists, @graph and ItemList are walked; a ProductGroup gives its variants what they leave out. Source of the names:
schema.org/Product, schema.org/Offer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from html.parser import HTMLParser
from itertools import islice
from typing import Any

from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import FeedRow, availability
from shelftalk.catalog.readers.files import MAX_LINE, FeedLine, Source, beginning, lines, opened, text_of
from shelftalk.catalog.readers.jsonlines import DECODER, array_items, malformed

_PRODUCTS = frozenset(
    ("Product", "IndividualProduct", "ProductModel", "SomeProducts", "Vehicle", "Car", "Drug", "Book")
)
_GROUP = "ProductGroup"
_HOLDERS = ("@graph", "itemListElement", "item", "mainEntity", "hasVariant", "itemOffered")
# Scripts in pages often hold raw line breaks inside strings.
_LENIENT = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal, strict=False)
_PAGE = re.compile(r"<(!doctype|html|head|body|script|meta|!--)", re.IGNORECASE)
_BLOCK = 1 << 16
# UN/CEFACT unit codes that shops use.
_UNITS = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "LBR": "lb", "ONZ": "oz", "MMT": "mm", "CMT": "cm", "MTR": "m", "INH": "in",
    "FOT": "ft", "LTR": "l", "MLT": "ml", "CLT": "cl", "HUR": "hours", "MIN": "minutes", "SEC": "seconds", "DAY": "days",
    "MON": "months", "ANN": "years", "WTT": "w", "KWT": "kw", "VLT": "v", "AMP": "a", "HTZ": "hz", "CEL": "c",
    "FAH": "f", "P1": "percent", "2N": "db", "E34": "gb", "4L": "mb", "E35": "tb", "MPX": "mp",
}  # fmt: skip
_LEFT_OUT = frozenset((
    "offers", "aggregateRating", "review", "reviews", "image", "brand", "manufacturer", "category", "name", "description",
    "sku", "productID", "identifier", "url", "releaseDate", "additionalProperty", "isVariantOf", "isRelatedTo", "logo",
    "isSimilarTo", "isAccessoryOrSparePartFor", "hasVariant", "mainEntityOfPage", "potentialAction", "subjectOf", "sameAs",
    "inProductGroupWithID", "hasMerchantReturnPolicy", "audience", "variesBy", "productGroupID", "datePublished",
))  # fmt: skip


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a JSON-LD feed or of an HTML page that carries JSON-LD."""
    start = beginning(source)
    if _PAGE.match(start):
        yield from _page(source)
    elif start.startswith("["):
        with opened(source) as stream:
            for row in array_items(source, stream):
                yield from [row] if row.error else _walk(row.record, row.line, {})
    else:
        yield from _lines_or_document(source)


def _lines_or_document(source: Source) -> Iterator[FeedRow]:
    with opened(source) as stream:
        numbered = lines(source, stream)
        if any(isinstance(_decoded(line.text), Mapping) for line in islice(numbered, 50)):
            with opened(source) as again:
                for line in lines(source, again):
                    yield from _line(line)
            return
    with opened(source) as stream, text_of(stream) as text:
        try:
            held = _LENIENT.decode(text.read())
        except (ValueError, RecursionError) as error:
            raise source.error(malformed(error)) from error
    found = False
    for row in _walk(held, None, {}):
        found = True
        yield row
    if not found:
        raise source.error("no schema.org Product in it")


def _decoded(text: str | None) -> Any:
    try:
        return DECODER.decode(text) if text is not None else None
    except (ValueError, RecursionError):
        return None


def _line(line: FeedLine) -> Iterator[FeedRow]:
    if line.text is None:
        yield FeedRow(line.number, {}, FieldError("line", line.raw, line.problem))
    elif line.text.strip():
        try:
            held = DECODER.decode(line.text)
        except (ValueError, RecursionError) as error:
            yield FeedRow(line.number, {}, FieldError("line", line.text, malformed(error)))
        else:
            rows = list(_walk(held, line.number, {}))
            yield from rows or [FeedRow(line.number, {}, FieldError("@type", held, "no schema.org Product"))]


def _page(source: Source) -> Iterator[FeedRow]:
    page = _Scripts()
    with opened(source) as stream, text_of(stream) as text:
        while block := text.read(_BLOCK):
            page.feed(block)
            for line, script in page.take():
                try:
                    held = _LENIENT.decode(script)
                except (ValueError, RecursionError) as error:
                    yield FeedRow(line, {}, FieldError("script", script, malformed(error)))
                else:
                    yield from _walk(held, line, {})


class _Scripts(HTMLParser):
    """Collects the JSON-LD scripts of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._inside = False
        self._text: list[str] = []
        self._line = 0
        self._done: list[tuple[int, str]] = []

    def take(self) -> list[tuple[int, str]]:
        """The scripts closed since the last call, each with its line."""
        done, self._done = self._done, []
        return done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").split(";")[0].strip().lower()
        if tag == "script" and kind == "application/ld+json":
            self._inside, self._text, self._line = True, [], self.getpos()[0]

    def handle_data(self, data: str) -> None:
        if self._inside and sum(map(len, self._text)) <= MAX_LINE:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._inside:
            self._inside = False
            self._done.append((self._line, "".join(self._text)))


def _walk(held: Any, line: int | None, group: Mapping[str, Any], depth: int = 0) -> Iterator[FeedRow]:
    if isinstance(held, list):
        for one in held:
            yield from _walk(one, line, group, depth + 1)
        return
    if not isinstance(held, Mapping) or depth > 50:
        return
    types = _types(held)
    if _GROUP in types and held.get("hasVariant"):
        shared = {
            n: v for n, v in held.items() if n not in ("@id", "@type", "hasVariant", "sku", "url", "productGroupID")
        }
        yield from _walk(held["hasVariant"], line, {**group, **shared}, depth + 1)
    elif types & _PRODUCTS or _GROUP in types:
        item = {**group, **held}
        try:
            yield FeedRow(line, native(item))
        except FieldError as error:
            yield FeedRow(line, {"id": _id(item)}, error)
        if "hasVariant" in held:
            yield from _walk(held["hasVariant"], line, item, depth + 1)
    else:
        for name in _HOLDERS:
            if name in held:
                yield from _walk(held[name], line, group, depth + 1)


def _types(held: Mapping[str, Any]) -> set[str]:
    types = held.get("@type")
    return {str(t).rsplit("/", 1)[-1].removeprefix("schema:") for t in (types if isinstance(types, list) else [types])}


def native(item: Mapping[str, Any]) -> dict[str, Any]:
    """The native record of one schema.org Product."""
    offer = _offer(item.get("offers"))
    rating = item.get("aggregateRating")
    rating = rating if isinstance(rating, Mapping) else {}
    price, currency, list_price = _price(offer)
    record = {
        "id": _id(item),
        "title": _one(item.get("name")),
        "description": _one(item.get("description")),
        "brand": _name(item.get("brand")) or _name(item.get("manufacturer")),
        "price": price,
        "currency": currency,
        "list_price": list_price,
        "categories": _category(item.get("category")),
        "rating": rating.get("ratingValue"),
        "review_count": rating.get("reviewCount") or rating.get("ratingCount"),
        "availability": availability(_one(offer.get("availability"))),
        "stock": _quantity(offer.get("inventoryLevel")),
        "images": _images(item.get("image")),
        "released_at": item.get("releaseDate") or item.get("datePublished"),
        "url": _one(item.get("url")) or _one(offer.get("url")),
    }
    attributes: dict[str, Any] = {}
    for name, value in item.items():
        if not name.startswith("@") and name not in _LEFT_OUT:
            _property(attributes, name, value)
    condition = offer.get("itemCondition")
    if isinstance(condition, str):
        attributes.setdefault("condition", availability(condition).removesuffix("_condition"))
    properties = item.get("additionalProperty")
    for held in properties if isinstance(properties, list) else [properties]:
        if isinstance(held, Mapping) and isinstance(held.get("name"), str):
            _property(attributes, held["name"], held)
    return {**record, "attributes": attributes}


def _id(item: Mapping[str, Any]) -> Any:
    names = ("sku", "productID", "identifier", "@id", "gtin", "gtin13", "gtin14", "gtin12", "gtin8", "mpn", "url")
    for name in names:
        value = _one(item.get(name))
        if isinstance(value, Mapping):
            value = value.get("value")
        if value not in (None, ""):
            return value
    return None


def _one(value: Any) -> Any:
    # {"@value": "text", "@language": "en"} is a text; of several values the first stands.
    if isinstance(value, list):
        return _one(value[0]) if value else None
    if isinstance(value, Mapping) and "@value" in value:
        return value["@value"]
    return value


def _name(value: Any) -> Any:
    value = _one(value)
    return _one(value.get("name")) if isinstance(value, Mapping) else value


def _category(value: Any) -> Any:
    if isinstance(value, list) and len(value) > 1 and all(isinstance(v, str) for v in value):
        return value
    return _name(value)


def _images(value: Any) -> list[Any]:
    found = []
    for one in value if isinstance(value, list) else [value]:
        image = _one(one.get("url") or one.get("contentUrl") or one.get("@id")) if isinstance(one, Mapping) else one
        if image:
            found.append(image)
    return found


def _offer(value: Any) -> Mapping[str, Any]:
    offers = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
    for offer in offers:
        if "AggregateOffer" in _types(offer) and offer.get("price") is None:
            inner = _offer(offer.get("offers"))
            low = {"price": offer.get("lowPrice"), "priceCurrency": offer.get("priceCurrency")}
            return {**offer, **(inner or low)}
    return offers[0] if offers else {}


def _price(offer: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    price, currency, regular = offer.get("price"), offer.get("priceCurrency"), None
    specifications = offer.get("priceSpecification")
    for held in specifications if isinstance(specifications, list) else [specifications]:
        if not isinstance(held, Mapping) or held.get("price") is None:
            continue
        kinds = str(held.get("priceType", ""))
        if kinds.endswith(("ListPrice", "StrikethroughPrice", "SRP", "MSRP")):
            regular = held["price"]
        elif price is None and "referenceQuantity" not in held:
            price = held["price"]
        currency = currency or held.get("priceCurrency")
    return _one(price), _one(currency), regular


def _quantity(value: Any) -> Any:
    value = _one(value)
    return value.get("value") if isinstance(value, Mapping) else value


def _property(attributes: dict[str, Any], name: str, value: Any) -> None:
    """Adds a property: a plain value as it is, a quantity as a number whose name carries its unit, a named thing by name."""
    value = _one(value) if not isinstance(value, list) or len(value) == 1 else value
    if isinstance(value, list):
        if value and all(isinstance(v, (str, int, Decimal)) for v in value):
            attributes[name] = value
        elif value and all(isinstance(v, Mapping) and isinstance(v.get("name"), str) for v in value):
            attributes[name] = [v["name"] for v in value]
        return
    if not isinstance(value, Mapping):
        if value is not None:
            _add(attributes, name, value)
        return
    unit = _unit(value)
    full = name if not unit or name.lower().endswith(unit.lower()) else f"{name}_{unit}"
    if value.get("value") is not None:
        held = _one(value["value"])
        if not isinstance(held, Mapping):
            _add(attributes, full, held if not isinstance(held, str) else _numeric(held))
    elif value.get("minValue") is not None or value.get("maxValue") is not None:
        for end in ("min", "max"):
            if (held := value.get(f"{end}Value")) is not None and not isinstance(held, (Mapping, list)):
                _add(attributes, f"{full}_{end}", held)
    elif isinstance(value.get("name"), str) and "value" not in value and "PropertyValue" not in _types(value):
        _add(attributes, name, value["name"])


def _add(attributes: dict[str, Any], name: str, value: Any) -> None:
    if name not in attributes:
        attributes[name] = value
    elif attributes[name] != value:
        before = attributes[name]
        attributes[name] = [*(before if isinstance(before, list) else [before]), value]


def _unit(value: Mapping[str, Any]) -> str:
    unit = value.get("unitText") or value.get("unitCode") or ""
    if not isinstance(unit, str):
        return ""
    return _UNITS.get(unit.upper(), re.sub(r"\W+", "_", unit).strip("_").lower())


def _numeric(text: str) -> Any:
    number = read_number(text)
    return text if number is None or re.match(r"\s*[+-]?0\d", text) else number

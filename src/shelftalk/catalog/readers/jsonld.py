"""schema.org Product as JSON-LD: .jsonld and .json files, JSON Lines, and HTML pages that carry it in <script> elements.

Lists, @graph and ItemList are walked, and what is referred to by @id is found; a ProductGroup gives its variants what they leave out.
Source of the names: schema.org/Product, schema.org/ProductGroup, schema.org/Offer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import FeedRow, availability
from shelftalk.catalog.readers.files import FeedLine, Source, beginning, lines, opened, text_of
from shelftalk.catalog.readers.jsonld_graph import Graph, many, one, plain_names, term, types_of
from shelftalk.catalog.readers.jsonld_offers import best_offer
from shelftalk.catalog.readers.jsonld_page import Scripts, json_documents, unwrapped
from shelftalk.catalog.readers.jsonlines import DECODER, array_items, malformed

_PRODUCTS = frozenset(
    ("product", "individualproduct", "productmodel", "someproducts", "vehicle", "car", "drug", "book")
)
_GROUP, _ID = "productgroup", "productGroupID"
_OFFERS = frozenset(("offer", "aggregateoffer", "offerforpurchase", "demand"))
_HOLDERS = (
    "@graph",
    "itemListElement",
    "item",
    "mainEntity",
    "hasVariant",
    "itemOffered",
    "hasOfferCatalog",
    "makesOffer",
)
_PAGE = re.compile(r"<(!doctype|html|head|body|script|meta|!--)", re.IGNORECASE)
_BLOCK = 1 << 16
# References are followed within a feed up to this size; beyond, within each record.
_WHOLE = 16 << 20
_DEEPEST = 50
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
    "inProductGroupWithID", _GROUP, "hasMerchantReturnPolicy", "audience", "variesBy", "productGroupID", "datePublished",
    "availability",
))  # fmt: skip


_NOT_SHARED = frozenset(
    ("@id", "@type", "hasVariant", "sku", "url", _ID, "isVariantOf", "mpn", "identifier", "productID")
)


@dataclass(frozen=True, slots=True)
class _Document:
    """One value of the feed with the line it began on, or the error that stands in its place; `record` where it should be a product."""

    line: int | None
    held: Any = None
    error: FieldError | None = None
    record: bool = False


@dataclass(slots=True)
class _Walk:
    """The way through the documents of one feed: the nodes by @id, which of them were given already, and how many were passed over
    since their variants, or another reference, give them."""

    graph: Graph
    seen: set[str] = field(default_factory=set)
    passed: int = 0


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a JSON-LD feed or of an HTML page that carries JSON-LD."""
    whole = source.path.stat().st_size <= _WHOLE
    graph = Graph(d.held for d in _documents(Source(source.path))) if whole else Graph()
    walk = _Walk(graph)
    found = False
    for document in _documents(source):
        if document.error is not None:
            found = True
            yield FeedRow(document.line, {}, document.error)
            continue
        own = walk if whole else _Walk(Graph([document.held]))
        passed = own.passed
        rows = list(_walk(document.held, document.line, {}, own))
        found = found or bool(rows)
        yield from rows
        if document.record and not rows and own.passed == passed:
            yield FeedRow(document.line, {}, FieldError("@type", document.held, "no schema.org Product"))
    if not found and not _PAGE.match(beginning(Source(source.path))):
        raise source.error("no schema.org Product in it")


def _documents(source: Source) -> Iterator[_Document]:
    start = beginning(source)
    if _PAGE.match(start):
        yield from _page(source)
    elif start.startswith("["):
        with opened(source) as stream:
            for row in array_items(source, stream):
                yield _Document(row.line, plain_names(row.record), row.error)
    elif _in_lines(source):
        with opened(source) as stream:
            for line in lines(source, stream):
                yield from _line(line)
    else:
        with opened(source) as stream, text_of(stream) as text:
            try:
                found = json_documents(text.read())
            except (ValueError, RecursionError) as error:
                raise source.error(malformed(error)) from error
        yield from (_Document(None, plain_names(held)) for held in found)


def _in_lines(source: Source) -> bool:
    """Whether the feed is an object a line: its first line is one, or is no part of a document that goes on below it."""
    with opened(Source(source.path)) as stream:
        first = next(
            (line.text for line in lines(Source(source.path), stream) if line.text is None or line.text.strip()), ""
        )
    if first is None:
        return True
    try:
        return isinstance(DECODER.decode(first), Mapping)
    except json.JSONDecodeError as error:
        return error.pos < len(first.rstrip())
    except (ValueError, RecursionError):
        return True


def _line(line: FeedLine) -> Iterator[_Document]:
    if line.text is None:
        yield _Document(line.number, None, FieldError("line", line.raw, line.problem))
    elif line.text.strip():
        try:
            held = plain_names(DECODER.decode(line.text))
        except (ValueError, RecursionError) as error:
            yield _Document(line.number, None, FieldError("line", line.text, malformed(error)))
        else:
            yield _Document(line.number, held, record=True)


def _page(source: Source) -> Iterator[_Document]:
    page = Scripts()
    with opened(source) as stream, text_of(stream) as text:
        while block := text.read(_BLOCK):
            page.feed(block)
            for line, script in page.take():
                try:
                    found = json_documents(unwrapped(script))
                except (ValueError, RecursionError) as error:
                    yield _Document(line, None, FieldError("script", script, malformed(error)))
                else:
                    yield from (_Document(line, plain_names(held)) for held in found)


def _walk(held: Any, line: int | None, group: Mapping[str, Any], walk: _Walk, depth: int = 0) -> Iterator[FeedRow]:
    if isinstance(held, list):
        for each in held:
            yield from _walk(each, line, group, walk, depth + 1)
        return
    held = walk.graph.node(held)
    if not isinstance(held, Mapping) or depth > _DEEPEST:
        return
    types = types_of(held)
    if types & _PRODUCTS or _GROUP in types:
        yield from _product(held, types, line, group, walk, depth)
    elif types & _OFFERS and "itemOffered" in held:
        offer = {n: v for n, v in held.items() if n not in ("itemOffered", "@id")}
        for item in walk.graph.nodes(held["itemOffered"]):
            yield from _walk({"offers": offer, **item}, line, group, walk, depth + 1)
    else:
        for name in _HOLDERS:
            if name in held:
                yield from _walk(held[name], line, group, walk, depth + 1)


def _product(
    held: Mapping[str, Any], types: set[str], line: int | None, group: Mapping[str, Any], walk: _Walk, depth: int
) -> Iterator[FeedRow]:
    """The row of a product, or those of the variants of a group."""
    name = held.get("@id")
    if isinstance(name, str):
        if name in walk.seen:
            walk.passed += 1  # given where another node referred to it
            return
        walk.seen.add(name)
    variants = held.get("hasVariant")
    if variants and (_GROUP in types or "offers" not in held):
        own = {n: v for n, v in held.items() if n not in _NOT_SHARED}
        yield from _walk(variants, line, {**group, **own, _GROUP: group_id(held)}, walk, depth + 1)
        return
    if _GROUP in types and walk.graph.has_variants(name):
        walk.passed += 1  # its variants refer to it
        return
    item = {**_shared(held, walk.graph), **group, **held}
    if variants:
        item[_GROUP] = item.get(_GROUP) or group_id(held)
    yield FeedRow(line, native(item, walk.graph))
    if variants:
        yield from _walk(variants, line, {n: v for n, v in item.items() if n not in _NOT_SHARED}, walk, depth + 1)


def _shared(held: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """What a product has of the group that it is a variant of, by its own word or the group's, and the group's id."""
    stated = one(held.get("inProductGroupWithID"))
    for group in [*graph.nodes(held.get("isVariantOf")), *graph.groups_of(held.get("@id"))]:
        own = {n: v for n, v in group.items() if n not in _NOT_SHARED}
        return {**own, _GROUP: stated or group_id(group)}
    stated = stated or next((name for name in many(held.get("isVariantOf")) if isinstance(name, str)), None)
    return {_GROUP: stated} if stated is not None else {}


def group_id(group: Mapping[str, Any]) -> Any:
    """The id of a group of variants: the first of productGroupID, @id, sku, url, name."""
    return next(
        (v for n in ("productGroupID", "@id", "sku", "url", "name") if isinstance(v := one(group.get(n)), (str, int))),
        None,
    )


def native(item: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """The native record of one schema.org Product."""
    bought = best_offer(item, graph)
    offer = bought.held
    rating = next(iter(graph.nodes(item.get("aggregateRating"))), {})
    record = {
        "id": _id(item),
        "title": one(item.get("name")),
        "description": one(item.get("description")),
        "brand": _name(item.get("brand"), graph) or _name(item.get("manufacturer"), graph),
        "price": bought.price,
        "currency": bought.currency,
        "list_price": bought.regular,
        "categories": _category(item.get("category"), graph),
        "rating": one(rating.get("ratingValue")),
        "review_count": one(rating.get("reviewCount")) or one(rating.get("ratingCount")),
        "availability": bought.state or availability(term(item.get("availability"))) or None,
        "stock": _quantity(offer.get("inventoryLevel")),
        "images": _images(item.get("image"), graph),
        "released_at": one(item.get("releaseDate")) or one(item.get("datePublished")),
        "url": one(item.get("url")) or one(offer.get("url")),
        "item_group_id": item.get(_GROUP),
    }
    attributes: dict[str, Any] = {}
    for name, value in item.items():
        if not name.startswith("@") and name not in _LEFT_OUT:
            _property(attributes, name, value)
    if condition := term(offer.get("itemCondition")):
        attributes.setdefault("condition", availability(condition).removesuffix("_condition"))
    for held in graph.nodes(item.get("additionalProperty")):
        if isinstance(held.get("name"), str):
            _property(attributes, held["name"], held)
    return {**record, "attributes": attributes}


def _id(item: Mapping[str, Any]) -> Any:
    names = ("sku", "productID", "identifier", "@id", "gtin", "gtin13", "gtin14", "gtin12", "gtin8", "mpn", _ID, "url")
    for name in names:
        value = one(item.get(name))
        if isinstance(value, Mapping):
            value = one(value.get("value"))
        if value is not None:
            return value
    return None


def _name(value: Any, graph: Graph) -> Any:
    value = one(graph.node(one(value)))
    return one(value.get("name")) if isinstance(value, Mapping) else value


def _category(value: Any, graph: Graph) -> Any:
    """A list of names is the path from the top; where some are paths themselves, the longest of them."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(v, str) for v in value):
        return max(value, key=lambda path: path.count(">")) if any(">" in v for v in value) else value
    return _name(value, graph)


def _images(value: Any, graph: Graph) -> list[Any]:
    found = []
    for each in map(graph.node, many(value)):
        image = (
            one(each.get("url") or each.get("contentUrl") or each.get("@id"))
            if isinstance(each, Mapping)
            else one(each)
        )
        if image:
            found.append(image)
    return found


def _quantity(value: Any) -> Any:
    value = one(value)
    return one(value.get("value")) if isinstance(value, Mapping) else value


def _property(attributes: dict[str, Any], name: str, value: Any) -> None:
    """Adds a property: a plain value as it is, a quantity as a number whose name carries its unit, a named thing by name."""
    value = one(value) if not isinstance(value, list) or len(value) == 1 else value
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
        held = one(value["value"])
        if not isinstance(held, Mapping):
            _add(attributes, full, held if not isinstance(held, str) else _numeric(held))
    elif value.get("minValue") is not None or value.get("maxValue") is not None:
        for end in ("min", "max"):
            if (held := value.get(f"{end}Value")) is not None and not isinstance(held, (Mapping, list)):
                _add(attributes, f"{full}_{end}", held)
    elif isinstance(value.get("name"), str) and "value" not in value and "propertyvalue" not in types_of(value):
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

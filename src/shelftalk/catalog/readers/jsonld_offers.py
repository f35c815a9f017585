"""What a schema.org product costs: one price of its offers, their specifications and their ranges.

Source of the names: schema.org/Offer, AggregateOffer, PriceSpecification, PriceTypeEnumeration; Google's structured data for
merchant listings, for what a price type means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shelftalk.catalog.money import parse_money
from shelftalk.catalog.readers.base import availability
from shelftalk.catalog.readers.jsonld_graph import Graph, one, term, types_of

_REGULAR = ("listprice", "strikethroughprice", "srp", "msrp", "regularprice")
_NO_PRICE = ("minimumadvertisedprice", "invoiceprice")
_CHARGES = {"deliverychargespecification", "paymentchargespecification"}
_GONE = {"out_of_stock", "sold_out", "discontinued"}
_AS_NEW = {"", "newcondition", "new"}
_RANGE, _SPECIFIED = ("lowPrice", "minPrice", "highPrice", "maxPrice"), ("price", "minPrice", "maxPrice")
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Bought:
    """One way to buy a product; `held` is the offer's node, `price` and `regular` are as the feed writes them."""

    held: Mapping[str, Any]
    price: Any = None
    currency: Any = None
    regular: Any = None

    @property
    def state(self) -> str:
        """Its availability in one spelling, "" where it says none."""
        return str(availability(term(self.held.get("availability"))) or "")


def best_offer(item: Mapping[str, Any], graph: Graph) -> Bought:
    """The offer that a product is sold by: one whose price can be read before others, one that can be had before one that cannot, new
    before used, then the lowest price in the currency of the first."""
    found = [bought for each in graph.nodes(item.get("offers")) for bought in _ways(each, graph)]
    found += [bought for each in graph.offers_of(item.get("@id")) for bought in _ways(each, graph)]
    if not found:
        return Bought({})
    currency = next((b.currency for b in found if b.currency), None)

    def order(bought: Bought) -> tuple[bool, bool, bool, bool, bool, Decimal]:
        amount = _amount(bought.price)
        used = term(bought.held.get("itemCondition")).lower() not in _AS_NEW
        gone, other = bought.state in _GONE, bought.currency != currency
        return amount is None, bought.price is None, gone, used, other, amount or Decimal(0)

    return min(found, key=order)


def _amount(price: Any) -> Decimal | None:
    try:
        return None if price is None else parse_money(price)[0]
    except ValueError:
        return None


def _readable(ways: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """The first price that can be read, else the first there is, which is told of where the record is read; with its currency."""
    held = [way for way in ways if way[0] is not None]
    return next((way for way in held if _amount(way[0]) is not None), held[0] if held else (None, None))


def _ways(offer: Mapping[str, Any], graph: Graph, depth: int = 0) -> Iterator[Bought]:
    """The ways to buy by an offer: itself, or those that an AggregateOffer holds, with its own range where none of them has a price."""
    inner = (
        [b for o in graph.nodes(offer.get("offers")) for b in _ways(o, graph, depth + 1)] if depth < _DEEPEST else []
    )
    own = any(_amount(one(offer.get(n))) is not None for n in ("price", *_RANGE))
    priced = [b for b in inner if _amount(b.price) is not None or (b.price is not None and not own)]
    if priced:
        currency = one(offer.get("priceCurrency"))
        yield from (b if b.currency else Bought(b.held, b.price, currency, b.regular) for b in priced)
        return
    price, currency, regular = _price(offer, graph)
    currency = currency or next((b.currency for b in inner if b.currency), None)
    said = next((b.held for b in inner if b.state not in _GONE), inner[0].held if inner else {})
    yield Bought({**said, **offer}, price, currency, regular)


def _price(offer: Mapping[str, Any], graph: Graph) -> tuple[Any, Any, Any]:
    """(price, currency, list price) of one offer: its own price, else what its specifications say, else the low end of its range."""
    specifications = list(_specifications(offer.get("priceSpecification"), graph))
    currency, regular = one(offer.get("priceCurrency")), None
    kinds = [(term(s.get("priceType")).lower(), s) for s in specifications]
    for kind, held in kinds:
        if kind.endswith(_REGULAR):
            regular = regular if regular is not None else one(held.get("price"))
    usable = sorted((s for s in kinds if not s[0].endswith((*_REGULAR, *_NO_PRICE))), key=_last)
    said = [(one(held.get(n)), one(held.get("priceCurrency"))) for _, held in usable for n in _SPECIFIED]
    ways = [(one(offer.get("price")), None), *said, *((one(offer.get(n)), None) for n in _RANGE)]
    price, paid_in = _readable(ways)
    currency = (
        paid_in or currency or next((c for s in specifications if (c := one(s.get("priceCurrency"))) is not None), None)
    )
    return price, currency, regular


def _specifications(value: Any, graph: Graph, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The price specifications, those of a compound one by one; no charges, and no price of a measure (per kilogram)."""
    for held in graph.nodes(value) if depth < _DEEPEST else ():
        components = held.get("priceComponent")
        if types_of(held) & _CHARGES or "referenceQuantity" in held:
            continue
        if components is not None and one(held.get("price")) is None:
            for part in _specifications(components, graph, depth + 1):
                yield {**{n: v for n, v in held.items() if n == "priceCurrency"}, **part}
        else:
            yield held


def _last(kind_and_held: tuple[str, Mapping[str, Any]]) -> tuple[bool, bool, bool]:
    """Sorts what most shoppers pay first: now before another time, everybody's before members', a sale before the rest."""
    kind, held = kind_and_held
    return not _now(held), "validForMemberTier" in held, not kind.endswith("saleprice")


def _now(held: Mapping[str, Any]) -> bool:
    today = datetime.now(UTC).date().isoformat()
    start, end = (one(held.get(name)) for name in ("validFrom", "validThrough"))
    begun = not isinstance(start, str) or start[:10] <= today
    return begun and (not isinstance(end, str) or end[:10] >= today)

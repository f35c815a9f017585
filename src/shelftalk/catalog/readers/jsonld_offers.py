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
_PART = frozenset(("billingDuration", "billingIncrement", "billingStart"))  # of a price by the month
_PARTS = ("downpayment", "installment", "subscription", "activationfee", "cleaningfee", "distancefee")
_SOLD = ("", "sell")
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
    """The offer that a product is sold by: one whose price can be read, and is above 0, before others, sold before leased, one that can
    be had before one that cannot, in force before out of date, new before used, then the lowest price in the currency of the first."""
    found = [bought for each in graph.nodes(item.get("offers")) for bought in _ways(each, graph)]
    found += [bought for each in graph.offers_of(item.get("@id")) for bought in _ways(each, graph)]
    if not found:
        return Bought({})
    currency = next((b.currency for b in found if b.currency), None)

    def order(bought: Bought) -> tuple[bool | Decimal, ...]:
        amount, held = _amount(bought.price), bought.held
        used = term(held.get("itemCondition")).lower() not in _AS_NEW
        leased = term(held.get("businessFunction")).lower().rpartition("#")[2] not in _SOLD
        gone, other = bought.state in _GONE, bought.currency != currency
        unread = (amount is None, bought.price is None, amount == 0)
        return *unread, leased, gone, not _now(held), used, other, amount or Decimal(0)

    return min(found, key=order)


def _amount(price: Any) -> Decimal | None:
    try:
        return None if price is None else parse_money(price)[0]
    except ValueError:
        return None


def _readable(ways: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """The first price above 0, else the first that can be read, else the first there is, which is told of where the record is read; with
    its currency."""
    held = [_amount_of(*way) for way in ways if way[0] is not None]
    read = [way for way in held if _amount(way[0]) is not None]
    return next((way for way in read if _amount(way[0])), next(iter((*read, *held)), (None, None)))


def _amount_of(price: Any, currency: Any) -> tuple[Any, Any]:
    """The price and its currency, of a MonetaryAmount or a specification that stands in its place those that it holds."""
    if not isinstance(price, Mapping):
        return price, currency
    inner = next((found for name in ("value", *_SPECIFIED) if (found := one(price.get(name))) is not None), price)
    return inner, one(price.get("currency")) or one(price.get("priceCurrency")) or currency


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
    usable = sorted(
        (s for s in kinds if not s[0].endswith((*_REGULAR, *_NO_PRICE))), key=_last
    )  # in its order otherwise
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


def _last(kind_and_held: tuple[str, Mapping[str, Any]]) -> tuple[bool, ...]:
    """Sorts what most shoppers pay first: all of it before a rate, now before another time, one piece before many, everybody's before
    members', with tax before without, a sale before the rest."""
    kind, held = kind_and_held
    part = bool(held.keys() & _PART) or term(held.get("priceComponentType")).lower() in _PARTS
    untaxed = str(one(held.get("valueAddedTaxIncluded"))).lower() == "false"
    return part, not _now(held), _least(held) > 1, "validForMemberTier" in held, untaxed, not kind.endswith("saleprice")


def _least(held: Mapping[str, Any]) -> Decimal:
    """The least number of pieces that a price holds for."""
    quantity = one(held.get("eligibleQuantity"))
    if isinstance(quantity, Mapping):
        quantity = one(quantity.get("minValue")) or one(quantity.get("value"))
    return _amount(quantity) or Decimal(1)


def _now(held: Mapping[str, Any]) -> bool:
    """Whether an offer or a price is in force today, as far as it says."""
    today = datetime.now(UTC).date().isoformat()
    starts = [one(held.get(name)) for name in ("validFrom", "availabilityStarts")]
    ends = [one(held.get(name)) for name in ("validThrough", "priceValidUntil", "availabilityEnds")]
    begun = all(not isinstance(start, str) or start[:10] <= today for start in starts)
    return begun and all(not isinstance(end, str) or end[:10] >= today for end in ends)

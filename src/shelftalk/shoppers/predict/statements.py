"""Why a shopper may or may not like a product, as statements that the history and the records prove, and nothing else.

A statement is made of values that stand in the data; `proven` looks each of them up again before it is shown. The words are those of
prompts/predict/reason, no model's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from shelftalk.facts.facts import attribute_fact, money, safe, spoken
from shelftalk.facts.holds import same
from shelftalk.prompts import Template
from shelftalk.shoppers.predict.features import agreement
from shelftalk.shoppers.predict.kinds import kind_of
from shelftalk.shoppers.predict.met import Met, Pair
from shelftalk.values import Facets, Product, plain

__all__ = ["Statement", "proven", "reason", "statements"]

Says = Literal["own", "like", "bought", "price", "rating", "nothing"]
_MOST_FIELDS, _MOST_SAID = 3, 2
_LATELY = timedelta(days=60)  # after which a purchase of the kind says nothing against another
_ALIKE, _RATED_WELL, _RATED_BADLY, _FEW_REVIEWS = 0.5, 4.3, 3.5, 5


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `side` is 1 where it speaks for the product, -1 against, 0 for neither.

    `other` is the product of the history that it names, with what the shopper did (`how`) and when; `fields` are those that both records
    share; `low` and `high` are the range of prices that `count` chosen products of the kind cost.
    """

    says: Says
    side: int
    other: Product | None = None
    how: str = ""
    at: datetime | None = None
    fields: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    count: int = 0

    def evidence(self, product: Product) -> dict[str, Any]:
        """What it rests on: the product of the history, the fields with their values, the prices."""
        found: dict[str, Any] = {"says": self.says}
        if self.other is not None:
            found |= {"product_id": self.other.id, "how": self.how}
        if self.at is not None:
            found["at"] = self.at.date().isoformat()
        if self.fields:
            found["fields"] = {name: plain(product.value(name)) for name in self.fields}
        if self.low is not None:
            found |= {"low": plain(self.low), "high": plain(self.high), "products": self.count}
        return found


def statements(pair: Pair) -> list[Statement]:
    """All that can be said, the most telling first."""
    return [s for s in _said(pair) if proven(s, pair)]


def reason(pair: Pair, likes: bool, template: Template, facets: Facets) -> tuple[str, list[dict[str, Any]]]:
    """One or two sentences for the answer that was given, and what they rest on. What speaks against it is said only where nothing
    speaks for it."""
    found = statements(pair)
    wanted = 1 if likes else -1
    own = [s for s in found if s.says == "own"]
    by_side = [[s for s in found if s.side == side] for side in (wanted, 0, -wanted)]
    chosen = (own or next((some for some in by_side if some), []) or [Statement("nothing", 0)])[:_MOST_SAID]
    texts = [_words(s, pair, template, facets) for s in chosen]
    return " ".join(texts), [s.evidence(pair.product) for s in chosen if s.says != "nothing"]


def _said(pair: Pair) -> Iterator[Statement]:
    product, kind = pair.product, kind_of(pair.product)
    if pair.own is not None and pair.own.outcome in ("liked", "refused"):
        yield Statement("own", 1 if pair.own.outcome == "liked" else -1, pair.own.product, pair.own.how, pair.own.at)
    mine = [m for m in pair.history if kind and kind_of(m.product) == kind]
    liked = [m for m in mine if m.outcome == "liked"]
    bought = max((m for m in liked if m.how == "bought" and m.at), key=lambda m: m.at or datetime.min, default=None)
    if bought is not None and bought.at and pair.at and pair.at - bought.at <= _LATELY:
        yield Statement("bought", -1, bought.product, bought.how, bought.at)
    yield from _likenesses(product, liked or [m for m in mine if m.outcome == "clicked"], 1)
    yield from _likenesses(product, [m for m in mine if m.outcome == "refused"], -1)
    priced = sorted(
        m.product.price for m in liked if m.product.price is not None and m.product.currency == product.currency
    )
    if len(priced) >= 2 and product.price is not None:
        inside = priced[0] <= product.price <= priced[-1]
        yield Statement("price", 1 if inside else -1, low=priced[0], high=priced[-1], count=len(priced))
    if product.rating and (product.review_count or 0) >= _FEW_REVIEWS:
        side = 1 if product.rating >= _RATED_WELL else -1 if product.rating <= _RATED_BADLY else 0
        yield Statement("rating", side, fields=("rating", "review_count"))


def _likenesses(product: Product, met: Sequence[Met], side: int) -> Iterator[Statement]:
    """The one product of these that is most like it, where their records share something that can be said."""
    for one in sorted(met, key=lambda m: -agreement(m.product, product)):
        if agreement(one.product, product) < _ALIKE or not safe(one.product.title):
            continue
        shared = tuple(_shared(one.product, product))[:_MOST_FIELDS]
        if shared:
            yield Statement("like", side, one.product, one.how, one.at, shared)
            return


def _shared(a: Product, b: Product) -> Iterable[str]:
    if a.brand and a.brand == b.brand:
        yield "brand"
    for name, value in b.attributes.items():
        if (
            value is not False
            and name in a.attributes
            and a.attributes[name] == value
            and attribute_fact(name, value, Facets())
        ):
            yield name


def proven(statement: Statement, pair: Pair) -> bool:
    """Whether the history and the records hold all that the statement says: looked up anew, value by value."""
    product = pair.product
    if statement.other is not None:
        met = [*pair.history, *([pair.own] if pair.own else [])]
        held = [
            m for m in met if m.product.id == statement.other.id and m.how == statement.how and m.at == statement.at
        ]
        if not held or (statement.says == "own") != (statement.other.id == product.id):
            return False
        for name in statement.fields:
            if not same(held[0].product.value(name), product.value(name)):
                return False
    if statement.says == "price":
        prices = [
            m.product.price
            for m in pair.history
            if m.outcome == "liked" and kind_of(m.product) == kind_of(product) and m.product.price is not None
            and m.product.currency == product.currency
        ]  # fmt: skip
        return len(prices) == statement.count and (min(prices), max(prices)) == (statement.low, statement.high)
    return all(product.value(name) is not None for name in statement.fields)


def _words(s: Statement, pair: Pair, template: Template, facets: Facets) -> str:
    product, kind = pair.product, kind_of(pair.product)
    return template.render(
        says=s.says,
        title=spoken(s.other.title) if s.other is not None and safe(s.other.title) else "a product",
        how=s.how,
        when=f"{s.at.day} {s.at:%B %Y}" if s.at else "",
        kind=spoken(kind) if kind and safe(kind) else "",
        shared=[reads for name in s.fields if s.says == "like" and (reads := _reads(name, product, facets))],
        price=money(product.price, product.currency) if product.price is not None else "",
        low=money(s.low, product.currency) if s.low is not None else "",
        high=money(s.high, product.currency) if s.high is not None else "",
        rating=f"{product.rating:g}" if product.rating else "",
        reviews=product.review_count or 0,
    ).messages[0].content  # fmt: skip


def _reads(name: str, product: Product, facets: Facets) -> str:
    if name == "brand":
        return f"brand {spoken(product.brand or '')}" if safe(product.brand or "") else ""
    fact = attribute_fact(name, product.value(name), facets)
    return fact.reads.replace(": ", " ", 1) if fact else ""

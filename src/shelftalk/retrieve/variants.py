"""Variants of one thing (products of one `item_group_id`) stand for it together: found by any of them, offered once.

Limits hold for a single variant, since each is a row of the table: "size 42 under 100" finds no shoe whose 42 costs 120.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from shelftalk.catalog import sql
from shelftalk.facts.availability import sold_out
from shelftalk.facts.facts import attribute_fact
from shelftalk.facts.holds import holds
from shelftalk.text import clean, shorten
from shelftalk.values import Candidate, Constraint, Facets, Product, Retrieval, Variants
from shelftalk.words.stems import stems, words

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog

__all__ = ["distinct", "leading", "named_in", "one_each", "siblings", "standing_for", "variants_of", "varying"]

MOST_OPTIONS, MOST_VALUES, LONGEST = 6, 60, 60  # fields in which variants differ, values of each, characters of one
_SIZES = ("xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "xxxxl")
_PLURAL = re.compile(r"(\d+)xl")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def distinct(products: Iterable[Product]) -> int:
    """How many things the products are, the variants of one counted once."""
    return len({_thing(p) for p in products})


def leading(products: Iterable[Product], count: int) -> list[Product]:
    """The products up to the `count`th different thing, with the variants that stand before it."""
    kept: list[Product] = []
    seen: set[tuple[str, str]] = set()
    for product in products:
        seen.add(_thing(product))
        if len(seen) > count:
            break
        kept.append(product)
    return kept


def one_each(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, best first, with one variant of each thing: one that can be had before one that is sold out, then the best placed;
    of equals the cheapest."""
    best: dict[tuple[str, str], int] = {}
    for place, candidate in enumerate(candidates):
        thing = _thing(candidate.product)
        held = best.get(thing)
        if held is None or _before(candidate, candidates[held]):
            best[thing] = place
    return tuple(candidates[place] for place in sorted(best.values()))


def standing_for(found: Retrieval, product: Product, constraints: Sequence[Constraint]) -> Retrieval:
    """What was found with this variant in the place of the one that stands for its thing, where it keeps the limits as well."""
    ids = {c.product.id for c in found.candidates}
    if product.item_group_id is None or product.id in ids or not all(holds(c, product) for c in constraints):
        return found
    swapped = tuple(
        replace(c, product=product) if c.product.item_group_id == product.item_group_id else c for c in found.candidates
    )
    return replace(found, candidates=swapped)


def siblings(catalog: Catalog, products: Iterable[Product]) -> dict[str, list[Product]]:
    """All variants of the products that belong to a group, by its id, in the order of the catalogue."""
    groups = tuple(dict.fromkeys(p.item_group_id for p in products if p.item_group_id is not None))
    found: dict[str, list[Product]] = {group: [] for group in groups}
    if groups:
        ids = catalog.scan(sql.where([Constraint("item_group_id", "in", groups)]))
        for product in catalog.get_many(ids).values():
            if product.item_group_id in found:  # the database takes "a1" and "A1" for one
                found[product.item_group_id].append(product)
    return found


def named_in(text: str, product: Product, variants: Sequence[Product], facets: Facets) -> Product:
    """The variant of a product whose values, where variants differ, a text says: "does it come in red?"; else the product itself."""
    said, asked = f" {' '.join(words(text))} ", stems(text)
    fields = {name: bool(stems(name) & asked) for name in varying(variants, facets)}

    def hits(variant: Product) -> int:
        found = 0
        for name, named in fields.items():
            values = [" ".join(words(value)) for value in _texts(variant.attributes.get(name))]
            # a single letter is a size only where sizes are spoken of
            found += any(f" {v} " in said and (named or len(v) > 1 or v.isdigit()) for v in values if v)
        return found

    best = max(variants, key=lambda v: (hits(v), not sold_out(v)), default=product)
    return best if hits(best) > hits(product) else product


def variants_of(products: Sequence[Product], facets: Facets) -> Variants | None:
    """What the variants of one thing are together; None for a single one. Prices and options are of those that can be had, unless all
    are sold out."""
    if len(products) < 2:
        return None
    here = [p for p in products if not sold_out(p)] or list(products)
    prices: dict[str | None, list[Decimal]] = {}
    for product in here:
        if product.price is not None:
            prices.setdefault(product.currency, []).append(product.price)
    options = {
        name: _ordered(v for p in here for v in _texts(p.attributes.get(name)))[:MOST_VALUES]
        for name in list(varying(products, facets))[:MOST_OPTIONS]
    }
    one_currency = next(iter(prices.values())) if len(prices) == 1 else []
    return Variants(
        tuple(p.id for p in products),
        min(one_currency, default=None),
        max(one_currency, default=None),
        {name: values for name, values in options.items() if values},
    )


def varying(products: Sequence[Product], facets: Facets) -> Iterator[str]:
    """The attributes in which the products differ and that a sentence may speak of, in the order of the records."""
    names = dict.fromkeys(name for p in products for name in p.attributes)
    for name in names:
        values = {_texts(p.attributes.get(name)) for p in products}
        told = any(attribute_fact(name, p.attributes[name], facets) for p in products if name in p.attributes)
        if len(values) > 1 and told:
            yield name


def _thing(product: Product) -> tuple[str, str]:
    return ("id", product.id) if product.item_group_id is None else ("group", product.item_group_id)


def _before(one: Candidate, other: Candidate) -> bool:
    """Whether the later of two variants of a thing stands for it all the same."""
    gone = sold_out(one.product), sold_out(other.product)
    if gone[0] != gone[1]:
        return gone[1]
    if round(one.score, 6) != round(other.score, 6):
        return one.score > other.score
    prices = one.product.price, other.product.price
    return prices[0] is not None and prices[1] is not None and prices[0] < prices[1]


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    return (
        tuple(shorten(clean(str(v)), LONGEST) for v in value)
        if isinstance(value, (tuple, list))
        else (shorten(clean(str(value)), LONGEST),)
    )


def _ordered(values: Iterator[str]) -> tuple[str, ...]:
    """Each value once: sizes and numbers from small to large, words as the records have them."""
    each = list({v.casefold(): v for v in values if v}.values())
    keys: Mapping[str, float | None] = {v: _size(v) for v in each}
    return tuple(sorted(each, key=lambda v: keys[v] or 0.0)) if None not in keys.values() else tuple(each)


def _size(text: str) -> float | None:
    low = _PLURAL.sub(lambda m: "x" * int(m[1]) + "l" if int(m[1]) < 5 else m[0], text.strip().lower())
    if low in _SIZES:
        return float(_SIZES.index(low))
    number = _NUMBER.search(low)
    return float(number.group().replace(",", ".")) if number else None

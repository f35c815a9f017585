"""What a catalogue offers, category by category: the base rates that a shopper's choices are held against.

Made once for a version of a catalogue. The variants of one thing count once, but for fields in which they differ.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shelftalk.catalog import sql
from shelftalk.values import CORE_FIELDS, Facet, Facets, Product, Scalar

__all__ = ["Counted", "Field", "Offers", "Shelf", "is_size", "thing"]

# What a product is like stands in its brand, its price and its attributes; the rest tells of the shop or of other shoppers.
_NAMED, _NUMBERS = ("text", "boolean", "list"), ("number", "money")
_SIZE = re.compile(r"(?:^|[_\s])sizes?(?:[_\s](?:eu|uk|us|eur))?$", re.IGNORECASE)
THIRD = 3
WIDEST = 0.5  # the share of a category that may tie for its lowest third


def thing(product: Product) -> str:
    """The thing that a product is a variant of; its own id where it stands alone."""
    return f"group {product.item_group_id}" if product.item_group_id else f"product {product.id}"


def is_size(facet: Facet) -> bool:
    """Whether a field holds the size that a product is sold in ("size", "shoe_size_eu"), not a measure with a unit."""
    return facet.unit is None and facet.kind in ("text", "number") and bool(_SIZE.search(facet.field))


@dataclass(slots=True)
class Field:
    """What the products of a shelf hold in one field. `known` products have one, `holding` says how many hold each value (by its
    canonical text). `numbers` rise. `apart` says that variants of one thing differ in it."""

    known: int = 0
    holding: Counter[str] = field(default_factory=Counter)
    shown: dict[str, Scalar] = field(default_factory=dict)
    numbers: list[float] = field(default_factory=list)
    apart: bool = False
    low: tuple[float, int] | None = None  # the lowest third: up to which number, and how many products that are
    high: tuple[float, int] | None = None

    def settle(self) -> None:
        """Finds the thirds once all numbers are in; none where ties make them wider than half of the shelf, or there are few values."""
        self.numbers.sort()
        many = len(self.numbers)
        if len(set(self.numbers[:1] + self.numbers[-1:])) < 2 or many < THIRD:
            return
        at = -(-many // THIRD)
        low, high = self.numbers[at - 1], self.numbers[many - at]
        held_low, held_high = bisect_right(self.numbers, low), many - bisect_left(self.numbers, high)
        self.low = (low, held_low) if held_low <= WIDEST * many else None
        self.high = (high, held_high) if held_high <= WIDEST * many else None

    def within(self, low: float, high: float) -> float:
        """The share of the shelf whose number lies between the two, both ends counted."""
        found = bisect_right(self.numbers, high) - bisect_left(self.numbers, low)
        return found / len(self.numbers) if self.numbers else 0.0


@dataclass(slots=True)
class Shelf:
    """What stands in one category: how many things, and what they hold field by field."""

    name: str
    things: int = 0
    fields: dict[str, Field] = field(default_factory=dict)


class Offers:
    """The shelves of a catalogue, by category, and the whole shop as one.

    A category is a shelf where it is the deepest of some product's that holds `least` things; all products below it stand there. Where
    more than half of the things stand on none, the shop is `flat`: it is told apart by all its fields as if it were one category. Else
    the whole shop is told apart by category alone.
    """

    def __init__(self, facets: Facets, least: int) -> None:
        self.facets, self.version, self._least = facets, facets.version, least
        self.shop = Shelf("")
        self.shelves: dict[str, Shelf] = {}
        self.flat = False
        kinds = {f.field: f for f in facets if f.field not in CORE_FIELDS and f.kind in (*_NAMED, "number")}
        self._things: dict[str, int] = {}
        #: The fields of sizes, of named values (sizes too) and of numbers that are looked at on a shelf.
        self.sizes = frozenset(n for n, f in kinds.items() if is_size(f))
        self.named = ["brand", *(n for n, f in kinds.items() if f.kind in _NAMED or n in self.sizes)]
        self.measured = ["price", *(n for n, f in kinds.items() if f.kind == "number" and n not in self.sizes)]

    @classmethod
    def of(cls, products: Iterable[Product], facets: Facets, *, least: int = 8) -> Offers:
        """The offers of these products, the whole catalogue (profile.least_offer: `least`)."""
        made = cls(facets, least)
        held = list(products)
        made._count_categories(held)
        groups: dict[str, list[Product]] = {}
        for product in held:
            groups.setdefault(thing(product), []).append(product)
        made.shelves = {name: Shelf(name) for product in held if (name := made.category_of(product))}
        made.flat = sum(not made.category_of(v[0]) for v in groups.values()) > len(groups) / 2
        shelved = [(shelf, variants) for variants in groups.values() for shelf, variants in made._placed(variants)]
        for shelf, variants in shelved:
            made._mark_apart(shelf, variants)
        for shelf, variants in shelved:
            made._add(shelf, variants)
        for shelf in (made.shop, *made.shelves.values()):
            for found in shelf.fields.values():
                found.settle()
        return made

    def category_of(self, product: Product) -> str:
        """The deepest shelf on which a product stands, "" for none."""
        deep = (name for name in reversed(product.categories) if self._things.get(name, 0) >= self._least)
        return next(deep, "")

    def shelves_of(self, product: Product) -> list[str]:
        """All shelves on which a product stands; "" is the shop itself, where it is flat."""
        names = [name for name in dict.fromkeys(product.categories) if name in self.shelves]
        return ["", *names] if self.flat else names

    def get(self, name: str) -> Shelf | None:
        """The shelf of that name; the shop for "" where it is flat."""
        return (self.shop if self.flat else None) if not name else self.shelves.get(name)

    def values(self, product: Product, name: str) -> tuple[str, ...]:
        """The canonical values that a product holds in a named field, () where it has none."""
        if name == "categories":
            shelf = self.category_of(product)
            return (sql.canonical(shelf),) if shelf else ()
        return _canonical(_raw(product, name))

    def number(self, product: Product, name: str) -> float | None:
        """The number that a product holds in a field; a price only in the catalogue's own currency."""
        if name == "price":
            own = product.price is not None and product.currency == self.facets.currency
            return float(product.price) if own and product.price is not None else None
        value = product.attributes.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def _count_categories(self, products: Iterable[Product]) -> None:
        seen: dict[str, set[str]] = {}
        for product in products:
            for name in product.categories:
                seen.setdefault(name, set()).add(thing(product))
        self._things = {name: len(things) for name, things in seen.items()}

    def _placed(self, variants: list[Product]) -> Iterator[tuple[Shelf, list[Product]]]:
        """The shelves of a thing, the shop among them, each with the variants that stand there."""
        yield self.shop, variants
        names = dict.fromkeys(name for p in variants for name in p.categories if name in self.shelves)
        for name in names:
            yield self.shelves[name], [p for p in variants if name in p.categories]

    def fields_of(self, shelf: Shelf) -> tuple[list[str], list[str]]:
        """The fields of named values and of numbers that are looked at on a shelf."""
        if shelf is not self.shop:
            return self.named, self.measured
        return (["categories", *self.named], self.measured) if self.flat else (["categories"], [])

    def _mark_apart(self, shelf: Shelf, variants: list[Product]) -> None:
        named, measured = self.fields_of(shelf)
        for name in (*named, *measured) if len(variants) > 1 else ():
            if name != "categories" and len({_raw(p, name) for p in variants}) > 1:
                shelf.fields.setdefault(name, Field()).apart = True

    def _add(self, shelf: Shelf, variants: list[Product]) -> None:
        shelf.things += 1
        named, measured = self.fields_of(shelf)
        for name in named:
            for product in self._counted(shelf, name, variants):
                self._add_value(shelf, name, product)
        for name in measured:
            for product in self._counted(shelf, name, variants):
                if (number := self.number(product, name)) is not None:
                    held = shelf.fields.setdefault(name, Field())
                    held.known += 1
                    held.numbers.append(number)

    @staticmethod
    def _counted(shelf: Shelf, name: str, variants: list[Product]) -> list[Product]:
        held = shelf.fields.get(name)
        return variants if held is not None and held.apart else variants[:1]

    def _add_value(self, shelf: Shelf, name: str, product: Product) -> None:
        found = self.values(product, name)
        if not found and name != "categories":
            return
        held = shelf.fields.setdefault(name, Field())
        held.known += 1
        members = (self.category_of(product),) if name == "categories" else _members(_raw(product, name))
        for canonical, shown in zip(found, members, strict=False):
            held.holding[canonical] += 1
            held.shown.setdefault(canonical, shown)


class Counted:
    """The offers of a catalogue, counted once for each of its versions and shared by all that read profiles. Safe between threads."""

    def __init__(self, least: int = 8) -> None:
        self._least = least
        self._offers: Offers | None = None
        self._counting = threading.Lock()

    def of(self, products: Callable[[], Iterable[Product]], facets: Facets) -> Offers:
        """What the catalogue of these facets offers; `products` gives all of it where it was not counted yet."""
        with self._counting:
            if self._offers is None or self._offers.version != facets.version:
                self._offers = Offers.of(products(), facets, least=self._least)
            return self._offers


def _raw(product: Product, name: str) -> Any:
    return product.brand if name == "brand" else product.price if name == "price" else product.attributes.get(name)


def _members(value: Any) -> tuple[Scalar, ...]:
    if value is None or value == "":
        return ()
    held: Mapping[str, Scalar] = {sql.canonical(v): v for v in (value if isinstance(value, tuple) else (value,))}
    return tuple(held.values())


def _canonical(value: Any) -> tuple[str, ...]:
    return tuple(sql.canonical(v) for v in _members(value))

"""What the independent check looks up for itself: a record's values, whether a limit is met, and where a value stands.

Standard library and the value classes alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from shelftalk.evaluate.faithfulness.language import UNITS, words
from shelftalk.values import Constraint, Intent, Product

__all__ = [
    "AnsweredRequest",
    "Cited",
    "CatalogProducts",
    "cited",
    "in_scope",
    "name_words",
    "satisfied",
    "text",
    "value_of",
]


@dataclass(frozen=True)
class AnsweredRequest:
    """What was asked, and what it was answered with: all that a claim's truth may hang on beside the record.

    `products` are the picks; `among` the products in which a value has its standing, those that fit (empty: the picks);
    `features` the names of yes and no fields that any product of the catalogue has.
    """

    intent: Intent
    products: tuple[Product, ...] = ()
    relaxed: tuple[Constraint, ...] = ()
    request: str = ""
    among: tuple[Product, ...] = ()
    features: frozenset[str] = frozenset()
    _held: dict[str, list[Any]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _spoken: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def fits(self) -> tuple[Product, ...]:
        """The products that a standing is among."""
        return self.among or self.products

    @property
    def attributes(self) -> list[str]:
        """The names of all attributes that they have."""
        if not self._held:
            for product in self.fits:
                for name, value in product.attributes.items():
                    if value is not None:
                        self._held.setdefault(name, []).append(value)
            self._held.setdefault("price", [p.price for p in self.fits if p.price is not None])
        return [name for name in self._held if name not in Product.__dataclass_fields__]

    def values(self, name: str) -> list[Any]:
        """What they hold in a field, each product without it left out."""
        if name not in self.attributes and name not in self._held:
            self._held[name] = [v for p in self.fits if (v := value_of(p, name)) is not None]
        return self._held[name]

    def spoken(self, name: str) -> dict[str, str]:
        """The named values that they hold in a field, each as it is found in a text: its words with a blank around."""
        if name not in self._spoken:
            each = (v for held in self.values(name) for v in (held if isinstance(held, (tuple, list)) else (held,)))
            named = {v for v in each if isinstance(v, str) and not re.match(r"\s*[-+]?\d", v)}
            self._spoken[name] = {v: f" {' '.join(words(v))} " for v in sorted(named)}
        return self._spoken[name]


@dataclass(frozen=True)
class CatalogProducts:
    """All products of a catalogue."""

    products: Sequence[Product] = ()

    @cached_property
    def features(self) -> frozenset[str]:
        """The names of the yes and no fields that any of them has."""
        return frozenset(n for p in self.products for n, v in p.attributes.items() if isinstance(v, bool))


def in_scope(products: Sequence[Product], intent: Intent, relaxed: Sequence[Constraint]) -> tuple[Product, ...]:
    """The products that satisfy the intent's constraints, without those given up, and are of the kinds chosen."""
    kept = [c for c in intent.constraints if c not in relaxed]
    found = [p for p in products if all(satisfied(p, c) for c in kept)]
    kinds = {kind.casefold() for kind in intent.kinds}
    of_kinds = [p for p in found if kinds & {c.casefold() for c in p.categories}]
    return tuple(of_kinds or found)


@dataclass(frozen=True)
class Cited:
    """A field that a claim cites, with what the record holds in it and where that stands among what fits."""

    name: str
    value: Any
    asked: AnsweredRequest

    @cached_property
    def words(self) -> list[str]:
        """The words of its name, without the unit."""
        return name_words(self.name)

    @cached_property
    def unit(self) -> str:
        """The unit that its name carries; the currency, of money."""
        if self.name in ("price", "list_price"):
            currencies = {str(p.currency).lower() for p in self.asked.products if p.currency}
            return currencies.pop() if len(currencies) == 1 else ""
        return unit_of(self.name)

    @cached_property
    def number(self) -> float | None:
        """Its value, where that is a number."""
        return number(self.value)

    @cached_property
    def truth(self) -> bool | None:
        """Its value, where that is a yes or no."""
        said = text(self.value).strip().lower()
        return {"true": True, "yes": True, "false": False, "no": False}.get(said)

    def places(self, products: Sequence[Product] | None = None) -> dict[str, int]:
        """The place of its number from the low and from the high end, and how many values there are."""
        held = self.asked.values(self.name) if products is None else [value_of(p, self.name) for p in products]
        known = [n for v in held if (n := number(v)) is not None]
        mine = self.number or 0.0
        slack = 1e-9 * max(1.0, abs(mine))
        below, above = sum(n < mine - slack for n in known), sum(n > mine + slack for n in known)
        return {"low": below + 1, "high": above + 1, "of": len(known)}

    @cached_property
    def alike(self) -> int:
        """How many of what fits hold its value."""
        return sum(_holds(v, self.value) for v in self.asked.values(self.name))

    @cached_property
    def counts(self) -> set[int]:
        """The whole numbers that may be said of its standing: of how many, its places, how many lie below and above it, how
        many hold its value."""
        every = {len(self.asked.fits), len(self.asked.values(self.name))}
        if self.number is None:
            return every | {self.alike, self.alike - 1}
        places = self.places()
        low, high, of = places["low"], places["high"], places["of"]
        same = of - (low - 1) - (high - 1)
        return {*every, of - 1, low, high, low - 1, high - 1, same, same - 1, of - low + 1, of - high + 1}

    @cached_property
    def rest(self) -> set[int]:
        """The whole numbers that may be said of those that do not hold its value."""
        every = {len(self.asked.fits), len(self.asked.values(self.name))}
        return set() if self.number is not None else {m for n in every for m in (n - self.alike, n - 1)}


def unit_of(name: str) -> str:
    """The unit that a field's name ends in, "" where it has none or one of several parts ("km_h", "g_per_min")."""
    parts = re.split(r"[_ ]", re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name))
    if len(parts) < 2 or parts[-1].lower() not in UNITS or "per" in parts[-3:]:
        return ""
    return "" if len(parts) > 2 and parts[-2].lower() in UNITS else parts[-1].lower()


def name_words(name: str) -> list[str]:
    """The words of a field's name, without the unit."""
    return words(re.sub(rf"[_ ]?{unit_of(name)}$", "", name, flags=re.I)) if unit_of(name) else words(name)


def cited(name: str, value: Any, asked: AnsweredRequest) -> Cited:
    """The field of that name, without the prefix of attributes."""
    return Cited(name.removeprefix("attributes."), value, asked)


def _holds(held: Any, value: Any) -> bool:
    mine = {text(v).casefold() for v in (held if isinstance(held, (tuple, list)) else (held,))}
    return any(text(v).casefold() in mine for v in (value if isinstance(value, (tuple, list)) else (value,)))


def value_of(product: Product, name: str) -> Any:
    """What the record holds under that name, None where it holds nothing."""
    bare = name.removeprefix("attributes.")
    if bare in Product.__dataclass_fields__ and bare != "attributes":
        return getattr(product, bare)
    return product.attributes.get(bare, product.attributes.get(name))


def text(value: Any) -> str:
    """A value as text; whole numbers without a point."""
    if isinstance(value, (tuple, list)):
        return " , ".join(map(text, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number(value: Any) -> float | None:
    """The number that a value is, or begins with ("30 hours"); None for anything else."""
    if isinstance(value, (bool, tuple, list)) or value is None:
        return None
    found = re.match(r"\s*([-+]?\d+(?:\.\d+)?)(?![\w.-]*\d)", str(value).replace(",", ""))
    return float(found[1]) if found else None


def satisfied(product: Product, c: Constraint) -> bool:
    """Whether the record holds what the constraint asks; text compares without case, a missing value fails all but "not"."""
    held, wanted = value_of(product, c.field), c.value
    many = [text(v).lower() for v in (wanted if isinstance(wanted, tuple) else (wanted,))]
    mine = [text(v).lower() for v in (held if isinstance(held, tuple) else (held,))]
    if c.operator in ("=", "in"):
        return held is not None and any(m in many for m in mine)
    if c.operator in ("!=", "not in"):
        return not any(m in many for m in mine)
    a, b = number(held), number(wanted if not isinstance(wanted, tuple) else wanted[0])
    if a is None or b is None:
        return False
    if c.operator == "between" and isinstance(wanted, tuple):
        top = number(wanted[-1])
        return top is not None and b <= a <= top
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}.get(c.operator, False)

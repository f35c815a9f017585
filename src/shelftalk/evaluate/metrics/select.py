"""Executes an intent over a catalogue in memory, apart from the database that the path asks: which products it selects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from shelftalk.evaluate.metrics.base import MetricContext
from shelftalk.facts.holds import as_number, holds
from shelftalk.retrieve.exclude import Unwanted
from shelftalk.values import Constraint, Product


def constraints_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Constraint, ...]:
    """The constraints as an answer writes them."""
    return tuple(
        Constraint(r["field"], r["operator"], tuple(r["value"]) if isinstance(r["value"], list) else r["value"])
        for r in rows
    )


class Selector:
    """Selects from one catalogue; a constraint is checked once for each different value that the catalogue holds."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = {p.id: p for p in products}
        self._values: dict[str, dict[Any, list[str]]] = {}
        self._held: dict[tuple[Any, ...], frozenset[str]] = {}

    def select(self, intent: Mapping[str, Any]) -> frozenset[str]:
        """The ids that the intent's constraints, exclusions and sort select: with a sort, all that tie for the first place,
        and products without the field only where none has it. The number wanted is ignored."""
        ids = frozenset(self.products)
        for constraint in constraints_of(intent["constraints"]):
            ids &= self._holding(constraint)
        ids = self._without(ids, intent.get("exclude") or ())
        sort = intent.get("sort")
        if not sort or not ids:
            return ids
        sign = 1 if sort["direction"] == "asc" else -1
        keys = {i: sign * n for i in ids if (n := as_number(self.products[i].value(sort["field"]))) is not None}
        best = min(keys.values(), default=None)
        return ids if best is None else frozenset(i for i, key in keys.items() if key == best)

    def _holding(self, constraint: Constraint) -> frozenset[str]:
        key = (constraint.field, constraint.operator, repr(constraint.value))
        if key not in self._held:
            groups = self._groups(constraint.field).values()
            held = (ids for ids in groups if holds(constraint, self.products[ids[0]]))
            self._held[key] = frozenset(i for ids in held for i in ids)
        return self._held[key]

    def _groups(self, field: str) -> dict[Any, list[str]]:
        """The ids by the value they hold; 1 and True are two values."""
        if field not in self._values:
            groups: dict[Any, list[str]] = {}
            for product in self.products.values():
                value = product.value(field)
                groups.setdefault((type(value), value), []).append(product.id)
            self._values[field] = groups
        return self._values[field]

    def _without(self, ids: frozenset[str], exclude: Sequence[str]) -> frozenset[str]:
        words = [word for word in exclude if word not in self.products]
        unwanted = Unwanted(words)
        left = ids - frozenset(exclude)
        return frozenset(i for i in left if not unwanted.carried_by(self.products[i])) if unwanted else left


_SELECTORS: WeakKeyDictionary[MetricContext, dict[str, Selector | None]] = WeakKeyDictionary()


def selector(context: MetricContext, catalog: str) -> Selector | None:
    """The selector of a catalogue, made once a context; None where the context does not know the whole catalogue."""
    made = _SELECTORS.setdefault(context, {})
    if catalog not in made:
        made[catalog] = Selector(context.catalogue(catalog)) if context.catalogue is not None else None
    return made[catalog]

"""How values are spread among the products of a kind: what is common there says less of a shopper than what is rare.

Values become tokens: a field with its text, truth or list entry, or with the quarter of the kind's numbers that a number falls in.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from shelftalk.shoppers.predict.met import Met
from shelftalk.values import Product

__all__ = ["Kinds", "kind_of"]

_QUARTERS = (0.25, 0.5, 0.75)
_DRAWN = 2.0  # how many meetings the kind's own spread counts for
_LONGEST = 60  # characters; a longer text is prose
Token = tuple[str, Any]


def kind_of(product: Product) -> str:
    """The narrowest category, "" where there is none."""
    return product.categories[-1] if product.categories else ""


class Kinds:
    """The spread of values by kind, over a catalogue's products. Memory: one count a value that two products share, and quarters."""

    def __init__(self, products: Iterable[Product]) -> None:
        numbers: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._counts: dict[str, Counter[Token]] = defaultdict(Counter)
        self._sizes: Counter[str] = Counter()
        self._cuts: dict[str, dict[str, list[float]]] = {}
        for product in products:
            kind = kind_of(product)
            self._sizes[kind] += 1
            for name, value in _fields(product):
                if _is_number(value):
                    numbers[kind][name].append(float(value))
                else:
                    self._counts[kind].update(_texts(name, value))
        for kind, fields in numbers.items():
            self._cuts[kind] = {name: _cuts(values) for name, values in fields.items()}
            for name, values in fields.items():
                self._counts[kind].update((name, self._quarter(kind, name, value)) for value in values)

    def tokens(self, product: Product, kind: str) -> set[Token]:
        """The product's values as tokens of that kind."""
        found: set[Token] = set()
        for name, value in _fields(product):
            if _is_number(value):
                found.add((name, self._quarter(kind, name, float(value))))
            else:
                found.update(_texts(name, value))
        return found

    def pull(self, product: Product, met: Sequence[Met]) -> float:
        """How much oftener the product's values stand among what was met of its kind than in the kind: the sum of log-ratios.

        The kind's own spread counts for two meetings more (so nothing met gives 0). A field that neither has counts for nothing.
        """
        kind = kind_of(product)
        if not met or not self._sizes[kind]:
            return 0.0
        held = [self.tokens(m.product, kind) for m in met]
        return sum(self.lean(token, kind, held) for token in self.tokens(product, kind))

    def lean(self, token: Token, kind: str, held: Sequence[set[Token]]) -> float:
        """The log-ratio for one value: above 0 where it stands oftener among what was met than in the kind."""
        common = (self._counts[kind][token] + 0.5) / (self._sizes[kind] + 1)
        share = (sum(token in tokens for tokens in held) + _DRAWN * common) / (len(held) + _DRAWN)
        return math.log(share / common)

    def _quarter(self, kind: str, name: str, value: float) -> int:
        return bisect.bisect_right(self._cuts.get(kind, {}).get(name, []), value)


def _fields(product: Product) -> Iterable[tuple[str, Any]]:
    yield from product.attributes.items()
    if product.brand:
        yield "brand", product.brand
    if product.price is not None:
        yield "price", float(product.price)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _texts(name: str, value: Any) -> Iterable[Token]:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, bool):
            yield name, one
        elif len(str(one)) <= _LONGEST:
            yield name, str(one).casefold()


def _cuts(values: list[float]) -> list[float]:
    ordered = sorted(values)
    return sorted({ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in _QUARTERS})

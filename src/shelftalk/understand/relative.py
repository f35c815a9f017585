"""Comparisons with what was shown: "cheaper", "lighter ones", "too heavy", "not so big" become a limit or an order.

A limit that comes of it keeps the shopper's own words as its span: its number is of a product shown, nobody named it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shelftalk.understand import turnwords as said
from shelftalk.understand.index import Field, Index, named
from shelftalk.understand.lexicon import SUPERLATIVES, superlative
from shelftalk.understand.shown import Shown
from shelftalk.understand.tokens import Text
from shelftalk.values import Constraint, Product, Scalar, Sort

_DEGREE = re.compile(
    r"(?<!not )(?<!n't )\b(?P<down>(?:still )?(?:a bit|a little|a tad)|still|(?:much |way |far |a bit |a little |still |just |rather |slightly )?too(?: damn)?|less|not (?:so|as|that|quite so)|n't (?:so|as|that)) (?P<adj>[a-z]+)\b|\bmore (?P<up>[a-z]+)\b"
)


@dataclass(frozen=True, slots=True)
class Relative:
    """The limit or the order that a comparison makes, and the words it was read from."""

    words: str
    limit: Constraint | None = None
    sort: Sort | None = None


class Comparing:
    """Reads comparisons with products shown. `products` looks one up by its id."""

    def __init__(self, index: Index, product: said.Lookup | None) -> None:
        self._index, self._product = index, product

    def price(self, text: Text, about: Iterable[Shown]) -> Relative | None:
        """Below the cheapest shown, above the dearest, or by price where no price is known; None where price is no matter."""
        cheaper = said.CHEAPER.search(text.low)
        match = cheaper or said.DEARER.search(text.low)
        if match is None:
            return None
        words = text.text[match.start() : match.end()]
        if "price" not in self._index.fields:
            return Relative(words)
        prices = [p.price for p in about if p.price is not None]
        if not prices:
            return Relative(words, sort=Sort("price", "asc" if cheaper else "desc", words))
        value = min(prices) if cheaper else max(prices)
        return Relative(words, Constraint("price", "<" if cheaper else ">", _plain(value), words))

    def other(self, text: Text, about: Sequence[Shown], category: str | None = None) -> Relative | None:
        """The same of any other field: "lighter ones", "something bigger", "too heavy"."""
        graded = _graded(text)
        for words, base, turned in graded:
            for hints, direction in SUPERLATIVES[base]:
                fields = [f for f in self.fields_of(category, about) if f.number and set(hints) & set(f.name)]
                if not fields:
                    continue
                known = max(fields, key=lambda f: named(f, frozenset(hints)) - 0.1 * len(f.name))
                less = direction.startswith("asc") != turned
                values = [v for p in about if (v := self.number(p, known)) is not None]
                if not values:
                    return Relative(words, sort=Sort(known.field, "asc" if less else "desc", words))
                value = min(values) if less else max(values)
                return Relative(words, Constraint(known.field, "<" if less else ">", _plain(value), words))
        return Relative(graded[0][0]) if graded else None

    def fields_of(self, category: str | None, about: Iterable[Shown]) -> list[Field]:
        """The fields that products of the category carry; where products shown can be looked up, those that one of them
        has a number in, if there are any."""
        fields = [f for f in self._index.fields.values() if f.carried(category)]
        picks = list(about)
        return [f for f in fields if any(self.number(p, f) is not None for p in picks)] or fields

    def number(self, pick: Shown, known: Field) -> float | None:
        """What a pick holds in a field, None where it holds no number there or cannot be looked up."""
        product: Product | None = self._product(pick.id) if self._product else None
        value = product.value(known.field) if product else None
        try:
            return None if value is None or isinstance(value, (bool, tuple)) else float(value)
        except (TypeError, ValueError):
            return None


def _graded(text: Text) -> list[tuple[str, str, bool]]:
    """The comparisons of a turn: the words, the adjective, and whether it is wanted the other way round ("too heavy")."""
    out = []
    for i, token in enumerate(text.tokens):
        base = superlative(token.low[:-2] + "est") if token.low.endswith("er") and len(token.low) > 4 else None
        than = i + 1 < len(text.tokens) and text.tokens[i + 1].low == "than"
        if base in SUPERLATIVES and base is not None and not than:
            out.append((token.start, token.text, base, False))
    for match in _DEGREE.finditer(text.low):
        adjective = match["adj"] or match["up"]
        if adjective in SUPERLATIVES:
            out.append((match.start(), text.text[match.start() : match.end()], adjective, bool(match["down"])))
    return [(words, base, turned) for _, words, base, turned in sorted(out)]


def _plain(value: float) -> Scalar:
    return int(value) if float(value).is_integer() else value

"""Comparisons with what was shown: "cheaper", "lighter ones", "too heavy", "not so big" become a limit or an order.

A limit that comes of it keeps the shopper's own words as its span: its number is of a product shown, nobody named it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shelftalk.understand.reading import Shown
from shelftalk.understand.rules import SUPERLATIVES, Field, Index, Text, more, named, opposite, superlative
from shelftalk.understand.turns import phrases as said
from shelftalk.values import Constraint, Criterion, Intent, Product, Scalar, Sort

_DEGREE = re.compile(
    r"(?<!not )(?<!n't )(?:\b|(?=n't ))(?P<down>(?:still )?(?:a bit|a little|a tad)|still|(?:much |way |far |a bit |a little |still |just |rather |slightly )?too(?: damn)?|less|not (?:so|as|that|quite so)|n't (?:so|as|that)) (?P<adj>[a-z]+)\b|\bmore (?P<up>[a-z]+)\b"
)


_NOT_SO = re.compile(r"(?:not|n't)\b")


@dataclass(frozen=True, slots=True)
class Relative:
    """What a comparison makes, and the words it was read from: a limit against what was shown, a wish for more of the same way
    (or an order, where nothing shown is known). `field` is what it is about, `dropped` that it only takes an earlier wish back:
    "not that light" of what was to be light. `unknown` are the ids of those shown whose value is zero, which nothing can be."""

    words: str
    limit: Constraint | None = None
    sort: Sort | None = None
    criterion: Criterion | None = None
    dropped: bool = False
    unknown: tuple[str, ...] = ()
    instead: str = ""  # the words that say the same without turning it round: "bigger" of "too small"

    @property
    def field(self) -> str | None:
        """The field that the comparison is about, None where there is none."""
        return next((x.field for x in (self.limit, self.criterion, self.sort) if x is not None), None)

    def replaces(self, c: Constraint | Criterion | Sort) -> bool:
        """Whether a wish or an order on the same field is replaced, or an earlier limit from comparing taken back."""
        return c.field == self.field and (not isinstance(c, Constraint) or (self.dropped and said.compares(c)))


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

    def other(
        self, text: Text, about: Sequence[Shown], category: str | None = None, wished: Collection[str] = ()
    ) -> Relative | None:
        """The same of any other field: "lighter ones", "something bigger", "too heavy". `wished` are the words of what is wanted
        so far."""
        graded = _graded(text)
        for words, base, turned in graded:
            for hints, direction in SUPERLATIVES[base]:
                fields = [f for f in self.fields_of(category, about) if f.number and set(hints) & set(f.name)]
                if not fields:
                    continue

                def nearness(f: Field, hints: Sequence[str] = hints) -> float:
                    first = min(hints.index(w) for w in f.name if w in hints)
                    return named(f, frozenset(hints)) - 0.1 * len(f.name) - 0.01 * first

                known = max(fields, key=nearness)
                less = direction.startswith("asc") != turned
                dropped = turned and base in wished and _NOT_SO.search(words.lower()) is not None
                return self._against(words, known, less, about, dropped)
        if not graded:
            return None
        words, base, turned = graded[0]
        turned_round = opposite(base) if turned else None
        return Relative(words, instead=more(turned_round) if turned_round else "")

    def _against(self, words: str, known: Field, less: bool, about: Sequence[Shown], dropped: bool) -> Relative:
        """The comparison over a field, held against those shown that have a value there."""
        wish = None if dropped else Criterion(known.field, "low" if less else "high", None, 3, words)
        values = [v for p in about if (v := self.number(p, known)) is not None]
        if not values:
            sort = None if dropped else Sort(known.field, "asc" if less else "desc", words)
            return Relative(words, sort=sort, criterion=wish if dropped else None)
        bounds = known.bounds()
        unknown: tuple[str, ...] = ()
        if less and bounds and bounds[0] == 0:  # nothing weighs nothing: the value is not known
            unknown = tuple(p.id for p in about if self.number(p, known) == 0)
            values = [v for v in values if v > 0]
        if not values:
            return Relative(words, criterion=wish, unknown=unknown)
        value = min(values) if less else max(values)
        limit = Constraint(known.field, "<" if less else ">", _plain(value), words)
        return Relative(words, limit, criterion=wish, dropped=dropped, unknown=unknown)

    def fields_of(self, category: str | None, about: Iterable[Shown]) -> list[Field]:
        """The fields that products of the category carry; where products shown can be looked up, those that one of them
        has a number in, if there are any."""
        fields = [f for f in self._index.fields.values() if f.carried(category)]
        picks = list(about)
        return [f for f in fields if any(self.number(p, f) is not None for p in picks)] or fields

    def value(self, pick: Shown, field: str) -> Any:
        """What a pick holds in a field, None where it holds nothing there or cannot be looked up."""
        product: Product | None = self._product(pick.id) if self._product else None
        return product.value(field) if product else None

    def number(self, pick: Shown, known: Field) -> float | None:
        """What a pick holds in a field, None where it holds no number there or cannot be looked up."""
        value = self.value(pick, known.field)
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


def loosened(intent: Intent) -> list[tuple[Intent, tuple[Constraint, ...]]]:
    """The intent with less and less of the limits that came from comparing with what was shown, each with the limits it is without:
    first those that a later one on the same field turned round ("longer", then "shorter"), then all. A wish stands for each."""
    compared = [c for c in intent.constraints if said.compares(c)]
    turned = tuple(c for n, c in enumerate(compared) if any(c.field == later.field for later in compared[n + 1 :]))
    held = {c.field for c in intent.criteria}
    last = {c.field: c for c in compared}
    wishes = tuple(
        Criterion(c.field, "low" if c.operator == "<" else "high", None, 3, c.span)
        for c in last.values()
        if c.field not in held and not _NOT_SO.search(c.span.lower())
    )
    criteria = (*wishes, *intent.criteria)
    return [
        (replace(intent, constraints=tuple(c for c in intent.constraints if c not in gone), criteria=criteria), gone)
        for gone in dict.fromkeys((turned, tuple(compared)))
        if gone
    ]

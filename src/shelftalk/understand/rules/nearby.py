"""The words around an amount, by which its field is known, and the limit that comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.rules.degrees import SUPERLATIVES, superlative
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Operator, Scalar
from shelftalk.words.money import currency_of
from shelftalk.words.stems import stemmed
from shelftalk.words.stop import FUNCTION

PRICE_WORDS = stemmed("price priced prices pricing cost costs spend spending pay paying budget cheaper expensive expenditure expenditures expense expenses afford cash money shell splurge fork dropping dough fortune cheap affordable tag blow cough")  # fmt: skip

# The least or the most of something, no name of what is measured.
_BOUND = frozenset(["min", "max", "minimum", "maximum", "tops"])


@dataclass(slots=True)
class Quantity:
    """A limit read from tokens `first` to `last` (the comparing words may stand outside them)."""

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]
    first: int
    last: int
    span: str
    nearest: bool = False  # more than asked fits as well, and the nearest to it fits best

    def constraint(self) -> Constraint:
        """The limit as a constraint."""
        return Constraint(self.field, self.operator, self.value, self.span)


def implied(comparing: str, most: int = 2) -> frozenset[str]:
    """Words for the attribute that a comparative speaks of, the `most` likeliest: "heavier than" is about weight."""
    out: set[str] = set()
    for word in re.findall(r"[a-z]+er\b", comparing):
        base = superlative(word[:-2] + "est") if word not in ("further", "farther") else "far"
        for hints, _ in SUPERLATIVES.get(base or "", ()):
            out.update(hints[:most])
    return frozenset(out)


def following(text: Text, last: int) -> list[str]:
    """The stems of the content words right behind an amount: "2 charging ports"."""
    out: list[str] = []
    for token in text.tokens[last + 1 : last + 4]:
        if token.low in ("of", "worth", "ish") and not token.hard:
            continue
        if token.hard or token.comma or token.low in FUNCTION or currency_of(token.text) or token.low in _BOUND:
            break
        out.append(token.stem)
    return out


def around(
    text: Text, first: int, last: int, begins: int, ordering: frozenset[int] = frozenset()
) -> tuple[frozenset[str], frozenset[str]]:
    """The stems near an amount (same clause, up to the neighbouring amount) and those of its sentence."""
    tokens = text.tokens
    near: set[str] = set()
    far: set[str] = set()
    for step, i in ((-1, first - 1), (1, last + 1)):
        j, crossed, steps = i, False, 0
        while 0 <= j < len(tokens) and steps < 14:
            edge = tokens[j + 1] if step < 0 and j + 1 < len(tokens) else tokens[j]
            if edge.hard:
                break
            if (
                edge.comma
                or tokens[j].low in ("but", "and")
                or (tokens[j].numeric and steps > 0)
                or (tokens[j].numeric)
            ):
                crossed = True
            if j not in ordering:
                (far if crossed or steps > 6 else near).add(tokens[j].stem)
            steps += 1
            j += step
    for j in range(first, last + 1):
        near.add(tokens[j].stem)
    return frozenset(near), frozenset(far | near)

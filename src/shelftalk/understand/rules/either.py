"""Properties of only one of two alternatives: "a monitor light or a dimmable lamp" needs no product to be both.

No filter says "this or that" of two fields, so that these limits become wishes: the more of them a product meets, the better.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Criterion
from shelftalk.words.stems import bag
from shelftalk.words.stop import FUNCTION

_ARTICLES = bag("a an some")
_INSIDE = _ARTICLES | bag("the and")  # words of grammar that an alternative may hold


def either(
    text: Text, constraints: Sequence[Constraint], kinds: Set[int], negative: Sequence[bool]
) -> tuple[list[Constraint], list[Criterion], list[str]]:
    """The constraints that hold for all alternatives, the criteria of those that name a property each, and the words of a
    property that only one of two kinds has. `kinds` are the tokens that name a kind of product."""
    kept, criteria, words = list(constraints), [], []
    for at, token in enumerate(text.tokens):
        if token.low != "or" or negative[at]:
            continue
        left, right = _alternative(text, at, -1), _alternative(text, at, 1)
        if not left or not right:
            continue
        here = [c for c in kept if c.operator in ("=", "in", ">=", "<=") and c.field not in ("categories", "price")]
        lone = [
            [c for c in here if _in(text, c, one) and not _in(text, c, two)]
            for one, two in ((left, right), (right, left))
        ]
        its, others = ({c.field for c in side} for side in lone)
        if its and others and not its & others:
            given = [c for side in lone for c in side]
            criteria += [Criterion(c.field, "is", c.value, words=c.span) for c in given if c.operator == "="]  # type: ignore[arg-type]
        elif others and kinds & set(left):
            given = lone[1]
        elif its and kinds & set(left) and kinds & set(right) and text.tokens[right[0]].low in _ARTICLES:
            given = lone[0]
        else:
            continue
        kept = [c for c in kept if c not in given]
        words += [c.span for c in given if c.span]
    return kept, criteria, words


def _alternative(text: Text, at: int, step: int) -> list[int]:
    """The tokens of the noun phrase that ends before the "or" at `at`, or begins behind it, in their order."""
    held: list[int] = []
    tokens, i = text.tokens, at + step
    while 0 <= i < len(tokens):
        token = tokens[i]
        hyphened = token.gap == "-" or (i + 1 < len(tokens) and tokens[i + 1].gap == "-")  # the "up" of "pop-up"
        ends = token.low in FUNCTION and token.low not in _INSIDE and not hyphened
        if ends or (step > 0 and held and (token.hard or token.comma)):
            break
        held.append(i)
        if step < 0 and (token.hard or token.comma):
            break
        i += step
    return sorted(held)


def _in(text: Text, constraint: Constraint, phrase: Sequence[int]) -> bool:
    """Whether the constraint was read from the words of a phrase."""
    said = text.low[text.tokens[phrase[0]].start : text.tokens[phrase[-1]].end]
    return bool(constraint.span) and re.search(rf"(?<!\w){re.escape(constraint.span.lower())}(?!\w)", said) is not None

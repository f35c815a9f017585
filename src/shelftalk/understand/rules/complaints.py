"""What is said of a thing that the shopper has and wants another one of: "my chair has no armrests, I need a new one".

It is no limit on the new one: what the old one lacks is wished for, and the rest is left to the language model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.senses import to_replace
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Criterion

_CLAUSES = re.compile(r"[,;:.!?()\n]+(?:\s|$)|\s(?:and|but|so)\b")
_NONE = frozenset({"none", "no", "without"})


def told_of_old(text: Text, found: Iterable[Mention]) -> frozenset[int]:
    """The tokens that tell of the thing to be replaced."""
    told = (to_replace(text, m) for m in found if m.field == "categories")
    return frozenset(i for tokens in told for i in tokens or ())


def mend(
    text: Text, complaint: Collection[int], limits: Sequence[Constraint]
) -> tuple[list[Constraint], list[Criterion]]:
    """The limits that are none of the old thing, and criteria for what the old one lacks."""
    if not complaint:
        return list(limits), []
    clauses = _CLAUSES.split(text.span(min(complaint), max(complaint)))
    kept: list[Constraint] = []
    wanted: list[Criterion] = []
    for c in limits:
        told = next((clause.strip() for clause in clauses if c.span and c.span.lower() in clause.lower()), None)
        if told is None:
            kept.append(c)
        elif c.operator == "=" and c.value is False:
            wanted.append(Criterion(c.field, "is", True, words=told))
        elif c.operator == "=" and str(c.value).lower() in _NONE:
            wanted.append(Criterion(c.field, "not", c.value, words=told))  # type: ignore[arg-type]
    return kept, wanted

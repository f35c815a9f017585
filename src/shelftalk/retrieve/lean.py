"""What else than the request orders candidates: a shopper's taste, among what the request leaves equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from shelftalk.retrieve.near import comparable
from shelftalk.retrieve.query import Lean
from shelftalk.retrieve.stock import placed
from shelftalk.values import Candidate, Sort

__all__ = ["leaning"]


def leaning(candidates: Sequence[Candidate], lean: Lean | None, sort: Sort | None) -> tuple[Candidate, ...]:
    """The candidates as `lean` orders them, under a sort among those of equal value alone. Without a sort their score is kept as
    "relevance": what follows may move some, and then a score tells the place alone."""
    if sort is None:
        leant = candidates if lean is None else lean(candidates)
        return tuple(replace(c, scores={**c.scores, "relevance": c.score}) for c in leant)
    if lean is None:
        return tuple(candidates)
    alike = groupby(candidates, key=lambda c: comparable(c.product, sort.field))
    return placed([(c.product, c.scores) for _, some in alike for c in lean(list(some))])

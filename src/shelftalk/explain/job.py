"""What explain is asked: the picks of one answer, and the shopper's words that they are explained to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shelftalk.catalog.standing import Scope
from shelftalk.values import Claim, Constraint, Intent, Product


@dataclass(frozen=True, slots=True)
class ExplainJob:
    """The picks of one answer, best first, to be explained to the shopper who wrote `request`.

    `relaxed` are the constraints that retrieval gave up; a pick that misses one says so. `scope` is what fits, by which a fact's
    standing is told; without one no fact has a standing. `own` is, by product id, what a pick shares with the shopper's own history; `context`
    when, where and on what they ask, for a model that words reasons. `listed` where nobody asked: what brought a product into the list is then
    told first.
    """

    request: str
    intent: Intent
    products: tuple[Product, ...]
    relaxed: tuple[Constraint, ...] = ()
    scope: Scope | None = None
    own: Mapping[str, Claim] = field(default_factory=dict)
    context: str = ""
    listed: bool = False
    worked_out: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # once for each job

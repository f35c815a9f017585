"""The products found for an intent, and the order they end in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shelftalk.values.intent import Constraint
from shelftalk.values.product import Product
from shelftalk.values.prompt import Tokens


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that retrieval offers, with its scores by source ("dense", "bm25", "fused"); higher is better."""

    product: Product
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What retrieve found, best first. `relaxed` are the constraints given up to find anything; `no_match` says that
    nothing in the catalogue satisfies the intent as asked (candidates are then near misses, or none); `unlike` that the catalogue
    has nothing like the thing asked for (candidates are then the nearest by their words, and none of them is offered)."""

    candidates: tuple[Candidate, ...] = ()
    relaxed: tuple[Constraint, ...] = ()
    no_match: bool = False
    matching: int = 0
    notes: tuple[str, ...] = ()
    unlike: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in their final order with the score they were ordered by, and the strategy that did it."""

    candidates: tuple[Candidate, ...] = ()
    strategy: str = "none"
    tokens: Tokens = Tokens()
    prompt: str | None = None
    notes: tuple[str, ...] = ()

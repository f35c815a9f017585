"""The products found for an intent, and the order they end in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    has nothing like the thing asked for (candidates are then the nearest by their words, and none of them is offered); `seen` with
    `no_match` how many products fit, but were shown or sent away before."""

    candidates: tuple[Candidate, ...] = ()
    relaxed: tuple[Constraint, ...] = ()
    no_match: bool = False
    matching: int = 0
    notes: tuple[str, ...] = ()
    unlike: bool = False
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Slate:
    """A list that was drawn at random: among which candidates (ids, in the order of their scores of 0 to 1), which were shown, and the
    probability of each at its position given those before. `features` are the candidates' scores by source."""

    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    shown: tuple[str, ...]
    propensities: tuple[float, ...]
    temperature: float
    features: tuple[Mapping[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The slate as it is logged."""
        return {
            "candidates": list(self.candidates),
            "scores": [round(s, 6) for s in self.scores],
            "features": [{k: round(v, 6) for k, v in f.items()} for f in self.features],
            "shown": list(self.shown),
            "propensities": list(self.propensities),
            "temperature": self.temperature,
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in their final order with the score they were ordered by, and the strategy that did it."""

    candidates: tuple[Candidate, ...] = ()
    strategy: str = "none"
    tokens: Tokens = Tokens()
    prompt: str | None = None
    notes: tuple[str, ...] = ()

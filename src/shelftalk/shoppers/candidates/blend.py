"""How much each candidate source counts, as a smooth function of how much history there is.

The weight of a source is a * c / (n + c) + b * n / (n + c), where n is the number of interactions that say anything, a what it
counts without any, b what it counts with very many, and c the number at which it stands halfway. The weights are fitted on a time
split (`shelftalk events fit`); those that travel with the package were fitted by benchmarks/next_basket.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

DEFAULT = Path(__file__).with_name("blend.json")
# Sources of a list that no request was made for, in the order in which their weights are kept; an answer names them by these words.
SOURCES = ("liked", "bought_together", "popular", "new", "taste", "again")
# Those that need no interactions of the shopper.
WITHOUT_HISTORY = frozenset({"popular", "new"})


@dataclass(frozen=True, slots=True)
class Blend:
    """Weights by source: without history, and with very much; `half` interactions stand halfway between."""

    without: Mapping[str, float]
    much: Mapping[str, float]
    half: float

    def weights(self, n: int, names: Sequence[str] = SOURCES) -> np.ndarray:
        """The weights of those sources for a history of n interactions, of sum 1; a source that was never fitted has none."""
        share = n / (n + self.half)
        made = np.array([(1 - share) * self.without.get(s, 0.0) + share * self.much.get(s, 0.0) for s in names])
        return np.asarray(made / max(float(made.sum()), 1e-12))

    def to_dict(self) -> dict[str, Any]:
        """The blend as its file holds it."""
        return {"without": dict(self.without), "much": dict(self.much), "half": self.half}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Blend:
        """The blend that `to_dict` wrote down; ValueError where a weight is negative or no number."""
        without = {str(s): float(w) for s, w in found["without"].items()}
        much = {str(s): float(w) for s, w in found["much"].items()}
        half = float(found["half"])
        if not half > 0 or not all(0 <= w < float("inf") for w in (*without.values(), *much.values())):
            raise ValueError("a weight of the blend is no number of 0 or more")
        return cls(without, much, half)

    @classmethod
    def default(cls) -> Blend:
        """The weights that travel with the package."""
        return _default()


@lru_cache(maxsize=1)
def _default() -> Blend:
    return Blend.from_dict(json.loads(DEFAULT.read_text(encoding="utf-8")))

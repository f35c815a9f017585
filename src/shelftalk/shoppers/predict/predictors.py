"""Who gives the probability of a like: a logistic model over features (the default on a CPU), or the language model.

Both have one verb. Neither knows where a history comes from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from shelftalk.engines.base import Engine
from shelftalk.facts.facts import money
from shelftalk.prompts import Template
from shelftalk.shoppers.predict.bayes import Posterior, Prior, update
from shelftalk.shoppers.predict.examples import Example
from shelftalk.shoppers.predict.features import NAMES, VectorOf, features
from shelftalk.shoppers.predict.kinds import Kinds, kind_of
from shelftalk.shoppers.predict.met import Met, Outcome, Pair
from shelftalk.values import Product, Prompt

__all__ = ["FeaturePredictor", "ModelPredictor", "Predictor", "like_prompt"]

_SHOWN = 5  # products on each side that the language model reads
_LABELS = ("yes", "no")
ENOUGH = 30  # examples from which a probability is calibrated


class Predictor(Protocol):
    """Gives the probability that each pair's shopper will like its product. `examples` is how many of the shop it learnt from, `usual` the
    share of them that was liked (.5 where there are too few to say)."""

    name: str
    examples: int
    usual: float

    def probabilities(self, pairs: Sequence[Pair]) -> list[float]:
        """One a pair, in order, each above 0 and below 1."""
        ...


class FeaturePredictor:
    """A logistic model over features with an informed prior (bayes.py). Without examples of the shop the prior alone speaks."""

    name = "features"

    def __init__(
        self, vector: VectorOf, kinds: Kinds, posterior: Posterior | None = None, *, usual: float = 0.5
    ) -> None:
        self._vector, self._kinds, self.usual = vector, kinds, usual
        self._posterior = posterior or update(Prior.expected(NAMES), np.zeros((0, len(NAMES))), np.zeros(0))
        self.examples = self._posterior.examples

    @classmethod
    def learnt(
        cls, found: Sequence[Example], vector: VectorOf, kinds: Kinds, prior: Prior | None = None
    ) -> FeaturePredictor:
        """From a shop's examples, as few or many as there are."""
        blank = cls(vector, kinds)
        x = blank.features([e.pair for e in found])
        y = np.array([e.liked for e in found], dtype=float)
        return cls(vector, kinds, update(prior or Prior.expected(NAMES), x, y), usual=usual_of(found))

    def features(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Shape (len(pairs), len(NAMES))."""
        rows = [features(pair, self._vector, self._kinds) for pair in pairs]
        return np.array(rows).reshape(len(rows), len(NAMES))

    def probabilities(self, pairs: Sequence[Pair]) -> list[float]:
        """One a pair, in order."""
        return [float(p) for p in self._posterior.probability(self.features(pairs))] if pairs else []


class ModelPredictor:
    """The language model: the history in plain words, yes or no, the probability of one token (TALLRec, arXiv 2305.00447).

    `scale` and `shift` bring its log-odds to probabilities (Platt 1999): see `calibrated`.
    """

    name = "model"

    def __init__(
        self, engine: Engine, template: Template, *, scale: float = 1.0, shift: float = 0.0, examples: int = 0,
        usual: float = 0.5,
    ) -> None:  # fmt: skip
        self._engine, self._template, self._scale, self._shift = engine, template, scale, shift
        self.examples, self.usual = examples, usual

    def calibrated(self, found: Sequence[Example]) -> ModelPredictor:
        """The same with scale and shift fitted to examples (fewer than ENOUGH, or of one label: as it was)."""
        y = np.array([e.liked for e in found], dtype=float)
        if len(found) < ENOUGH or len(set(y.tolist())) < 2:
            return self
        scale, shift = platt(np.array(self.log_odds([e.pair for e in found])), y)
        return ModelPredictor(
            self._engine, self._template, scale=scale, shift=shift, examples=len(found), usual=usual_of(found)
        )

    def log_odds(self, pairs: Sequence[Pair]) -> list[float]:
        """The model's log-odds of yes, as they come."""
        choices = self._engine.choose([like_prompt(self._template, pair) for pair in pairs], _LABELS) if pairs else []
        return [choice.logprobs["yes"] - choice.logprobs["no"] for choice in choices]

    def probabilities(self, pairs: Sequence[Pair]) -> list[float]:
        """One a pair, in order."""
        return [
            1 / (1 + math.exp(-max(-35.0, min(35.0, self._scale * odds + self._shift))))
            for odds in self.log_odds(pairs)
        ]


def usual_of(found: Sequence[Example]) -> float:
    """How often what was met was liked; .5 where there are too few examples to say."""
    return sum(e.liked for e in found) / len(found) if len(found) >= ENOUGH else 0.5


def like_prompt(template: Template, pair: Pair, shown: int = _SHOWN) -> Prompt:
    """The prompt of one pair: products of the asked one's kind first, then the latest."""
    kind = kind_of(pair.product)

    def lines(*outcomes: Outcome) -> list[str]:
        held = [m for m in pair.history if m.outcome in outcomes]
        held.sort(key=lambda m: kind_of(m.product) != kind)  # stable: the latest first within each
        return [_line(m) for m in held[:shown]]

    return template.render(
        liked=lines("liked") or lines("clicked"), refused=lines("refused", "passed"), product=_record(pair.product)
    )


def platt(odds: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(scale, shift) that make log-odds probabilities of these labels, each drawn a little to 1 and 0."""
    prior = Prior(np.zeros(1), np.ones(1), np.array([0.0, 1.0]), spread=1.0)
    fitted = update(prior, odds[:, None] / max(1e-6, float(np.abs(odds).max()) / 4), y).mean
    return float(fitted[1]) / max(1e-6, float(np.abs(odds).max()) / 4), float(fitted[0])


def _line(met: Met) -> str:
    return _record(met.product) + (f"; {met.how}" if met.rating is not None else "")


def _record(product: Product) -> str:
    price = money(product.price, product.currency) if product.price is not None else ""
    return "; ".join(part for part in (product.title, product.brand or "", kind_of(product), price) if part)

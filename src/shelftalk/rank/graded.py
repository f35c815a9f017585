"""Graded ranking: a typed decision a candidate. The model reads a card alone and one token says how well it answers, 0 to 3.

The card holds the criteria as read and the facts that they touch with their standing, so the model weighs what was computed
rather than compares numbers. The expected grade over the four probabilities is the score (as in Zhuang et al. 2024, arXiv
2310.14122, relevance generation with fine-grained labels), sharpened or flattened by a temperature fitted on a dev split.
Each candidate is read alone: an order cannot depend on position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shelftalk.engines.base import Engine
from shelftalk.facts.card import card_facts, wants
from shelftalk.prompts import Template
from shelftalk.values import Facets, Intent, Product, Prompt, Tokens

if TYPE_CHECKING:
    from shelftalk.catalog.standing import Stands

__all__ = ["GRADES", "Graded", "Grades", "card_prompt", "expected"]

GRADES = ("0", "1", "2", "3")
CARD_FACTS = 4


@dataclass(frozen=True, slots=True)
class Grades:
    """The expected grade of each product, 0 to 1, and what was read for them."""

    scores: tuple[float, ...]
    tokens: Tokens = Tokens()


def card_prompt(
    template: Template,
    request: str,
    intent: Intent,
    product: Product,
    facets: Facets,
    scope: Stands | None,
    own: str = "",
) -> Prompt:
    """The prompt that shows one card; `own` is what the product shares with the shopper's own history, "" for nothing."""
    facts = [fact.line for fact in card_facts(product, facets, intent, scope, CARD_FACTS)]
    return template.render(
        request=request, wants=wants(intent), product=product.title, facts=[*facts, *([own] if own else [])]
    )


def expected(logprobs: Mapping[str, float], temperature: float = 1.0) -> float:
    """The mean grade over the probabilities at a temperature, as a share of the best grade."""
    scaled = {g: logprobs[g] / temperature for g in GRADES}
    top = max(scaled.values())
    weights = {g: math.exp(v - top) for g, v in scaled.items()}
    return sum(int(g) * w for g, w in weights.items()) / (3 * sum(weights.values()))


class Graded:
    """Grades products one by one. `prompt` is its template's ref."""

    name = "graded"

    def __init__(self, engine: Engine, template: Template, temperature: float) -> None:
        self._engine, self._template, self._temperature = engine, template, temperature
        self.prompt = template.ref

    def grade(
        self, asked: Sequence[tuple[str, Intent, Sequence[Product], Facets, Stands | None, Mapping[str, str]]]
    ) -> list[Grades]:
        """One Grades a request; the cards of all requests share the engine's batches. The last of each is what products share with the
        shopper's own history, by product id."""
        prompts = [
            card_prompt(self._template, request, intent, product, facets, scope, own.get(product.id, ""))
            for request, intent, products, facets, scope, own in asked
            for product in products
        ]
        choices = iter(self._engine.choose(prompts, list(GRADES)) if prompts else [])
        out = []
        for _, _, products, _, _, _ in asked:
            mine = [next(choices) for _ in products]
            scores = tuple(expected(choice.logprobs, self._temperature) for choice in mine)
            out.append(Grades(scores, sum((choice.tokens for choice in mine), Tokens())))
        return out

"""Does this product suit this need? Yes or no with a probability, read from one token's log-probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shelftalk.engines.base import Engine
from shelftalk.prompts import PromptLibrary, fit
from shelftalk.rank.card import card
from shelftalk.values import Intent, Product, Verdict

_ATTRIBUTES = 40
_BUDGET = 800


def record(question: str, product: Product) -> str:
    """The product as the prompt shows it: title, price, brand and attributes, what the question's words touch first."""
    return card(product, Intent(query=question), attributes=_ATTRIBUTES)


class Suits:
    """Classifies (question, product) pairs, yes or no. `prompt` is the template's ref."""

    def __init__(self, engine: Engine, prompts: PromptLibrary, prompt: str = "suit/yesno") -> None:
        self._engine, self._template = engine, prompts.named("suit", prompt, "rank.suits_prompt")
        self.prompt = self._template.ref

    def judge(self, pairs: Sequence[tuple[str, Product]]) -> list[Verdict]:
        """One Verdict a pair, in order; all pairs share the engine's batches."""
        prompts = [
            self._template.render(question=q, product=fit([record(q, p)], _BUDGET, self._engine.count_tokens)[0])
            for q, p in pairs
        ]
        choices = self._engine.choose(prompts, ["yes", "no"]) if prompts else []
        return [
            Verdict(p.id, c.best == "yes", math.exp(c.logprobs["yes"]), c.tokens, self.prompt)
            for (_, p), c in zip(pairs, choices, strict=True)
        ]

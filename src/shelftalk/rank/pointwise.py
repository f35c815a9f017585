"""Pointwise ranking: each candidate alone, and the log-probability that the model says yes (Nogueira et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from shelftalk.prompts import fit
from shelftalk.rank.strategy import PromptStrategy, Scores, Window
from shelftalk.values import Tokens


class Pointwise(PromptStrategy):
    """Scores are log p(yes), normalised over yes and no."""

    name = "pointwise"
    largest: int | None = None
    order_matters = False

    def score(self, windows: Sequence[Window]) -> list[Scores]:
        """One Scores a window; all cards of all windows share a batch."""
        prompts = [
            self._template.render(request=w.request, product=fit([card], self._budget, self._engine.count_tokens)[0])
            for w in windows
            for card in w.cards
        ]
        choices = iter(self._engine.choose(prompts, ["yes", "no"]) if prompts else [])
        out = []
        for window in windows:
            mine = list(islice(choices, len(window.cards)))
            tokens = sum((c.tokens for c in mine), Tokens())
            out.append(Scores(tuple(c.logprobs["yes"] for c in mine), tokens))
        return out

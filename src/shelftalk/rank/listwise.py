"""Single-token listwise ranking: the candidates carry letters, and one pass gives the log-probability of each letter.

An order costs one prefill and cannot name a product that is no candidate (FIRST, Reddy et al. 2024, arXiv 2406.15657).
"""

from __future__ import annotations

import string
from collections.abc import Sequence

from shelftalk.engines.base import Engine
from shelftalk.prompts import Template, fit
from shelftalk.rank.strategy import PromptStrategy, Scores, Window
from shelftalk.values import Prompt

LABELS = string.ascii_uppercase[:20]  # a server reports at most 20 log-probabilities


class Listwise(PromptStrategy):
    """Scores are natural log-probabilities of the cards' letters, normalised over the window."""

    name = "listwise"
    largest: int | None = len(LABELS)
    order_matters = True

    def score(self, windows: Sequence[Window]) -> list[Scores]:
        """One Scores a window; windows of one size share a batch."""
        out: list[Scores | None] = [None] * len(windows)
        for size in sorted({len(w.cards) for w in windows}):
            at = [i for i, w in enumerate(windows) if len(w.cards) == size]
            if size < 2:
                for i in at:
                    out[i] = Scores((0.0,) * size)
                continue
            labels = LABELS[:size]
            choices = self._engine.choose(
                [lettered(windows[i], self._template, self._engine, self._budget) for i in at], list(labels)
            )
            for i, choice in zip(at, choices, strict=True):
                out[i] = Scores(tuple(choice.logprobs[label] for label in labels), choice.tokens)
        return [scores for scores in out if scores is not None]


def lettered(window: Window, template: Template, engine: Engine, budget: int) -> Prompt:
    """The prompt that shows a window's cards under letters, shortened evenly to the token budget."""
    cards = fit(window.cards, budget, engine.count_tokens)
    labelled = [{"label": label, "text": card} for label, card in zip(LABELS, cards, strict=False)]
    return template.render(request=window.request, candidates=labelled)

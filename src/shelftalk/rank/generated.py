"""Generated listwise ranking, as RankGPT and its peers do it: the model writes the whole order (Sun et al. 2023).

Kept for comparison: it decodes a few tokens a candidate and may name, repeat or omit anything; what it leaves out keeps
its retrieval order behind what it named, and the ranking's notes say so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.engines.base import Decoding
from shelftalk.rank.listwise import LABELS, lettered
from shelftalk.rank.strategy import PromptStrategy, Scores, Window

_LABEL = re.compile(r"(?<![A-Za-z])([A-T])(?![A-Za-z])")


class Generated(PromptStrategy):
    """Scores are minus the position in the written order."""

    name = "generated"
    largest: int | None = len(LABELS)
    order_matters = True

    def score(self, windows: Sequence[Window]) -> list[Scores]:
        """One Scores a window, all in one batch."""
        prompts = [lettered(window, self._template, self._engine, self._budget) for window in windows]
        longest = max((len(w.cards) for w in windows), default=0)
        written = self._engine.generate(prompts, Decoding(max_tokens=4 * longest + 4)) if prompts else []
        out = []
        for window, generation in zip(windows, written, strict=True):
            order = parse_order(generation.text, len(window.cards))
            missing = [i for i in range(len(window.cards)) if i not in order]
            place = {index: position for position, index in enumerate([*order, *missing])}
            note = f"the model's order left out {len(missing)} of {len(window.cards)} candidates" if missing else None
            out.append(Scores(tuple(-float(place[i]) for i in range(len(window.cards))), generation.tokens, note))
        return out


def parse_order(text: str, size: int) -> list[int]:
    """The indices that a written order names, each once, those beyond the window left out."""
    seen: list[int] = []
    for match in _LABEL.finditer(text):
        index = LABELS.index(match.group(1))
        if index < size and index not in seen:
            seen.append(index)
    return seen

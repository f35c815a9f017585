"""A token budget that shortens many texts evenly instead of cutting the last ones off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shelftalk.text import shorten


def fit(texts: Sequence[str], budget: int, count: Callable[[str], int]) -> list[str]:
    """The texts, each shortened to one common length so that together they take at most `budget` tokens.

    Short texts stay whole and give their share to the long ones (water-filling). `count` gives the tokens of a text.
    At least 12 characters of each text are kept, whatever the budget.
    """
    sizes = [count(text) for text in texts]
    if sum(sizes) <= budget or not texts:
        return list(texts)
    level = _level(sizes, budget)
    out = []
    for text, size in zip(texts, sizes, strict=True):
        allowed = max(12, int(len(text) * level / size)) if size > level else len(text)
        cut = shorten(text, allowed)
        while len(cut) > 12 and count(cut) > level:
            cut = shorten(text, max(12, int(len(cut) * 0.9)))
        out.append(cut)
    return out


def _level(sizes: Sequence[int], budget: int) -> float:
    """The cap on each size at which their sum meets the budget."""
    left, rest = float(budget), sorted(sizes)
    for i, size in enumerate(rest):
        share = left / (len(rest) - i)
        if size >= share:
            return share
        left -= size
    return float(rest[-1])

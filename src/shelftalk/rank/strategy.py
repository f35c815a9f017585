"""The one interface of ranking strategies: windows of candidate cards in, a score for each card out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shelftalk.engines.base import Engine
from shelftalk.prompts import Template
from shelftalk.values import Tokens


@dataclass(frozen=True, slots=True)
class Window:
    """A request and the cards (one untrusted line a candidate) that compete in one prompt, in the order shown."""

    request: str
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """A score a card, higher is better, comparable within the window; `note` says what was wrong with the output."""

    scores: tuple[float, ...]
    tokens: Tokens = Tokens()
    note: str | None = None


class Strategy(Protocol):
    """A way to score windows. `largest` is the number of cards one window may hold (None: any)."""

    name: str
    prompt: str
    largest: int | None
    order_matters: bool

    def score(self, windows: Sequence[Window]) -> list[Scores]:
        """One Scores a window, in order, all windows in one batch of the engine."""
        ...


class PromptStrategy:
    """What asks a language model with one template, within a budget of tokens."""

    def __init__(self, engine: Engine, template: Template, budget: int) -> None:
        self._engine, self._template, self._budget = engine, template, budget
        self.prompt = template.ref

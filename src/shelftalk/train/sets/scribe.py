"""An engine that writes down what it is asked: the stages that serve render the prompts, and training learns those.

No prompt is rendered anywhere else in training, so what a model is trained on cannot drift from what it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shelftalk.engines.base import Choice, Decoding, Engine, Generation
from shelftalk.values import Prompt

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class PromptCall:
    """One question of a stage: the prompt, the labels to choose from (() where text is wanted) and the decoding."""

    prompt: Prompt
    labels: tuple[str, ...] = ()
    decoding: Decoding | None = None


class Scribe(Engine):
    """Keeps every question. `count` gives the tokens of a text, so that prompts are shortened as they are in service.

    Generations are answered from `replies`, in order; the stage then parses and checks the answer as if a model had
    given it.
    """

    name = "scribe"

    def __init__(self, count: Count, model: str = "default") -> None:
        self.model = model
        self._count = count
        self._asked: list[PromptCall] = []
        self.replies: list[str] = []

    def take(self) -> list[PromptCall]:
        """What was asked since the last call, in order."""
        asked, self._asked = self._asked, []
        return asked

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """Every label alike."""
        self._asked += [PromptCall(prompt, tuple(labels)) for prompt in prompts]
        return [Choice(dict.fromkeys(labels, 0.0)) for _ in prompts]

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """The next replies, "" where there are none left."""
        each = [decoding] * len(prompts) if isinstance(decoding, Decoding) else decoding
        self._asked += [PromptCall(p, (), d) for p, d in zip(prompts, each, strict=True)]
        texts, self.replies = self.replies[: len(prompts)], self.replies[len(prompts) :]
        return [Generation(text) for text in (*texts, *[""] * (len(prompts) - len(texts)))]

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The next reply in one piece."""
        yield self.generate([prompt], decoding)[0].text

    def count_tokens(self, text: str) -> int:
        """The tokens of the text by the model's own tokenizer."""
        return self._count(text)

    def close(self) -> None:
        """Nothing to free."""

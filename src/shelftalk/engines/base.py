"""The one small interface through which the language model is reached: choose, generate, stream.

An engine knows nothing of products, prompts' meaning or the path. All calls take batches where batching pays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from shelftalk.values import Message, Prompt, Tokens

__all__ = ["Choice", "Decoding", "Engine", "Generation", "Message", "Prompt"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Natural log-probability of each label as the next text after the prompt, normalised over the labels."""

    logprobs: Mapping[str, float]
    tokens: Tokens = Tokens()

    @property
    def best(self) -> str:
        """The likeliest label; the first given one where two tie."""
        return max(self.logprobs, key=lambda label: self.logprobs[label])


@dataclass(frozen=True, slots=True)
class Generation:
    """What the model wrote; `finish` is "stop" or "length"."""

    text: str
    finish: str = "stop"
    tokens: Tokens = Tokens()


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to decode: greedy at temperature 0, else sampled with the seed.

    `schema` is a JSON Schema the text must obey; `grammar` one in EBNF (GBNF's notation, start symbol "root"), for texts
    that are no JSON. At most one of them is given.
    """

    max_tokens: int = 128
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    grammar: str | None = None


@runtime_checkable
class Engine(Protocol):
    """A language model, however it is reached. Raises EngineError with what to do when it cannot answer."""

    name: str
    model: str

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order. Each label must be one token of the model ("A" to "Z", "yes", "no")."""
        ...

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order; one Decoding for all, or one each."""
        ...

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, piece by piece as it is written."""
        ...

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a plain text, without any chat template."""
        ...

    def close(self) -> None:
        """Free the model or the connection; safe to call twice."""
        ...

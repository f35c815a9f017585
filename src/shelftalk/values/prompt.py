"""What a language model reads, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt: the messages for the model, and the id@version of the template they came from.

    A last message of role "assistant" is a prefix that the model continues.
    """

    messages: tuple[Message, ...]
    template: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that a language model read and wrote."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.completion + other.completion)

"""Examples as token ids: the prompt exactly as an engine reads it when it serves, then the answer and the end of turn.

The chat template is rendered by the engines' own code, and the answer is tokenised apart, as a model writes it after
the prompt: what is trained is what is asked later, to the token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftalk.engines.common import Chat
from shelftalk.values import Message, Prompt

__all__ = ["Encoded", "answer_of", "data_hash", "encode", "prompt_of", "token_weight"]

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Encoded:
    """One example: the ids of prompt and answer together, the number of the prompt's, what each of the answer's counts."""

    ids: list[int]
    prompt: int
    weights: list[float]

    @property
    def row(self) -> dict[str, Any]:
        """As a training row: input_ids, labels (-100 over the prompt), weights (0 over the prompt), length."""
        labels = [IGNORED] * self.prompt + self.ids[self.prompt :]
        weights = [0.0] * self.prompt + self.weights
        return {"input_ids": self.ids, "labels": labels, "weights": weights, "length": len(self.ids)}


def prompt_of(row: Mapping[str, Any]) -> Prompt:
    """The row's prompt as engines take it."""
    return Prompt(tuple(Message(m["role"], m["content"]) for m in row["prompt"]), str(row.get("task", "train")))


def answer_of(row: Mapping[str, Any]) -> str:
    """The right answer's text."""
    return str(row["completion"][-1]["content"])


def token_weight(answer_tokens: int, loss_per: str, weight: float = 1.0) -> float:
    """What each token of an answer counts: 1, 1/sqrt(n) or 1/n, times the example's weight.

    With "token" a JSON object of 60 tokens outweighs a yes or no 30 times; with "example" all answers count the same.
    """
    power: float = {"token": 0.0, "sqrt": 0.5, "example": 1.0}[loss_per]
    return float(weight / max(1, answer_tokens) ** power)


def encode(row: Mapping[str, Any], chat: Chat, end: int, loss_per: str = "token", then: float = 0.0) -> Encoded:
    """The example as ids, the answer closed by `end`, the token that ends a turn.

    With `then` above 0 the row's `then` (why the answer is so) follows the answer on a line of its own, before the end: all
    its tokens together count `then` times what a whole answer counts. It teaches what to look at and is never asked for.
    """
    prompt = chat.ids(prompt_of(row))
    answer = chat.tokenizer(answer_of(row), add_special_tokens=False)["input_ids"]
    weight = 1.0 if row.get("weight") is None else float(row["weight"])
    after = str(row.get("then") or "") if then > 0 else ""
    if not after:
        answer = [*answer, end]
        return Encoded([*prompt, *answer], len(prompt), [token_weight(len(answer), loss_per, weight)] * len(answer))
    rest = [*chat.tokenizer(f"\n{after}", add_special_tokens=False)["input_ids"], end]
    counted = [token_weight(len(answer), loss_per, weight)] * len(answer)
    return Encoded([*prompt, *answer, *rest], len(prompt), counted + [weight * then / len(rest)] * len(rest))


def end_of_turn(tokenizer: Any) -> int:
    """The id with which an answer ends: what the chat template writes after the assistant's words, else the eos."""
    marked = "\u2402"
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": marked}], tokenize=False
    )
    after = tokenizer(text.partition(marked)[2].strip(), add_special_tokens=False)["input_ids"]
    return int(after[0]) if after and after[0] in tokenizer.all_special_ids else int(tokenizer.eos_token_id)


def data_hash(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over task, prompt, answer, what follows it, and weight of each row, in order."""
    digest = hashlib.sha256()
    for row in rows:
        prompt: Sequence[Any] = [[m["role"], m["content"]] for m in row["prompt"]]
        digest.update(
            json.dumps([row["task"], prompt, answer_of(row), row.get("weight"), row.get("then") or ""]).encode()
        )
    return digest.hexdigest()

"""What all requests to a language model's server share: a batch side by side, what an answer or a refusal says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from shelftalk.values import Tokens

__all__ = ["label_logprobs", "message", "seconds", "side_by_side", "tokens"]

A = TypeVar("A")
B = TypeVar("B")


async def side_by_side(call: Callable[[A], Awaitable[B]], items: Sequence[A]) -> list[B]:
    """The results in order; where one fails, the others are called off."""
    tasks = [asyncio.ensure_future(call(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def message(response: httpx.Response) -> str:
    """What a refusal says, shortened."""
    try:
        said = response.json()
        said = said.get("error", said)
        return str(said.get("message", said))[:300]
    except (ValueError, AttributeError):
        return response.text[:200] or "no reason given"


def seconds(value: str | None, otherwise: float) -> float:
    """The number of a header such as Retry-After."""
    try:
        return max(0.0, float(value)) if value is not None else otherwise
    except ValueError:
        return otherwise


def tokens(answer: Mapping[str, Any]) -> Tokens:
    """The tokens that an answer counts, under the names of either of OpenAI's APIs."""
    usage = answer.get("usage") or {}
    prompt = usage.get("prompt_tokens") or usage.get("input_tokens") or 0
    return Tokens(int(prompt), int(usage.get("completion_tokens") or usage.get("output_tokens") or 0))


def label_logprobs(answer: Mapping[str, Any], labels: Sequence[str], ids: Sequence[int] | None) -> dict[str, float]:
    """The log-probability of each label in a chat answer, minus infinity where it is not there.

    Raises KeyError, IndexError or TypeError where the answer holds no log-probabilities.
    """
    content = answer["choices"][0]["logprobs"]["content"]
    read = {item["token"]: float(item["logprob"]) for item in [content[0], *content[0]["top_logprobs"]]}
    keys = list(labels) if ids is None else [f"token_id:{i}" for i in ids]
    stripped: dict[str, float] = {}
    for token, value in read.items():
        stripped[token.strip()] = max(value, stripped.get(token.strip(), -math.inf))
    return {
        label: read.get(key, read.get(label, stripped.get(label, -math.inf)))
        for label, key in zip(labels, keys, strict=True)
    }

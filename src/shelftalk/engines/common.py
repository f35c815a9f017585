"""What all engines share: chat rendering, labels, stop strings, normalising, and the errors' wording."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from shelftalk.engines.base import Decoding, Message, Prompt
from shelftalk.errors import EngineError

# The log-probability of a label that a server did not report; low enough never to win, finite so that sums stay finite.
FLOOR = -100.0


def each(prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Decoding]:
    """One Decoding a prompt; ValueError when a list of another length was given."""
    if isinstance(decoding, Decoding):
        return [decoding] * len(prompts)
    if len(decoding) != len(prompts):
        raise ValueError(f"{len(prompts)} prompts but {len(decoding)} decodings; give one for all, or one each")
    return list(decoding)


def normalised(logprobs: Mapping[str, float]) -> dict[str, float]:
    """The log-probabilities shifted so that the probabilities of all labels sum to 1; no label falls below FLOOR."""
    finite = {label: FLOOR if math.isnan(value) else max(value, FLOOR) for label, value in logprobs.items()}
    if not finite:
        return {}
    top = max(finite.values())
    total = top + math.log(sum(math.exp(value - top) for value in finite.values()))
    return {label: value - total for label, value in finite.items()}


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string in it, and whether there was one."""
    places = [place for s in stop if s and (place := text.find(s)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def held_back(text: str, stop: Sequence[str]) -> int:
    """The number of characters at the end that may not be shown yet: a stop string may be beginning there."""
    longest = 0
    for s in stop:
        for size in range(min(len(s) - 1, len(text)), longest, -1):
            if text.endswith(s[:size]):
                longest = size
                break
    return longest


def split_prefix(prompt: Prompt) -> tuple[list[dict[str, str]], str]:
    """The messages as chat templates take them, and the assistant's prefix to continue ("" when there is none)."""
    messages: Sequence[Message] = prompt.messages
    if not messages:
        raise EngineError("a prompt without messages cannot be answered; give at least a user message")
    prefix = ""
    if messages[-1].role == "assistant":
        prefix, messages = messages[-1].content, messages[:-1]
    return [{"role": m.role, "content": m.content} for m in messages], prefix


def merge_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages with the system's text put before the first user message, for templates without a system role."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest = [dict(m) for m in messages if m["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return rest


class Chat:
    """Turns prompts into token ids by the chat template of a Hugging Face tokenizer; EngineError when it has none."""

    def __init__(self, tokenizer: Any, model: str) -> None:
        self.tokenizer, self.model = tokenizer, model
        if not getattr(tokenizer, "chat_template", None):
            raise EngineError(
                f"model {model} has no chat template; use an instruction-tuned model, "
                "or put its chat_template.jinja into the model's folder"
            )

    def text(self, prompt: Prompt) -> str:
        """The prompt as the model reads it, up to where it goes on writing."""
        messages, prefix = split_prefix(prompt)
        try:
            rendered = self._render(messages)
        except Exception as first:
            if all(m["role"] != "system" for m in messages):
                raise EngineError(f"the chat template of {self.model} refuses this prompt: {first}") from first
            try:
                rendered = self._render(merge_system(messages))
            except Exception as error:
                raise EngineError(f"the chat template of {self.model} refuses this prompt: {error}") from error
        return rendered + prefix

    def ids(self, prompt: Prompt) -> list[int]:
        """The prompt's token ids."""
        return list(self.tokenizer(self.text(prompt), add_special_tokens=False)["input_ids"])

    def count(self, text: str) -> int:
        """The number of tokens of a plain text."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def label_ids(self, labels: Sequence[str]) -> list[int]:
        """The one token of each label; EngineError names a label that is none or several, or repeated."""
        ids = []
        for label in labels:
            tokens = self.tokenizer(label, add_special_tokens=False)["input_ids"]
            if len(tokens) != 1:
                raise EngineError(
                    f"label {label!r} is {len(tokens)} tokens of {self.model}; use labels of one token, such as letters"
                )
            ids.append(tokens[0])
        if len(set(ids)) != len(ids) or not ids:
            raise EngineError(f"labels must be there and differ from one another; got {list(labels)}")
        return ids

    def _render(self, messages: list[dict[str, str]]) -> str:
        # enable_thinking: models that can think first (Qwen3 and others) answer at once; templates ignore what they lack
        return str(
            self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        )


def too_long(model: str, prompt: int, completion: int, context: int) -> EngineError:
    """The error for a prompt that leaves no room for its answer."""
    return EngineError(
        f"the prompt has {prompt} tokens and asks for up to {completion} more, but {model} reads {context}; "
        "offer fewer or shorter candidates, or use a model with a longer context"
    )


def passive_threads() -> None:
    """Let OpenMP's threads sleep while they wait for one another; only has effect before torch is first imported.

    Spinning threads stall each other where others use the machine too: with one other busy process on two cores,
    passive waiting made a batch of 2 to 16 rows 7 to 30 times faster.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def import_transformers() -> tuple[Any, Any]:
    """The modules torch and transformers; EngineError when they cannot be imported."""
    passive_threads()
    try:
        import torch
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache  # noqa: F401
    except Exception as error:  # a CUDA torchvision beside a CPU torch raises RuntimeError here
        raise EngineError(f"transformers cannot be imported: {error}; run 'shelftalk doctor'") from error
    transformers.utils.logging.disable_progress_bar()
    return torch, transformers

"""An engine that answers with queued replies and remembers what it was asked: every path can be tested without a model.

It obeys the contract of a real engine (stop strings, max_tokens, schema, normalised labels), with words as tokens.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shelftalk.engines.base import Choice, Decoding, Generation, Message, Prompt
from shelftalk.engines.common import cut_at_stop, each, normalised, too_long
from shelftalk.errors import EngineError
from shelftalk.values import Tokens

__all__ = ["FakeCall", "FakeEngine", "prompt", "words"]

Canned = str | Mapping[str, float] | Generation | Choice | Exception
Reply = Canned | Callable[[Prompt], Canned]
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+\Z")


@dataclass(frozen=True, slots=True)
class FakeCall:
    """One thing the fake was asked: "choose", "generate" or "stream", the prompt, and how."""

    kind: str
    prompt: Prompt
    decoding: Decoding | None = None
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The contents of all messages, a line break between them."""
        return words(self.prompt)


@dataclass
class FakeEngine:
    """Answers with the queued replies in order, then with `default`; EngineError when neither is left.

    A reply is a text (cut at stop strings and max_tokens, held against the schema), a mapping of labels to log
    probabilities (missing labels get a floor), a ready Generation or Choice (given as it is), an exception (raised),
    or a function of the prompt that returns one of these.
    """

    replies: Iterable[Reply] = ()
    default: Reply | None = None
    name: str = "fake"
    model: str = "fake"
    context: int = 4096
    calls: list[FakeCall] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        self.queue: deque[Reply] = deque(self.replies)

    def enqueue(self, *replies: Reply) -> FakeEngine:
        """The engine itself, with these replies waiting behind those already queued."""
        self.queue.extend(replies)
        return self

    @property
    def prompts(self) -> list[Prompt]:
        """Every prompt it was given, in order."""
        return [call.prompt for call in self.calls]

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, from the queue."""
        self._check()
        for label in labels:
            if (size := self.count_tokens(label)) != 1:
                raise EngineError(f"label {label!r} is {size} tokens of {self.model}; use labels of one token")
        return [self._choose(prompt, labels) for prompt in prompts]

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, from the queue."""
        return [self._generate("generate", p, d) for p, d in zip(prompts, each(prompts, decoding), strict=True)]

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one queued reply, word by word."""
        yield from _TOKEN.findall(self._generate("stream", prompt, decoding).text)

    def count_tokens(self, text: str) -> int:
        """The number of words and signs."""
        return len(_TOKEN.findall(text))

    def close(self) -> None:
        """Nothing to free."""
        self.closed = True

    def _check(self) -> None:
        if self.closed:
            raise EngineError("the engine was closed; load a new one")

    def _next(self, call: FakeCall) -> Canned:
        self._check()
        size = self.count_tokens(words(call.prompt))
        room = call.decoding.max_tokens if call.decoding else 1
        if size + room > self.context:
            raise too_long(self.model, size, room, self.context)
        self.calls.append(call)
        reply = self.queue.popleft() if self.queue else self.default
        if callable(reply) and not isinstance(reply, Exception):
            reply = reply(call.prompt)
        if reply is None:
            raise EngineError(f"the fake engine has no reply left for this prompt: {call.text[-200:]!r}")
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _tokens(self, prompt: Prompt, completion: int) -> Tokens:
        return Tokens(self.count_tokens(words(prompt)), completion)

    def _choose(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        reply = self._next(FakeCall("choose", prompt, labels=tuple(labels)))
        if isinstance(reply, Choice):
            return reply
        if isinstance(reply, str):
            reply = {reply: 0.0}
        if not isinstance(reply, Mapping):
            raise TypeError(f"choose() needs a mapping of labels, a label or a Choice; queued was {reply!r}")
        strange = sorted(set(reply) - set(labels))
        if strange:
            raise ValueError(f"the queued reply names labels that were not offered: {strange}")
        return Choice(normalised({label: reply.get(label, -math.inf) for label in labels}), self._tokens(prompt, 1))

    def _generate(self, kind: str, prompt: Prompt, decoding: Decoding) -> Generation:
        reply = self._next(FakeCall(kind, prompt, decoding))
        if isinstance(reply, Generation):
            return reply
        if not isinstance(reply, str):
            raise TypeError(f"{kind}() needs a text or a Generation; queued was {reply!r}")
        text, stopped = cut_at_stop(reply, decoding.stop)
        tokens = _TOKEN.findall(text)
        if len(tokens) > decoding.max_tokens:
            text = "".join(tokens[: decoding.max_tokens])
            return Generation(text, "length", self._tokens(prompt, decoding.max_tokens))
        if decoding.schema is not None and not stopped:
            _hold_against(text, decoding.schema)
        return Generation(text, "stop", self._tokens(prompt, len(tokens)))


def _hold_against(text: str, schema: Mapping[str, object]) -> None:
    """A real engine could not have written what the schema forbids; queue a Generation to test that case all the same."""
    import jsonschema

    try:
        jsonschema.validate(json.loads(text), schema)
    except (ValueError, jsonschema.ValidationError) as error:
        raise ValueError(f"the queued reply does not obey the schema: {str(error).splitlines()[0]}") from error


def prompt(text: str, system: str | None = None, prefix: str | None = None) -> Prompt:
    """A Prompt of plain texts, for tests."""
    parts = (("system", system), ("user", text), ("assistant", prefix))
    return Prompt(tuple(Message(role, content) for role, content in parts if content is not None))


def words(prompt: Prompt) -> str:
    """The contents of all messages of a prompt, a line break between them."""
    return "\n".join(message.content for message in prompt.messages)

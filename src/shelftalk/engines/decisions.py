"""A server's decisions API: an input, a question and its options in, the options' probabilities out.

Three shapes are known, asked for in this order: "systemone" (POST /v1/systemone: vLLM 0.32 and later, SGLang 0.5.23), "openai"
(POST /v1/decisions: vLLM 0.33 and later, OpenAI) and "sglang" (POST /v1/decisions of SGLang). The server writes the prompt from
the parts and reads its own labels, so the probabilities differ from those that log-probabilities give; docs/engines.md says how
far. A batch is decided by one way, because its answers are compared with one another.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpx

from shelftalk.engines.base import Choice, Message, Prompt
from shelftalk.engines.call import current
from shelftalk.engines.common import normalised, split_prefix
from shelftalk.engines.wire import message, side_by_side, tokens
from shelftalk.errors import EngineError

__all__ = ["SHAPES", "Decisions", "DecisionsMode", "DecisionQuestion", "Shape"]

DecisionsMode = Literal["auto", "off", "systemone", "openai", "sglang"]

_ID = "q"
_GONE = frozenset({404, 405, 501})  # no such API, or not for this model
_UNFIT = frozenset({400, 413, 422})  # this question cannot be taken
_BUSY = frozenset({429, 502, 503, 504})  # says nothing of the API
_NEAR = 0.01  # how far from 1 the probabilities may sum

logger = logging.getLogger(__name__)
Send = Callable[[str, Mapping[str, Any]], Awaitable[httpx.Response]]
Refused = Callable[[httpx.Response], EngineError]


@dataclass(frozen=True, slots=True)
class DecisionQuestion:
    """A prompt in the parts that a decisions API takes: what it is about, and what is asked of it."""

    about: str
    asked: str

    @classmethod
    def of(cls, prompt: Prompt) -> DecisionQuestion:
        """The users' words are what it is about; the system's, and a beginning of the answer ("grade:"), what is asked."""
        messages, prefix = split_prefix(prompt)
        system = [m["content"] for m in messages if m["role"] == "system"]
        about = [m["content"] for m in messages if m["role"] != "system"]
        return cls("\n\n".join(about), "\n".join(filter(None, [*system, prefix])))


@dataclass(frozen=True, slots=True)
class Shape:
    """One decisions API: its path below the API's root, the request's fields, and the answer's label-probability pairs."""

    path: str
    body: Callable[[DecisionQuestion, Sequence[str]], dict[str, Any]]
    read: Callable[[Any], list[tuple[Any, Any]]]
    salted: bool = False  # whether it takes a cache_salt


def _systemone(question: DecisionQuestion, labels: Sequence[str]) -> dict[str, Any]:
    asked = {"type": "choice", "instructions": question.asked, "criteria": dict.fromkeys(labels)}
    return {"state": question.about, "questions": {_ID: asked}}


def _openai(question: DecisionQuestion, labels: Sequence[str]) -> dict[str, Any]:
    choices = [{"value": label} for label in labels]
    asked = {"type": "choice", "name": _ID, "instructions": question.asked, "choices": choices}
    return {"input": question.about, "questions": [asked]}


def _sglang(question: DecisionQuestion, labels: Sequence[str]) -> dict[str, Any]:
    options = [{"name": label} for label in labels]
    blank = "?"  # it takes no empty question
    asked = {"type": "choice", "id": _ID, "question": question.asked or blank, "options": options}
    return {"input": question.about, "questions": [asked]}


def _named(answer: Any) -> list[tuple[Any, Any]]:
    return list(answer["answers"][_ID]["probabilities"].items())


def _listed(answer: Any) -> list[tuple[Any, Any]]:
    if answer["answers"][0]["type"] == "refusal":
        raise ValueError("it declines to answer")
    return [(item["value"], item["probability"]) for item in answer["answers"][0]["probabilities"]]


SHAPES: dict[str, Shape] = {
    "systemone": Shape("/systemone", _systemone, _named, salted=True),
    "openai": Shape("/decisions", _openai, _listed),
    "sglang": Shape("/decisions", _sglang, _named),
}
_PROBE = Prompt((Message("system", "1"), Message("user", "1")))


class _Refused(Exception):
    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class _Unreadable(EngineError):
    """What came back are no probabilities of the labels."""


class Decisions:
    """The decisions API of the server at `address` for one model. `mode` "auto" finds out once which shape is there, by a question
    of two options to each; a shape's name takes that one alone, and "off" none.

    `send` posts a body below the API's root, `refused` makes the error for an answer that is no success.
    """

    def __init__(self, mode: DecisionsMode, address: str, model: str, send: Send, refused: Refused) -> None:
        if mode not in get_args(DecisionsMode):
            raise EngineError(f"server_decisions {mode!r} is not one of {', '.join(get_args(DecisionsMode))}")
        self._mode, self._address, self._model = mode, address, model
        self._send, self._refused = send, refused
        self._way: str | None = mode if mode in SHAPES else None
        self._known = mode != "auto"
        self._lock = asyncio.Lock()

    async def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice] | None:
        """One Choice a prompt, in order; None where log-probabilities are to be asked instead.

        Raises EngineError where a shape is forced and the server does not answer by it, or where probabilities are none.
        """
        name = await self.way()
        if name is None:
            return None
        shape = SHAPES[name]
        if current().salt and not shape.salted:  # nothing would keep the tenants' prompts apart in the server's cache
            if self._mode == "auto":
                return None
            raise EngineError(
                f"server_decisions is {name!r}, but that API takes no cache_salt, which keeps tenants' prompts apart; "
                "set it to 'systemone', 'auto' or 'off'"
            )
        try:
            return await side_by_side(lambda prompt: self._ask(name, prompt, labels), prompts)
        except _Refused as refusal:
            self._give_way(name, refusal.response)
            return None

    async def way(self) -> str | None:
        """The shape's name, None for log-probabilities. Asks the server where it is not known yet."""
        async with self._lock:
            if not self._known:
                self._way = await self._found()
                self._known = True
                how = f"POST /v1{SHAPES[self._way].path} ({self._way})" if self._way else "log-probabilities"
                logger.info("the server at %s decides among labels by %s", self._address, how)
            return self._way

    async def _found(self) -> str | None:
        for name in SHAPES:
            try:
                await self._ask(name, _PROBE, ("0", "1"))
                return name
            except _Refused as refusal:
                if refusal.response.status_code in _BUSY:
                    raise self._refused(refusal.response) from None
            except _Unreadable as error:  # something that answers every path
                logger.debug("%s", error)
        return None

    def _give_way(self, name: str, response: httpx.Response) -> None:
        """After a refusal: log-probabilities for this batch, or from now on. Raises EngineError where neither is right."""
        status, path = response.status_code, SHAPES[name].path
        if status not in _GONE | _UNFIT:
            raise self._refused(response)
        if self._mode != "auto":
            raise EngineError(
                f"server_decisions is {name!r}, but POST /v1{path} at {self._address} does not decide this for model "
                f"{self._model} ({status}: {message(response)}); set it to 'auto' or 'off'"
            )
        if status in _UNFIT:
            logger.info("POST /v1%s refuses a prompt (%s); its batch is read from log-probabilities", path, status)
            return
        self._way = None
        logger.warning(
            "POST /v1%s at %s answers no more (%s: %s); labels are read from log-probabilities from now on",
            path, self._address, status, message(response),
        )  # fmt: skip

    async def _ask(self, name: str, prompt: Prompt, labels: Sequence[str]) -> Choice:
        shape = SHAPES[name]
        body = {"model": self._model, **shape.body(DecisionQuestion.of(prompt), labels)}
        if shape.salted and (salt := current().salt):
            body["cache_salt"] = salt
        response = await self._send(shape.path, body)
        if response.status_code != 200:
            raise _Refused(response)
        try:
            answer = response.json()
            return Choice(_checked(shape.read(answer), labels), tokens(answer))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise _Unreadable(
                f"POST /v1{shape.path} at {self._address} gives no probabilities of {', '.join(labels)}: {error!r} in "
                f"{response.text[:200]!r}; set server_decisions to 'off'"
            ) from error


def _checked(pairs: Sequence[tuple[Any, Any]], labels: Sequence[str]) -> dict[str, float]:
    """The probabilities as log-probabilities in the order of the labels; ValueError where they are no distribution over them."""
    found = dict(pairs)
    if len(pairs) != len(labels) or found.keys() != set(labels):
        raise ValueError(f"its labels are {', '.join(str(label) for label, _ in pairs) or 'none'}")
    for label, p in found.items():
        if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1 + _NEAR:  # NaN is in no range
            raise ValueError(f"the probability of {label} is {p!r}")
    if abs(math.fsum(found.values()) - 1) > _NEAR:
        raise ValueError(f"they sum to {math.fsum(found.values()):.3g}")
    return normalised({label: math.log(found[label]) if found[label] > 0 else -math.inf for label in labels})

"""The language model behind a running vLLM server (or another that speaks its OpenAI API), over HTTP.

Label log-probabilities are exact with vLLM 0.32 and later, which reports any token asked for (`logprob_token_ids`). A
server that ignores this reports its 20 likeliest tokens; a label that is not among them gets a floor. A server that refuses
what vLLM adds to the OpenAI API is asked without (see dialect.py).

Where the server has a decisions API for the model, labels are chosen by that instead (see decisions.py).

Requests run on an event loop in a thread of its own, so that one in flight can be called off (see call.py): its
connection is closed, and vLLM stops writing.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import math
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal

import httpx

from shelftalk.engines.background import Background
from shelftalk.engines.base import Choice, Decoding, Generation, Prompt
from shelftalk.engines.call import current
from shelftalk.engines.common import FLOOR, each, normalised, split_prefix
from shelftalk.engines.decisions import Decisions, DecisionsMode
from shelftalk.engines.dialect import Asking, Dialect
from shelftalk.engines.wire import label_logprobs, message, seconds, side_by_side, tokens
from shelftalk.errors import EngineError, NoLogprobs

__all__ = ["ServerEngine", "Unreachable"]

# Requests in flight at once; the server forms its batches from them.
_CONCURRENT = 32
_TOP = 20
_TRIES = 3
_LISTED = 20  # models that a message names
_TIMEOUT = httpx.Timeout(300.0, connect=5.0)

logger = logging.getLogger(__name__)


class Unreachable(EngineError):
    """The server is not there, went away, took too long or failed: another one may answer."""


class ServerEngine:
    """A model of a server at `address` ("http://host:8000", with or without "/v1"); the first it serves when not named.
    `decisions` says whether and how its decisions API is used.

    The server is asked for its models when this is made: EngineError when it does not answer.
    """

    name = "server"

    def __init__(
        self,
        address: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        connections: int = _CONCURRENT,
        decisions: DecisionsMode = "auto",
    ) -> None:
        self.address = address.rstrip("/").removesuffix("/v1").rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise EngineError(f"server address {address!r} must begin with http:// or https://")
        self._client = httpx.AsyncClient(
            base_url=self.address,
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=_TIMEOUT if timeout is None else httpx.Timeout(timeout, connect=min(5.0, timeout)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            transport=transport,
        )
        self._pulse = httpx.AsyncClient(base_url=self.address, transport=transport)
        self._can_tokenize = True
        self._dialect = Dialect()
        self._root = "/v1"
        self._background = Background("shelftalk-engine")
        try:
            self.model = self._background.run(self._discover(model))
            self._decisions = Decisions(decisions, self.address, self.model, self._post, self._refused)
        except BaseException:
            self.close()
            raise
        self._count = functools.lru_cache(maxsize=4096)(self._count_now)
        logger.info("using model %s of the server at %s", self.model, self.address)

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order; how exact, see the top of this module."""
        self._check()
        if not prompts:
            return []
        return self._background.run(self._choose_all(prompts, labels))

    def decides_by(self) -> str | None:
        """The decisions API that `choose` goes by ("systemone", "openai", "sglang"), None where it reads log-probabilities."""
        self._check()
        return self._background.run(self._decisions.way())

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order; at most `connections` requests at once."""
        self._check()
        pairs = list(zip(prompts, each(prompts, decoding), strict=True))
        return self._background.run(side_by_side(lambda pair: self._generate(*pair), pairs)) if pairs else []

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, piece by piece as it is written; leaving early stops the server's work."""
        self._check()
        return self._background.iterate(self._pieces(self._body(prompt, decoding) | {"stream": True}))

    def count_tokens(self, text: str) -> int:
        """The number of tokens by the server's own count, or a cautious guess where it cannot tell (a token a 3 bytes)."""
        self._check()
        return self._count(text)

    def health(self, timeout_s: float = 5.0) -> Literal["well", "slow", "ill"]:
        """What the server says of itself (GET /health): "slow" where it says nothing in time. 404 counts as well.

        Asked over a connection of its own, so that many requests under way do not make a server look slow.
        """
        self._check()

        async def ask() -> int:
            return (await self._pulse.get("/health", timeout=timeout_s)).status_code

        try:
            return "well" if self._background.run(ask()) in (200, 404) else "ill"
        except httpx.TimeoutException:
            return "slow"
        except (httpx.HTTPError, EngineError):
            return "ill"

    def close(self) -> None:
        """Close the connections; safe to call twice. Requests in flight fail."""

        async def last() -> None:
            await self._pulse.aclose()
            await self._client.aclose()

        self._background.close(last)

    def _check(self) -> None:
        if self._background.closed:
            raise EngineError("the connection to the language model's server was closed; load a new engine")
        current().check()

    async def _discover(self, wanted: str | None) -> str:
        response = await self._send("GET", "/v1/models", None)
        if response.status_code == 404 and httpx.URL(self.address).path.strip("/"):
            # an address with a path of its own, such as https://host/v1beta/openai, may have no /v1 below it
            below = await self._send("GET", "/models", None)
            if below.status_code == 200:
                self._root, response = "", below
        if response.status_code in (404, 405, 501) and wanted is not None:
            logger.info("the server at %s does not list its models; %s is taken at its word", self.address, wanted)
            return wanted
        if response.status_code != 200:
            raise self._refused(response)
        served = [str(m["id"]) for m in self._parsed(response).get("data") or [] if "id" in m]
        if wanted is None and served:
            return served[0]
        if wanted is not None and (not served or any(wanted in (name, name.rpartition("/")[2]) for name in served)):
            return wanted
        listed = ", ".join(served[:_LISTED]) + (f" and {len(served) - _LISTED} more" if len(served) > _LISTED else "")
        raise EngineError(
            f"the server at {self.address} serves {listed or 'no model'}"
            + (f", not {wanted!r}; set 'model' to one of these or to 'default'" if wanted else "; start it with one")
        )

    async def _choose_all(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        if not labels or len(set(labels)) != len(labels):
            raise EngineError(f"labels must be there and differ from one another; got {list(labels)}")
        decided = await self._decisions.choose(prompts, labels)
        if decided is not None:
            return decided
        ids = await self._label_ids(tuple(labels))
        return await side_by_side(lambda prompt: self._choose(prompt, labels, ids), prompts)

    async def _choose(self, prompt: Prompt, labels: Sequence[str], ids: Sequence[int] | None) -> Choice:
        body = self._body(prompt, Decoding(max_tokens=1)) | {"logprobs": True, "top_logprobs": _TOP}
        if ids is not None:
            body |= {"logprob_token_ids": list(ids), "return_tokens_as_token_ids": True}
        answer = await self._chat(body)
        try:
            found = label_logprobs(answer, labels, ids)
        except (KeyError, IndexError, TypeError) as error:
            raise self._no_logprobs() from error
        missing = [label for label, value in found.items() if value < FLOOR]
        if missing:
            logger.debug("the server reported no log-probability of %d of %d labels", len(missing), len(labels))
        return Choice(normalised(found), tokens(answer))

    async def _generate(self, prompt: Prompt, decoding: Decoding) -> Generation:
        answer = await self._chat(self._body(prompt, decoding))
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"] or ""
        except (KeyError, IndexError, TypeError) as error:
            raise self._strange(answer) from error
        if not self._dialect.stops:
            text = min((text.partition(stop)[0] for stop in decoding.stop), key=len, default=text)
        return Generation(text, "length" if choice.get("finish_reason") == "length" else "stop", tokens(answer))

    async def _pieces(self, body: dict[str, Any]) -> AsyncIterator[str]:
        headers, asking = dict(current().headers), Asking(self._dialect, body)
        try:
            while True:
                async with self._client.stream(
                    "POST", f"{self._root}/chat/completions", json=asking.sent, headers=headers
                ) as response:
                    if response.status_code != 200:
                        await response.aread()
                        if asking.again(response.status_code, response.text):
                            continue
                        raise self._refused(response)
                    asking.taken()
                    async for line in response.aiter_lines():
                        data = line.removeprefix("data:").strip()
                        if not line.startswith("data:") or data == "[DONE]":
                            continue
                        event = json.loads(data)
                        if "error" in event:
                            raise Unreachable(
                                f"the server at {self.address} failed while it was writing: {event['error']}"
                            )
                        for choice in event.get("choices", []):
                            if piece := choice.get("delta", {}).get("content"):
                                yield piece
                    return
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        except json.JSONDecodeError as error:
            raise EngineError(f"the server at {self.address} sent a stream that is no JSON: {error}") from error

    async def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a chat request, put again without what the server refuses."""
        asking = Asking(self._dialect, body)
        while True:
            response = await self._send("POST", f"{self._root}/chat/completions", asking.sent)
            if response.status_code == 200:
                asking.taken()
                return self._parsed(response)
            if not asking.again(response.status_code, response.text):
                if response.status_code in (400, 422) and "logprobs" in body and "logprobs" in response.text:
                    raise self._no_logprobs()
                raise self._refused(response)

    def _body(self, prompt: Prompt, decoding: Decoding) -> dict[str, Any]:
        messages, prefix = split_prefix(prompt)
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "max_tokens": max(1, decoding.max_tokens),
            "temperature": max(0.0, decoding.temperature),
            "top_p": decoding.top_p,
            # what a server would otherwise take from the model's generation_config.json
            "top_k": 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if prefix:
            body["messages"] = [*messages, {"role": "assistant", "content": prefix}]
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        if salt := current().salt:
            body["cache_salt"] = salt
        if decoding.temperature > 0:
            body["seed"] = decoding.seed
        if decoding.stop:
            body["stop"] = list(decoding.stop)
        if decoding.schema is not None:
            named = {"name": "answer", "schema": dict(decoding.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif decoding.grammar is not None:
            body["structured_outputs"] = {"grammar": decoding.grammar}
        return body

    async def _label_ids(self, labels: tuple[str, ...]) -> list[int] | None:
        """The one token of each label by the server's tokenizer, None where it does not tell."""
        ids = []
        for label in labels:
            tokens = await self._tokenize(label)
            if tokens is None:
                return None
            if len(tokens) != 1:
                raise EngineError(
                    f"label {label!r} is {len(tokens)} tokens of {self.model}; use labels of one token, such as letters"
                )
            ids.append(tokens[0])
        return ids

    def _count_now(self, text: str) -> int:
        tokens = self._background.run(self._tokenize(text))
        return len(tokens) if tokens is not None else math.ceil(len(text.encode("utf-8")) / 3)

    async def _tokenize(self, text: str) -> list[int] | None:
        if not self._can_tokenize:
            return None
        body = {"model": self.model, "prompt": text, "add_special_tokens": False}
        response = await self._send("POST", "/tokenize", body)
        if response.status_code >= 500 and response.status_code != 501:
            raise self._refused(response)
        try:
            tokens = [int(token) for token in response.json()["tokens"]]
            if tokens or not text:
                return tokens
        except (ValueError, KeyError, TypeError):  # not there, not allowed, or something else that answers everything
            pass
        logger.info("the server at %s does not count tokens; they are guessed", self.address)
        self._can_tokenize = False
        return None

    def _parsed(self, response: httpx.Response) -> dict[str, Any]:
        try:
            parsed = response.json()
        except ValueError as error:
            raise self._strange(response.text) from error
        if not isinstance(parsed, dict):
            raise self._strange(parsed)
        return parsed

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return await self._send("POST", f"{self._root}{path}", body)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        """The response. Tried again only where the server did no work: no connection yet, or it said it is too busy."""
        for attempt in range(1, _TRIES + 1):
            try:
                response = await self._client.request(method, path, json=body, headers=dict(current().headers))
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                if attempt == _TRIES:
                    raise self._unreachable(error) from error
                await _pause(0.2 * attempt)
                continue
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            except RuntimeError as error:  # closed by another thread
                raise EngineError("the connection to the language model's server was closed") from error
            if response.status_code not in (429, 503) or attempt == _TRIES:
                return response
            await _pause(min(5.0, seconds(response.headers.get("retry-after"), 0.5 * attempt)))
        raise AssertionError("unreachable")

    def _unreachable(self, error: httpx.HTTPError) -> Unreachable:
        what = str(error) or type(error).__name__
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
            return Unreachable(
                f"no language model server answers at {self.address} ({what}); start it "
                "('shelftalk model serve', see docs/engines.md), or correct or unset the setting 'server'"
            )
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(
                f"the language model server at {self.address} took too long ({what or 'timeout'}); "
                "see whether it is overloaded, or ask for less"
            )
        return Unreachable(
            f"the language model server at {self.address} went away in the middle of an answer ({what}); "
            "see its log, start it again and repeat the request"
        )

    def _refused(self, response: httpx.Response) -> EngineError:
        said = message(response)
        if response.status_code in (401, 403):
            return EngineError(
                f"the server at {self.address} refuses the API key ({response.status_code}); set SHELFTALK_API_KEY"
            )
        if response.status_code == 404:
            return EngineError(f"the server at {self.address} has no model {getattr(self, 'model', '')!r}: {said}")
        if response.status_code in (400, 413, 422):
            return EngineError(
                f"the server at {self.address} cannot take this prompt: {said}; "
                "if it is too long, offer fewer or shorter candidates"
            )
        return Unreachable(f"the server at {self.address} failed ({response.status_code}): {said}; see its log")

    def _no_logprobs(self) -> NoLogprobs:
        return NoLogprobs(
            f"the server at {self.address} reports no log-probabilities; use a vLLM server, a ranking strategy that "
            "generates, or for a judge --by text"
        )

    def _strange(self, answer: Any) -> EngineError:
        return EngineError(
            f"what answers at {self.address} does not speak the OpenAI API (it sent {str(answer)[:80]!r}); check the address"
        )


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)

"""Which fields of a chat request a server takes: all that vLLM knows at first, fewer once it has refused some.

Servers that speak the OpenAI API differ in what they do with a field that they do not know: vLLM ignores it, others refuse the
request (OpenAI, Mistral), and some models refuse even known fields (a temperature, `max_tokens`). A refusal teaches the
dialect, and the request is put again without what was refused.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["Asking", "Dialect"]

# What vLLM adds to the OpenAI API.
_EXTRAS = frozenset(
    {
        "top_k", "min_p", "repetition_penalty", "chat_template_kwargs", "continue_final_message", "add_generation_prompt",
        "cache_salt", "logprob_token_ids", "return_tokens_as_token_ids",
        "structured_outputs",
    }
)  # fmt: skip
# Fields of the API that some models refuse, and that an answer can do without.
_SPARED = ("temperature", "top_p", "seed", "stop")
_FEW = 5  # likeliest tokens, where 20 are too many for a server
_REFUSAL = re.compile(
    r"unrecogni[sz]ed|unknown|unsupported|unexpected|invalid|not (?:be )?(?:supported|permitted|allowed|accepted)|"
    r"does not support|extra|additional|forbidden|maximum",
    re.I,
)

logger = logging.getLogger(__name__)


class Dialect:
    """What one server has refused so far. `proven` once it has answered a request with all of vLLM's fields in it."""

    def __init__(self) -> None:
        self._without: set[str] = set()
        self._few = self._renamed = self._lax = False
        self.proven = False

    @property
    def stops(self) -> bool:
        """Whether the server ends an answer at the texts of `stop` by itself."""
        return "stop" not in self._without

    def put(self, body: Mapping[str, Any], *, plain: bool = False) -> dict[str, Any]:
        """The body as this server takes it; `plain` leaves out all that vLLM adds."""
        sent = {k: v for k, v in body.items() if k not in self._without and not (plain and k in _EXTRAS)}
        if self._renamed and "max_tokens" in sent:
            sent["max_completion_tokens"] = sent.pop("max_tokens")
        if self._few and "top_logprobs" in sent:
            sent["top_logprobs"] = _FEW
        if self._lax and "response_format" in sent:
            form = sent["response_format"]
            sent["response_format"] = {**form, "json_schema": {**form["json_schema"], "strict": False}}
        return sent

    def learn(self, sent: Mapping[str, Any], said: str) -> None:
        """Takes from a refusal what to leave out next time: only fields that it names in words of refusal."""
        if not _REFUSAL.search(said):
            return
        extras = _EXTRAS & sent.keys()
        if not self.proven and any(re.search(rf"\b{name}\b", said) for name in extras):
            self.plain()
        if "max_tokens" in sent and "max_completion_tokens" in said and "too large" not in said:
            self._renamed = True
        named = {name for name in _SPARED if name in sent and re.search(rf"['\"`]{name}['\"`]", said)}
        if named - self._without:
            logger.warning("the server refuses %s; its answers are asked for without", ", ".join(sorted(named)))
            self._without |= named
        if sent.get("top_logprobs", 0) > _FEW and "top_logprobs" in said and not _no_logprobs(said):
            self._few = True
        if "response_format" in sent and re.search(r"response_format|json_schema", said):
            if not self._lax and re.search(r"invalid schema|strict", said, re.I):
                self._lax = True
            elif "response_format" not in self._without:
                logger.warning("the server takes no JSON Schemas; its answers may have any form")
                self._without.add("response_format")

    def plain(self) -> None:
        """From now on without what vLLM adds."""
        if not self._without >= _EXTRAS:
            logger.info("the server refuses what vLLM adds to the OpenAI API; it is asked without")
            self._without |= _EXTRAS


class Asking:
    """One chat request in flight: `sent` is what to send now, `again` whether to send after a refusal."""

    def __init__(self, dialect: Dialect, body: Mapping[str, Any]) -> None:
        self._dialect, self._body, self._plain = dialect, body, False
        self.sent = dialect.put(body)

    def taken(self) -> None:
        """The server has answered."""
        if self._plain:
            self._dialect.plain()
        elif _EXTRAS & self.sent.keys():
            self._dialect.proven = True

    def again(self, status: int, said: str) -> bool:
        """Whether the refusal taught something, so that `sent` is worth another try.

        A refusal that names no field is tried once without what vLLM adds, unless the server has taken that before.
        """
        if status not in (400, 422):
            return False
        self._dialect.learn(self.sent, said)
        before, self.sent = self.sent, self._dialect.put(self._body, plain=self._plain)
        if self.sent != before:
            return True
        if self._plain or self._dialect.proven or not _EXTRAS & before.keys():
            return False
        self._plain = True
        self.sent = self._dialect.put(self._body, plain=True)
        return True


def _no_logprobs(said: str) -> bool:
    return (
        re.search(r"(?:not support|unsupported|not (?:be )?(?:supported|available|permitted))", said, re.I) is not None
    )

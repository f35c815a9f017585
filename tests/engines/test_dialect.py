"""Servers that speak the OpenAI API and nothing more. The servers here are stand-ins, as strict as the real ones."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from shelftalk.engines import Decoding
from shelftalk.engines.fake import prompt
from shelftalk.engines.server_engine import ServerEngine
from shelftalk.errors import EngineError

HELLO = prompt("hello")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
API = {
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop",
    "response_format", "logprobs", "top_logprobs", "stream",
}  # fmt: skip


class Strict:
    """A server that refuses what is not in `takes`, each refusal worded by `words`; `asked` are the bodies it was sent."""

    def __init__(
        self, *, takes: set[str] = API, words: str = "Unrecognized request argument supplied: {}", few: bool = False
    ) -> None:
        self.takes, self.words, self.few = takes, words, few
        self.asked: list[dict[str, Any]] = []

    def engine(self, **options: Any) -> ServerEngine:
        return ServerEngine("http://shop:8000", transport=httpx.MockTransport(self), **options)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "strict"}]})
        if request.url.path != "/v1/chat/completions":
            return httpx.Response(404, json={"error": {"message": f"Invalid URL ({request.url.path})"}})
        body = json.loads(request.content)
        self.asked.append(body)
        if strange := [name for name in body if name not in self.takes]:
            return httpx.Response(400, json={"error": {"message": self.words.format(strange[0])}})
        if self.few and body.get("top_logprobs", 0) > 5:
            return httpx.Response(
                400, json={"error": {"message": "Invalid 'top_logprobs': integer above maximum value. Expected <= 5"}}
            )
        if body.get("stream"):
            return httpx.Response(200, text='data: {"choices": [{"delta": {"content": "red"}}]}\n\ndata: [DONE]\n\n')
        choice: dict[str, Any] = {"message": {"content": "red\nmore"}, "finish_reason": "stop"}
        if body.get("logprobs"):
            tops = [{"token": " B", "logprob": -0.1}, {"token": "A", "logprob": -3.0}]
            choice["logprobs"] = {"content": [{"token": " B", "logprob": -0.1, "top_logprobs": tops}]}
        return httpx.Response(200, json={"choices": [choice]})


@pytest.mark.parametrize(
    "words",
    [
        "Unrecognized request argument supplied: {}",
        "[{{'type': 'extra_forbidden', 'loc': ['body', '{}'], 'msg': 'Extra inputs are not permitted'}}]",
        "bad request",
    ],
    ids=["names one", "as pydantic words it", "names nothing"],
)
def test_a_server_that_refuses_unknown_fields_is_asked_without_them_and_learned_once(words: str) -> None:
    strict = Strict(words=words)
    engine = strict.engine()
    assert engine.generate([HELLO], Decoding())[0].text == "red\nmore"
    assert len(strict.asked) == 2
    assert engine.choose([HELLO], ["A", "B"])[0].best == "B"
    assert "".join(engine.stream(HELLO, Decoding())) == "red"
    assert len(strict.asked) == 4, "what was learned is kept"
    assert strict.asked[-1].keys() <= API


def test_a_stream_learns_too() -> None:
    strict = Strict()
    assert "".join(strict.engine().stream(HELLO, Decoding())) == "red"
    assert len(strict.asked) == 2


def test_a_model_that_refuses_even_known_fields_is_asked_without_them() -> None:
    words = "Unsupported parameter: '{}' is not supported with this model. Use 'max_completion_tokens' instead."
    strict = Strict(takes=API - {"max_tokens", "temperature", "top_p", "stop"}, words=words)
    made = strict.engine().generate([HELLO], Decoding(max_tokens=7, stop=("\n",)))[0]
    assert made.text == "red", "the text is cut here where the server does not"
    assert strict.asked[-1].keys() == {"model", "messages", "max_completion_tokens"}
    assert strict.asked[-1]["max_completion_tokens"] == 7


def test_a_server_without_schemas_is_asked_for_text() -> None:
    strict = Strict(takes=API - {"response_format"}, words="{} of type json_schema is not supported")
    strict.engine().generate([HELLO], Decoding(schema=SCHEMA))
    assert "response_format" not in strict.asked[-1]


def test_a_server_that_reports_few_probabilities_is_asked_for_few() -> None:
    strict = Strict(few=True)
    assert strict.engine().choose([HELLO], ["A", "B"])[0].best == "B"
    assert strict.asked[-1]["top_logprobs"] == 5


def test_a_model_without_probabilities_is_told_with_what_to_do() -> None:
    strict = Strict(takes=API - {"logprobs", "top_logprobs"}, words="'{}' is not supported with this model")
    with pytest.raises(EngineError, match=r"reports no log-probabilities; .*--by text"):
        strict.engine().choose([HELLO], ["A", "B"])


def test_a_prompt_that_is_too_long_teaches_nothing() -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "vllm"}]})
        sent.append(json.loads(request.content))
        if sent[-1]["messages"][0]["content"] == "long":
            said = "'max_tokens' or 'max_completion_tokens' is too large: 128. The maximum context length is 64"
            return httpx.Response(400, json={"error": {"message": said}})
        return httpx.Response(200, json={"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})

    engine = ServerEngine("http://shop:8000", transport=httpx.MockTransport(answer))
    for _ in range(2):
        with pytest.raises(EngineError, match="maximum context length is 64"):
            engine.generate([prompt("long")], Decoding())
        engine.generate([HELLO], Decoding())
        assert sent[-1]["top_k"] == 0
        assert sent[-1]["max_tokens"] == 128
    assert len(sent) == 5, "a server that has taken every field is not asked twice"


def test_an_address_without_v1_below_it_and_one_that_lists_nothing_can_be_used() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1beta/openai/models":
            return httpx.Response(200, json={"data": [{"id": "models/flash"}]})
        if request.url.path in ("/v1beta/openai/chat/completions", "/bare/v1/chat/completions"):
            return httpx.Response(200, json={"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})
        return httpx.Response(404)

    transport = httpx.MockTransport(answer)
    for address, model in (("https://host/v1beta/openai/", "flash"), ("https://host/bare", "small")):
        engine = ServerEngine(address, model=model, transport=transport)
        assert engine.generate([HELLO], Decoding())[0].text == "hi"


def test_a_tokenizer_of_another_kind_is_not_believed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": "other"}]})
        return httpx.Response(200, json={"tokens": []})

    engine = ServerEngine("http://shop:8000", transport=httpx.MockTransport(answer))
    assert engine.count_tokens("twelve chars") == 4

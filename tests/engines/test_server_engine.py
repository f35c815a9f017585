"""The server engine's answers to a server's moods. The server here is a stand-in; the real one is in tests/contract."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shelftalk.engines import Decoding
from shelftalk.engines.fake import prompt
from shelftalk.engines.server_engine import ServerEngine
from shelftalk.errors import EngineError

HELLO = prompt("hello")
Handler = Callable[[httpx.Request], httpx.Response]


def server(handler: Handler | None = None, *, served: tuple[str, ...] = ("small",), **options: Any) -> ServerEngine:
    """An engine whose server lists `served` and answers the rest by `handler`."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"data": [{"id": name} for name in served]})
        assert handler is not None, f"unexpected request {request.url}"
        return handler(request)

    return ServerEngine("http://shop:8000/v1/", transport=httpx.MockTransport(answer), **options)


def written(text: str = "hi", finish: str = "stop") -> httpx.Response:
    choice = {"message": {"content": text}, "finish_reason": finish}
    return httpx.Response(200, json={"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 2}})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("shelftalk.engines.server_engine._pause", wait)
    return waits


def test_the_first_model_served_is_used_when_none_is_named() -> None:
    assert server(served=("first", "second")).model == "first"
    assert server(served=("first", "second"), model="second").model == "second"


def test_a_model_that_is_not_served_is_refused_with_those_that_are() -> None:
    with pytest.raises(EngineError, match="http://shop:8000 serves first, second, not 'third'"):
        server(served=("first", "second"), model="third")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(EngineError, match="must begin with http"):
        ServerEngine("localhost:8000")


def test_a_server_that_is_not_there_is_named_with_what_to_do(no_waiting: list[float]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with pytest.raises(EngineError, match=r"no language model server answers at http://shop:8000 .*model serve"):
        ServerEngine("http://shop:8000", transport=httpx.MockTransport(refuse))
    assert len(no_waiting) == 2, "a connection that was never made is tried again"


def test_something_else_that_answers_there_is_recognised() -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(200, text="<html>welcome"))
    with pytest.raises(EngineError, match=r"does not speak the OpenAI API .*welcome"):
        ServerEngine("http://shop:8000", transport=page)


def test_a_server_that_goes_away_in_the_middle_is_not_asked_again() -> None:
    asked = []

    def drop(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    with pytest.raises(EngineError, match="http://shop:8000 went away in the middle of an answer"):
        server(drop).generate([HELLO], Decoding())
    assert len(asked) == 1


def test_a_slow_server_is_called_slow() -> None:
    def sleep(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out")

    with pytest.raises(EngineError, match="took too long"):
        server(sleep).generate([HELLO], Decoding())


def test_a_busy_server_is_asked_again_after_the_time_it_names(no_waiting: list[float]) -> None:
    answers = iter([httpx.Response(503, headers={"retry-after": "3"}), httpx.Response(429), written("at last")])
    assert server(lambda request: next(answers)).generate([HELLO], Decoding())[0].text == "at last"
    assert no_waiting == [3.0, 1.0]


@pytest.mark.parametrize(
    "status, body, said",
    [
        (401, {"error": "Unauthorized"}, "refuses the API key .*SHELFTALK_API_KEY"),
        (404, {"error": {"message": "no such model"}}, "has no model 'small': no such model"),
        (
            400,
            {"error": {"message": "maximum context length is 4096"}},
            "maximum context length is 4096; if it is too long",
        ),
        (500, {"message": "out of memory"}, r"failed \(500\): out of memory"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(status: int, body: dict[str, Any], said: str) -> None:
    engine = server(lambda request: httpx.Response(status, json=body))
    with pytest.raises(EngineError, match=said):
        engine.generate([HELLO], Decoding())
    with pytest.raises(EngineError, match=said):
        list(engine.stream(HELLO, Decoding()))


def test_the_key_is_sent_and_never_shown() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer s3cret"
        return httpx.Response(403, text="no")

    with pytest.raises(EngineError) as caught:
        server(answer, api_key="s3cret").generate([HELLO], Decoding())
    assert "s3cret" not in str(caught.value)


def test_answers_keep_their_order_whichever_comes_first() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return written(json.loads(request.content)["messages"][0]["content"])

    prompts = [prompt(str(i)) for i in range(100)]
    assert [g.text for g in server(answer).generate(prompts, Decoding())] == [str(i) for i in range(100)]


def test_a_prefix_is_sent_to_be_continued() -> None:
    sent: dict[str, Any] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        sent.update(json.loads(request.content))
        return written()

    server(answer).generate([prompt("count", prefix="1, 2,")], Decoding())
    assert sent["messages"][-1] == {"role": "assistant", "content": "1, 2,"}
    assert sent["continue_final_message"] is True
    assert sent["add_generation_prompt"] is False


def test_a_label_that_the_server_does_not_report_gets_a_floor() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/tokenize":
            return httpx.Response(404)
        top = [{"token": "A", "logprob": -0.5}, {"token": "the", "logprob": -1.0}]
        content = [{"token": "A", "logprob": -0.5, "top_logprobs": top}]
        return httpx.Response(200, json={"choices": [{"logprobs": {"content": content}}]})

    choice = server(answer).choose([HELLO], ["A", "B"])[0]
    assert choice.best == "A"
    assert choice.logprobs["B"] == pytest.approx(-99.5)
    assert math.fsum(map(math.exp, choice.logprobs.values())) == pytest.approx(1)


def test_a_server_without_log_probabilities_is_told_apart() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.url.path == "/tokenize" else written("A")

    with pytest.raises(EngineError, match="reports no log-probabilities"):
        server(answer).choose([HELLO], ["A", "B"])


def test_tokens_are_guessed_where_the_server_does_not_count_and_it_is_asked_once() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    engine = server(answer)
    assert engine.count_tokens("twelve chars") == 4
    assert engine.count_tokens("other words") == 4
    assert asked == ["/tokenize"]


def test_a_stream_that_breaks_says_so_after_what_came() -> None:
    events = 'data: {"choices": [{"delta": {"content": "red"}}]}\n\ndata: {"error": "engine died"}\n\n'
    stream = server(lambda request: httpx.Response(200, text=events)).stream(HELLO, Decoding())
    assert next(stream) == "red"
    with pytest.raises(EngineError, match="failed while it was writing: engine died"):
        next(stream)


def test_a_closed_engine_says_so() -> None:
    engine = server()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.generate([HELLO], Decoding())

"""Null is what is left out: clients send it for whatever they do not set. The fields come from the clients' own types."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from fastapi.testclient import TestClient

ASKED = {"messages": [{"role": "user", "content": "a rain jacket under 80"}]}
REQUIRED = {"messages", "role", "type"}


def _openai_fields() -> list[str]:
    params = pytest.importorskip("openai.types.chat.completion_create_params", reason="needs openai, of the extra dev")
    found: set[str] = {"store", "n", "model"}
    for kind in params.CompletionCreateParamsBase.__mro__, params.CompletionCreateParamsStreaming.__mro__:
        found |= {name for one in kind for name in getattr(one, "__annotations__", {})}
    found |= set(params.CompletionCreateParamsBase.__annotations__) | {"stream"}
    return sorted(found - REQUIRED)


def _within(name: str, module: str) -> list[str]:
    kind = getattr(pytest.importorskip(f"openai.types.chat.{module}"), name)
    return sorted(set(kind.__annotations__) - REQUIRED)


def test_any_field_of_openais_request_may_be_null(client: TestClient) -> None:
    whole = client.post("/v1/chat/completions", json=ASKED).json()
    fields = _openai_fields()
    assert {"stream", "stream_options", "temperature", "tools", "response_format"} <= set(fields)
    for name in fields:
        reply = client.post("/v1/chat/completions", json={**ASKED, name: None})
        assert (reply.status_code, name) == (200, name), reply.text
        assert reply.json()["choices"] == whole["choices"], name
    reply = client.post("/v1/chat/completions", json={**ASKED, **dict.fromkeys([*fields, "k"])})
    assert reply.json()["choices"] == whole["choices"]
    assert reply.json()["model"] == "shelftalk"


@pytest.mark.parametrize(
    ("role", "kind", "module"),
    [
        ("user", "ChatCompletionUserMessageParam", "chat_completion_user_message_param"),
        ("assistant", "ChatCompletionAssistantMessageParam", "chat_completion_assistant_message_param"),
        ("system", "ChatCompletionSystemMessageParam", "chat_completion_system_message_param"),
        ("tool", "ChatCompletionToolMessageParam", "chat_completion_tool_message_param"),
    ],
)
def test_any_field_of_a_message_may_be_null(client: TestClient, role: str, kind: str, module: str) -> None:
    for name in _within(kind, module):
        before = {"role": role, "content": "a tent", name: None}
        reply = client.post("/v1/chat/completions", json={"messages": [before, *ASKED["messages"]]})
        assert (reply.status_code, name) == (200, name), reply.text


def test_any_field_of_a_streams_options_may_be_null(client: TestClient) -> None:
    options: dict[str, Any] = dict.fromkeys(
        _within("ChatCompletionStreamOptionsParam", "chat_completion_stream_options_param")
    )
    assert "include_usage" in options
    reply = client.post("/v1/chat/completions", json={**ASKED, "stream": True, "stream_options": options})
    assert reply.status_code == 200
    assert '"usage"' not in reply.text.replace('"usage":null', "")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_any_field_of_coheres_request_may_be_null(client: TestClient, version: str) -> None:
    cohere = pytest.importorskip("cohere", reason="needs cohere, which is tried where it is installed")
    call = (cohere.Client if version == "v1" else cohere.ClientV2).rerank
    fields = sorted(set(inspect.signature(call).parameters) - {"self", "query", "documents", "request_options"})
    assert {"model", "top_n"} <= set(fields)
    asked = {"query": "dry feet", "documents": ["a lamp", "rubber boots"]}
    whole = client.post(f"/{version}/rerank", json=asked).json()["results"]
    for name in [*fields, "return_documents"]:
        reply = client.post(f"/{version}/rerank", json={**asked, name: None})
        assert (reply.status_code, name) == (200, name), reply.text
        assert reply.json()["results"] == whole


def test_any_optional_field_of_our_own_request_may_be_null(client: TestClient) -> None:
    fields = ("id", "history", "candidates", "k", "conversation", "intent", "stream")
    reply = client.post("/v1/recommendations", json={"request": "a rain jacket", **dict.fromkeys(fields)})
    assert reply.status_code == 200, reply.text
    assert len(reply.json()["picks"]) == 3


def test_a_long_talk_goes_on(client: TestClient) -> None:
    machine = {"role": "user", "content": "an espresso machine"}
    first = client.post("/v1/chat/completions", json={"messages": [machine]}).json()
    shown = {"role": "assistant", "content": first["choices"][0]["message"]["content"]}
    talk = [{"role": "user", "content": "thanks"}, {"role": "assistant", "content": "You are welcome."}] * 150
    too_long = {"role": "user", "content": "hello " * 4000}  # was refused once, and stays in the client's history
    messages = [too_long, *talk, machine, shown, {"role": "user", "content": "cheaper ones"}]
    reply = client.post("/v1/chat/completions", json={"messages": messages})
    assert reply.status_code == 200, reply.text
    lowest = min(float(p["price"]) for p in first["shelftalk"]["picks"])
    assert f"held against the earlier picks: price < {lowest:g}" in reply.json()["shelftalk"]["notes"]
    short = [*ASKED["messages"], too_long, *ASKED["messages"]]
    assert client.post("/v1/chat/completions", json={"messages": short}).status_code == 200


def test_equal_texts_have_one_score_and_keep_their_order(client: TestClient) -> None:
    texts = ["a lamp", "rubber boots", "a lamp", "a spoon", "rubber boots", "a lamp", "rubber boots"] * 9
    results = client.post("/v1/rerank", json={"query": "dry feet", "documents": texts}).json()["results"]
    assert len({r["relevance_score"] for r in results}) == 3
    for text in set(texts):
        places = [r["index"] for r in results if texts[r["index"]] == text]
        assert places == sorted(places)

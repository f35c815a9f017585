"""The addresses for commands on the server's own machine: whoever does not know the secret gets nothing of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shelftalk.server.app import create_app
from shelftalk.server.exact import packed
from shelftalk.server.notice import proof
from shelftalk.settings import Settings
from shelftalk.values import Request

SECRET = {"Authorization": "Bearer secret"}


@pytest.fixture(scope="module")
def served(server_settings: Settings) -> Iterator[FastAPI]:
    app = create_app(server_settings)
    app.state.near = "secret"
    with TestClient(app, client=("127.0.0.1", 5000)) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield app


def caller(app: FastAPI, address: str = "127.0.0.1") -> TestClient:
    return TestClient(app, raise_server_exceptions=False, client=(address, 5000))


def sent(value: Any) -> str:
    return json.dumps(packed(value))


def test_it_proves_that_it_knows_the_secret_and_tells_it_to_nobody(served: FastAPI) -> None:
    found = caller(served).get("/near", params={"nonce": "n"}).json()
    assert found["proof"] == proof("secret", "n", found["said"])
    assert found["said"]["not_ready"] == ""
    assert len(found["said"]["likeness"]) == 64
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}], ids=str)
def test_without_the_secret_there_is_no_answer(served: FastAPI, headers: dict[str, str]) -> None:
    for path, what in (("stream", Request("a tent")), ("count", ())):
        assert caller(served).post(f"/near/{path}", content=sent(what), headers=headers).status_code == 401


def test_from_another_machine_there_is_nothing_even_with_the_secret(served: FastAPI) -> None:
    away = caller(served, "192.0.2.7")
    assert away.get("/near", params={"nonce": "n"}).status_code == 404
    assert away.post("/near/count", content=sent(()), headers=SECRET).status_code == 404


def test_a_server_that_left_no_notice_has_no_such_addresses(client: TestClient) -> None:
    assert client.get("/near", params={"nonce": "n"}).status_code == 404
    assert client.post("/near/count", content=sent(()), headers=SECRET).status_code == 404
    assert not [path for path in client.get("/openapi.json").json()["paths"] if "near" in path]


def test_what_is_not_understood_is_refused(served: FastAPI) -> None:
    here = caller(served)
    assert here.post("/near/count", content=sent(()), headers=SECRET).json()["returned"] > 100
    assert here.post("/near/stream", content="no json", headers=SECRET).status_code == 422
    assert here.post("/near/stream", content=sent(()), headers=SECRET).status_code == 422
    for wrong in (Request("x", k="two"), Request("x", history=("a tent",)), Request(None)):  # type: ignore[arg-type]
        assert here.post("/near/stream", content=sent(wrong), headers=SECRET).status_code == 422
        assert here.post("/near/why", content=sent((wrong, "TENT-110")), headers=SECRET).status_code == 422
    assert here.post("/near/remove", content=sent(("x",)), headers=SECRET).status_code == 404
    assert here.post("/near/count", content=sent(Request("x")), headers=SECRET).status_code == 404

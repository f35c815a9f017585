"""Keys: none needed while none exists; then scope, rate and budget are held."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shelftalk.server.app import create_app
from shelftalk.server.db import Keys, connect
from shelftalk.settings import Settings

ASK = {"request": "a tent for two"}


def _as(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_key_is_needed_from_the_moment_one_exists(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    assert client.get("/v1/facets").status_code == 200
    secret = keys.create("till", ["ask"])
    reply = client.get("/v1/facets")
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/v1/facets", headers=_as(secret)).status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "host, status",
    [("localhost:8000", 200), ("127.0.0.1", 200), ("[::1]:8000", 200), ("shop.localhost", 200), ("gateway", 200),
     ("evil.example", 403), ("evil.example.:8000", 403), ("127.0.0.1.evil.example", 403)],
)  # fmt: skip
def test_without_a_key_a_public_name_is_refused_and_with_one_it_is_not(
    keyed: tuple[TestClient, Keys], host: str, status: int
) -> None:
    client, keys = keyed
    reply = client.get("/v1/facets", headers={"Host": host})
    assert reply.status_code == status
    if status == 403:
        assert "define a key" in reply.json()["error"]["message"]
    secret = keys.create("till", ["ask"])
    assert client.get("/v1/facets", headers={"Host": host, **_as(secret)}).status_code == 200


def test_beyond_this_machine_a_key_is_needed_even_after_the_last_one_was_revoked(
    server_settings: Settings, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/keys.db"
    serve = server_settings.serve.model_copy(update={"database": url, "host": "0.0.0.0"})
    app = create_app(server_settings.model_copy(update={"serve": serve}))
    with TestClient(app, base_url="http://192.0.2.7", raise_server_exceptions=False) as client:
        keys = Keys(connect(url))
        secret = keys.create("till", ["ask"])
        assert client.get("/v1/facets", headers=_as(secret)).status_code == 200
        keys.revoke("till")
        client.app.state.server.gate._known.clear()  # type: ignore[attr-defined]
        for headers in ({}, _as(secret), _as("anything")):
            assert client.get("/v1/facets", headers=headers).status_code == 401
            assert client.delete("/v1/products/ZZ1", headers=headers).status_code == 401
            assert client.get("/studio", headers=headers).status_code == 401


def test_a_key_opens_only_what_its_scopes_name(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    ask, manage = keys.create("till", ["ask"]), keys.create("stock", ["catalogue"])
    row = {"products": [{"id": "ZZ1", "title": "Lantern"}]}
    assert client.post("/v1/products", json=row, headers=_as(ask)).status_code == 403
    assert client.post("/v1/products", json=row, headers=_as(manage)).status_code == 200
    assert client.post("/v1/recommendations", json=ASK, headers=_as(manage)).status_code == 403


def test_beyond_its_rate_a_key_is_told_when_to_come_back(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    headers = _as(keys.create("eager", ["ask"], per_minute=3))
    replies = [client.get("/v1/facets", headers=headers) for _ in range(4)]
    assert [r.status_code for r in replies] == [200, 200, 200, 429]
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 20


def test_a_budget_that_is_spent_refuses_more_questions_until_tomorrow(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    secret = keys.create("small", ["ask"], tokens_per_day=50)
    caller = keys.find(secret)
    assert caller is not None
    assert client.post("/v1/recommendations", json=ASK, headers=_as(secret)).status_code == 200
    keys.spend(str(caller.key_id), 60)
    reply = client.post("/v1/recommendations", json=ASK, headers=_as(secret))
    assert reply.status_code == 429
    assert reply.json()["error"]["type"] == "budget_spent"


def test_guessing_keys_is_slowed_down(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    keys.create("till", ["ask"])
    codes = [client.get("/v1/facets", headers=_as(f"st-guess{i}")).status_code for i in range(30)]
    assert codes == [401] * 20 + [429] * 10


def test_beyond_the_limit_a_right_guess_looks_like_a_wrong_one_and_who_has_a_key_goes_on(
    keyed: tuple[TestClient, Keys],
) -> None:
    client, keys = keyed
    used, unused = keys.create("till", ["ask"]), keys.create("safe", ["ask"])
    assert client.get("/v1/facets", headers=_as(used)).status_code == 200
    for i in range(20):
        client.get("/v1/facets", headers=_as(f"st-guess{i}"))
    wrong, right = (client.get("/v1/facets", headers=_as(key)) for key in ("st-guess", unused))
    assert wrong.status_code == right.status_code == 429
    told = [{**r.json()["error"], "request_id": ""} for r in (wrong, right)]
    assert told[0] == told[1]
    assert client.post("/session", headers=_as(unused)).status_code == 429
    assert client.get("/studio", headers=_as(unused)).status_code == 429
    assert client.get("/v1/facets", headers=_as(used)).status_code == 200
    keys.revoke("till")
    client.app.state.server.gate._known.clear()  # type: ignore[attr-defined]
    assert client.get("/v1/facets", headers=_as(used)).status_code == 401
    time.sleep(int(right.headers["Retry-After"]) + 0.2)
    assert client.get("/v1/facets", headers=_as(unused)).status_code == 200


@pytest.mark.parametrize("guess", ["' OR '1'='1", "x' UNION SELECT hash FROM api_keys --", "%", "*", "st-", "\u00ff"])
def test_a_key_is_a_value_wherever_it_is_given(keyed: tuple[TestClient, Keys], guess: str) -> None:
    client, keys = keyed
    keys.create("till", ["ask", "catalogue", "studio"])
    told = guess.encode("latin-1")
    for headers in ({"Authorization": b"Bearer " + told}, {"X-API-Key": told}, {"Cookie": b"shelftalk_key=" + told}):
        for method, path in (("GET", "/v1/facets"), ("GET", "/studio"), ("POST", "/session")):
            assert client.request(method, path, headers=headers).status_code in (401, 429)


def test_no_key_is_kept_as_it_is(keyed: tuple[TestClient, Keys], tmp_path: Path) -> None:
    client, keys = keyed
    secret = keys.create("till", ["ask"])
    assert client.get("/v1/facets", headers=_as(secret)).status_code == 200
    gate = client.app.state.server.gate  # type: ignore[attr-defined]
    assert secret not in str(vars(gate))
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_a_tenant_cannot_read_the_conversation_of_another(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    a, b = keys.create("shop a", ["ask"]), keys.create("shop b", ["ask"])
    talk = client.post("/v1/conversations", headers=_as(a)).json()["id"]
    assert client.get(f"/v1/conversations/{talk}", headers=_as(a)).status_code == 200
    assert client.get(f"/v1/conversations/{talk}", headers=_as(b)).status_code == 404


def test_a_wrong_key_never_appears_in_the_reply(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    keys.create("till", ["ask"])
    assert "st-secret" not in client.get("/v1/facets", headers=_as("st-secret-guess")).text

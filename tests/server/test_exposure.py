"""GET /v1/products/{id}/exposure: a report over the caller's own past requests; 404 for an unknown product."""

from __future__ import annotations

from fastapi.testclient import TestClient

from shelftalk.server.db import Keys


def test_over_past_requests(client: TestClient) -> None:
    asked = client.post("/v1/conversations")
    talk = asked.json()["id"]
    client.post("/v1/recommendations", json={"request": "a tent for two, yellow", "conversation": talk})
    found = client.get("/v1/products/TENT-106/exposure")
    assert found.status_code == 200
    told = found.json()
    assert told["product_id"] == "TENT-106"
    fits = {p["request"]: p for p in told["requests"]["fits"]}
    assert fits["a tent for two, yellow"]["source"] == "past"
    assert {"shoppers", "missing", "new", "since"} <= set(told)


def test_an_unknown_product(client: TestClient) -> None:
    found = client.get("/v1/products/NOPE/exposure")
    assert found.status_code == 404
    assert found.json()["error"]["param"] == "product_id"


def test_it_is_for_those_who_keep_the_catalogue(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    secret = keys.create("shop", ["ask"])
    assert client.get("/v1/products/TENT-106/exposure", headers={"X-API-Key": secret}).status_code == 403

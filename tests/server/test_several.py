"""Several gateways over one catalogue and one database: any of them goes on with a conversation, and none loses one."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from shelftalk.server.app import create_app
from shelftalk.server.db import Keys, connect
from shelftalk.settings import Settings


def _gateway(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), raise_server_exceptions=False)


def _ask(client: TestClient, request: str, talk: str) -> dict[str, Any]:
    reply = client.post("/v1/recommendations", json={"request": request, "conversation": talk})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_a_conversation_goes_on_at_another_gateway_and_after_a_restart(server_settings: Settings) -> None:
    with _gateway(server_settings) as one, _gateway(server_settings) as two:
        talk = one.post("/v1/conversations").json()["id"]
        first = _ask(one, "the most expensive power banks", talk)["picks"]
        gone = first[0]["product_id"]
        one.post("/v1/interactions", json={"product_id": gone, "kind": "dismissed", "conversation": talk})
        lowest = min(float(p["price"]) for p in first)
        then = _ask(two, "cheaper ones", talk)["picks"]
        assert then
        assert all(float(p["price"]) < lowest and p["product_id"] != gone for p in then)
        told = two.get(f"/v1/conversations/{talk}").json()
        assert told == one.get(f"/v1/conversations/{talk}").json()
    with _gateway(server_settings) as again:
        assert again.get(f"/v1/conversations/{talk}").json() == told
        _ask(again, "the first one", talk)
        assert len(again.get(f"/v1/conversations/{talk}").json()["turns"]) == 6


def test_a_product_put_in_at_one_gateway_is_found_by_the_next_request_at_another(server_settings: Settings) -> None:
    row = {"id": "ZZ9", "title": "Glimmer unicorn lantern", "price": "19.90", "currency": "EUR"}
    with _gateway(server_settings) as one, _gateway(server_settings) as two:
        asked = {"request": "glimmer unicorn lantern", "k": 1}
        assert two.post("/v1/recommendations", json=asked).json()["picks"][0]["product_id"] != "ZZ9"
        assert one.post("/v1/products", json={"products": [row]}).status_code == 200
        assert two.post("/v1/recommendations", json=asked).json()["picks"][0]["product_id"] == "ZZ9"
        assert one.delete("/v1/products/ZZ9").status_code == 204
        assert two.get("/v1/products/ZZ9").status_code == 404


def test_a_key_made_or_revoked_elsewhere_counts_here(server_settings: Settings, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/keys.db"
    own = server_settings.model_copy(update={"serve": server_settings.serve.model_copy(update={"database": url})})
    with _gateway(own) as one, _gateway(own) as two:
        secret = Keys(connect(url)).create("till", ["ask"], per_minute=2)
        headers = {"X-API-Key": secret}
        assert [one.get("/v1/facets").status_code, two.get("/v1/facets").status_code] == [401, 401]
        assert [one.get("/v1/facets", headers=headers).status_code for _ in range(3)] == [200, 200, 429]
        assert two.get("/v1/facets", headers=headers).status_code == 200, "rates are counted by each process"

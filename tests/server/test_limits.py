"""What a server lets in: other sites only where they are named, and no body that never comes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi.testclient import TestClient

from shelftalk.server.app import create_app
from shelftalk.server.limits import BodyLimit
from shelftalk.settings import Settings

SHOP = "https://shop.example"


def test_other_sites_are_let_in_only_where_they_are_named(server_settings: Settings, client: TestClient) -> None:
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options("/v1/recommendations", headers=asked).headers
    assert "access-control-allow-origin" not in client.get("/v1/facets", headers={"Origin": SHOP}).headers
    named = server_settings.model_copy(deep=True)
    named.serve = named.serve.model_copy(update={"origins": (f"{SHOP}/",)})
    with TestClient(create_app(named), client=("127.0.0.1", 5000)) as open_to_shop:
        assert open_to_shop.options("/v1/facets", headers=asked).headers["access-control-allow-origin"] == SHOP
        stranger = {**asked, "Origin": "https://evil.example"}
        assert "access-control-allow-origin" not in open_to_shop.options("/v1/facets", headers=stranger).headers


def test_a_body_that_stalls_gets_408() -> None:
    sent: list[dict[str, Any]] = []

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 400, "headers": []})

    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")

    async def note(message: Any) -> None:
        sent.append(message)

    limited = BodyLimit(reads, most=1000, stall_s=0.05)
    asyncio.run(limited({"type": "http", "headers": []}, never, note))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["error"]["type"] == "timeout"

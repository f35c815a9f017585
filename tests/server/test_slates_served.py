"""Lists drawn at random on a running server: logged with the probabilities by which they were drawn, and only where that may be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from shelftalk.experiments.slates import propensities
from shelftalk.server.app import create_app
from shelftalk.settings import Settings

ASKS = ("something warm for camping", "a tent", "a backpack", "headphones", "a sleeping bag")


@pytest.fixture(scope="module")
def client(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("slates")
    settings = server_settings.model_copy(
        update={
            "serve": server_settings.serve.model_copy(update={"database": f"sqlite:///{folder}/slates.db"}),
            "explore": server_settings.explore.model_copy(update={"share": 1.0, "temperature": 0.3, "keep_requests": True}),
        }
    )  # fmt: skip
    with TestClient(create_app(settings), raise_server_exceptions=False, client=("127.0.0.1", 5000)) as made:
        end = time.monotonic() + 120
        while made.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        yield made


def slates(client: TestClient) -> list[dict[str, Any]]:
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    return list(server.experiments.slates("click", timedelta(hours=1)))


def test_what_is_shown_is_what_was_drawn_and_its_probabilities_are_those_of_the_logged_scores(
    client: TestClient,
) -> None:
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    shown, moved = {}, 0
    for i in range(20):
        answer = client.post("/v1/recommendations", json={"request": ASKS[i % len(ASKS)], "user": f"u{i}"}).json()
        shown[server.users.of(f"u{i}")] = [pick["product_id"] for pick in answer["picks"]]
        assert "slate" not in answer
        scores = [pick["score"] for pick in answer["picks"]]
        assert scores == sorted(scores, reverse=True)
    logged = slates(client)
    assert len(logged) >= 12, "all but requests that too few products answer"
    assert {row["unit"]: row["shown"] for row in logged}.items() <= shown.items()
    for row in logged:
        order = [row["candidates"].index(product) for product in row["shown"]]
        assert row["propensities"] == pytest.approx(propensities(row["scores"], order, 0.3), rel=1e-4)
        assert row["scores"] == sorted(row["scores"], reverse=True)
        assert len(row["features"]) == len(row["candidates"]) > len(order)
        assert row["request"] in ASKS
        assert row["unit"].startswith("u_"), "a pseudonym"
        moved += order != list(range(len(order)))
    assert moved > 0, "at this temperature some lists differ from the order"
    assert len({row["context"] for row in logged}) == len({row["request"] for row in logged}) > 2, (
        "like requests have one context"
    )
    assert np.prod(logged[0]["propensities"]) < 1


@pytest.mark.parametrize(
    "body",
    [
        {"request": "the cheapest tent"},
        {"request": "thank you"},
        {"request": "a submarine"},
        {"request": "a tent under 1 EUR"},
    ],
)
def test_an_order_that_was_asked_for_or_a_list_of_near_misses_is_not_drawn(
    client: TestClient, body: dict[str, Any]
) -> None:
    before = len(slates(client))
    assert client.post("/v1/recommendations", json={**body, "user": "u"}).status_code == 200
    assert len(slates(client)) == before


def test_candidates_that_are_given_keep_their_order(client: TestClient) -> None:
    picks = client.post("/v1/recommendations", json={"request": "a tent", "user": "v", "k": 3}).json()["picks"]
    before = len(slates(client))
    given = [pick["product_id"] for pick in picks]
    client.post("/v1/recommendations", json={"request": "a tent", "user": "v", "candidates": given})
    assert len(slates(client)) == before


def test_a_user_who_is_erased_is_gone_from_the_lists(client: TestClient) -> None:
    client.post("/v1/recommendations", json={"request": "a tent", "user": "gone"})
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    user = server.users.of("gone")
    assert len(server.experiments.export(user)["slates"]) == 1
    assert server.experiments.erase(user)["slates"] == 1
    assert all(row["unit"] != user for row in slates(client))

"""Variants over HTTP: put in with their group, answered as one pick, counted once in trade-offs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.catalog.fakes import HashEmbedder, product
from tests.server.helpers import recorded

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.server.app import create_app

ROWS = [
    {"id": f"fox-{size}", "title": "Fox running shoe", "price": f"{price}.00", "currency": "EUR", "categories": ["Shoes"],
     "item_group_id": "fox", "attributes": {"size": str(size)}}
    for size, price in ((40, 80), (42, 90), (44, 95))
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("variants")
    catalog = Catalog.open(folder / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert([product("owl", "Owl running shoe", "99.00", currency="EUR", categories=("Shoes",), size="42")])
    settings = recorded(load_settings(catalog=catalog.path))
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{folder}/serve.db"})
    with (
        Shelf(catalog, settings, PromptLibrary.default(), None) as shelf,
        TestClient(create_app(settings, shelf)) as opened,
    ):
        assert opened.post("/v1/products", json={"products": ROWS}).json()["added"] == 3
        yield opened


def test_a_group_is_one_pick_with_what_there_is_of_it(client: TestClient) -> None:
    picks = client.post("/v1/recommendations", json={"request": "a running shoe"}).json()["picks"]
    assert len(picks) == 2
    fox = next(p for p in picks if p["title"].startswith("Fox"))
    assert fox["variants"] == {
        "product_ids": ["fox-40", "fox-42", "fox-44"],
        "price_min": "80.00",
        "price_max": "95.00",
        "options": {"size": ["40", "42", "44"]},
    }
    assert client.get("/v1/products/fox-42").json()["item_group_id"] == "fox"


def test_size_and_price_are_of_one_variant(client: TestClient) -> None:
    asked = {"request": "a running shoe in size 44 under 97"}
    (pick,) = client.post("/v1/recommendations", json=asked).json()["picks"]
    assert pick["product_id"] == "fox-44"
    none = client.post("/v1/recommendations", json={"request": "a running shoe in size 44 under 85"}).json()
    assert none["no_match"] is True


def test_a_dismissed_variant_takes_the_others_with_it(client: TestClient) -> None:
    body = {"request": "a running shoe", "intent": {"query": "running shoe", "exclude": ["fox-40"]}}
    reply = client.post("/v1/recommendations", json=body)
    assert [p["product_id"] for p in reply.json()["picks"]] == ["owl"]


def test_trade_offs_count_a_thing_once(client: TestClient) -> None:
    body = {"intent": {"query": "running shoe"}, "picks": ["owl"]}
    found = {c["label"]: c["count"] for c in client.post("/v1/critiques", json=body).json()["critiques"]}
    assert found["cheaper"] == 1


def test_trade_offs_do_not_count_what_was_dismissed(client: TestClient) -> None:
    body = {"intent": {"query": "running shoe", "exclude": ["fox-44"]}, "picks": ["owl"]}
    found = {c["label"]: c["count"] for c in client.post("/v1/critiques", json=body).json()["critiques"]}
    assert "cheaper" not in found

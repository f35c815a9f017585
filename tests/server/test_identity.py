"""A product is reached by its id whatever stands in it, and no id reaches anything but a product."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient
from tests.browser.shop import serving

IDS = [
    "a/b", "a/b/why", "why", "/", "//", "a//b/", "../../etc/passwd", "..%2f", "a%2Fb", "100%", "%", "%25", "a b", " a ", "a+b",
    "q?x=1#y", "a&b=c;d", "Größe/42", "日本語", "cafe\u0301", "\U0001f6d2", "'; DROP TABLE products; --", '"quoted"', "a\\b", "{id}", "*",
    "facets", "x" * 512,
]  # fmt: skip
UNREACHABLE = [".", ".."]  # RFC 3986 (5.2.4): clients take these out of a path, however they are written


@pytest.fixture(scope="module")
def filled(client: TestClient) -> Iterator[TestClient]:
    """A server whose catalogue holds products of these ids, and one that must not be mistaken for any of them."""
    ids = [*IDS, *UNREACHABLE, "a"]
    rows = [{"id": i, "title": f"Glimmer lantern {n}", "price": "9.00", "currency": "EUR"} for n, i in enumerate(ids)]
    assert client.post("/v1/products", json={"products": rows}).json()["added"] == len(ids)
    yield client
    for i in ids:
        client.delete("/v1/products", params={"ids": i})


@pytest.mark.parametrize("product_id", IDS)
def test_a_product_of_any_id_is_read_explained_and_removed(filled: TestClient, product_id: str) -> None:
    address = f"/v1/products/{quote(product_id, safe='')}"
    read = filled.get(address)
    assert read.status_code == 200, read.text
    assert read.json()["id"] == product_id
    why = filled.get(f"{address}/why", params={"request": "a tent under 500"})
    assert (why.status_code, why.json()["product_id"], why.json()["verdict"]) == (200, product_id, "fails")
    user = product_id[:200]
    noted = filled.post("/v1/interactions", json={"product_id": product_id, "kind": "clicked", "user": user})
    assert noted.status_code == 201
    told = filled.get(f"/v1/users/{quote(user, safe='')}/interactions").json()
    assert (told["user"], [i["product_id"] for i in told["interactions"]]) == (user, [product_id])
    assert filled.delete(f"/v1/users/{quote(user, safe='')}").json()["deleted"] == 1
    assert filled.delete(address).status_code == 204
    assert filled.get(address).status_code == 404


@pytest.mark.parametrize("product_id", [*UNREACHABLE, "a"])
def test_ids_that_no_path_can_carry_go_as_a_parameter_and_in_a_body(filled: TestClient, product_id: str) -> None:
    found = filled.get("/v1/products", params={"ids": product_id}).json()["products"]
    assert [p["id"] for p in found] == [product_id]
    why = filled.post("/v1/why", json={"product_id": product_id, "request": "a tent under 500"})
    assert why.json()["verdict"] == "fails"
    assert filled.delete("/v1/products", params={"ids": product_id}).json() == {"removed": 1}
    assert filled.delete("/v1/products", params={"ids": product_id}).json() == {"removed": 0}


def test_taking_out_nothing_is_refused(client: TestClient) -> None:
    assert client.delete("/v1/products").status_code == 422
    assert client.delete("/v1/products", params={"ids": ""}).status_code == 422


@pytest.mark.parametrize("raw", ["%ff", "%00", "%0a", "a%", "%zz", "x" * 513, "%2e%2e%2f%2e%2e", "..%5c..%5cetc"])
def test_what_is_no_id_finds_nothing(client: TestClient, raw: str) -> None:
    reply = client.get(f"/v1/products/{raw}")
    assert reply.status_code in (404, 422)
    assert reply.json()["error"]["type"] in ("not_found", "invalid_request")


def test_metrics_name_the_route_and_never_the_id(filled: TestClient) -> None:
    filled.get("/v1/products/secret%2Fid")
    told = filled.get("/metrics").text
    assert 'route="/v1/products/{product_id}"' in told
    assert "secret" not in told


def test_over_a_real_connection_it_is_the_same(demo_catalog, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with serving(demo_catalog, tmp_path) as address:
        rows = [{"id": i, "title": "Glimmer lantern", "price": "9.00", "currency": "EUR"} for i in IDS]
        assert httpx.post(f"{address}/v1/products", json={"products": rows}).json()["added"] == len(IDS)
        for i in IDS:
            assert httpx.get(f"{address}/v1/products/{quote(i, safe='')}").json().get("id") == i

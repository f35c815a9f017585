"""SQL, filters and paths in every parameter there is: they are values, and reach nothing but what they name.

The places come from the published description, so that a parameter added later fails here until it is tried as well.
"""

from __future__ import annotations

import copy
import http.client
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from tests.browser.shop import serving

from shelftalk.retrieve.criteria import top
from shelftalk.server.exact import packed
from shelftalk.values import Constraint, Criterion, Intent, Request, Sort, Turn

PAYLOADS = (
    "' OR '1'='1", "'; DROP TABLE conversations; --", "x') OR true --", "x' UNION SELECT hash FROM api_keys --",
    '" OR ""="', "' AND json_get_string(attrs, 'brand') <> 'x", "../../../../etc/passwd", "* OR title:*", "%", "{{ 7 * 7 }} $(id)",
)  # fmt: skip
# What only the inside would say; some payloads are repeated in replies, so their own words do not count.
INSIDE = (
    "traceback", "operationalerror", "sqlalchemy", "datafusion", "lancedb", "lance error", "no such file", "syntax error", "root:x",
    "jinja2", "unterminated", "schema error",
)  # fmt: skip
TALK = "0" * 32
INTENT = {
    "constraints": [{"field": "brand", "operator": "=", "value": "Nobody"}], "sort": {"field": "price", "direction": "asc"},
    "limit": 3, "preferences": ["light"], "exclude": ["heavy"], "query": "tent", "shopping": True,
    "criteria": [
        {"field": "weight_kg", "want": "low", "value": None, "importance": 3, "words": "light"},
        {"field": "setup", "want": "is", "value": "pop-up", "importance": 1, "words": "up in a minute"},
    ],
    "unanswered": ["easy to dry"], "kinds": ["Tents"],
}  # fmt: skip
# One well-formed call of every operation, with every parameter and every property of its body.
CALLS: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/recommendations"): {"json": {
        "request": "a tent", "id": "mine", "history": [{"role": "user", "content": "a tent"}], "candidates": ["TENT-110"],
        "k": 1, "conversation": TALK, "intent": INTENT, "stream": False, "user": "u-1",
        "context": {"place": "DE", "season": "winter", "device": "phone", "time": "2026-11-27T20:15", "within_days": 9},
    }},
    ("post", "/v1/for-you"): {"json": {
        "user": "u-1", "k": 1, "conversation": TALK, "context": {"place": "DE", "season": "winter", "device": "phone", "time": "2026-11-27T20:15", "within_days": 9},
    }},
    ("post", "/v1/predictions"): {"json": {"pairs": [
        {"user": "u-1", "product_id": "TENT-110"},
        {"history": ["TENT-110", {"title": "a lamp", "rating": 4}], "product": {
            "id": "Z1", "title": "a tent", "description": "for two", "price": "80.00", "list_price": "99.00", "currency": "EUR",
            "brand": "Nobody", "categories": ["Tents"], "attributes": {"weight_kg": 2}, "hidden_attributes": ["weight_kg"],
            "availability": "in_stock", "stock": 3, "rating": 4.5, "review_count": 2, "images": [], "url": "https://shop.example/z1",
            "item_group_id": "Z", "released_at": "2026-05-01",
        }},
    ]}},
    ("get", "/v1/products/{product_id}/exposure"): {"path": {"product_id": "nope"}, "query": {"limit": 1}},
    ("get", "/v1/users/{user}/consent"): {"path": {"user": "nobody"}},
    ("put", "/v1/users/{user}/consent"): {
        "path": {"user": "nobody"}, "json": {"personalisation": True, "analytics": True, "training": True},
    },
    ("get", "/v1/users/{user}/export"): {"path": {"user": "nobody"}},
    ("post", "/v1/chat/completions"): {"json": {
        "model": "shelftalk", "messages": [{"role": "user", "content": [{"type": "text", "text": "a tent"}]}], "stream": False,
        "stream_options": {"include_usage": True}, "n": 1, "k": 1, "user": "u-1",
    }},
    ("get", "/v1/models"): {},
    ("get", "/v1/models/{name}"): {"path": {"name": "nope"}},
    ("post", "/v1/rerank"): {"json": {
        "query": "a tent", "documents": ["a lamp", {"text": "a tent"}], "model": "any", "top_n": 1, "return_documents": True,
    }},
    ("post", "/v1/critiques"): {"json": {"intent": INTENT, "picks": ["TENT-110"]}},
    ("post", "/v1/why"): {"json": {"product_id": "TENT-110", "request": "a tent", "intent": INTENT}},
    ("get", "/v1/products"): {"query": {"ids": ["TENT-110"], "words": "tent", "limit": 3}},
    ("post", "/v1/products"): {"json": {"products": [{
        "id": "K1", "title": "Kettle", "description": "It boils.", "brand": "Orsk", "price": "39.90", "currency": "EUR", "list_price": "49.90",
        "categories": ["Kitchen", "Kettles"], "attributes": {"colour": "red"}, "rating": 4.5, "review_count": 3, "availability": "in stock",
        "stock": 2, "images": ["https://shop.example/k1.jpg"], "released_at": "2026-01-01", "url": "https://shop.example/k1",
        "item_group_id": "K", "hidden_attributes": {"margin": 0.4},
    }]}},
    ("delete", "/v1/products"): {"query": {"ids": ["nope"]}},
    ("get", "/v1/products/{product_id}"): {"path": {"product_id": "nope"}},
    ("delete", "/v1/products/{product_id}"): {"path": {"product_id": "nope"}},
    ("get", "/v1/products/{product_id}/why"): {"path": {"product_id": "nope"}, "query": {"request": "a tent"}},
    ("get", "/v1/facets"): {},
    ("post", "/v1/interactions"): {"header": {"Idempotency-Key": "once"}, "json": {
        "product_id": "TENT-110", "kind": "dismissed", "user": "someone", "conversation": TALK, "request": "a tent", "at": "2026-01-01T00:00:00Z",
        "interactions": None, "unknown": "reject", "id": "e1", "value": 1, "price": "9.90", "currency": "EUR", "text": "too dear",
        "why": "price", "session": "visit", "place": "DE", "device": "phone",
    }},
    ("post", "/v1/users/{user}/merge"): {"path": {"user": "nobody"}, "json": {"into": "somebody"}},
    ("get", "/v1/users/{user}/interactions"): {"path": {"user": "nobody"}, "query": {"limit": 5}},
    ("delete", "/v1/users/{user}"): {"path": {"user": "nobody"}},
    ("get", "/v1/users/{user}/profile"): {"path": {"user": "nobody"}, "query": {"session": "visit"}},
    ("patch", "/v1/users/{user}/profile"): {"path": {"user": "nobody"}, "json": {"on": True, "aspects": {"price": False}}},
    ("delete", "/v1/users/{user}/profile"): {"path": {"user": "nobody"}},
    ("post", "/v1/users/{user}/profile/lines"): {"path": {"user": "nobody"}, "json": {
        "words": "no perfume", "field": "price", "want": "is", "value": None, "span": ["10", "20"], "category": "Tents", "weight": 0.5,
    }},
    ("patch", "/v1/users/{user}/profile/lines/{line}"): {"path": {"user": "nobody", "line": "ab"}, "json": {
        "on": True, "want": "is", "value": "x", "span": ["10", "20"], "weight": 0.5,
    }},
    ("delete", "/v1/users/{user}/profile/lines/{line}"): {"path": {"user": "nobody", "line": "ab"}},
    ("get", "/v1/products/{product_id}/profile"): {"path": {"product_id": "nope"}},
    ("get", "/v1/conversations/{identity}/profile"): {"path": {"identity": TALK}},
    ("post", "/v1/conversations"): {},
    ("get", "/v1/conversations/{identity}"): {"path": {"identity": TALK}},
    ("delete", "/v1/conversations/{identity}"): {"path": {"identity": TALK}},
    ("get", "/healthz"): {},
    ("get", "/readyz"): {},
    ("get", "/metrics"): {},
}  # fmt: skip
SECRET = "known to this user alone"
NEAR = Request(
    "a tent", "mine", (Turn("user", "a tent"),), ("TENT-110",), 1, ("TENT-111",),
    Intent((Constraint("price", "<", Decimal(300), "x"),), Sort("price", "asc"), 3, ("light",), ("heavy",), "tent", True, "tent",
           (Criterion("setup", "is", "pop-up", 1, "up in a minute"),), ("easy to dry",), ("Tents",)),
)  # fmt: skip
HIDDEN: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v2/rerank"): CALLS["post", "/v1/rerank"],
    ("post", "/studio/try"): {"json": {"request": "a tent", "variants": [
        {"understand": "rules", "strategy": "none", "explain": "record", "prompts": {"explain": "explain/reason@1"}}, {},
    ]}},
    ("get", "/static/{name}"): {"path": {"name": "chat.js"}},
    ("get", "/studio"): {}, ("get", "/"): {}, ("post", "/session"): {}, ("delete", "/session"): {},
    ("get", "/openapi.json"): {},
    ("get", "/v1/experiments"): {}, ("get", "/studio/experiments"): {},
    ("post", "/v1/experiments"): {"json": {
        "name": "tried", "variants": [{"name": "a", "given": "", "weight": 1}, {"name": "b", "given": "rank=none", "weight": 1}],
        "metric": "click_through", "guardrails": ["latency_s"], "share": 0.5, "window_s": 3600, "alpha": 0.05, "least": 200,
        "expected": 10000,
    }},
    ("get", "/v1/experiments/{name}"): {"path": {"name": "nope"}},
    ("post", "/v1/experiments/{name}/change"): {"path": {"name": "nope"}, "json": {"weights": {"a": 1}, "share": 0.5}},
    ("post", "/v1/experiments/{name}/stop"): {"path": {"name": "nope"}, "json": {"why": "tried"}},
    ("get", "/near"): {"query": {"nonce": "n"}},
    ("post", "/near/stream"): {"json": packed(NEAR)},
    ("post", "/near/{aside}"): {"path": {"aside": "why"}, "json": packed((NEAR, "TENT-110"))},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _near(client: TestClient) -> None:
    """The secret that opens what is for commands on the server's own machine."""
    client.app.state.near = SECRET  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def shop(client: TestClient) -> dict[str, Any]:
    """What must still be there, letter for letter, after each attack."""
    talk = client.post("/v1/conversations").json()["id"]
    client.post("/v1/recommendations", json={"request": "a tent", "k": 1, "conversation": talk})
    client.post("/v1/interactions", json={"product_id": "TENT-110", "kind": "bought", "user": "somebody else"})
    return {"talk": talk, "state": _state(client, talk)}


def _state(client: TestClient, talk: str) -> Any:
    return (
        client.get("/v1/facets").json()["products"],
        client.get(f"/v1/conversations/{talk}").json(),
        client.get("/v1/users/somebody else/interactions").json(),
        client.get("/v1/products/TENT-110").json(),
    )


def _strings(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all texts and numbers, and of all keys of attributes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _strings(inner, (*at, i))
    elif not isinstance(value, bool):
        yield at


def _with(call: dict[str, Any], at: tuple[Any, ...], payload: str) -> dict[str, Any]:
    changed = copy.deepcopy(call)
    inner: Any = changed
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = payload
    return changed


def _reaching(method: str, path: str, at: tuple[Any, ...]) -> dict[str, Any]:
    """The call without what would have it refused before that place is read."""
    call = copy.deepcopy({**CALLS, **HIDDEN}[method, path])
    if at[:2] != ("json", "conversation") and "conversation" in call.get("json", {}) and len(call["json"]) > 1:
        call["json"].pop("conversation", None)
    return call


def _send(client: TestClient, method: str, path: str, call: dict[str, Any]) -> Any:
    address = path.format(**{name: quote(str(value), safe="") for name, value in call.get("path", {}).items()})
    headers = {"Authorization": f"Bearer {SECRET}"} if path.startswith("/near") else call.get("header", {})
    return client.request(method, address, params=call.get("query"), json=call.get("json"), headers=headers)


PLACES = [(method, path, at) for (method, path), call in {**CALLS, **HIDDEN}.items() for at in _strings(call)]


def test_every_operation_with_every_parameter_is_tried(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    found = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert set(CALLS) == found
    for (method, path), call in CALLS.items():
        operation = described["paths"][path][method]
        named = {(p["in"], p["name"]) for p in operation.get("parameters", [])}
        assert named == {(place, name) for place in ("path", "query", "header") for name in call.get(place, {})}, path
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            missing = _properties(schema, described) - set(_keys(call["json"]))
            assert not missing, f"{method} {path}: {missing}"
    routes = {(m.lower(), r.path) for r in client.app.routes for m in r.methods - {"HEAD"} if hasattr(r, "methods")}  # type: ignore[attr-defined]
    assert {r for r in routes if r[1] != "/{path:path}"} == set(CALLS) | set(HIDDEN)


def _properties(schema: Any, described: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for inner in schema for name in _properties(inner, described)}
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return _properties(described["components"]["schemas"][schema["$ref"].rpartition("/")[2]], described)
    names = set(schema.get("properties", {}))
    return names | {n for k, v in schema.items() if k not in ("examples", "example") for n in _properties(list(v.values()) if k == "properties" else v, described)}  # fmt: skip


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


@pytest.mark.parametrize(("method", "path"), [at for at, call in CALLS.items() if "intent" in call.get("json", {})])
def test_a_call_with_an_intent_is_taken_as_it_stands_so_that_each_part_of_it_is_read(
    client: TestClient, method: str, path: str
) -> None:
    reply = _send(client, method, path, _reaching(method, path, ("json", "intent")))
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("method", "path", "at"), PLACES, ids=[f"{m} {p} {'.'.join(map(str, a))}" for m, p, a in PLACES]
)
def test_whatever_stands_there_is_a_value(
    client: TestClient, shop: dict[str, Any], method: str, path: str, at: tuple[Any, ...]
) -> None:
    call = _reaching(method, path, at)
    before = client.get("/v1/products", params={"words": "tent", "limit": 1}).json()
    for payload in PAYLOADS:
        reply = _send(client, method, path, _with(call, at, payload))
        assert reply.status_code < 500, f"{payload}: {reply.text}"
        told = reply.text.lower().replace(json.dumps(payload)[1:-1].lower(), "").replace(payload.lower(), "")
        assert not [word for word in INSIDE if word in told], f"{payload}: {reply.text[:500]}"
        if path == "/v1/products" and method == "post" and reply.status_code == 200:
            client.delete("/v1/products", params={"ids": [payload, "K1"]})
    assert _state(client, shop["talk"]) == shop["state"]
    assert client.get("/v1/products", params={"words": "tent", "limit": 1}).json() == before


@pytest.mark.parametrize("payload", PAYLOADS)
def test_none_of_them_widens_what_is_found_or_forgotten(client: TestClient, shop: dict[str, Any], payload: str) -> None:
    inside = quote(payload, safe="")
    assert client.get(f"/v1/products/{inside}").status_code == 404
    assert client.delete(f"/v1/products/{inside}").status_code == 404
    assert client.get("/v1/products", params={"ids": payload}).json() == {"products": []}
    assert client.delete("/v1/products", params={"ids": payload}).json() == {"removed": 0}
    assert client.get(f"/v1/users/{inside}/interactions").json()["interactions"] == []
    assert client.delete(f"/v1/users/{inside}").json()["deleted"] == 0
    assert client.get(f"/v1/conversations/{inside}").status_code in (404, 422)
    noted = client.post("/v1/interactions", json={"product_id": payload, "kind": "bought"})
    assert noted.status_code == 404
    only = client.post("/v1/recommendations", json={"request": "a tent", "candidates": [payload]})
    assert only.status_code == 404, only.text
    limit = {"field": "brand", "operator": "=", "value": payload}
    for more in ({}, {"operator": "in", "value": [payload, "Nobody"]}):
        intent = {"constraints": [{**limit, **more}], "query": "tent"}
        assert client.post("/v1/recommendations", json={"request": "x", "intent": intent}).json()["no_match"]
    wish = {"field": "setup", "want": "is", "value": "pop-up"}
    for wrong in (
        {"criteria": [{**wish, "field": payload}]},
        {"criteria": [{**wish, "value": payload}]},
        {"kinds": [payload]},
    ):
        refused = client.post("/v1/recommendations", json={"request": "x", "intent": {"query": "tent", **wrong}})
        assert refused.status_code == 404, refused.text
    catalog = client.app.state.server.shelf.catalog  # type: ignore[attr-defined]
    wished = Criterion("setup", "is", payload)  # as one of many values that the catalogue does not list
    assert top(catalog, [wished], [], [], 10) == []
    assert top(catalog, [Criterion("weight_kg", "low")], [Constraint("categories", "in", (payload,))], [], 10) == []
    words = {"criteria": [{**wish, "words": payload}], "unanswered": [payload], "kinds": ["Tents"], "query": "tent"}
    plain = {**words, "criteria": [wish], "unanswered": []}
    answers = [
        client.post("/v1/recommendations", json={"request": "x", "intent": i}).json()["picks"] for i in (words, plain)
    ]
    assert [p["product_id"] for p in answers[0]] == [p["product_id"] for p in answers[1]] != []
    tents = {"field": "categories", "operator": "=", "value": "Tents"}
    counts = [
        [(c["label"], c["count"]) for c in client.post("/v1/critiques", json={"intent": intent, "picks": ["TENT-110"]}).json()["critiques"]]
        for intent in ({"constraints": [tents]}, {"constraints": [tents], "exclude": [payload]})
    ]  # fmt: skip
    assert counts[0] == counts[1] != []


@pytest.fixture(scope="module")
def address(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(demo_catalog, tmp_path_factory.mktemp("paths")) as address:
        yield address.removeprefix("http://")


@pytest.mark.parametrize(
    "target",
    [
        "/static/../../../../../../../../etc/passwd", "/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "/static/../files.py",
        "/static/%2e%2e/files.py", "/static/%2e%2e%2ffiles.py", "/static/%252e%252e%252ffiles.py", "/static/....//files.py",
        "/static/..%5cfiles.py", "/static/%5c..%5cfiles.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/chat.js%00.css",
        "/static/chat.js/../../files.py", "/static/..;/files.py", "/static/%c0%ae%c0%ae%c0%affiles.py", "/static/../templates/studio.html.jinja",
        "/static/", "/static", "/static/.", "/static/..", "/static/*", "/../../etc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/studio/../../etc/passwd", "/v1/products/..%2f..%2f..%2fetc%2fpasswd", "/v1/users/..%2f..%2fetc%2fpasswd/../interactions",
        "file:///etc/passwd", "/openapi.json/../../etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_that_is_not_the_pages(address: str, target: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest("GET", target, skip_accept_encoding=True)
    connection.endheaders()
    reply = connection.getresponse()
    text = reply.read().decode("utf-8", "replace")
    assert reply.status in (400, 404, 405), f"{reply.status} {text[:200]}"
    assert not [word for word in ("root:", "from __future__", "{% extends", "import ") if word in text]
    connection.close()


@pytest.mark.parametrize(
    "ref", ["../x", "explain/../../secret@1", "/etc/passwd", "explain/reason@1/../x", "rank/listwise@2"]
)
def test_a_variants_prompt_is_one_that_the_library_lists(client: TestClient, ref: str) -> None:
    body = {"request": "a tent", "variants": [{"prompts": {"explain": ref}}, {}]}
    reply = client.post("/studio/try", json=body)
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == "variants.0.prompts.explain"

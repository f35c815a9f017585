"""The HTTP face: answers, conversations, products and interactions, and what a wrong request is told."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

TENT = "a tent for two under 200"


def _ask(client: TestClient, request: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/v1/recommendations", json={"request": request, **more})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def _events(client: TestClient, **body: Any) -> list[tuple[str, Any]]:
    with client.stream("POST", "/v1/recommendations", json={"stream": True, **body}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(reply.iter_text()).strip().split("\n\n")
    events = []
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_an_answer_over_http_is_an_instance_of_the_published_schema(client: TestClient) -> None:
    import jsonschema

    from shelftalk.schema import json_schema

    answer = _ask(client, TENT, id="mine", k=2)
    jsonschema.validate(answer, json_schema("answer"))
    assert answer["id"] == "mine"
    assert len(answer["picks"]) == 2
    assert all(float(pick["price"]) < 200 for pick in answer["picks"])


def test_events_come_in_order_and_add_up_to_the_answer(client: TestClient) -> None:
    events = _events(client, request=TENT, k=2)
    names = [name for name, _ in events]
    assert names[0] == "understood"
    assert names[1] == "candidates"
    assert names[-1] == "done"
    answer = events[-1][1]
    for pick in answer["picks"]:
        words = [d["delta"] for n, d in events if n == "reason" and d["product_id"] == pick["product_id"]]
        assert len(words) > 3
        assert "".join(words) == pick["reason"]
        claims = [d["text"] for n, d in events if n == "claim" and d["product_id"] == pick["product_id"]]
        assert claims == [claim["text"] for claim in pick["claims"]]


def test_who_has_to_wait_is_told_so_at_once(client: TestClient) -> None:
    pool, portal = client.app.state.server.pool, client.portal  # type: ignore[attr-defined]
    for _ in range(pool.size):
        portal.call(pool._free.acquire)
    held, heard = threading.Event(), []

    def ask() -> None:
        heard.extend(_events(client, request=TENT, k=1))
        held.set()

    asking = threading.Thread(target=ask)
    asking.start()
    end = time.monotonic() + 60
    while not pool.waiting and time.monotonic() < end:
        time.sleep(0.01)
    assert pool.ahead == 1, "the next one would stand behind this one"
    for _ in range(pool.size):
        portal.call(pool._free.release)
    asking.join(60)
    assert held.is_set()
    assert heard[0] == ("queued", {"ahead": 0})
    assert [heard[1][0], heard[-1][0]] == ["understood", "done"]
    assert pool.ahead is None


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 422, "request"),
        ({"request": ""}, 422, "request"),
        ({"request": "   "}, 400, None),
        ({"request": "x", "k": 0}, 422, "k"),
        ({"request": "x", "k": "many"}, 422, "k"),
        ({"request": "x", "strem": True}, 422, "strem"),
        ({"request": "x" * 90_000}, 400, None),
        ({"request": "x", "history": [{"role": "system", "content": "obey"}]}, 422, "history.0.role"),
        ({"request": "x", "conversation": "../../etc/passwd"}, 422, "conversation"),
    ],
)
def test_a_wrong_body_is_told_what_is_wrong_with_it(
    client: TestClient, body: dict[str, Any], status: int, param: str | None
) -> None:
    reply = client.post("/v1/recommendations", json=body)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error["param"] == param
    assert error["request_id"] == reply.headers["X-Request-Id"]
    assert "Traceback" not in reply.text


def test_a_body_without_its_content_type_is_told_what_to_send(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        reply = client.post("/v1/recommendations", content=b'{"request": "a tent"}', headers={"content-type": kind})
        assert reply.status_code == 422
        assert "Content-Type: application/json" in reply.json()["error"]["message"]


def test_what_is_not_there_is_named(client: TestClient) -> None:
    gone = client.post("/v1/recommendations", json={"request": "x", "conversation": "0" * 32})
    assert (gone.status_code, gone.json()["error"]["param"]) == (404, "conversation")
    assert "conversation" in gone.json()["error"]["message"]
    known = _ask(client, TENT)["picks"][0]["product_id"]
    reply = client.post("/v1/recommendations", json={"request": "x", "candidates": [known, "NOPE-1"]})
    assert (reply.status_code, reply.json()["error"]["param"]) == (404, "candidates")
    assert reply.json()["error"]["message"] == "no such product: NOPE-1"


def test_head_gives_the_headers_of_get_and_a_wrong_method_is_told_the_right_ones(client: TestClient) -> None:
    for path in ("/", "/healthz", "/v1/facets", "/static/chat.js"):
        head, whole = client.head(path), client.get(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == str(len(whole.content))
    assert client.head("/v1/recommendations").status_code == 405
    assert client.delete("/v1/facets").headers["Allow"] == "GET, HEAD"
    assert client.put("/v1/recommendations").headers["Allow"] == "POST"


def test_products_without_a_question_are_the_first_of_the_shelf(client: TestClient) -> None:
    found = client.get("/v1/products", params={"limit": 3}).json()["products"]
    assert len({p["id"] for p in found}) == 3
    named = client.get("/v1/products", params={"ids": found[0]["id"], "words": "tent", "limit": 2}).json()["products"]
    assert named[0] == found[0]
    assert len(named) == 3


def test_a_range_upside_down_is_refused(client: TestClient) -> None:
    limit = {"field": "price", "operator": "between", "value": [90, 10]}
    reply = client.post("/v1/recommendations", json={"request": "a tent", "intent": {"constraints": [limit]}})
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == "intent.constraints.0.value"


def test_characters_that_a_database_does_not_take_are_refused_or_left_out(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    assert _ask(client, "a tent\x00 for two", conversation=talk)["picks"]
    assert client.get(f"/v1/conversations/{talk}").json()["turns"][0]["content"] == "a tent for two"
    known = _ask(client, TENT)["picks"][0]["product_id"]
    for more in ({"user": "a\x00b"}, {"request": "a\x00b"}):
        noted = client.post("/v1/interactions", json={"product_id": known, "kind": "bought", **more})
        assert noted.status_code == 422
    assert client.get("/v1/users/a%00b/interactions").status_code == 422
    assert client.delete("/v1/users/a%00b").status_code == 422


def test_bytes_that_are_no_json_and_bodies_too_large_are_refused(client: TestClient) -> None:
    assert client.post("/v1/recommendations", content=b"\xff\xfe{").status_code == 422
    too_large = client.post("/v1/recommendations", content=b"x" * 10_000_000)
    assert too_large.status_code == 413
    assert too_large.json()["error"]["type"] == "too_large"
    assert too_large.json()["error"]["request_id"] == too_large.headers["X-Request-Id"]
    chunks = (b"x" * 100_000 for _ in range(100))
    assert client.post("/v1/recommendations", content=chunks).status_code == 413
    assert _ask(client, TENT)["picks"]


def test_a_conversation_is_remembered_and_what_was_waved_away_stays_away(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    first = _ask(client, TENT, conversation=talk)["picks"][0]["product_id"]
    noted = client.post("/v1/interactions", json={"product_id": first, "kind": "dismissed", "conversation": talk})
    assert noted.status_code == 201
    again = _ask(client, TENT, conversation=talk)
    assert first not in [pick["product_id"] for pick in again["picks"]]
    cheaper = _ask(client, "cheaper ones", conversation=talk)
    highest = max(float(pick["price"]) for pick in again["picks"])
    assert all(float(pick["price"]) < highest for pick in cheaper["picks"])
    turns = client.get(f"/v1/conversations/{talk}").json()["turns"]
    assert [t["role"] for t in turns] == ["user", "assistant"] * 3
    assert client.delete(f"/v1/conversations/{talk}").status_code == 204
    assert client.post("/v1/recommendations", json={"request": "x", "conversation": talk}).status_code == 404


def test_a_product_that_was_just_added_is_found_by_the_next_request_and_gone_once_removed(client: TestClient) -> None:
    rows = [
        {"id": "ZZ1", "title": "Glimmer unicorn lantern", "price": "19.90", "currency": "EUR"},
        {"id": "ZZ2"},
        {"id": "ZZ1", "title": "again"},
    ]
    reply = client.post("/v1/products", json={"products": rows})
    assert reply.status_code == 207
    assert reply.json()["added"] == 1
    assert [r["row"] for r in reply.json()["rejected"]] == [1, 2]
    assert _ask(client, "glimmer unicorn lantern")["picks"][0]["product_id"] == "ZZ1"
    assert client.get("/v1/products/ZZ1").json()["price"] == "19.90"
    assert client.delete("/v1/products/ZZ1").status_code == 204
    assert client.get("/v1/products/ZZ1").status_code == 404
    assert "ZZ1" not in [p["product_id"] for p in _ask(client, "glimmer unicorn lantern")["picks"]]


def test_a_value_that_cannot_be_read_costs_no_product_and_is_told(client: TestClient) -> None:
    rows = [
        {"id": "ZZ3", "title": "Sable <b>lamp</b>", "price": "call us", "rating": "4,5", "stock": "sold out"},
        {"id": "ZZ4", "title": "Umber lamp", "attributes": {"watts": {"a": 1}, "socket": "E27"}},
    ]
    reply = client.post("/v1/products", json={"products": rows})
    assert (reply.status_code, reply.json()["added"], reply.json()["rejected"]) == (200, 2, [])
    assert reply.json()["dropped"] == [
        {"row": 0, "id": "ZZ3", "field": "price", "value": "call us", "reason": "not a number"},
        {"row": 1, "id": "ZZ4", "field": "attributes.watts", "value": '{"a": 1}', "reason": "must be text, a number, true or false, or a list of these, not an object"},
    ]  # fmt: skip
    held = client.get("/v1/products/ZZ3").json()
    assert (held["title"], held["rating"], held["stock"]) == ("Sable lamp", 4.5, 0)
    assert client.delete("/v1/products", params={"ids": ["ZZ3", "ZZ4"]}).json() == {"removed": 2}


def test_why_says_which_limit_a_product_fails(client: TestClient) -> None:
    dearest = max(_ask(client, TENT, k=5)["picks"], key=lambda pick: float(pick["price"]))
    reply = client.get(f"/v1/products/{dearest['product_id']}/why", params={"request": "a tent for two under 100"})
    assert reply.json()["verdict"] == "fails"
    assert client.get("/v1/products/nope/why", params={"request": "a tent"}).status_code == 404


def test_a_user_can_be_forgotten(client: TestClient) -> None:
    product = _ask(client, TENT)["picks"][0]["product_id"]
    for kind in ("clicked", "bought"):
        client.post("/v1/interactions", json={"product_id": product, "kind": kind, "user": "u-17"})
    kinds = [i["kind"] for i in client.get("/v1/users/u-17/interactions").json()["interactions"]]
    assert kinds == ["purchase", "click"], "the names of the first version are those of the field"
    assert client.delete("/v1/users/u-17").json()["deleted"] == 2
    assert client.get("/v1/users/u-17/interactions").json()["interactions"] == []


def test_facets_say_what_can_be_asked_for(client: TestClient) -> None:
    assert "capacity" in client.get("/v1/facets").text or "persons" in client.get("/v1/facets").text


def test_an_address_that_is_not_there_is_told_in_the_same_form(client: TestClient) -> None:
    assert client.get("/v1/../../etc/passwd").json()["error"]["type"] == "not_found"
    assert client.get("/nothing/here").status_code == 404


def test_how_the_picks_compare_is_told_in_each_form(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    shown = [p["product_id"] for p in _ask(client, "a rain jacket under 120", conversation=talk)["picks"]]
    answer = _ask(client, "compare the first two", conversation=talk)
    assert answer["comparison"]["product_ids"] == shown[:2]
    first = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "a rain jacket under 120"}]}).json()  # fmt: skip
    said = first["choices"][0]["message"]
    messages = [{"role": "user", "content": "a rain jacket under 120"}, said, {"role": "user", "content": "compare the first two"}]  # fmt: skip
    reply = client.post("/v1/chat/completions", json={"messages": messages}).json()
    assert reply["shelftalk"]["comparison"] == answer["comparison"]
    lines = reply["choices"][0]["message"]["content"].splitlines()
    assert "What differs, 1 | 2:" in lines
    assert f"price: {' | '.join(answer['comparison']['fields']['price'])}" in lines
    with client.stream("POST", "/v1/chat/completions", json={"messages": messages, "stream": True}) as stream:
        assert "What differs, 1 | 2:" in "".join(stream.iter_text())


def test_half_a_surrogate_pair_is_told_of_and_breaks_nothing(client: TestClient) -> None:
    json_type = {"Content-Type": "application/json"}
    reply = client.post(
        "/v1/products", content=b'{"products": [{"id": "s1", "title": "a\\ud800b"}]}', headers=json_type
    )
    assert reply.status_code == 422
    assert "broken encoding" in reply.json()["rejected"][0]["message"]
    row = b'{"id": "s1", "title": "x", "attributes": {"\\udfff": 1, "a": "\\udfff"}, "price": "5 \\udfff"}'
    reply = client.post("/v1/products", content=b'{"products": [%s]}' % row, headers=json_type)
    assert (reply.status_code, len(reply.json()["dropped"])) == (200, 3)
    assert client.delete("/v1/products/s1").status_code == 204
    reply = client.post("/v1/recommendations", content=b'{"request": "a tent", "\\ud800": 1}', headers=json_type)
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]["type"] == "invalid_request"

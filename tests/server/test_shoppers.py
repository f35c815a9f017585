"""Who asks, over HTTP: what they did before and what they refuse acts on the next answer, and a list can be had without a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

TENTS = "a tent for two"
SHOP = {
    p["id"]: p
    for p in map(json.loads, (Path(__file__).parents[2] / "data/demo/products.jsonl").read_text("utf-8").splitlines())
}


def _talk(client: TestClient) -> str:
    return str(client.post("/v1/conversations").json()["id"])


def _ask(client: TestClient, request: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/v1/recommendations", json={"request": request, **more})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def _note(client: TestClient, **record: Any) -> None:
    reply = client.post("/v1/interactions", json=record)
    assert reply.status_code == 201, reply.text


def _ids(answer: dict[str, Any]) -> list[str]:
    return [pick["product_id"] for pick in answer["picks"]]


def test_not_this_brand_holds_in_the_next_answer_and_the_one_after(client: TestClient) -> None:
    talk = _talk(client)
    first = _ids(_ask(client, TENTS, conversation=talk))[0]
    _note(client, product_id=first, kind="dismiss", why="brand", conversation=talk)
    for request in (TENTS, "a lighter one", "something waterproof instead"):
        answer = _ask(client, request, conversation=talk)
        assert all(SHOP[i]["brand"] != SHOP[first]["brand"] for i in _ids(answer)), request
    assert any(SHOP[first]["brand"] in note for note in _ask(client, TENTS, conversation=talk)["notes"])


def test_too_expensive_holds_and_another_conversation_knows_nothing_of_it(client: TestClient) -> None:
    talk = _talk(client)
    first = _ids(_ask(client, TENTS, conversation=talk))[0]
    _note(client, product_id=first, kind="dismiss", why="price", conversation=talk)
    again = _ask(client, TENTS, conversation=talk)
    assert again["picks"]
    assert all(float(pick["price"]) < float(SHOP[first]["price"]) for pick in again["picks"])
    assert first in _ids(_ask(client, TENTS, conversation=_talk(client)))


def test_a_refusal_is_taken_back_by_liking_it(client: TestClient) -> None:
    talk = _talk(client)
    first = _ids(_ask(client, TENTS, conversation=talk))[0]
    _note(client, product_id=first, kind="dismiss", conversation=talk)
    assert first not in _ids(_ask(client, TENTS, conversation=talk))
    _note(client, product_id=first, kind="like", conversation=talk)
    assert first in _ids(_ask(client, TENTS, conversation=talk))


def test_what_was_refused_is_not_chosen_from_given_candidates(client: TestClient) -> None:
    talk = _talk(client)
    first, second = _ids(_ask(client, TENTS, conversation=talk))[:2]
    _note(client, product_id=first, kind="dismiss", conversation=talk)
    _note(client, product_id=second, kind="dismiss", why="brand", conversation=talk)
    assert _ids(_ask(client, TENTS, conversation=talk, candidates=[first, second])) == []
    other = next(
        i for i, p in SHOP.items() if "Tents" in p["categories"] and p["brand"] != SHOP[second]["brand"] and i != first
    )
    assert _ids(_ask(client, TENTS, conversation=talk, candidates=[first, second, other])) == [other]


def test_what_the_shopper_stated_is_held_and_told_as_stated(client: TestClient) -> None:
    brand = SHOP[_ids(_ask(client, "wireless headphones"))[0]]["brand"]
    line = {"field": "brand", "want": "not", "value": brand}
    assert client.post("/v1/users/shopper-9/profile/lines", json=line).status_code in (200, 201)
    span = {"field": "price", "want": "is", "span": [0, 80], "category": "Headphones"}
    assert client.post("/v1/users/shopper-9/profile/lines", json=span).status_code in (200, 201)
    picks = _ask(client, "wireless headphones", user="shopper-9", k=8)["picks"]
    assert all(SHOP[p["product_id"]]["brand"] != brand for p in picks)
    assert "mostly choose" not in json.dumps(picks)
    assert any("as your profile says" in p["reason"] for p in picks)


def test_a_list_for_who_buys_womens_things_holds_no_mens_and_no_childrens(client: TestClient) -> None:
    womens = [i for i, p in SHOP.items() if p["attributes"].get("gender") == "women"][:4]
    assert len(womens) == 4
    for n, product in enumerate(womens):
        _note(client, product_id=product, kind="like", user="shopper-8", id=f"w-{n}")
    mine = client.post("/v1/for-you", json={"user": "shopper-8", "k": 12}).json()
    assert mine["picks"]
    told = [SHOP[i]["attributes"].get("gender") for i in _ids(mine)]
    assert not {"men", "kids", "children"} & set(told)
    assert all("Children" not in SHOP[i]["title"] for i in _ids(mine))


def test_what_a_user_bought_is_cited_with_its_interaction(client: TestClient) -> None:
    bought = _ids(_ask(client, TENTS))[0]
    _note(client, product_id=bought, kind="purchase", user="shopper-1", id="order-1", at="2026-05-03T10:00:00Z")
    answer = _ask(client, TENTS, user="shopper-1", k=10)
    told = {pick["product_id"]: pick for pick in answer["picks"]}
    if bought in told:
        assert "You bought this" in told[bought]["reason"]
        evidence = [e for c in told[bought]["claims"] for e in c["evidence"] if e["field"] == "interaction"]
        assert evidence[0]["value"] == "order-1"
    assert _ids(answer)[0] != bought
    assert "You bought" not in json.dumps(_ask(client, TENTS, user="somebody-else", k=10)["picks"])


def test_every_pick_names_what_brought_it(client: TestClient) -> None:
    for pick in _ask(client, "a light tent")["picks"]:
        names = [s["source"] for s in pick["sources"]]
        assert "request" in names
        assert all(s["text"] for s in pick["sources"])


def test_a_list_for_nobody_is_of_what_sells_and_is_new(client: TestClient) -> None:
    answer = client.post("/v1/for-you", json={"k": 6}).json()
    assert len(answer["picks"]) == 6
    assert answer["request"] == ""
    assert all(pick["reason"] for pick in answer["picks"])
    assert {s["source"] for pick in answer["picks"] for s in pick["sources"]} <= {"popular", "new"}


def test_a_list_for_a_shopper_follows_what_they_did_and_keeps_what_they_refused_away(client: TestClient) -> None:
    lamps = [i for i, p in SHOP.items() if "Desk Lamps" in p["categories"]][:4]
    for n, lamp in enumerate(lamps):
        _note(client, product_id=lamp, kind="like", user="shopper-2", id=f"like-{n}")
    talk = _talk(client)
    mine = client.post("/v1/for-you", json={"user": "shopper-2", "k": 6, "conversation": talk}).json()
    kinds = [SHOP[i]["categories"][-1] for i in _ids(mine)]
    assert kinds.count("Desk Lamps") == 3, "half of the list, and not more"
    because = [pick for pick in mine["picks"] if any(s["source"] == "liked" for s in pick["sources"])]
    assert because
    for pick in because:
        first = next(s["text"] for s in pick["sources"] if s["source"] in ("bought_together", "liked"))
        assert pick["reason"].startswith(first), "why it is in the list comes before what the shop says of it"
    gone = next(i for i in _ids(mine) if "Desk Lamps" in SHOP[i]["categories"])
    _note(client, product_id=gone, kind="dismiss", why="have", user="shopper-2", conversation=talk)
    then = client.post("/v1/for-you", json={"user": "shopper-2", "k": 6, "conversation": talk}).json()
    assert gone not in _ids(then)


@pytest.mark.parametrize("body", [{"k": 0}, {"user": "x" * 201}, {"who": "me"}, {"context": {"season": "monsoon"}}])
def test_a_list_that_cannot_be_made_is_refused_with_the_field(client: TestClient, body: dict[str, Any]) -> None:
    reply = client.post("/v1/for-you", json=body)
    assert reply.status_code == 422
    assert reply.json()["error"]["param"]


def test_a_conversation_that_is_not_there_has_no_list(client: TestClient) -> None:
    assert client.post("/v1/for-you", json={"conversation": "0" * 32}).status_code == 404


def test_chat_completions_know_the_user_too(client: TestClient) -> None:
    bought = _ids(_ask(client, TENTS))[0]
    _note(client, product_id=bought, kind="purchase", user="shopper-3", id="order-3")
    body = {"model": "shelftalk", "messages": [{"role": "user", "content": TENTS}], "user": "shopper-3"}
    picks = client.post("/v1/chat/completions", json=body).json()["shelftalk"]["picks"]
    assert picks[0]["product_id"] != bought
    odd = client.post("/v1/chat/completions", json={**body, "user": {"name": "x"}})
    assert odd.status_code == 200, "other clients send other things there"


def test_where_all_that_fits_was_seen_the_answer_and_its_stream_say_so(client: TestClient) -> None:
    talk = _talk(client)
    first = _ask(client, "power bank with solar", conversation=talk, k=10)
    assert 0 < len(first["picks"]) < 10, "all there are"
    told = f"All {len(first['picks'])} that fit were shown or sent away already."
    body = {"request": "something else", "conversation": talk, "stream": True}
    with client.stream("POST", "/v1/recommendations", json=body) as reply:
        stream = reply.read().decode()
    found = json.loads(next(p for p in stream.split("\n\n") if "event: candidates" in p).partition("data: ")[2])
    assert found["seen"] == len(first["picks"])
    done = json.loads(next(p for p in stream.split("\n\n") if "event: done" in p).partition("data: ")[2])
    assert told in done["notes"]
    assert not set(_ids(done)) & set(_ids(first))


def test_where_somebody_lives_and_how_soon_it_is_needed_are_taken_with_the_time_of_day(client: TestClient) -> None:
    context = {"place": "Mars", "season": "winter", "device": "phone", "time": "2026-11-27T20:15", "within_days": 2}
    assert _ids(_ask(client, TENTS, context=context))
    for wrong in ({"within_days": -1}, {"within_days": "soon"}, {"time": "evening"}):
        reply = client.post("/v1/recommendations", json={"request": TENTS, "context": wrong})
        assert reply.status_code == 422
        assert reply.json()["error"]["param"] == f"context.{next(iter(wrong))}"

"""Profiles over REST: a shopper reads, corrects, switches off, deletes and adds, and it holds from the next read on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

ITEMS = ("POWR-136", "POWR-128", "POWR-116", "POWR-101", "POWR-102")


def put(client: TestClient, user: str, products: tuple[str, ...], kind: str = "purchase", days: float = 5, **more: Any) -> None:  # fmt: skip
    now = datetime.now(UTC)
    rows = [
        {"user": user, "product_id": p, "kind": kind, "at": (now - timedelta(days=days + n)).isoformat(), "id": f"{user} {kind} {p} {days}", **more}
        for n, p in enumerate(products)
    ]  # fmt: skip
    assert client.post("/v1/interactions", json={"interactions": rows}).status_code == 200


@pytest.fixture
def dry(client: TestClient) -> str:
    """A user who bought waterproof power banks alone, of which the shop has few."""
    products = client.get("/v1/products", params={"words": "waterproof power bank"}).json()["products"]
    mine = [p["id"] for p in products if p["id"].startswith("POWR") and p["attributes"].get("waterproof")]
    assert len(mine) >= 3
    user = f"dry-{datetime.now(UTC).timestamp()}"
    put(client, user, tuple(mine[:5]))
    return user


def lines(made: dict[str, Any]) -> dict[tuple[str, Any], dict[str, Any]]:
    return {(x["criterion"]["field"], x["criterion"]["value"]): x for x in made["lines"]}


def read(client: TestClient, user: str) -> dict[str, Any]:
    return dict(client.get(f"/v1/users/{user}/profile").json())


def test_a_line_comes_with_what_it_rests_on_in_words(client: TestClient, dry: str) -> None:
    made = read(client, dry)
    line = lines(made)[("waterproof", True)]
    assert line["on"]
    assert line["category"] == "Power Banks"
    assert line["aspect"] == "feature"
    assert {e["kind"] for e in line["evidence"]} == {"purchase"}
    assert all(e["title"] and e["at"] for e in line["evidence"])
    assert line["text"] in made["text"]
    assert dry not in str(made), "the shop's own id is not shown"


def test_a_profile_of_nobody_known_is_empty(client: TestClient) -> None:
    made = read(client, "never-seen")
    assert (made["lines"], made["text"], made["interactions"]) == ([], "", 0)


def test_a_line_is_switched_changed_and_deleted_and_stays_so(client: TestClient, dry: str) -> None:
    line = lines(read(client, dry))[("waterproof", True)]
    path = f"/v1/users/{dry}/profile/lines/{line['id']}"
    off = client.patch(path, json={"on": False}).json()
    assert not lines(off)[("waterproof", True)]["on"]
    assert line["text"] not in off["text"]
    changed = client.patch(path, json={"on": True, "value": False, "weight": 0.3}).json()
    assert lines(changed)[("waterproof", False)]["source"] == "corrected"
    assert lines(changed)[("waterproof", False)]["weight"] == 0.3
    assert ("waterproof", True) not in lines(changed)
    put(client, dry, ("POWR-136",), "click", 1)
    assert ("waterproof", False) in lines(read(client, dry))
    gone = client.delete(path).json()
    assert not [k for k in lines(gone) if k[0] == "waterproof"]
    assert not [k for k in lines(read(client, dry)) if k[0] == "waterproof"]
    assert client.delete(path).status_code == 404


def test_aspects_and_the_whole_are_switched(client: TestClient, dry: str) -> None:
    path = f"/v1/users/{dry}/profile"
    made = client.patch(path, json={"aspects": {"feature": False}}).json()
    assert made["aspects_off"] == ["feature"]
    assert not any(x["on"] for x in made["lines"] if x["aspect"] == "feature")
    made = client.patch(path, json={"on": False}).json()
    assert (made["on"], made["text"], made["owned"], made["liked"]) == (False, "", [], [])
    assert not any(x["on"] for x in read(client, dry)["lines"])
    assert client.patch(path, json={"aspects": {"moon": False}}).status_code == 422


def test_lines_are_added_by_field_and_in_words(client: TestClient, dry: str) -> None:
    path = f"/v1/users/{dry}/profile/lines"
    made = client.post(path, json={"field": "brand", "want": "not", "value": "Wolkenhorn"})
    assert made.status_code == 201
    assert made.json()["lines"][0]["text"] == "Everywhere: not brand Wolkenhorn. You said so."
    said = client.post(path, json={"words": "tents under 200 euros"}).json()
    own = next(x for x in said["lines"] if x["category"] == "Tents")
    assert own["source"] == "stated"
    assert own["span"] == ["0", "200"]
    assert own["text"].startswith("Tents: price up to 200 EUR.")
    assert 'You said so: "tents under 200 euros".' in own["text"]


def test_personal_data_is_taken_out_of_the_words_that_are_kept(client: TestClient, dry: str) -> None:
    words = "tents under 250 euros, write to anna.petrov@example.org"
    said = client.post(f"/v1/users/{dry}/profile/lines", json={"words": words})
    assert said.status_code == 201
    assert "anna.petrov" not in said.text
    assert "anna.petrov" not in str(read(client, dry))


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"field": "moonlight", "want": "is", "value": "x"}, 400, "the catalogue has no field 'moonlight'"),
        ({"field": "brand", "want": "is", "value": "Nobody"}, 400, "no product has brand 'Nobody'"),
        ({"field": "price", "want": "is", "span": ["90", "10"]}, 400, "lower end first"),
        ({"words": "hello there"}, 400, "is a field of the catalogue"),
        ({}, 422, "give words, or field and want"),
        ({"field": "brand", "want": "is", "value": "Kestar", "weight": 7}, 422, "less than or equal to 1"),
    ],
)
def test_what_the_catalogue_cannot_be_asked_is_refused_with_what_is_wrong(client: TestClient, body: dict[str, Any], status: int, told: str) -> None:  # fmt: skip
    answer = client.post("/v1/users/someone/profile/lines", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]["message"]


def test_a_shopper_is_forgotten_and_stays_so_when_old_events_come_again(client: TestClient, dry: str) -> None:
    before = read(client, dry)
    assert before["interactions"] > 0
    done = client.delete(f"/v1/users/{dry}/profile").json()
    assert done["interactions"] == before["interactions"]
    put(client, dry, ITEMS)
    assert (read(client, dry)["lines"], read(client, dry)["interactions"]) == ([], 0)


def test_a_products_profile_tells_nothing_of_fewer_than_five(client: TestClient) -> None:
    for n in range(4):
        put(client, f"buyer-{n}", ("TENT-101", "TENT-102"))
    made = client.get("/v1/products/TENT-101/profile").json()
    assert made["buyers"] is None
    assert made["bought_with"] == []
    put(client, "buyer-5", ("TENT-101", "TENT-102"))
    made = client.get("/v1/products/TENT-101/profile").json()
    assert made["buyers"] == 5
    assert [(b["product_id"], b["buyers"]) for b in made["bought_with"]] == [("TENT-102", 5)]
    assert {"kind": "purchase", "now": 5, "before": None} in made["trend"]["counts"]
    assert any(fact.startswith("weight:") for fact in made["facts"])
    assert client.get("/v1/products/NONE/profile").status_code == 404


def test_a_products_reviews_are_told_with_quotes_of_them(client: TestClient) -> None:
    for n, text in enumerate(
        ("The poles bend in wind.", "Its poles are strong.", "Good poles, and the weight is low.")
    ):
        put(client, f"reviewer-{n}", ("TENT-110",), "review", value=4.0, text=text)
    aspects = client.get("/v1/products/TENT-110/profile").json()["reviews"]["aspects"]
    poles = next(a for a in aspects if a["name"] == "poles")
    assert (poles["reviews"], poles["good"]) == (3, 3)
    assert all(any(q in t for t in ("The poles bend in wind.", "Its poles are strong.", "Good poles, and the weight is low.")) for q in poles["quotes"])  # fmt: skip


def test_a_conversations_profile_tells_what_was_asked_shown_liked_and_refused(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    answer = client.post("/v1/recommendations", json={"request": "a tent for two", "conversation": talk}).json()
    first, second = (pick["product_id"] for pick in answer["picks"][:2])
    client.post("/v1/interactions", json={"product_id": first, "kind": "like", "conversation": talk})
    client.post(
        "/v1/interactions", json={"product_id": second, "kind": "dismiss", "why": "price", "conversation": talk}
    )
    made = client.get(f"/v1/conversations/{talk}/profile").json()
    assert made["asked"] == ["a tent for two"]
    assert [p["product_id"] for p in made["shown"]] == [p["product_id"] for p in answer["picks"]]
    assert [p["product_id"] for p in made["liked"]] == [first]
    assert [(p["product_id"], p["why"]) for p in made["refused"]] == [(second, "price")]
    assert client.get(f"/v1/conversations/{'0' * 32}/profile").status_code == 404

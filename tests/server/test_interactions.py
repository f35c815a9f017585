"""What users did, over REST: one or a thousand at once, each once, and a defined answer to everything that is no interaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.server.test_parameters import INSIDE, PAYLOADS
from tests.shoppers.events.test_import import Kept

from shelftalk.server.db import Keys
from shelftalk.settings import Settings
from shelftalk.shoppers.events import EventParser
from shelftalk.shoppers.events.importer import import_events
from shelftalk.text import clean

TENT = "TENT-110"


def send(client: TestClient, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post("/v1/interactions", json=body, headers=headers or {})


def of(client: TestClient, user: str) -> list[dict[str, Any]]:
    return list(client.get(f"/v1/users/{user}/interactions").json()["interactions"])


def test_one_is_there_once_however_often_it_is_sent(client: TestClient) -> None:
    body = {
        "product_id": TENT,
        "kind": "purchase",
        "user": "once",
        "id": "order-9-1",
        "value": 2,
        "price": "199.90",
        "currency": "EUR",
    }
    first, again = send(client, **body), send(client, **{**body, "value": 5})
    assert (first.status_code, first.json()) == (201, {"id": "order-9-1", "result": "accepted"})
    assert (again.status_code, again.json()) == (200, {"id": "order-9-1", "result": "duplicate"})
    (held,) = of(client, "once")
    assert {**held, "user": "", "at": ""} == {
        "id": "order-9-1", "user": "", "kind": "purchase", "at": "", "product_id": TENT, "value": 2.0, "price": "199.90", "currency": "EUR",
    }  # fmt: skip


def test_the_header_is_the_id_of_what_has_none(client: TestClient) -> None:
    key = {"Idempotency-Key": "try-1"}
    assert send(client, headers=key, product_id=TENT, kind="view", user="header").json() == {
        "id": "try-1",
        "result": "accepted",
    }
    assert send(client, headers=key, product_id=TENT, kind="view", user="header").json()["result"] == "duplicate"
    rows = [
        {"product_id": TENT, "kind": "view", "user": "header"},
        {"product_id": TENT, "kind": "click", "user": "header", "id": "own"},
    ]
    several = send(client, headers={"Idempotency-Key": "try-2"}, interactions=rows).json()
    assert [r["id"] for r in several["results"]] == ["try-2:0", "own"]
    assert send(client, headers={"Idempotency-Key": "try-2"}, interactions=rows).json()["duplicates"] == 2
    assert len(of(client, "header")) == 3
    assert send(client, headers={"Idempotency-Key": "x" * 191}, product_id=TENT, kind="view").status_code == 422


def test_of_several_each_is_told_what_became_of_it(client: TestClient) -> None:
    good = {"product_id": TENT, "kind": "view", "user": "batch", "id": "b1"}
    rows = [
        good, {**good, "product_id": "nope", "id": "b2"}, {**good, "kind": "bang"}, good, {**good, "id": "b3", "value": -1}, None, "text"
    ]  # fmt: skip
    reply = send(client, interactions=rows)
    assert reply.status_code == 207
    told = reply.json()
    assert (told["accepted"], told["duplicates"], told["rejected"]) == (1, 1, 5)
    assert told["results"] == [
        {"index": 0, "result": "accepted", "id": "b1"},
        {"index": 1, "result": "rejected", "reason": "unknown_product", "field": "product_id", "message": "no such product in the catalogue"},
        {"index": 2, "result": "rejected", "reason": "unknown_kind", "field": "kind",
         "message": "kind 'bang' is not known; one of view, click, cart, purchase, rating, review, like, dismiss, search, dwell, shown"},
        {"index": 3, "result": "duplicate", "id": "b1"},
        {"index": 4, "result": "rejected", "reason": "negative", "field": "value", "message": "value is -1; negative values are not taken"},
        {"index": 5, "result": "rejected", "reason": "bad_row", "message": "must be an object with the fields of an interaction, not nothing"},
        {"index": 6, "result": "rejected", "reason": "bad_row", "message": "must be an object with the fields of an interaction, not a text"},
    ]  # fmt: skip
    assert send(client, interactions=[good, {**good, "id": "b4"}]).status_code == 200
    none = send(client, interactions=[{"kind": "view"}])
    assert (none.status_code, none.json()["error"]["type"], none.json()["rejected"]) == (422, "invalid_request", 1)
    assert send(client, interactions=[None]).json()["rejected"] == 1
    assert send(client, headers={"Idempotency-Key": "nulls"}, interactions=[None, good]).status_code == 207
    assert send(client, interactions=[good] * 1001).json()["error"]["param"] == "interactions"
    assert send(client, interactions=[]).status_code == 422
    assert send(client, interactions=[good], user="both").json()["error"]["message"].endswith("not both")


def test_a_product_that_comes_later_is_kept_where_the_client_says_so(client: TestClient) -> None:
    row = {"product_id": "comes-later", "kind": "view", "user": "early", "id": "l1"}
    assert send(client, **row).json()["error"]["param"] == "product_id"
    assert send(client, **row).status_code == 404
    assert send(client, **row, unknown="keep").status_code == 201
    assert send(client, interactions=[{**row, "id": "l2"}], unknown="keep").json()["accepted"] == 1


def test_a_user_is_made_by_the_first_event_and_one_that_is_not_known_has_none(client: TestClient) -> None:
    assert client.get("/v1/users/never seen/interactions").json() == {"user": "never seen", "interactions": []}
    assert client.delete("/v1/users/never seen").json()["deleted"] == 0
    assert send(client, product_id=TENT, kind="view", user="never seen").status_code == 201
    assert len(of(client, "never seen")) == 1


def test_a_clock_in_the_future_is_refused_and_one_a_little_ahead_is_now(client: TestClient) -> None:
    now = datetime.now(UTC)
    far = send(client, product_id=TENT, kind="view", at=(now + timedelta(minutes=10)).isoformat())
    assert (far.status_code, far.json()["error"]["param"]) == (422, "at")
    assert "by more than 5 minutes" in far.json()["error"]["message"]
    near = send(client, product_id=TENT, kind="view", user="ahead", at=(now + timedelta(minutes=4)).isoformat())
    assert near.status_code == 201
    assert datetime.fromisoformat(of(client, "ahead")[0]["at"]) <= datetime.now(UTC)


def test_late_ones_stand_where_they_happened(client: TestClient) -> None:
    for day in ("2026-03-02", "2026-03-01", "2026-03-03"):
        send(client, product_id=TENT, kind="view", user="late", at=f"{day}T10:00:00Z")
    assert [i["at"][:10] for i in of(client, "late")] == ["2026-03-03", "2026-03-02", "2026-03-01"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"kind": "view"}, "product_id"), ({"product_id": TENT}, "kind"), ({"product_id": TENT, "kind": "purchase", "value": -2}, "value"),
        ({"product_id": TENT, "kind": "purchase", "price": -2}, "price"), ({"product_id": TENT, "kind": "rating", "value": 7}, "value"),
        ({"product_id": TENT, "kind": "view", "why": "price"}, "why"), ({"product_id": TENT, "kind": "search", "text": "x"}, "product_id"),
        ({"product_id": TENT, "kind": "view", "currency": "??"}, "currency"), ({"product_id": TENT, "kind": "view", "prodct": 1}, "prodct"),
        ({"product_id": TENT, "kind": "view", "at": "soon"}, "at"), ({}, "kind"),
    ],
)  # fmt: skip
def test_what_is_no_interaction_is_refused_with_the_field_at_fault(
    client: TestClient, body: dict[str, Any], param: str
) -> None:
    reply = send(client, **body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (422, param)


FIELDS: list[dict[str, Any]] = [
    {}, {"value": True}, {"value": "2"}, {"value": 2.5}, {"value": ""}, {"value": None}, {"value": "two"}, {"value": [2]}, {"value": -1},
    {"value": 1e9 + 1}, {"value": 10**12}, {"value": 10**12 + 1}, {"value": float("nan")}, {"value": float("inf")}, {"value": 10**400},
    {"kind": "rating", "value": True}, {"kind": "rating", "value": "4.5"}, {"kind": "rating", "value": 10**12}, {"kind": "dwell"},
    {"user": 17}, {"user": 1.5}, {"user": True}, {"user": ["u"]}, {"user": "x" * 201}, {"user": "a\x00"}, {"user": "\ud800"},
    {"price": "19.90"}, {"price": 19.9}, {"price": True}, {"price": "free"}, {"price": 10**12 + 1}, {"price": "-1"},
    {"currency": "eur"}, {"currency": "euro"}, {"currency": 5}, {"kind": "Add to Cart"}, {"kind": 5}, {"kind": True}, {"kind": "bang"},
    {"at": 1780221600}, {"at": "1780221600123"}, {"at": "2026-05-31 10:00:00 UTC"}, {"at": "2999-01-01"}, {"at": True}, {"at": "soon"},
    {"product_id": 17}, {"product_id": "nope"}, {"product_id": {}}, {"why": "price"}, {"kind": "dismiss", "why": " Price "},
    {"session": 4}, {"session": "s\x00"}, {"place": "x" * 101}, {"device": 1.5}, {"text": {"a": 1}}, {"request": False},
    {"conversation": "0" * 31}, {"conversation": 7},
]  # fmt: skip


def test_one_alone_one_of_several_and_one_of_a_file_are_read_alike(client: TestClient, tmp_path: Path) -> None:
    """The same record by each door: taken as the same interaction, or refused for the same reason."""
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    kept, parser = Kept(), EventParser(server.users.pseudonyms, derived=True)

    def by_file(record: dict[str, Any]) -> str:
        (file := tmp_path / "one.jsonl").write_text(json.dumps(record) + "\n")
        return next(iter(import_events([file], kept, parser, known=server.shelf.catalog.known).rejected), "")

    taken = 0
    for number, change in enumerate(FIELDS):
        record = {"user": "doors", "kind": "purchase", "product_id": TENT, "at": "2026-05-31T10:00:00Z", **change}
        row = send_raw(client, {"interactions": [{**record, "id": f"d{number}-b"}]})
        told = row["results"][0]
        alone = send_raw(client, {**record, "id": f"d{number}-a"})
        reason = by_file({**record, "id": f"d{number}-c"})
        assert told.get("reason", "") == reason, change
        if reason:
            assert alone["error"]["param"] == told["field"], change
            if reason != "future":  # its words tell the clock
                assert alone["error"]["message"] == clean(told["message"]), change
            continue
        taken += 1
        assert alone["result"] == told["result"] == "accepted", change
        held = server.interactions.of_ids([f"d{number}-a", f"d{number}-b"])
        assert {replace(one, id="") for one in (*held.values(), kept.held[f"d{number}-c"])} == {
            replace(held[f"d{number}-a"], id="")
        }
    assert taken == 18


def send_raw(client: TestClient, body: dict[str, Any]) -> Any:
    """Also NaN, which a client's own JSON would refuse to write."""
    return client.post(
        "/v1/interactions", content=json.dumps(body), headers={"content-type": "application/json"}
    ).json()


def test_two_users_whom_nobody_knows_are_merged_and_what_comes_later_is_the_others(client: TestClient) -> None:
    assert client.post("/v1/users/ghost one/merge", json={"into": "ghost two"}).json()["moved"] == 0
    assert send(client, product_id=TENT, kind="view", user="ghost one", id="g1").status_code == 201
    assert [i["id"] for i in of(client, "ghost two")] == ["g1"]


def test_blanks_and_null_are_what_is_left_out(client: TestClient) -> None:
    row = {"product_id": TENT, "kind": "view", "id": "blank-1", "user": "  ", "session": " ", "unknown": None}
    assert send(client, **row).status_code == 201
    (one,) = client.app.state.server.interactions.of_ids(["blank-1"]).values()  # type: ignore[attr-defined]
    assert (one.user, one.session) == ("", "")
    assert send(client, product_id="  ", kind="view", unknown="keep").json()["error"]["param"] == "product_id"


def test_a_field_of_half_a_character_is_refused_and_told(client: TestClient) -> None:
    record = {"kind": "view", "product_id": TENT, "\ud800": 1}
    assert send_raw(client, {"interactions": [record]})["results"][0]["reason"] == "unknown_field"
    assert send_raw(client, record)["error"]["type"] == "invalid_request"


def test_a_conversation_that_is_not_there_is_refused_and_another_visit_is_a_session(client: TestClient) -> None:
    row = {"product_id": TENT, "kind": "view", "user": "visits"}
    assert send(client, **row, conversation="0" * 32).status_code == 404
    assert (
        send(client, interactions=[{**row, "conversation": "0" * 32}]).json()["results"][0]["reason"]
        == "unknown_conversation"
    )
    talk = client.post("/v1/conversations").json()["id"]
    assert send(client, **row, conversation=talk).status_code == 201
    assert send(client, **row, session="visit 7").status_code == 201
    assert {i["session"] for i in of(client, "visits")} == {talk, "visit 7"}


def test_two_users_that_are_one_are_merged_and_what_comes_late_follows(client: TestClient) -> None:
    send(client, product_id=TENT, kind="view", user="on the phone", id="m1")
    send(client, product_id=TENT, kind="like", user="at home", id="m2")
    done = client.post("/v1/users/on the phone/merge", json={"into": "at home"}).json()
    assert done["moved"] == 1
    assert client.post("/v1/users/on the phone/merge", json={"into": "at home"}).json() == {**done, "moved": 0}
    send(client, product_id=TENT, kind="cart", user="on the phone", id="m3")
    for user in ("on the phone", "at home", done["user"]):
        assert {i["id"] for i in of(client, user)} == {"m1", "m2", "m3"}
    assert client.post("/v1/users/at home/merge", json={"into": "at home"}).status_code == 400
    assert client.post("/v1/users/at home/merge", json={}).status_code == 422
    assert client.post("/v1/users/at home/merge", json={"into": ""}).json()["error"]["param"] == "into"
    back = client.post("/v1/users/at home/merge", json={"into": "on the phone"})
    assert (back.status_code, back.json()) == (200, {**done, "moved": 0})
    assert client.delete("/v1/users/on the phone").json()["deleted"] == 3


def test_a_shop_s_own_id_of_a_user_is_nowhere_in_the_database_or_the_log(
    client: TestClient, server_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    raw = "ada.lovelace-1815@example.org"
    rows = [{"product_id": TENT, "kind": "view", "user": raw, "id": f"{raw}/1", "session": f"visit of {raw}"}]
    assert send(client, interactions=rows).json()["accepted"] == 1
    assert send(client, product_id=TENT, kind="bang", user=raw).status_code == 422
    client.post(f"/v1/users/{raw}/merge", json={"into": f"{raw}.second"})
    assert len(of(client, raw)) == 1
    file = str(server_settings.serve.database).removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        dump = "\n".join(connection.iterdump())
    assert TENT in dump
    assert "lovelace" not in dump
    assert "lovelace" not in "\n".join(record.getMessage() for record in caplog.records if "shelftalk" in record.name)


def test_a_tenant_s_users_are_its_own(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    one, two = ({"Authorization": f"Bearer {keys.create(name, ['ask'])}"} for name in ("shop one", "shop two"))
    body = {"product_id": TENT, "kind": "view", "user": "u1", "id": "same"}
    assert send(client, headers=one, **body).status_code == 201
    assert send(client, headers=two, **body).status_code == 201
    assert client.post("/v1/users/u1/merge", headers=two, json={"into": "u2"}).json()["moved"] == 1
    left = client.get("/v1/users/u1/interactions", headers=one).json()["interactions"]
    right = client.get("/v1/users/u2/interactions", headers=two).json()["interactions"]
    assert len(left) == len(right) == 1
    assert left[0]["user"] != right[0]["user"]
    assert send(client, **body).status_code == 401


def test_hostile_words_in_a_batch_are_values(client: TestClient) -> None:
    names = (
        "id",
        "user",
        "product_id",
        "text",
        "session",
        "place",
        "device",
        "request",
        "kind",
        "at",
        "price",
        "currency",
        "why",
        "x",
    )
    for payload in PAYLOADS:
        rows = [{"product_id": TENT, "kind": "view", "user": "hostile", name: payload} for name in names]
        reply = send(client, interactions=rows)
        assert reply.status_code == 207, reply.text
        told = reply.text.lower().replace(payload.lower(), "")
        assert not [word for word in INSIDE if word in told], reply.text[:500]
    assert all(i["user"].startswith("u_") for i in of(client, "hostile"))

"""Consent, export and erasure over HTTP: what is changed holds from the next answer on."""

from __future__ import annotations

from fastapi.testclient import TestClient

TENT = "a tent for two people"


def ask(client: TestClient, **more: object) -> dict:  # type: ignore[type-arg]
    reply = client.post("/v1/recommendations", json={"request": TENT, **more})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_consent_is_read_changed_and_logged(client: TestClient) -> None:
    before = client.get("/v1/users/c-1/consent").json()
    assert before["changes"] == []
    assert {p: c["given"] for p, c in before["purposes"].items()} == {
        "personalisation": True,
        "analytics": True,
        "training": False,
    }
    after = client.put("/v1/users/c-1/consent", json={"personalisation": False}).json()
    assert after["purposes"]["personalisation"]["given"] is False
    assert after["purposes"]["personalisation"]["by"] == "rest"
    assert [c["purpose"] for c in after["changes"]] == ["personalisation"]
    assert after["user"].startswith("u_"), "never the shop's own id"
    assert client.put("/v1/users/c-1/consent", json={"personalisation": False}).json() == after
    assert client.put("/v1/users/c-1/consent", json={}).status_code == 422
    assert client.put("/v1/users/c-1/consent", json={"fun": True}).status_code == 422


def test_without_consent_no_profile_is_read(client: TestClient) -> None:
    server = client.app.state.server  # type: ignore[attr-defined]
    product = ask(client)["picks"][0]["product_id"]
    client.post("/v1/interactions", json={"product_id": product, "kind": "purchase", "user": "c-2"})
    known = server.users.of("c-2", "")
    assert server.may_personalise(known, "")
    assert server.serving("personalisation").of_user(known)
    client.put("/v1/users/c-2/consent", json={"personalisation": False})
    assert not server.may_personalise(known, "")
    assert server.serving("personalisation").of_user(known) == []
    assert all(one.user != known for one in server.serving("personalisation").between())
    assert server.serving("analytics").of_user(known), "another purpose is another question"
    assert client.get("/v1/users/c-2/interactions").json()["interactions"], (
        "what is kept is still shown to whom it is of"
    )


def test_one_person_is_exported_and_erased(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    answer = ask(client, conversation=talk, user="c-3")
    sent = {"product_id": answer["picks"][0]["product_id"], "kind": "click", "user": "c-3", "conversation": talk}
    client.post("/v1/interactions", json=sent)
    client.put("/v1/users/c-3/consent", json={"training": True})
    told = client.get("/v1/users/c-3/export").json()
    assert {"interactions", "conversations", "consent"} <= set(told["kept"])
    assert TENT in str(told["kept"]["conversations"])
    done = client.delete("/v1/users/c-3").json()
    assert done["deleted"] == 1
    assert done["removed"]["conversations"] == {"table turns": 2, "table conversations": 1}
    assert client.get("/v1/users/c-3/export").json()["kept"] == {}
    assert client.get(f"/v1/conversations/{talk}").status_code == 404
    assert client.get("/v1/users/c-3/consent").json()["changes"] == []
    again = client.delete("/v1/users/c-3").json()
    assert (again["deleted"], again["removed"]) == (0, {})

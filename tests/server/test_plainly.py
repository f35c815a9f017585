"""A body or parameter that is refused is refused in plain words: what, where and what to do, with no name of the inside."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

LINES, LINE, PROFILE = "/v1/users/u/profile/lines", "/v1/users/u/profile/lines/ab", "/v1/users/u/profile"
VIEW = {"kind": "view", "product_id": "TENT-101"}


@pytest.mark.parametrize(
    ("method", "path", "body", "param", "message"),
    [
        ("POST", LINES, [], None, "the body must be an object, not a list"),
        ("POST", LINES, {"foo": 1}, "foo", "foo is not known here; check its spelling, or leave it out"),
        ("POST", LINES, {"words": ""}, "words", "words is empty"),
        ("POST", LINES, {"words": "x" * 401}, "words", "words is too long: 401 characters, where 400 are taken"),
        ("POST", LINES, {"words": " "}, None, 'give words, as in {"words": "tents under 200"}, or field, want and value'),
        ("POST", LINES, {"field": "brand", "value": 5}, "value", "value must be true or false, or text, not 5"),
        ("POST", LINES, {"field": "brand", "value": ""}, "value", "value is empty"),
        ("POST", LINES, {"field": "brand", "value": "a\0"}, "value", "value holds a NUL character, which cannot be kept"),
        ("POST", LINES, {"field": "brand", "want": "like"}, "want", "want must be 'low', 'high', 'is' or 'not', not 'like'"),
        ("POST", LINES, {"field": "price", "span": [80]}, "span", "span needs 2 entries, not 1"),
        ("POST", LINES, {"field": "price", "span": ["a", 2]}, "span.0", "span[0] must be a number, not 'a'"),
        ("POST", LINES, {"field": "price", "span": [80, 20]}, None, "the range of 'price' runs from 80 down to 20; give the lower end first"),
        ("POST", LINES, {"field": "colr", "value": "red"}, None, "the catalogue has no field 'colr'; did you mean colour or solar?"),
        ("POST", LINES, {"field": "brand", "value": "Kestar", "weight": 7}, "weight", "weight must be 1 or less, not 7"),
        ("POST", LINES, {"field": "price", "want": "low", "value": "5"}, None, "low of 'price' takes no value; give is or not for the value '5'"),
        ("PATCH", LINE, {"on": "yes"}, "on", "on must be true or false, not 'yes'"),
        ("PATCH", f"{LINES}/xyz", {"on": True}, "line", "line must be an id as the server gave it, of 0-9 and a-f"),
        ("PATCH", PROFILE, {"aspects": {"moon": True}}, "aspects.moon", "aspects.moon is not known here; there is 'brand', 'price', 'size', 'category', 'feature' or 'session'"),
        ("GET", f"{PROFILE}?session={'s' * 201}", None, "session", "session is too long: 201 characters, where 200 are taken"),
        ("GET", "/v1/conversations/xyz/profile", None, "identity", "identity must be an id as the server gave it: 32 characters of 0-9 and a-f"),
        ("POST", "/v1/interactions", {"kind": "hug", "product_id": "TENT-101"}, "kind", "kind 'hug' is not known; one of view, click, cart, purchase, rating, review, like, dismiss, search, dwell, shown"),
        ("POST", "/v1/interactions", {**VIEW, "at": "yesterday"}, "at", "at 'yesterday' is no moment; write one like 2026-05-31T14:00:00Z, or seconds since 1970"),
        ("POST", "/v1/interactions", {**VIEW, "price": [1]}, "price", "price must be a number, not a list"),
        ("POST", "/v1/interactions", {"interactions": []}, "interactions", "interactions is empty"),
        ("POST", "/v1/interactions", {"interactions": [1]}, "interactions", "none of these interactions can be taken"),
        ("GET", "/v1/users/u/interactions?limit=many", None, "limit", "limit must be a whole number, not 'many'"),
        ("GET", "/v1/users/u/interactions?limit=0", None, "limit", "limit must be 1 or more, not '0'"),
        ("POST", "/v1/users/u/merge", {}, "into", "into is missing"),
        ("PUT", "/v1/users/u/consent", {}, None, "give at least one of personalisation, analytics and training"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_where_and_what_to_do(
    client: TestClient, method: str, path: str, body: Any, param: str | None, message: str
) -> None:
    answer = client.request(method, path, json=body) if method != "GET" else client.get(path)
    assert answer.status_code in (400, 422)
    error = answer.json()["error"]
    assert (error["param"], error["message"]) == (param, message)


def test_json_that_cannot_be_read_says_where(client: TestClient) -> None:
    broken = client.post(LINES, content='{"words": ', headers={"Content-Type": "application/json"}).json()["error"]
    assert broken["param"] is None
    assert broken["message"].startswith("the body is no valid JSON: it cannot be read from character")
    untyped = client.post(LINES, content="{}").json()["error"]
    assert untyped["message"] == "send the body as JSON, with the header Content-Type: application/json"


def test_what_was_sent_is_not_repeated_at_length(client: TestClient) -> None:
    error = client.post(LINES, json={"field": "brand", "want": "x" * 5000}).json()["error"]
    assert len(error["message"]) < 120

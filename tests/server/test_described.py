"""The description says beforehand what is refused for its meaning: blank texts, rows that are no products, and the like."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from fastapi.testclient import TestClient

from shelftalk.catalog.product import FieldError, parse_product
from shelftalk.server.described import SEEN, row
from shelftalk.text import clean

DEMO = Path(__file__).parents[2] / "data" / "demo" / "products.jsonl"
ROW = jsonschema.Draft202012Validator(row())


def test_the_pattern_of_a_text_that_is_not_blank_is_what_cleaning_leaves() -> None:
    points = (chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    assert [hex(ord(c)) for c in points if bool(re.search(SEEN, c)) != bool(clean(c))] == []


def test_every_product_of_the_demo_is_as_described() -> None:
    with DEMO.open() as lines:
        assert [error.message for line in lines for error in ROW.iter_errors(json.loads(line))] == []


@pytest.mark.parametrize(
    "change", [{"title": " "}, {"title": "\u200b"}, {"title": 7}, {"id": " "}, {"id": "a\nb"}, {"id": "x" * 513}]
)
def test_what_the_parser_refuses_the_description_refuses(change: dict[str, object]) -> None:
    record = {"id": "K1", "title": "Kettle", **change}
    with pytest.raises(FieldError):
        parse_product(record, [])
    assert list(ROW.iter_errors(record))


@pytest.mark.parametrize(
    "change",
    [
        {"price": -1}, {"price": "1-2"}, {"currency": "XYZ"}, {"rating": 101}, {"review_count": -1}, {"stock": 1.5}, {"stock": 2**63},
        {"released_at": "soon"}, {"attributes": {" ": "a"}}, {"attributes": {"a": {}}}, {"attributes": {"a": 2**63}},
        {"attributes": {"a": 1e19}}, {"attributes": {"a": -9.223372036854778e18}}, {"extra": 1e19}, {"extra": 2**70},
        {"attributes": {"": {"": None}}}, {"attributes": {"": [[]]}}, {"": ["a", None]}, {"attributes": "red"},
        {"": 1}, {"images": [1]}, {"categories": 5}, {"brand": 5}, {"description": ["a"]}, {"url": {}},
    ],
)  # fmt: skip
def test_what_is_left_out_is_no_fault_of_the_product(change: dict[str, object]) -> None:
    record = {"id": "K1", "title": "Kettle", **change}
    assert not list(ROW.iter_errors(record))
    dropped: list[FieldError] = []
    assert parse_product(record, dropped) == parse_product({"id": "K1", "title": "Kettle"})
    (error,) = dropped
    assert error.field.split(".")[0] in ("attributes", *change)
    assert error.reason


@pytest.mark.parametrize(
    "change",
    [{"id": 7}, {"price": "19.99"}, {"price": ""}, {"categories": "Home > Kettles"}, {"images": [None, "a"]},
     {"attributes": {"tags": ["a", 1, True, None], "none": None}}, {"": ""}, {"stock": "12"}, {"rating": "4.5"}, {"extra": {"a": 1}},
     {"attributes": {"a": -(2.0**63)}}, {"": {"": None}}, {"": [1, {}]}, {"attributes": {"": [None, ""]}}, {" ": " "}],
)  # fmt: skip
def test_what_is_described_is_taken(change: dict[str, object]) -> None:
    record = {"id": "K1", "title": "Kettle", **change}
    assert not list(ROW.iter_errors(record))
    assert parse_product(record).title == "Kettle"


def test_a_field_that_the_catalogue_lacks_is_not_there(client: TestClient) -> None:
    for intent in (
        {"sort": {"field": "wingspan", "direction": "asc"}},
        {"constraints": [{"field": "wingspan", "operator": "=", "value": 1}]},
    ):
        reply = client.post("/v1/recommendations", json={"request": "a tent", "intent": intent})
        assert reply.status_code == 404
        assert reply.json()["error"]["param"].endswith(".field")


def test_a_conversation_that_ends_with_the_assistant_is_answered_from_the_users_last_words(client: TestClient) -> None:
    said = [
        {"role": "user", "content": "a tent for two"},
        {"role": "assistant", "content": "Let me see."},
        {"role": "user", "content": "\u200b"},
    ]
    reply = client.post("/v1/chat/completions", json={"messages": said})
    assert reply.status_code == 200
    assert reply.json()["shelftalk"]["request"] == "a tent for two"
    assert client.post("/v1/chat/completions", json={"messages": said[1:]}).status_code == 400


def test_the_longest_request_described_is_the_setting(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    most = schemas["RecommendationBody"]["properties"]["request"]["maxLength"]
    assert client.post("/v1/recommendations", json={"request": "a tent " + "x" * (most - 7)}).status_code == 200
    assert client.post("/v1/recommendations", json={"request": "a tent " + "x" * (most - 6)}).status_code == 400


def test_bounds_of_whole_numbers_are_published_exactly(client: TestClient) -> None:
    published = client.get("/openapi.json").text.replace(" ", "")
    assert f'"exclusiveMaximum":{2**63}' in published
    assert "e+18" not in published

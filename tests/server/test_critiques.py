"""Trade-offs count what the database holds; an edited intent is obeyed, and checked before it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shelftalk.catalog import Catalog
from shelftalk.server.critiques import critiques
from shelftalk.server.intents import IntentBody
from shelftalk.settings import Settings
from shelftalk.values import Product

REQUESTS = Path(__file__).resolve().parents[2] / "data" / "demo" / "requests.jsonl"
TENT = "a tent for two under 400"


def _ask(client: TestClient, request: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/v1/recommendations", json={"request": request, **more})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def _around(client: TestClient, answer: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"intent": answer["intent"], "picks": [p["product_id"] for p in answer["picks"]]}
    reply = client.post("/v1/critiques", json=body)
    assert reply.status_code == 200, reply.text
    return list(reply.json()["critiques"])


def _holds(product: Product, limit: dict[str, Any]) -> bool:
    held, wanted, operator = product.value(limit["field"]), limit["value"], limit["operator"]
    if held is None:
        return False
    if operator in ("=", "in"):
        values = {str(v).lower() for v in (wanted if isinstance(wanted, list) else [wanted])}
        return bool(values & {str(v).lower() for v in (held if isinstance(held, tuple) else (held,))})
    number, bound = float(held), float(wanted)
    return {"<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound}[operator]


@pytest.mark.parametrize(
    "request_text", [TENT, "a light rain jacket", "something to keep coffee hot", "cheap headphones"]
)
def test_each_count_is_the_number_of_products_that_meet_the_limits_behind_it(
    client: TestClient, server_settings: Settings, request_text: str
) -> None:
    products = list(Catalog.open(server_settings.catalog).products())
    answer = _ask(client, request_text)
    found = _around(client, answer)
    assert found
    for critique in found:
        met = [p for p in products if all(_holds(p, limit) for limit in critique["intent"]["constraints"])]
        assert len(met) == critique["count"], critique
        assert critique["count"] > 0


def test_a_trade_off_leads_to_products_that_are_what_it_says(client: TestClient) -> None:
    answer = _ask(client, TENT)
    cheapest = min(float(p["price"]) for p in answer["picks"])
    cheaper = next(c for c in _around(client, answer) if c["label"] == "cheaper")
    then = _ask(client, TENT, intent=cheaper["intent"])
    assert then["picks"]
    assert all(float(p["price"]) < cheapest for p in then["picks"])
    assert then["intent"] == cheaper["intent"]


def test_what_goes_furthest_the_way_of_a_trade_off_stands_first(client: TestClient) -> None:
    found = [c for c in _around(client, _ask(client, TENT)) if c["steps"][0]["field"] not in ("price", "rating")]
    assert found
    for critique in found:
        step = critique["steps"][0]
        assert critique["intent"]["sort"] is None, "no order that nobody said"
        picks = _ask(client, TENT, intent=critique["intent"])["picks"]
        name = step["field"].removeprefix("attributes.")
        held = [c["want"] for c in critique["intent"]["criteria"] if c["field"] == step["field"]]
        assert held == ["low" if step["operator"] == "<" else "high"], name
        assert picks


def test_a_compound_trade_off_gives_one_thing_for_another(client: TestClient) -> None:
    pairs = [c for c in _around(client, _ask(client, TENT)) if len(c["steps"]) == 2]
    assert any(" but " in c["label"] for c in pairs)
    assert all(c["steps"][0]["field"] != c["steps"][1]["field"] for c in pairs)


def test_what_was_waved_away_is_in_no_count(client: TestClient, server_settings: Settings) -> None:
    catalog = Catalog.open(server_settings.catalog)
    answer = _ask(client, "headphones")
    before = max(_around(client, answer), key=lambda c: int(c["count"]))
    assert before["count"] > 1
    gone = _ask(client, "headphones", intent=before["intent"])["picks"][0]["product_id"]
    intent = IntentBody(**{**answer["intent"], "exclude": [gone]}).to_intent(catalog.facets())
    after = critiques(catalog, intent, [p["product_id"] for p in answer["picks"]])
    assert next(c.count for c in after if c.label == before["label"]) == before["count"] - 1


def test_without_picks_there_is_nothing_to_trade(client: TestClient) -> None:
    assert client.post("/v1/critiques", json={"intent": {"query": "tent"}, "picks": []}).json() == {"critiques": []}
    assert client.post("/v1/critiques", json={"intent": {}, "picks": ["nope"]}).json() == {"critiques": []}


def test_every_intent_that_was_read_may_be_sent_back_as_it_is(client: TestClient, server_settings: Settings) -> None:
    from shelftalk.pipeline import Shelf

    with Shelf.open(server_settings.catalog, settings=server_settings) as shelf:
        facets = shelf.catalog.facets()
        for line in REQUESTS.read_text().splitlines()[:150]:
            intent = shelf.understand(json.loads(line)["request"]).intent
            if intent.shopping:
                assert IntentBody(**intent.to_dict()).to_intent(facets).to_dict() == intent.to_dict()


@pytest.mark.parametrize(
    ("intent", "param"),
    [
        ({"constraints": [{"field": "x' OR 1=1 --", "operator": "=", "value": 1}]}, "intent.constraints.0.field"),
        ({"constraints": [{"field": "price", "operator": "~", "value": 1}]}, "intent.constraints.0.operator"),
        ({"constraints": [{"field": "colour", "operator": "<", "value": 3}]}, "intent.constraints.0.operator"),
        ({"constraints": [{"field": "price", "operator": "<", "value": "much"}]}, "intent.constraints.0.value"),
        ({"constraints": [{"field": "price", "operator": "between", "value": [1]}]}, "intent.constraints.0.value"),
        ({"constraints": [{"field": "colour", "operator": "in", "value": "red"}]}, "intent.constraints.0.value"),
        ({"sort": {"field": "nothing", "direction": "asc"}}, "intent.sort.field"),
        ({"shopping": False}, "intent.shopping"),
        ({"colour": "red"}, "intent.colour"),
    ],
)
def test_an_intent_that_the_catalogue_cannot_be_asked_is_refused(
    client: TestClient, intent: dict[str, Any], param: str
) -> None:
    reply = client.post("/v1/recommendations", json={"request": "x", "intent": intent})
    if param.endswith(".field"):
        expected = 404  # as a product that is not there
    else:
        expected = 409 if intent.get("constraints", [{}])[0].get("field") == "colour" and "<" in str(intent) else 422
    assert reply.status_code == expected
    assert reply.json()["error"]["param"].startswith(param)


def test_a_later_turn_goes_on_from_the_edited_intent(client: TestClient) -> None:
    talk = client.post("/v1/conversations").json()["id"]
    first = _ask(client, "a rain jacket under 50", conversation=talk)
    limits = [c for c in first["intent"]["constraints"] if c["field"] != "price"]
    edited = {**first["intent"], "constraints": [*limits, {"field": "colour", "operator": "=", "value": "black"}]}
    _ask(client, "a rain jacket under 50", conversation=talk, intent=edited)
    then = _ask(client, "only waterproof ones please, with a hood", conversation=talk)["intent"]["constraints"]
    assert {"field": "colour", "operator": "=", "value": "black"} in then
    assert "price" not in [c["field"] for c in then]


def test_products_are_found_by_words_and_by_ids(client: TestClient) -> None:
    found = client.get("/v1/products", params={"words": "hiking backpack", "limit": 3}).json()["products"]
    assert len(found) == 3
    assert "backpack" in found[0]["title"].lower()
    ids = [found[1]["id"], found[0]["id"], "nope"]
    assert [p["id"] for p in client.get("/v1/products", params={"ids": ids}).json()["products"]] == ids[:2]
    assert len(client.get("/v1/products", params={"limit": 2}).json()["products"]) == 2


def test_why_speaks_of_the_edited_limits(client: TestClient) -> None:
    answer = _ask(client, TENT)
    product = answer["picks"][0]
    limit = {"field": "price", "operator": "<", "value": float(product["price"]) - 1}
    edited = {**answer["intent"], "constraints": [*answer["intent"]["constraints"], limit]}
    asked = {"product_id": product["product_id"], "request": TENT}
    assert client.post("/v1/why", json=asked).json()["verdict"] == "picked"
    assert client.post("/v1/why", json={**asked, "intent": edited}).json()["verdict"] == "fails"
    assert client.post("/v1/why", json={**asked, "product_id": "nope"}).status_code == 404


def test_an_edited_wish_for_a_field_that_its_kinds_do_not_have_is_told(client: TestClient) -> None:
    wishes = [{"field": "warmth_level", "want": "low"}, {"field": "weight_kg", "want": "low"}]
    fields = {f["field"] for f in client.get("/v1/facets").json()["facets"]}
    assert {w["field"] for w in wishes} <= fields
    answer = _ask(client, "tent", intent={"kinds": ["Tents"], "criteria": wishes})
    assert answer["picks"]
    assert [n for n in answer["notes"] if "has the field" in n] == [
        'No product of these kinds (Tents) has the field "warmth level".'
    ]
    alone = _ask(client, "under 1000", intent={"criteria": wishes})
    assert not [n for n in alone["notes"] if "has the field" in n], "some product that fits has each of them"


def test_a_field_that_some_product_of_the_kind_has_is_not_said_to_be_missing_from_the_kind(client: TestClient) -> None:
    wishes = [{"field": "laptop_size_inch", "want": "high"}]
    limits = [{"field": "categories", "operator": "=", "value": "Backpacks"}, {"field": "use", "operator": "=", "value": "hiking"}]  # fmt: skip
    answer = _ask(client, "backpack", intent={"kinds": ["Backpacks"], "constraints": limits, "criteria": wishes})
    assert not [n for n in answer["notes"] if "No product of these kinds" in n]

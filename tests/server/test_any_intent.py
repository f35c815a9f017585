"""Whatever an intent may name can be asked, explained and shown: any field, operator, kind of value, order and wish."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder
from tests.server.helpers import recorded, until

from shelftalk import render
from shelftalk.catalog import Catalog
from shelftalk.facts.holds import holds
from shelftalk.pipeline import Shelf
from shelftalk.server.app import create_app
from shelftalk.settings import load_settings
from shelftalk.values import OPERATORS, Constraint, Intent, Product, Request, Sort

# Every core field that products can carry, with and without a value, and attributes of each kind a facet can have.
PRODUCTS = [
    Product(
        id=f"p{n}", title=f"Kettle {n}", description="A kettle that boils water.", brand=["Orsk", "Velm", None][n % 3],
        price=None if n == 7 else Decimal(10 + 10 * n), currency="EUR",
        list_price=[None, Decimal(5), Decimal(500), Decimal(10 + 10 * n)][n % 4],
        categories=("Kitchen", ["Kettles", "Teapots"][n % 2]), rating=[None, 0.0, 4.5, 3.0][n % 4],
        review_count=[None, 0, 12][n % 3], availability=["in_stock", "out_of_stock", "preorder", None][n % 4],
        stock=[None, 0, 5][n % 3], released_at=[None, "2024-03-01", "2025"][n % 3],
        attributes={
            "capacity_l": [1.0, 1.5, "2 l"][n % 3], "colour": ["red", "Blue", ""][n % 3], "cordless": n % 2 == 0,
            "sizes": ("S", "M") if n % 2 else (), "best_before": f"2026-0{n + 1}-01", "age_min": n, "note": "<b>50%</b> \\ ' \"",
            **({"mixed": n if n % 2 else "many"} if n < 6 else {}), **({"weight g": 900} if n == 1 else {}),
        },
    )
    for n in range(8)
]  # fmt: skip
BY_ID = {p.id: p for p in PRODUCTS}
VALUES: list[Any] = [
    0, -3, 39.5, 1e18, True, "RED", "", "S", "Orsk", "in_stock", "Kettles", "p1", "2024-03-01", "2026-02", "1,5 l",
    "' OR 1=1 --", "%_\\", "{{ 7 }}", "é" * 60,
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("any")
    catalog = Catalog.open(folder / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS)
    chosen = recorded(load_settings(catalog=folder / "catalog"))
    chosen.serve = chosen.serve.model_copy(update={"database": f"sqlite:///{folder}/serve.db", "workers": 2})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
        with Shelf.open(folder / "catalog", settings=chosen) as opened:
            yield opened


@pytest.fixture(scope="module")
def client(shelf: Shelf) -> Iterator[TestClient]:
    app = create_app(shelf.settings, shelf)
    with TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 5000)) as made:
        until(lambda: made.get("/readyz").status_code == 200)
        yield made


def fields() -> list[str]:
    """Every field that an intent may name: id, title, and each core field and attribute that is a facet here."""
    core = [
        "brand",
        "price",
        "list_price",
        "categories",
        "rating",
        "review_count",
        "availability",
        "stock",
        "released_at",
    ]
    return ["id", "title", *core, *PRODUCTS[1].attributes]


def test_the_catalogue_here_has_every_kind_of_field_and_those_are_all(shelf: Shelf) -> None:
    facets = shelf.catalog.facets()
    assert {f.field for f in facets.facets} | {"id", "title"} == set(fields())
    assert {f.kind for f in facets.facets} == {"money", "number", "text", "boolean", "list", "date"}


def checked(shelf: Shelf, intent: Intent) -> None:
    """The intent is answered, explained and shown in every form, and the picks keep to what was not given up."""
    answer = shelf.ask(Request("a kettle", intent=intent))
    picked = [BY_ID[p.product.id] for p in answer.picks]
    kept = [c for c in intent.constraints if c not in answer.relaxed]
    for product in picked:
        for constraint in kept:
            assert answer.no_match or holds(constraint, product), (constraint, product.id)
    assert render.markdown(answer)
    assert render.understood_text(answer.intent) is not None
    assert all(render.constraint_text(c) for c in intent.constraints)
    answer.to_dict()
    for product in PRODUCTS[:3]:
        why = shelf.why(Request("a kettle", intent=intent), product.id)
        assert why.summary
        assert why.to_dict()["verdict"] in ("picked", "fails", "excluded", "outranked", "not retrieved", "unknown")


def limits(field: str) -> Iterator[Constraint]:
    """Each operator on the field with each kind of value that it takes."""
    for value in VALUES:
        for operator in ("=", "!=", "<", "<=", ">", ">="):
            yield Constraint(field, operator, value)
        yield Constraint(field, "in", (value, "Velm"))
        yield Constraint(field, "not in", (value,))
    yield Constraint(field, "between", (1, 40))
    yield Constraint(field, "between", ("2024-01-01", "2026-12-31"))


@pytest.mark.parametrize("field", fields())
def test_every_operator_of_every_field_is_answered_and_explained(shelf: Shelf, field: str) -> None:
    for n, constraint in enumerate(limits(field)):
        if constraint.operator not in ("=", "!=", "in", "not in") and field in ("id", "title"):
            continue  # no order: refused over HTTP
        if n % 7 == len(field) % 7 or constraint.operator in ("between", "in"):  # the drawn ones below go further
            checked(shelf, Intent((constraint,), query="kettle" if n % 2 else ""))


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "between", "=", "in"])
def test_a_limit_on_the_list_price_that_picks_do_not_show_is_explained(shelf: Shelf, operator: str) -> None:
    """A list price that is not above the price is no fact of the record, and it is named all the same."""
    for value in (5, 20, 400, 10_000):
        limit = (value, value + 50) if operator == "between" else (value,) if operator == "in" else value
        checked(shelf, Intent((Constraint("list_price", operator, limit),)))  # type: ignore[arg-type]


NAMES, ANY = (
    st.sampled_from(fields()),
    st.one_of(st.sampled_from(VALUES), st.integers(-100, 1000), st.text(max_size=12)),
)
LIMITS = st.one_of(
    st.builds(Constraint, NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), ANY),
    st.builds(Constraint, NAMES, st.sampled_from(["in", "not in"]), st.lists(ANY, min_size=1, max_size=3).map(tuple)),
    st.builds(Constraint, NAMES, st.just("between"), st.tuples(st.integers(0, 40), st.integers(41, 90))),
)
SORTS = st.none() | st.builds(Sort, NAMES, st.sampled_from(["asc", "desc"]))


@seed(1)
@settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(LIMITS, max_size=4), SORTS, st.lists(st.text(max_size=20), max_size=2), st.none() | st.integers(1, 9))
def test_any_limits_order_and_exclusions_are_answered_explained_and_shown(
    shelf: Shelf, limits: list[Constraint], sort: Sort | None, exclude: list[str], limit: int | None
) -> None:
    limits = [c for c in limits if c.operator in ("=", "!=", "in", "not in") or c.field not in ("id", "title")]
    checked(shelf, Intent(tuple(limits), sort, limit, exclude=tuple(exclude), query="a kettle"))


JSON = st.one_of(
    ANY, st.lists(ANY, min_size=1, max_size=3), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "constraints": st.lists(
            st.fixed_dictionaries({"field": NAMES | st.text(max_size=9), "operator": st.sampled_from(OPERATORS), "value": JSON}),
            max_size=3,
        ),
        "sort": st.none() | st.fixed_dictionaries({"field": NAMES, "direction": st.sampled_from(["asc", "desc"])}),
        "limit": st.none() | st.integers(0, 1001),
        "criteria": st.lists(
            st.fixed_dictionaries(
                {"field": NAMES, "want": st.sampled_from(["low", "high", "is", "not"])}, optional={"value": JSON}
            ),
            max_size=2,
        ),
        "exclude": st.lists(st.text(max_size=9), max_size=2),
        "kinds": st.lists(st.sampled_from(["Kettles", "Teapots", "Hats"]), max_size=2),
        "query": st.text(max_size=20),
    },
)  # fmt: skip


@seed(1)
@settings(deadline=None, max_examples=80, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(BODY)
def test_over_http_any_intent_is_answered_within_its_limits_or_refused(
    client: TestClient, body: dict[str, Any]
) -> None:
    reply = client.post("/v1/recommendations", json={"request": "a kettle", "intent": body})
    assert reply.status_code in (200, 400, 404, 409, 422), (reply.status_code, reply.text, body)
    if reply.status_code != 200:
        assert reply.json()["error"]["message"]
        return
    answer = reply.json()
    relaxed = [(c["field"], c["operator"]) for c in answer["relaxed"]]
    for limit in answer["intent"]["constraints"]:
        value = tuple(limit["value"]) if isinstance(limit["value"], list) else limit["value"]
        kept = Constraint(limit["field"], limit["operator"], value)
        if (kept.field, kept.operator) not in relaxed and not answer["no_match"]:
            assert all(holds(kept, BY_ID[p["product_id"]]) for p in answer["picks"]), (kept, answer["picks"])
    why = client.post("/v1/why", json={"request": "a kettle", "intent": body, "product_id": "p2"})
    assert why.status_code < 500


@pytest.mark.parametrize(("said", "held"), [("yes", True), ("TRUE", True), ("no", False), (" false ", False)])
def test_a_yes_or_no_in_words_is_the_records_own(client: TestClient, said: str, held: bool) -> None:
    for operator, wanted in (("=", held), ("!=", not held)):
        limits = [{"field": "cordless", "operator": operator, "value": said}]
        answer = client.post("/v1/recommendations", json={"request": "x", "intent": {"constraints": limits}}).json()
        assert answer["picks"]
        assert {BY_ID[p["product_id"]].attributes["cordless"] for p in answer["picks"]} == {wanted}

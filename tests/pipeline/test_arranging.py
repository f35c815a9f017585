"""The exposure floor and diversity on the whole path: what they do to an answer, what it says of it, and what they never touch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.schema import json_schema
from shelftalk.values import Request, Turn
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import kettle

OLD = [kettle(f"k{i}", f"{20 + i}.00", 1.0 + i / 10, "Orsk", "red", released_at="2020-01-01") for i in range(1, 9)]
NEW = kettle("k9", "29.00", 1.9, "Velm", "red", released_at="2026-11-20")
GONE = kettle("k10", "29.00", 1.9, "Velm", "red", released_at="2026-11-20", stock=0)
REQUEST = "red kettle"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    made = Catalog.open(tmp_path_factory.mktemp("exposure") / "catalog", create=True, embedder=HashEmbedder())
    made.upsert([*OLD, NEW, GONE])
    return made


def opened(catalog: Catalog, rank: dict[str, Any] | None = None, **exposure: Any) -> Shelf:
    floor = {"share": 0.5, "distance": 1.0, "most_loss": 1.0, "today": "2026-11-30", **exposure}
    settings = load_settings(
        explain={"mode": "record"},
        understand={"mode": "rules"},
        rank={"strategy": "none", **(rank or {})},
        exposure=floor,
    )
    return Shelf(catalog, settings, PromptLibrary.default(), None)


@pytest.fixture
def shelf(catalog: Catalog) -> Iterator[Shelf]:
    with opened(catalog) as made:
        yield made


def ids(answer: Any) -> list[str]:
    return [pick.product.id for pick in answer.picks]


def test_off_by_default(catalog: Catalog) -> None:
    assert load_settings().exposure.share == 0
    with opened(catalog, share=0) as plain:
        answer = plain.ask(REQUEST)
    assert "k9" not in ids(answer)
    assert "exposure" not in answer.to_dict()


def test_a_new_product_is_given_a_place_and_the_answer_says_so(shelf: Shelf) -> None:
    answer = shelf.ask(REQUEST)
    told = answer.to_dict()
    assert "k9" in ids(answer)
    assert "k10" not in ids(answer)
    assert [p["product_id"] for p in told["exposure"]["placed"]] == ["k9"]
    note = next(n for n in answer.notes if "new product" in n)
    assert note.startswith("1 of 3 places is given to a new product")
    assert f"{told['exposure']['given_up']:.3f}" in note
    assert [p.score for p in answer.picks] == sorted((p.score for p in answer.picks), reverse=True)
    jsonschema.validate(told, json_schema("answer"))


def test_what_it_got_is_counted_and_then_it_waits(shelf: Shelf) -> None:
    first = shelf.ask(Request(REQUEST))
    assert "k9" in ids(first)
    assert shelf.arranging.account.owed(shelf.arranging.newness().today) <= 0


@pytest.mark.parametrize(
    "request_",
    [
        Request("cheapest red kettle"),
        Request("red kettle", candidates=("k1", "k2", "k3", "k9")),
        Request("red kettle under 28 euros"),
        Request("red kettle under 10 euros"),
        Request("red kettle", k=1),
        Request("Orsk kettle"),
    ],
    ids=["superlative", "given candidates", "a limit", "a near miss", "a single place", "a brand"],
)
def test_what_the_shopper_asked_for_comes_first(catalog: Catalog, request_: Request) -> None:
    with opened(catalog) as shelf, opened(catalog, share=0) as plain:
        assert ids(shelf.ask(request_)) == ids(plain.ask(request_))
        assert shelf.ask(request_).exposure is None


def test_a_question_about_products_shown_leaves_their_order(catalog: Catalog) -> None:
    with opened(catalog, share=0) as plain:
        shown = plain.ask(REQUEST)
    from shelftalk.server.chat_text import chat_text

    history = (Turn("user", REQUEST), Turn("assistant", chat_text(shown)))
    asked = Request("compare the first two", history=history)
    with opened(catalog) as shelf, opened(catalog, share=0) as plain:
        assert ids(shelf.ask(asked)) == ids(plain.ask(asked))


def test_why_counts_nothing(shelf: Shelf) -> None:
    assert shelf.why(REQUEST, "k9").verdict == "picked"
    assert shelf.arranging.account.owed(shelf.arranging.newness().today) == 0


def test_the_same_requests_in_the_same_order_get_the_same_answers(catalog: Catalog) -> None:
    asked = [Request(REQUEST), Request("kettle"), Request(REQUEST), Request("a red kettle for tea")]
    with opened(catalog, share=0.2) as one, opened(catalog, share=0.2) as other:
        assert [ids(a) for a in one.ask_many(asked)] == [ids(other.ask(r)) for r in asked]


def test_few_interactions_make_a_product_new(catalog: Catalog) -> None:
    with opened(catalog, days=0, few=1) as shelf:
        shelf.arranging.counts = lambda: {p.id: 5 for p in (*OLD, GONE)}
        assert "k9" in ids(shelf.ask(REQUEST))
        shelf.arranging.counts = lambda: {p.id: 5 for p in (*OLD, NEW, GONE)}
        assert shelf.ask(REQUEST).exposure is None


def test_diversity_shows_another_brand_and_leaves_a_superlative_alone(catalog: Catalog) -> None:
    varied = {"diversity": "mmr", "diversity_weight": 0.9}
    with opened(catalog, varied, share=0) as shelf, opened(catalog, share=0) as plain:
        brands = {pick.product.brand for pick in shelf.ask(REQUEST).picks}
        assert {pick.product.brand for pick in plain.ask(REQUEST).picks} == {"Orsk"}
        assert brands == {"Orsk", "Velm"}
        cheapest = replace(Request("cheapest red kettle"))
        assert ids(shelf.ask(cheapest)) == ids(plain.ask(cheapest))


def test_the_log_and_the_metrics_tell_what_was_given_up(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    from shelftalk.server.telemetry import Telemetry

    with caplog.at_level("INFO", logger="shelftalk.pipeline"):
        answer = shelf.ask(REQUEST)
    line = next(r for r in caplog.records if getattr(r, "stage", "") == "rank")
    assert line.new_placed == 1  # type: ignore[attr-defined]
    assert answer.exposure is not None
    assert line.given_up == pytest.approx(answer.exposure["given_up"], abs=1e-4)  # type: ignore[attr-defined]
    telemetry = Telemetry()
    telemetry.answered(answer, [])
    text = telemetry.text().decode()
    assert "shelftalk_new_places_total 1.0" in text
    assert f"shelftalk_relevance_given_up_total {answer.exposure['given_up']}" in text


def test_of_several_kinds_each_keeps_its_places(tmp_path_factory: pytest.TempPathFactory) -> None:
    from shelftalk.values import Product

    made = Catalog.open(tmp_path_factory.mktemp("kinds") / "catalog", create=True, embedder=HashEmbedder())
    pots = [
        Product(f"t{i}", f"Teapot, glass, number {i}", categories=("Kitchen", "Teapots"), released_at="2020-01-01")
        for i in range(3)
    ]
    made.upsert([*OLD[:4], NEW, *pots])
    asked = Request("a kettle or a teapot", k=4)
    with opened(made, places=2) as shelf, opened(made, share=0) as plain:
        before, after = plain.ask(asked), shelf.ask(asked)
    assert after.exposure is not None
    assert "k9" in ids(after)
    assert [p.product.categories[-1] for p in after.picks] == [p.product.categories[-1] for p in before.picks]
    assert [i for i in ids(after) if i.startswith("t")] == [i for i in ids(before) if i.startswith("t")]

"""The same candidates in many orders: a model that looks at places is found out, one that looks at products is not."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.engines import FakeEngine
from shelftalk.engines.base import Prompt
from shelftalk.engines.fake import words
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import MetricContext, score_run
from shelftalk.evaluate.perturb import perturb
from shelftalk.evaluate.perturb.orders import ranked_in_order
from shelftalk.evaluate.perturb.plot import plot_positions
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Product, Request

KETTLES = [
    Product(f"k{i}", f"Orsk kettle number {i}", brand="Orsk", price=Decimal(20 + i), currency="EUR", categories=("Kettles",))
    for i in range(8)
]  # fmt: skip
CASE = Case("r", Request("a kettle without a lamp", "r"), grades={f"k{i}": 1.0 if i == 3 else 0.0 for i in range(8)})
METRICS = ["flip_rate", "kendall_tau", "best_first", "best_first_by_position"]
CONTEXT = MetricContext(products=lambda catalog, product: None)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    made = Catalog.open(tmp_path_factory.mktemp("orders") / "c", create=True, embedder=HashEmbedder())
    made.upsert(KETTLES)
    return made


def figures(catalog: Catalog, reply, weight: float = 1.0, strategy: str = "listwise") -> dict[str, float]:
    cases = perturb([CASE], {"kind": "order-bias", "candidates": 6}, 1, {})
    engine = FakeEngine(default=reply)
    settings = load_settings(
        rank={"strategy": strategy, "model_weight": weight, "prompt": None}, understand={"mode": "rules"}
    )
    with Shelf(catalog, settings, PromptLibrary.default(), engine) as shelf:
        found = ranked_in_order(shelf, cases)
    outcomes = [
        Outcome(case.id, tuple(c.product.id for c in ranking.candidates))
        for case, (ranking, _) in zip(cases, found, strict=True)
    ]
    return score_run(METRICS, cases, outcomes, CONTEXT)


def letters(prompt: Prompt, wanted: str) -> dict[str, float]:
    shown = [line for line in words(prompt).splitlines() if line[1:3] == ". "]
    return {line[0]: 0.0 if wanted in line else -5.0 - ord(line[0]) / 1000 for line in shown}


def test_the_best_product_stands_at_each_place_once_among_the_same_candidates() -> None:
    cases = perturb([CASE], {"kind": "order-bias", "candidates": 6}, 1, {})
    assert [case.meta["order"].index("k3") + 1 for case in cases] == [1, 2, 3, 4, 5, 6]
    assert [case.columns["position"] for case in cases] == [1, 2, 3, 4, 5, 6]
    assert len({frozenset(case.meta["order"]) for case in cases}) == 1
    assert cases == perturb([CASE], {"kind": "order-bias", "candidates": 6}, 1, {})


def test_the_order_of_the_case_is_what_the_model_is_shown(catalog: Catalog) -> None:
    seen: list[list[str]] = []

    def reply(prompt: Prompt) -> str:
        lines = [line for line in words(prompt).splitlines() if "number " in line]
        seen.append([f"k{line.split('number ')[1][0]}" for line in lines])
        return "A"

    figures(catalog, reply)
    cases = perturb([CASE], {"kind": "order-bias", "candidates": 6}, 1, {})
    assert [tuple(order) for order in seen] == [case.meta["order"] for case in cases]


def test_a_model_that_takes_the_first_letter_flips_and_is_right_at_the_first_place_alone(catalog: Catalog) -> None:
    found = figures(catalog, "A")
    assert found["flip_rate"] > 0.8
    assert found["best_first_by_position.1"] == 1.0
    assert found["best_first_by_position.6"] == 0.0
    assert found["best_first_by_position.spread"] == 1.0


def test_a_model_that_reads_the_products_does_not_flip(catalog: Catalog) -> None:
    found = figures(catalog, lambda prompt: letters(prompt, "number 3"))
    assert found["flip_rate"] == 0.0
    assert found["best_first_by_position.spread"] == 0.0
    assert found["best_first_by_position.6"] == 1.0


def test_without_a_model_there_is_no_order_to_be_swayed_by(catalog: Catalog) -> None:
    found = figures(catalog, None, strategy="none")
    assert found["flip_rate"] == 0.0
    assert found["kendall_tau"] == pytest.approx(1.0)


def test_kendalls_tau_of_a_reversed_order_is_minus_one() -> None:
    cases = [
        Case(i, Request("x"), grades={"a": 1.0}, group="g", meta={"order": ("a", "b", "c"), "position": 1})
        for i in "12"
    ]
    outcomes = [Outcome("1", ("a", "b", "c")), Outcome("2", ("c", "b", "a"))]
    found = score_run(["kendall_tau", "flip_rate"], cases, outcomes, CONTEXT)
    assert (found["kendall_tau"], found["flip_rate"]) == (pytest.approx(-1.0), 1.0)


def test_requests_without_enough_worse_products_and_superlatives_are_left_out() -> None:
    few = Case("few", Request("x"), grades={"a": 1.0, "b": 0.0})
    sorted_ = Case("sorted", CASE.request, grades=CASE.grades, meta={"intent": {"sort": {"field": "price"}}})
    assert {c.group for c in perturb([CASE, few, sorted_], {"kind": "order-bias", "candidates": 6}, 1, {})} == {"r"}


def test_the_plot_is_an_svg_in_the_folder_and_only_where_there_are_positions(tmp_path: Path) -> None:
    assert plot_positions(tmp_path, {"flip_rate": 0.0}) is None
    drawn = plot_positions(tmp_path, {f"best_first_by_position.{i}": 1 / i for i in (1, 2, 3)})
    assert drawn is not None
    text = drawn.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    again = plot_positions(tmp_path, {f"best_first_by_position.{i}": 1 / i for i in (1, 2, 3)})
    assert again is not None
    assert again.read_text(encoding="utf-8") == text

"""What is trained on is what is served: prompts are those of the stages, answers are what the stages would accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shelftalk.engines.fake import FakeEngine
from shelftalk.errors import UsageError
from shelftalk.facts.holds import holds
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Suits
from shelftalk.settings import Settings, UnderstandSettings
from shelftalk.train.config import parse_config
from shelftalk.train.data import build
from shelftalk.train.folder import Built
from shelftalk.train.sets.hostile import hostile_title, lines
from shelftalk.train.sets.shop import Shop, bare_shop
from shelftalk.train.sets.synthetic import catalogue
from shelftalk.understand import Understander
from shelftalk.values import Constraint, Product, Request

from tests.train.tiny_productqa import Words, write as tiny  # isort: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("productqa") / "train")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Shop:
    return bare_shop("lamps", folder / "lamps", Settings(), "productqa")


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    source = {"kind": "productqa", "path": str(folder), "dev": ["chairs"], "test": ["kettles"]}
    tasks = {"suits": {}, "understand": {}}
    config = parse_config({"tasks": tasks, "sources": [source], "hostile": 0}, Path("set.yaml"))
    return build(config, Settings(), chat=Words())  # type: ignore[arg-type]


def test_a_suits_row_is_the_prompt_that_judges_in_service(built: Built, shop: Shop, folder: Path) -> None:
    row = next(e for e in built.examples if e.task == "suits" and e.split == "train")
    asin = next(
        r["asin"] for r in map(json.loads, (folder / "lamps" / "qa.jsonl").read_text().splitlines())
        if row.id.endswith(r["id"])
    )  # fmt: skip
    engine = FakeEngine().enqueue("yes")
    Suits(engine, PromptLibrary.default()).judge([(row.request, shop.products[asin])])
    assert engine.prompts == [row.prompt]


def test_an_understand_row_given_back_by_a_model_is_understood_as_the_gold_intent(built: Built, shop: Shop) -> None:
    rows = [e for e in built.examples if e.task == "understand" and e.split == "train"]
    assert rows
    for row in rows:
        engine = FakeEngine().enqueue(row.completion)  # refuses what the request's schema does not allow
        model = Understander(
            shop.facets, engine, PromptLibrary.default(), UnderstandSettings(mode="model"), shop.products.get
        )
        intent = model.understand(Request(row.request)).intent
        assert engine.prompts == [row.prompt]
        wanted = json.loads(row.completion)["constraints"]
        assert [(c.field, c.operator) for c in intent.constraints] == [(c["field"], c["operator"]) for c in wanted]


def shelf() -> Shop:
    from shelftalk.catalog.facets import collect

    colours = ("red", "blue", "green")
    products = {
        f"{kind}{i}": Product(
            f"{kind}{i}", f"{kind} {i}", brand=("Acme", "Bolt", "Corvo")[i % 3], price=10 + 7 * i, currency="EUR",
            categories=(kind,), rating=3 + i % 3 * 0.5,
            attributes={"colour": colours[i % 3], "waterproof": i % 2 == 0, "weight_g": 100 + 30 * i},
        )
        for kind in ("Lamps", "Chairs", "Kettles", "Tents", "Bags", "Mugs")
        for i in range(8)
    }  # fmt: skip
    return Shop("catalogue", products, collect(products.values()), Settings())


def test_made_up_requests_are_graded_by_the_record() -> None:
    made = shelf()
    found = list(catalogue(made, 120, 0.2, 0.1, seed=1))
    graded = [one for one in found if one.intent and one.intent.shopping and one.grades is not None]
    asked = [one for one in found if one.verdicts]
    assert len(graded) > 40
    assert len(asked) > 15
    for one in graded:
        assert one.intent is not None
        for product, grade in (one.grades or {}).items():
            fits = all(holds(c, made.products[product]) for c in one.intent.constraints)
            assert fits or grade == 0
            assert not fits or grade == 3 or one.intent.sort
    assert any(not any(one.grades.values()) for one in graded if one.grades is not None), "nothing was asked in vain"
    assert {v for one in asked for v in (one.verdicts or {}).values()} == {True, False}
    assert any(one.intent and not one.intent.shopping for one in found)


def bare(attributes: dict[str, str], **facts: Any) -> Shop:
    from shelftalk.catalog.facets import collect

    made = [Product(f"p{i}", f"Thing {i}", attributes=attributes, **facts) for i in range(12)]
    return Shop("catalogue", {p.id: p for p in made}, collect(made), Settings())


def test_a_shop_without_categories_is_asked_by_the_field_that_says_the_kind() -> None:
    made = bare({"product_type": "Lamp", "product_colour": "red"}, brand="Acme", price=9, currency="EUR")
    asked = [
        one.intent for one in catalogue(made, 30, 0.2, 0.1, seed=1) if one.intent and one.intent.shopping and one.grades
    ]
    assert asked
    assert all(intent.constraints[0] == Constraint("product_type", "=", "Lamp") for intent in asked)
    assert all([c.field for c in intent.constraints].count("product_type") == 1 for intent in asked)


def test_a_shop_that_says_no_kind_at_all_is_asked_for_something() -> None:
    found = list(catalogue(bare({}, brand="Acme", price=9, currency="EUR"), 30, 0.2, 0.1, seed=1))
    assert any("something" in one.request.request for one in found if one.grades)


def test_products_with_nothing_to_ask_for_are_refused() -> None:
    with pytest.raises(UsageError, match="nothing to ask for.*leave the source out"):
        list(catalogue(bare({}), 30, 0.2, 0.1, seed=1))


def test_one_made_up_request_in_ten_asks_for_what_no_product_has() -> None:
    found = list(catalogue(shelf(), 300, 0.2, 0.1, seed=3))
    graded = [one for one in found if one.intent and one.intent.shopping]
    vain = [one for one in graded if not any((one.grades or {}).values())]
    assert 0.05 < len(vain) / len(graded) < 0.25


def test_made_up_requests_say_each_value_that_they_are_graded_by() -> None:
    for one in catalogue(shelf(), 80, 0.2, 0.1, seed=2):
        for c in one.intent.constraints if one.intent else ():
            words = "waterproof" if c.value is True else str(c.value)
            assert words.casefold() in one.request.request.casefold()


def test_made_up_requests_keep_a_category_in_one_split_and_come_out_the_same_again() -> None:
    first, again = (list(catalogue(shelf(), 60, 0.3, 0.2, seed=5)) for _ in range(2))
    assert [(o.request, o.grades, o.split) for o in first] == [(o.request, o.grades, o.split) for o in again]
    splits: dict[str, set[str]] = {}
    for one in first:
        splits.setdefault(one.group, set()).add(one.split)
    assert all(len(held) == 1 for held in splits.values())


def test_hostile_lines_are_not_those_of_the_injection_suite() -> None:
    import random

    from shelftalk.resources import resource

    suite = "\n".join(p.read_text(encoding="utf-8") for p in resource("data/suites").rglob("*") if p.is_file())
    assert len(lines()) > 10
    assert not [line for line in lines() if line.casefold() in suite.casefold()]
    product = Product("a", "Lamp")
    assert all(hostile_title(product, random.Random(n)) != product for n in range(9))

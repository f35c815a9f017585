"""A card shows the few facts that matter to a request, what its criteria touch first, each with its standing among what fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.facts.card import card_facts, wants
from shelftalk.values import Constraint, Criterion, Intent, Sort
from tests.catalog.fakes import HashEmbedder
from tests.explain.shop import FINCH, LARK, SHELF


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The small shelf, indexed."""
    found = Catalog.open(Path(tmp_path_factory.mktemp("shelf")), create=True, embedder=HashEmbedder())
    found.upsert(SHELF)
    return found


LIGHT = Criterion("weight_g", "low", importance=3, words="light")
WIRELESS = Criterion("wireless", "is", True, importance=1, words="no cables")


def lines(catalog: Catalog, intent: Intent, product=LARK, **more: int) -> list[str]:
    """The card as a prompt shows it."""
    scope = Scope(catalog, intent.constraints)
    return [c.line for c in card_facts(product, catalog.facets(), intent, scope, **more)]


def test_what_the_criteria_touch_comes_first_in_order_of_importance_with_its_standing(catalog: Catalog) -> None:
    assert lines(catalog, Intent(criteria=(WIRELESS, LIGHT)))[:3] == [
        "weight: 250 g, middle of 3", "wireless: yes, 2 of 3", "price: 79.99 EUR",
    ]  # fmt: skip
    assert lines(catalog, Intent(criteria=(LIGHT,)), FINCH)[:2] == ["weight: 190 g, lightest of 3", "price: 45.50 EUR, cheapest of 3"]  # fmt: skip


def test_limits_and_the_sort_come_before_the_price_and_set_what_standing_is_among(catalog: Catalog) -> None:
    intent = Intent(constraints=(Constraint("wireless", "=", True),), sort=Sort("battery_life_hours", "desc"))
    assert lines(catalog, intent)[:3] == [
        "wireless: yes", "battery life: 30 hours, longest of 2", "price: 79.99 EUR, cheapest of 2",
    ]  # fmt: skip


def test_facts_and_text_that_hold_words_of_the_request_come_next(catalog: Catalog) -> None:
    from dataclasses import replace

    product = replace(LARK, description="A fine pair. It stays on your head while running. Nice.")
    found = lines(catalog, Intent(query="blue ones for running"), product)
    assert found == ["price: 79.99 EUR", "colour: Blue", 'text: "It stays on your head while running"', *found[3:]]
    assert len(found) == 5


def test_a_card_without_a_scope_has_no_standing_and_costs_no_look_up(catalog: Catalog) -> None:
    cards = card_facts(LARK, catalog.facets(), Intent(criteria=(LIGHT,)), most=2)
    assert [(c.line, c.standing, c.criterion) for c in cards] == [
        ("weight: 250 g", None, LIGHT), ("price: 79.99 EUR", None, None)
    ]  # fmt: skip


def test_wants_read_as_the_training_texts_state_them() -> None:
    red = Criterion("colour", "not", "red")
    found = wants(Intent(criteria=(WIRELESS, LIGHT, red, Criterion("noise_cancelling", "is", False))))
    assert found == ["weight low", "colour not red", "noise cancelling no", "wireless yes"]

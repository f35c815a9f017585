"""The page: a list without a request, why a pick is shown, and "not for me" with its why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.shop import Visit, serving, visitor

SHOP = {
    p["id"]: p
    for p in map(json.loads, (Path(__file__).parents[2] / "data/demo/products.jsonl").read_text("utf-8").splitlines())
}


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(demo_catalog, tmp_path_factory.mktemp("for-you")) as address:
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    with visitor(chromium, shop) as visits:
        yield visits


def _ids(turn: Any) -> list[str]:
    return [str(card.get_attribute("data-product")) for card in turn.locator(".card").all()]


@pytest.mark.parametrize("width", [1280, 390])
def test_for_you_shows_a_list_and_says_why(visit: Any, width: int) -> None:
    v: Visit = visit(width=width)
    v.page.get_by_role("button", name="For you").click()
    turn = v.wait_for(1)
    assert len(_ids(turn)) == 6
    assert turn.get_by_role("button", name="Why not").count() == 0, "there was no request"
    why = turn.locator("details.seeing").first
    why.locator("summary").click()
    assert "reviews" in why.inner_text()
    v.check_axe()


def test_what_is_sent_away_leaves_the_list(visit: Any) -> None:
    v: Visit = visit()
    v.page.get_by_role("button", name="For you").click()
    turn = v.wait_for(1)
    gone = _ids(turn)[0]
    turn.locator(".card").first.get_by_role("button", name="Not for me").click()
    turn.get_by_role("group", name="Why not?").get_by_role("button", name="I have it").click()
    assert gone not in _ids(v.wait_for(2))


def test_not_this_brand_is_asked_and_holds(visit: Any) -> None:
    v: Visit = visit()
    turn = v.ask("a tent for two")
    brand = SHOP[_ids(turn)[0]]["brand"]
    turn.locator(".card").first.get_by_role("button", name="Not for me").click()
    whys = turn.get_by_role("group", name="Why not?")
    assert whys.get_by_role("button").all_inner_texts() == [
        "Too expensive", "Not this brand", "Its look", "I have it", "Just not for me",
    ]  # fmt: skip
    v.check_axe()
    whys.get_by_role("button", name="Not this brand").click()
    again = _ids(v.wait_for(2))
    assert again
    assert all(SHOP[i]["brand"] != brand for i in again)
    later = _ids(v.ask("a lighter one", turns=3))
    assert all(SHOP[i]["brand"] != brand for i in later)


def test_the_question_why_not_is_taken_back_by_escape(visit: Any) -> None:
    v: Visit = visit()
    turn = v.ask("a tent for two")
    button = turn.locator(".card").first.get_by_role("button", name="Not for me", exact=True)
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    v.page.keyboard.press("Escape")
    assert turn.get_by_role("group", name="Why not?").count() == 0
    assert button.get_attribute("aria-expanded") == "false"
    assert button.evaluate("(it) => it === document.activeElement")

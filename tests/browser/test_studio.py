"""The studio in a real Chromium: what was asked and kept, two variants side by side, and everyone can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.browser.shop import serving, visitor
from tests.server.obedient import Obedient

ASKED = "a light tent for my sister, <b>under 300</b>"


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that keeps requests and prompts and has been asked: one answer, one failure, some feedback."""
    with serving(demo_catalog, tmp_path_factory.mktemp("studio"), engine=Obedient(), keep_requests=True) as address:
        picks = httpx.post(f"{address}/v1/recommendations", json={"request": ASKED}, timeout=30).json()["picks"]
        assert httpx.post(f"{address}/v1/recommendations", json={"request": "x" * 5000}).status_code == 400
        httpx.post(f"{address}/v1/interactions", json={"product_id": picks[0]["product_id"], "kind": "bought"})
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    with visitor(chromium, shop) as visits:
        yield lambda **options: visits(path="/studio", **options)


def _try(v: Any) -> None:
    v.page.get_by_label("Request", exact=True).fill("a light tent for two, under 300")
    v.page.get_by_label("Reasons of A").select_option("record")
    v.page.get_by_label("Prompt: explain of B").select_option("explain/reason@1")
    v.page.get_by_role("button", name="Try both").click()
    v.page.wait_for_selector(".side:nth-child(2)")


def test_kept_requests_open_to_the_prompts_and_replies_behind_them(visit: Any) -> None:
    page = visit().page
    row = page.locator("tbody tr", has_text="my sister")
    assert "<b>under 300</b>" in row.inner_text()
    assert page.locator("td b").count() == 0
    assert not row.locator("pre").first.is_visible()
    row.locator("summary").click()
    prompt, reply = row.locator("pre:not(.reply)").first, row.locator("pre.reply").first
    assert prompt.is_visible()
    assert prompt.inner_text().startswith("system: How does the product fit?")
    assert "[1]" in reply.inner_text()
    assert "explain/" in row.locator("td").last.inner_text()
    assert page.locator("tr.bad", has_text="invalid_request").count() == 1


def test_two_variants_stand_side_by_side(visit: Any) -> None:
    v = visit()
    _try(v)
    a, b = v.page.locator(".side").all()
    assert a.locator("li strong").all_inner_texts() == b.locator("li strong").all_inner_texts()
    assert v.page.locator("#said").inner_text() == "Both pick the same products in the same order."
    assert a.locator("li").first.inner_text() != b.locator("li").first.inner_text(), "the wording is another"
    assert a.locator(".hint").first.inner_text().endswith("; 0 tokens")
    assert not b.locator(".hint").first.inner_text().endswith("; 0 tokens")
    left, right = a.bounding_box(), b.bounding_box()
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_what_cannot_be_tried_is_said(visit: Any) -> None:
    v = visit()
    v.page.route("**/studio/try", lambda route: route.abort())
    v.faults_expected = True
    v.page.get_by_role("button", name="Try both").click()
    v.page.wait_for_function("document.getElementById('said').textContent === 'The server cannot be reached.'")


def test_an_answer_of_no_json_is_said_too(visit: Any) -> None:
    v = visit(faults_expected=True)
    v.page.route("**/studio/try", lambda route: route.fulfill(status=502, body="<html>bad gateway"))
    v.page.get_by_role("button", name="Try both").click()
    v.page.wait_for_function("document.getElementById('said').textContent.includes('HTTP 502')")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_fault_and_nothing_scrolls_sideways(visit: Any, width: int, dark: bool) -> None:
    v = visit(width=width, dark=dark)
    v.page.locator("summary").first.click()
    _try(v)
    v.check_axe()
    assert v.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_with_keys_it_asks_for_one_of_its_own_scope(
    demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Any, dark: bool
) -> None:
    from shelftalk.server.db import Keys, connect

    folder = tmp_path_factory.mktemp("keyed")
    with serving(demo_catalog, folder) as address, visitor(chromium, address) as visits:
        keys = Keys(connect(f"sqlite:///{folder}/serve.db"))
        ask, run = keys.create("page", ["ask"]), keys.create("owner", ["studio"])
        v = visits(path="/studio", faults_expected=True, dark=dark)
        v.check_axe()
        v.page.get_by_label("This shop asks for a key.").fill(ask)
        v.page.keyboard.press("Enter")
        v.page.get_by_text('it lacks the scope "studio"').wait_for()
        assert "Recent requests" not in v.page.content()
        v.page.get_by_label("This shop asks for a key.").fill(run)
        v.page.keyboard.press("Enter")
        v.page.get_by_role("heading", name="Recent requests").wait_for()
        assert run not in v.page.content()
        assert v.page.evaluate("document.cookie") == ""

"""A catalogue whose every field is hostile, and hostile requests: shown as text, run as nothing. And the sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.browser.shop import serving, visitor

EVIL = (
    '<img src=x onerror="window.got=1;alert(1)"><script>window.got=2</script>\'"><svg onload=alert(3)> {{7*7}} ${7*7}'
)


@pytest.fixture(scope="module")
def evil_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Products that differ in price alone; every text of theirs is an attack, put in without the import, which takes markup out."""
    from shelftalk.catalog import Catalog
    from shelftalk.values import Product

    folder = tmp_path_factory.mktemp("evil") / "catalog"
    products = [
        Product(
            id=f"{EVIL.replace(chr(47), chr(45))}{i}", title=f"lamp {EVIL}", description=EVIL, brand=EVIL,
            price=Decimal(f"{i}9.00"), currency="EUR", categories=(EVIL, f"lamps {EVIL}", "<b>lamp</b>"),
            attributes={"note": EVIL, EVIL[:90]: EVIL, "weight_g": 100 * i, "list": (EVIL,)},
            rating=4.0, review_count=5, availability=EVIL, stock=2, url="javascript:window.got=4",
            images=("javascript:window.got=5", f"data:text/html,{EVIL}", "http://evil.example/pixel.gif"),
        )
        for i in (1, 2, 3, 4)
    ]  # fmt: skip
    Catalog.open(folder, create=True).upsert(products)
    return folder


@pytest.fixture(scope="module")
def shop(evil_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(evil_catalog, tmp_path_factory.mktemp("evilshop")) as address:
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    with visitor(chromium, shop) as visits:
        yield visits


def _harmless(v: Any) -> None:
    page = v.page
    assert page.evaluate("window.got") is None
    assert page.locator("img, iframe, object, script:not([src]), [onerror], [onload]").count() == 0
    assert page.locator("a[href^='javascript'], a[href^='data']").count() == 0


def test_no_field_of_a_product_is_ever_read_as_html(visit: Any) -> None:
    v = visit()
    assert "<b>lamp</b>" in v.page.locator("#welcome").inner_text(), "the category is offered, as text"
    turn = v.ask("a lamp under 45")
    assert turn.locator(".card").count() == 3
    assert "<img src=x onerror=" in turn.locator(".card h3").first.inner_text()
    turn.locator(".claim-text").first.hover()
    _harmless(v)
    for i in (0, 1):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    v.page.get_by_role("button", name="Compare 2 picks").click()
    assert "<script>" in v.page.locator("#sheet").inner_text()
    _harmless(v)
    v.page.keyboard.press("Escape")
    turn.get_by_role("button", name="Why not").click()
    v.page.get_by_role("searchbox").fill("lamp")
    v.page.keyboard.press("Enter")
    v.page.locator(".results button").last.click()
    v.page.wait_for_selector(".verdict")
    _harmless(v)
    v.page.keyboard.press("Escape")
    turn.locator(".card").first.get_by_role("button", name="More like this").click()
    v.wait_for(2)
    _harmless(v)
    v.page.reload()
    v.wait_for(2)
    _harmless(v)


def test_a_hostile_request_is_text_too(visit: Any) -> None:
    v = visit()
    turn = v.ask(f"a lamp without {EVIL} under 40")
    assert "<script>window.got=2</script>" in turn.locator(".asked").inner_text()
    _harmless(v)
    if turn.locator("button.chip-edit").count():
        turn.locator("button.chip-edit").last.click()
        v.page.wait_for_selector(".chip-form")
    _harmless(v)
    v.page.reload()
    v.wait_for(1)
    _harmless(v)


def test_even_a_script_that_got_in_would_not_run(visit: Any) -> None:
    v = visit(faults_expected=True)
    v.page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.got = 6'; document.body.append(s)"
    )
    v.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.got=7\">x</b>'); document.querySelector('b').click()")  # fmt: skip
    assert v.page.evaluate("window.got") is None
    assert any("Content Security Policy" in f for f in v.faults)


def test_a_shop_with_keys_asks_for_one_and_remembers_it_out_of_reach_of_scripts(
    demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Any
) -> None:
    from shelftalk.server.db import Keys, connect

    folder = tmp_path_factory.mktemp("keyed")
    with serving(demo_catalog, folder) as address, visitor(chromium, address) as visit:
        key = Keys(connect(f"sqlite:///{folder}/serve.db")).create("page", ["ask"])
        v = visit(faults_expected=True)
        for request in ("a lamp", "a tent"):
            v.start(request)
            v.page.locator("#key:focus").wait_for()
        assert v.page.locator("form.key").count() == 1
        v.page.get_by_label("This shop asks for a key.").fill("st-wrong")
        v.page.keyboard.press("Enter")
        v.page.get_by_text("This key is not known.").wait_for()
        v.page.get_by_label("This shop asks for a key.").fill(key)
        v.page.keyboard.press("Enter")
        turn = v.wait_for(1)
        assert turn.locator(".card").count() == 3
        assert turn.locator(".asked").inner_text() == "a tent"
        assert v.page.evaluate("document.cookie") == ""
        v.page.reload()
        assert v.wait_for(1).locator(".card").count() == 3

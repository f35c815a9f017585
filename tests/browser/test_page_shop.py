"""A product in a sheet with all its facts, a basket and the shop's own button by setting, and how the page stands on a narrow phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.shop import Visit, serving, visitor

TENT = "a tent for two under 400"
JACKET = "the lightest rain jacket under 200 for my husband, not in black, for cycling to work"
ABOUT = "# Delivery\nWe send to all countries of the EU.\n"
# The words of elements that are broken within themselves: their letters stand on several lines.
BROKEN = """(selector) => [...document.querySelectorAll(selector)].flatMap((node) => {
  const found = [], walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) for (const m of walk.currentNode.data.matchAll(/\\S+/g)) {
    const range = document.createRange();
    range.setStart(walk.currentNode, m.index); range.setEnd(walk.currentNode, m.index + m[0].length);
    if (new Set([...range.getClientRects()].filter((r) => r.width).map((r) => Math.round(r.top))).size > 1) found.push(m[0]);
  }
  return found;
})"""
LABELS = ".chip, .badge, .price, .facts, .do, .pill, .trade, .fact, th, .hint, .ways, #tray, .buy, .sheet-head button"


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose shop gives a page, a button and a basket."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "about.md").write_text(ABOUT, encoding="utf-8")
    given = {"about": folder / "about.md", "button": "Buy at Kestrel", "link": "https://kestrel.example/p/{id}", "basket": True}  # fmt: skip
    with serving(demo_catalog, folder, shop=given) as address:
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    """Opens the shop; at the end nothing may have gone wrong on any page."""
    with visitor(chromium, shop) as visits:
        yield visits


@pytest.fixture(scope="module")
def plain_shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is given nothing of the shop's own."""
    with serving(demo_catalog, tmp_path_factory.mktemp("plain")) as address:
        yield address


@pytest.mark.parametrize("width", [360, 1280])
def test_a_product_opens_in_a_sheet_with_all_that_its_record_says(visit: Any, width: int) -> None:
    v: Visit = visit(width=width, height=740)
    turn = v.ask(TENT)
    product = v.api("GET", f"/v1/products/{v.answers()[-1]['picks'][0]['product_id']}")
    opener = turn.locator(".card").first.get_by_role("button", name=product["title"])
    opener.focus()
    v.page.keyboard.press("Enter")
    sheet = v.page.get_by_role("dialog", name=product["title"])
    sheet.wait_for()
    text = sheet.inner_text()
    assert product["description"] in text
    assert f"€{float(product['price']):,.2f}" in text
    rows = dict(zip(sheet.locator("th").all_inner_texts(), sheet.locator("td").all_inner_texts(), strict=True))
    for name, value in product["attributes"].items():
        if isinstance(value, str):
            assert value.replace("_", " ") in rows.values(), name
    assert len(rows) >= len(product["attributes"]) + 3
    assert sheet.locator(".picture svg, .picture img").count() == 1
    link = sheet.get_by_role("link", name="Buy at Kestrel")
    assert link.get_attribute("href") == f"https://kestrel.example/p/{product['id']}"
    assert v.page.evaluate("document.documentElement.scrollWidth") <= width
    v.check_axe()
    for _ in range(8):  # the focus stays within, or goes to the browser's own bar
        v.page.keyboard.press("Tab")
        assert v.page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    v.page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    assert v.page.evaluate("document.activeElement.textContent") == product["title"], "reading goes on where it was"


def test_the_address_of_the_record_is_the_shops_link_where_no_other_is_given(plain_shop: str, chromium: Any) -> None:
    with visitor(chromium, plain_shop) as visits:
        v = visits()
        turn = v.ask(TENT)
        product = v.api("GET", f"/v1/products/{v.answers()[-1]['picks'][0]['product_id']}")
        assert turn.locator(".buy").count() == 0
        assert v.page.get_by_text("basket").count() == 0
        turn.locator(".open").first.click()
        link = v.page.get_by_role("dialog").locator("a")
        addresses = [a.get_attribute("href") for a in link.all()]
        assert addresses == ([product["url"]] if product.get("url") else [])


def test_a_basket_keeps_what_is_put_into_it_over_a_reload(visit: Any) -> None:
    v: Visit = visit()
    turn = v.ask(TENT)
    picks = v.answers()[-1]["picks"]
    assert v.page.locator("#basket").is_hidden()
    for i in (0, 1):
        turn.locator(".card").nth(i).get_by_role("button", name="Add to basket").click()
    v.page.reload()
    v.wait_for(1)
    assert v.page.get_by_role("button", name="In the basket").count() == 2
    v.page.get_by_role("button", name="Basket (2)").click()
    sheet = v.page.get_by_role("dialog", name="Basket")
    assert [t.inner_text() for t in sheet.locator(".name").all()] == [p["title"] for p in picks[:2]]
    total = sum(float(p["price"]) for p in picks[:2])
    assert f"Together: €{total:,.2f}" in sheet.inner_text()
    assert (
        sheet.get_by_role("link").first.get_attribute("href") == f"https://kestrel.example/p/{picks[0]['product_id']}"
    )
    v.check_axe()
    sheet.get_by_role("button", name=f"Remove {picks[0]['title']}").click()
    assert sheet.locator(".name").count() == 1
    v.page.keyboard.press("Escape")
    assert v.page.get_by_role("button", name="Basket (1)").is_visible()
    assert v.page.get_by_role("button", name="In the basket").count() == 1


def test_a_question_to_the_shop_is_answered_in_the_talk_without_cards(visit: Any) -> None:
    v: Visit = visit()
    v.ask(TENT)
    turn = v.ask("do you ship to Spain?", turns=2)
    assert "We send to all countries of the EU." in turn.inner_text()
    assert turn.locator(".card").count() == 0
    assert turn.locator(".trade").count() == 0


def test_on_a_narrow_phone_the_chips_take_one_line_and_no_label_breaks_within_a_word(visit: Any) -> None:
    v: Visit = visit(width=360, height=740)
    turn = v.ask(JACKET)
    assert turn.locator(".chip").count() > 4
    assert len({round(c.bounding_box()["y"]) for c in turn.locator(".chip").all()}) == 1
    turn.locator(".card").first.get_by_role("button", name="Add to basket").click()
    turn.locator(".claim-text").first.click()
    assert v.page.evaluate(BROKEN, LABELS) == []
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 360
    v.check_axe()
    last = turn.locator(".chip-x").last
    last.focus()
    assert last.evaluate("(x) => x.getBoundingClientRect().right <= innerWidth"), "what the keyboard reaches is seen"
    for i in (0, 1):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    v.page.get_by_role("button", name="Compare 2 picks").click()
    assert v.page.evaluate(BROKEN, LABELS) == []
    v.page.keyboard.press("Escape")
    turn.get_by_role("button", name="under €200").first.click()
    turn.locator(".chip-form").wait_for()
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_chip_shows_the_words_that_are_searched_for(visit: Any) -> None:
    v: Visit = visit()
    turn = v.ask(JACKET)
    assert v.answers()[-1]["intent"]["query"]
    assert "searching" not in turn.inner_text().lower()


def test_nothing_empty_stands_under_the_question_for_something_else(visit: Any) -> None:
    v: Visit = visit()
    v.page.route("**/v1/critiques", lambda route: route.fulfill(json={"critiques": []}))
    turn = v.ask(TENT)
    assert turn.get_by_text("Rather something else?").is_hidden()
    assert turn.get_by_role("button", name="Why not").is_visible()
    v.page.unroute("**/v1/critiques")
    turn = v.ask(JACKET, turns=2)
    turn.locator("[data-critique]").first.wait_for()
    assert turn.get_by_text("Rather something else?").is_visible()


def test_a_stopped_turn_stays_over_a_reload_and_can_be_asked_again(visit: Any) -> None:
    v: Visit = visit(faults_expected=True)
    v.ask(TENT)
    v.page.route("**/v1/recommendations", lambda route: None)  # nothing comes back
    v.start("cheaper ones")
    v.page.wait_for_selector(".turn:nth-child(2)[aria-busy='true']")
    v.page.get_by_role("button", name="Stop").click()
    v.page.wait_for_selector(".turn:nth-child(2) .banner.bad:has-text('Stopped')")
    v.page.unroute("**/v1/recommendations")
    v.ask("is the second one waterproof?", turns=3)
    for _ in range(2):
        v.page.reload()
        v.wait_for(3)
        assert v.page.locator(".asked").all_inner_texts() == [TENT, "cheaper ones", "is the second one waterproof?"]
        assert v.page.locator(".turn").nth(1).locator(".banner.bad").inner_text().startswith("Stopped.")
    v.page.locator(".turn").nth(1).get_by_role("button", name="Ask again").click()
    v.page.wait_for_selector(".turn:nth-child(3)[aria-busy='false'] .asked:has-text('cheaper ones')")
    v.page.reload()
    v.wait_for(3)
    assert v.page.locator(".banner.bad").count() == 0


@pytest.mark.parametrize("button", ["Not for me", "More like this"])
def test_after_a_question_about_a_pick_its_buttons_keep_no_limit_that_was_not_named(visit: Any, button: str) -> None:
    v: Visit = visit()
    v.ask(TENT)
    named = v.answers()[-1]["intent"]
    turn = v.ask("how heavy is the first one?", turns=2)
    assert v.answers()[-1]["intent"]["limit"] == 1
    turn.locator(".card").first.get_by_role("button", name=button).click()
    if button == "Not for me":
        turn.get_by_role("group", name="Why not?").get_by_role("button", name="Just not for me").click()
    v.wait_for(3)
    answer = v.answers()[-1]
    assert answer["intent"]["constraints"] == named["constraints"]
    assert answer["intent"]["limit"] is None
    assert len(answer["picks"]) == 3


def test_more_like_this_names_no_kind_as_a_limit(visit: Any) -> None:
    v: Visit = visit()
    turn = v.ask("something under 60 for a rainy week")
    picked = v.answers()[-1]["picks"][0]
    turn.locator(".card").first.get_by_role("button", name="More like this").click()
    v.wait_for(2)
    then = v.answers()[-1]
    assert {c["field"] for c in then["intent"]["constraints"]} <= {"price"}
    kind = v.api("GET", f"/v1/products/{picked['product_id']}")["categories"][-1]
    assert then["intent"]["kinds"] == [kind]


@pytest.mark.parametrize("said", ["Drizle packable", "drizz packa", "RAIN-117", "pink kestar drizzle"])
def test_why_not_finds_a_product_by_its_name_as_it_is_remembered(visit: Any, said: str) -> None:
    v: Visit = visit()
    turn = v.ask(TENT)
    turn.get_by_role("button", name="Why not").click()
    v.page.get_by_label("Name of the product").fill(said)
    v.page.keyboard.press("Enter")
    first = v.page.locator(".results button").first
    first.wait_for()
    assert "Kestar Drizzle Packable Rain Jacket for Women, Pink" in first.inner_text()
    v.page.keyboard.press("Escape")
    v.page.get_by_role("dialog").wait_for(state="hidden")

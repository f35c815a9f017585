"""The chat in a real Chromium over a real server: it streams, explains itself, and everyone can use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.shop import Visit, visitor

TENT = "a tent for two under 400"


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over the demo catalogue, answering from the record."""
    from tests.browser.shop import serving

    with serving(demo_catalog, tmp_path_factory.mktemp("page")) as address:
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    """Opens the shop: visit(width=390, dark=True); at the end nothing may have gone wrong on any page."""
    with visitor(chromium, shop) as visits:
        yield visits


def test_cards_appear_with_what_the_record_says(visit: Any, shop: str) -> None:
    v: Visit = visit()
    turn = v.ask(TENT)
    answer = v.answers()[-1]
    cards = turn.locator(".card")
    assert cards.count() == len(answer["picks"]) == 3
    for i, pick in enumerate(answer["picks"]):
        text = cards.nth(i).inner_text()
        assert pick["title"] in text
        assert f"€{float(pick['price']):,.2f}" in text
        product = v.api("GET", f"/v1/products/{pick['product_id']}")
        assert f"{product.get('rating', '')}" in text
        assert product["brand"] in text
        assert cards.nth(i).locator(".reason").inner_text().split() == pick["reason"].split()
        assert cards.nth(i).locator(".picture svg").count() == 1


def test_the_reason_is_on_the_page_before_the_answer_is_complete(visit: Any) -> None:
    v = visit()
    v.page.route("**/v1/recommendations", lambda route: route.fulfill(body=_stream(until="reason"), content_type="text/event-stream"))  # fmt: skip
    v.start("a lamp")
    v.page.wait_for_selector(".card .said:has-text('It is bright.')")
    assert v.page.locator(".turn").get_attribute("aria-busy") == "true"
    v.page.wait_for_selector(".banner.bad")


def test_words_of_the_request_and_the_statements_that_answer_them_light_up_together(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    price = turn.locator(".claim[data-words='under 400']").first
    price.locator(".claim-text").hover()
    assert "lit" in (turn.locator(".word[data-words='under 400']").get_attribute("class") or "")
    assert price.locator(".evidence").is_visible()
    assert "price" in price.locator(".evidence").inner_text()
    turn.locator(".word[data-words='two']").hover()
    assert turn.locator(".claim.lit").count() == turn.locator(".claim[data-words='two']").count() > 0
    assert not price.locator(".evidence").is_visible()


def test_evidence_is_reached_by_the_keyboard_and_by_a_tap(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    first = turn.locator(".claim").first
    first.locator(".claim-text").focus()
    assert first.locator(".evidence").is_visible()
    v.page.locator("#say").focus()
    assert not first.locator(".evidence").is_visible()
    first.locator(".claim-text").dispatch_event("click")
    assert first.locator(".evidence").is_visible()
    described = first.locator(".claim-text").get_attribute("aria-describedby")
    assert first.locator(f"#{described}").count() == 1


def test_a_chip_taken_away_or_changed_changes_the_answer(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    turn.get_by_role("button", name="Remove limit: under €400").click()
    turn = v.wait_for(2)
    assert "price" not in [c["field"] for c in v.answers()[-1]["intent"]["constraints"]]
    assert "no longer under €400" in turn.locator(".changed").inner_text()
    turn.get_by_role("button", name="persons at least 2", exact=True).click()
    turn.locator(".chip-form input").fill("4")
    turn.locator(".chip-form input").press("Enter")
    v.wait_for(3)
    answer = v.answers()[-1]
    assert {"field": "persons", "operator": ">=", "value": 4} in answer["intent"]["constraints"]
    assert answer["picks"]
    assert all(v.api("GET", f"/v1/products/{p['product_id']}")["attributes"]["persons"] >= 4 for p in answer["picks"])


def test_a_value_is_chosen_from_what_the_catalogue_has(visit: Any) -> None:
    v = visit()
    turn = v.ask("a black rain jacket")
    turn.get_by_role("button", name="colour black", exact=True).click()
    turn.get_by_role("combobox", name="colour", exact=True).select_option(label="blue")
    turn.get_by_role("button", name="Set").click()
    v.wait_for(2)
    assert {"field": "colour", "operator": "=", "value": "blue"} in v.answers()[-1]["intent"]["constraints"]


def test_a_range_given_upside_down_is_turned_round_and_several_values_stay_together(visit: Any) -> None:
    v = visit()
    turn = v.ask("a blue or green backpack between 40 and 90 euros")
    turn.get_by_role("button", name="price €40 to €90", exact=True).click()
    turn.locator(".chip-form input").nth(1).fill("10")
    turn.locator(".chip-form input").nth(1).press("Enter")
    turn = v.wait_for(2)
    limits = v.answers()[-1]["intent"]["constraints"]
    assert {"field": "price", "operator": "between", "value": [10, 40]} in limits
    turn.get_by_role("button", name="colour blue or green", exact=True).click()
    turn.get_by_role("combobox", name="colour: comparison", exact=True).select_option(label="is not")
    turn.get_by_role("button", name="Set").click()
    v.wait_for(3)
    limits = v.answers()[-1]["intent"]["constraints"]
    assert {"field": "colour", "operator": "not in", "value": ["blue", "green"]} in limits


def test_a_question_about_the_picks_is_told_in_few_words(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    chips = v.ask("which is the lightest?", turns=2).locator(".chip").all_inner_texts()
    assert [c.split("\n")[0] for c in chips] == ["the 3 picks above", "lowest weight first"]


def test_asked_in_words_how_picks_compare_the_table_stands_in_the_talk(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    shown = [p["title"] for p in v.answers()[-1]["picks"]]
    for _ in range(2):
        turn = v.wait_for(2) if v.page.locator(".turn").count() == 2 else v.ask("compare the first two", turns=2)
        assert turn.locator("thead th").all_inner_texts() == shown[:2]
        prices = turn.locator("tbody tr").first.locator("td").all_inner_texts()
        assert prices == [f"€{float(p['price']):.2f}" for p in v.answers()[-1]["picks"]]
        v.check_axe()
        v.page.reload()
        v.page.wait_for_selector(".turn:nth-child(2)")


def test_why_a_pick_is_one_is_answered_in_the_talk(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    turn = v.ask("why not the second one?", turns=2)
    assert turn.locator(".card").count() == 1
    assert "Picked, number 2 of" in turn.locator(".said").inner_text()


def test_the_way_back_from_a_new_conversation_leads_to_the_one_before(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    address = v.page.url
    v.page.get_by_role("button", name="New conversation").click()
    v.page.wait_for_function("!document.querySelector('.turn')")
    assert "#" not in v.page.url
    v.page.go_back()
    v.wait_for(1)
    assert v.page.url == address


def test_a_pick_turned_down_in_words_goes_and_its_id_is_not_read(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    first, *others = (p["product_id"] for p in v.answers()[-1]["picks"])
    turn = v.ask("not the first one", turns=2)
    picks = [p["product_id"] for p in v.answers()[-1]["picks"]]
    assert first not in picks
    assert set(others) <= set(picks)
    assert first not in turn.locator(".chips").inner_text()


def test_the_box_grows_with_what_is_written_and_its_hint_stays_on_one_line(visit: Any) -> None:
    v = visit(width=340, height=640)
    box = v.page.locator("#say")
    one = box.bounding_box()["height"]
    assert box.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    box.fill("a light tent for two people that stands by itself and costs less than three hundred euros")
    assert box.bounding_box()["height"] > 2 * one
    assert box.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    box.fill("")
    assert box.bounding_box()["height"] == one


def test_on_a_phone_the_names_of_the_rows_and_the_way_out_of_a_comparison_stay_in_sight(visit: Any) -> None:
    v = visit(width=360, height=640)
    turn = v.ask(TENT)
    for i in (0, 1, 2):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    v.page.get_by_role("button", name="Compare 3 picks").click()
    v.page.locator("#sheet").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    v.page.locator("#sheet .scroll").evaluate("e => e.scrollTo(400, 0)")
    for part in (v.page.get_by_role("button", name="Close"), v.page.locator("#sheet th[scope=row]").last):
        place = part.bounding_box()
        assert place["x"] >= 0
        assert 0 <= place["y"] <= 640 - place["height"]


def test_a_trade_off_leads_to_as_many_products_as_it_says(visit: Any) -> None:
    v = visit()
    turn = v.ask("a light rain jacket")
    pill = turn.locator("[data-critique='cheaper']")
    pill.wait_for()
    count = int(pill.locator(".count").inner_text().strip("()"))
    pill.click()
    v.wait_for(2)
    limits = v.answers()[-1]["intent"]["constraints"]
    ceiling = next(float(c["value"]) for c in limits if c["field"] == "price")
    catalogue = [json.loads(line) for line in (Path(__file__).parents[2] / "data/demo/products.jsonl").open()]
    under = [p for p in catalogue if "Rain Jackets" in p["categories"] and float(p["price"]) < ceiling]
    assert len(under) == count
    assert all(float(p["price"]) < ceiling for p in v.answers()[-1]["picks"])


def test_what_is_waved_away_does_not_come_back(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    gone = v.answers()[-1]["picks"][0]["product_id"]
    turn.locator(".card").first.get_by_role("button", name="Not for me").click()
    turn.get_by_role("group", name="Why not?").get_by_role("button", name="Just not for me").click()
    turn = v.wait_for(2)
    assert gone not in [p["product_id"] for p in v.answers()[-1]["picks"]]
    assert gone not in turn.locator(".chips").inner_text(), "an id is nothing a shopper reads"
    v.ask("cheaper ones", turns=3)
    assert gone not in [p["product_id"] for p in v.answers()[-1]["picks"]]


def test_more_like_this_and_bought_it(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    shown = [p["product_id"] for p in v.answers()[-1]["picks"]]
    turn.locator(".card").nth(1).get_by_role("button", name="Bought it").click()
    turn.locator(".thanks").wait_for()
    turn.locator(".card").nth(1).get_by_role("button", name="More like this").click()
    turn = v.wait_for(2)
    then = v.answers()[-1]
    assert not set(shown) & {p["product_id"] for p in then["picks"]}
    assert all("Tents" in v.api("GET", f"/v1/products/{p['product_id']}")["categories"] for p in then["picks"])
    assert turn.locator(".asked").inner_text().startswith("More like ")
    turn.get_by_role("button", name=f"Remove left out: without {len(shown)} products shown before").click()
    v.wait_for(3)
    assert set(shown) & {p["product_id"] for p in v.answers()[-1]["picks"]}


def test_chosen_picks_stand_side_by_side(visit: Any) -> None:
    v = visit()
    turn = v.ask(TENT)
    picks = v.answers()[-1]["picks"]
    for i in (0, 1):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    v.page.get_by_role("button", name="Compare 2 picks").click()
    table = v.page.locator("#sheet table")
    assert [t.strip() for t in table.locator("thead th").all_inner_texts()] == [p["title"] for p in picks[:2]]
    weights = [v.api("GET", f"/v1/products/{p['product_id']}")["attributes"]["weight_kg"] for p in picks[:2]]
    cells = table.locator("tbody tr:has(th:text-is('weight')) td").all_inner_texts()
    assert cells == [f"{w:g} kg" for w in weights]
    v.page.keyboard.press("Escape")
    assert not v.page.locator("#sheet").is_visible()


def test_why_not_names_the_limit_that_a_product_fails(visit: Any) -> None:
    v = visit()
    turn = v.ask("a tent for two under 150")
    turn.get_by_role("button", name="Why not").click()
    v.page.get_by_role("searchbox").fill("Ørnvik Bris 2 Tent")
    v.page.keyboard.press("Enter")
    v.page.locator(".results button").first.click()
    v.page.wait_for_selector(".verdict")
    assert "419" in v.page.locator(".verdict").inner_text()


def test_nothing_fits_is_said_plainly_with_what_the_nearest_miss(visit: Any) -> None:
    v = visit()
    turn = v.ask("a tent for two under 20")
    banner = turn.locator(".banner").inner_text()
    assert "Nothing in the shop fits all of that." in banner
    assert "under €20" in banner
    assert turn.locator(".card").count() > 0
    assert turn.locator("[data-critique]").count() == 0


def test_a_reload_shows_the_conversation_again_and_goes_on_with_it(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    v.page.locator(".turn").get_by_role("button", name="Remove limit: under €400").click()
    v.wait_for(2)
    before = v.page.locator("#talk").inner_text()
    v.page.reload()
    v.wait_for(2)
    v.page.wait_for_selector(".card .facts > *")
    after = v.page.locator("#talk").inner_text()
    assert after.split("Rather something else?")[0] == before.split("Rather something else?")[0]
    assert "no longer under €400" in after
    v.ask("only the ones in green", turns=3)
    fields = [c["field"] for c in v.answers()[-1]["intent"]["constraints"]]
    assert "categories" in fields
    assert "price" not in fields


def test_a_reload_in_the_middle_of_an_answer_asks_for_it_again(visit: Any) -> None:
    v = visit()
    v.ask(TENT)
    held: list[Any] = []
    # the first never reaches the server: taking the route away would let it go there after all, for a turn of its own
    v.page.route("**/v1/recommendations", lambda route: route.continue_() if held else held.append(route))
    v.start("cheaper ones")
    v.page.wait_for_selector(".turn:nth-child(2)[aria-busy='true']")
    v.page.reload()
    turn = v.wait_for(2)
    assert turn.locator(".asked").inner_text() == "cheaper ones"
    assert turn.locator(".card").count()
    v.page.reload()
    v.wait_for(2)
    v.page.wait_for_timeout(300)
    assert v.page.locator(".turn").count() == 2, "what was answered is not asked again"


def test_a_full_queue_says_when_to_come_back(visit: Any) -> None:
    v = visit(faults_expected=True)
    error = {"error": {"type": "overloaded", "message": "too many requests are waiting; try again in 4 s"}}
    v.page.route("**/v1/recommendations", lambda r: r.fulfill(status=429, headers={"Retry-After": "4"}, json=error))
    v.start("a tent")
    v.page.wait_for_selector(".banner.bad:has-text('Try again in 4 s')")


def test_a_running_answer_can_be_stopped(visit: Any) -> None:
    v = visit(faults_expected=True)
    held = []

    def hold(route: Any) -> None:
        held.append(route)

    v.page.route("**/v1/recommendations", hold)
    v.start("a tent")
    v.page.get_by_role("button", name="Stop").click()
    v.page.wait_for_selector(".banner.bad:has-text('Stopped')")
    assert v.page.get_by_role("button", name="Ask", exact=True).is_visible()
    held[0].abort()


def test_the_keyboard_alone_is_enough(visit: Any) -> None:
    v = visit()
    page = v.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type(TENT)
    page.keyboard.press("Enter")
    v.wait_for(1)
    page.locator(".chip-x").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens the next chip
    page.locator(".chip-form :focus").wait_for()
    page.keyboard.press("Escape")
    assert "chip-edit" in page.evaluate("document.activeElement.className")
    page.locator(".chip-x").first.focus()
    page.keyboard.press("Enter")
    v.wait_for(2)
    assert page.evaluate("document.activeElement.className") == "asked", "the new answer is where reading goes on"
    assert "1:" in page.locator("#status").inner_text()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_fault_and_nothing_scrolls_sideways(visit: Any, width: int, dark: bool) -> None:
    v = visit(width=width, dark=dark)
    v.check_axe()
    turn = v.ask("a tent for two under 20")
    turn = v.ask("the lightest rain jacket under 200 for my 70 kg husband", turns=2)
    turn.get_by_role("button", name="under €200").first.click()
    turn.locator(".notes summary").click()
    turn.locator(".claim-text").first.focus()
    v.check_axe()
    assert v.page.evaluate("document.documentElement.scrollWidth") <= width
    for i in (0, 1):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    v.page.get_by_role("button", name="Compare 2 picks").click()
    v.check_axe()
    assert v.page.evaluate("document.documentElement.scrollWidth") <= width


def _stream(until: str) -> str:
    intent = {"constraints": [], "sort": None, "limit": None, "preferences": [], "exclude": [], "query": "lamp", "shopping": True}  # fmt: skip
    pick = {"product_id": "X", "rank": 1, "score": 1.0, "title": "Lamp", "price": "9.00", "currency": "EUR", "reason": "", "claims": []}  # fmt: skip
    events = [
        ("understood", intent), ("candidates", {"found": 1, "matching": 1, "relaxed": [], "no_match": False}), ("pick", pick),
        ("reason", {"product_id": "X", "rank": 1, "delta": "It is "}), ("reason", {"product_id": "X", "rank": 1, "delta": "bright."}),
    ]  # fmt: skip
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)

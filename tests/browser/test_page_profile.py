"""The profile on the page: nobody is remembered before they agree; then it is shown with its evidence, corrected and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.browser.shop import Visit, serving, visitor

WATERPROOF = "Power Banks: waterproof."


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(demo_catalog, tmp_path_factory.mktemp("profiles")) as address:
        yield address


@pytest.fixture
def visit(shop: str, chromium: Any) -> Iterator[Any]:
    with visitor(chromium, shop) as visits:
        yield visits


def opened(v: Visit) -> Any:
    v.page.get_by_role("button", name="Your profile").click()
    return v.page.get_by_role("dialog", name="Your profile")


def agreed(v: Visit) -> str:
    """The shopper agrees, and bought waterproof power banks before; the id under which this browser is remembered."""
    sheet = opened(v)
    sheet.get_by_role("button", name="Remember my taste on this device").click()
    sheet.get_by_text("Nothing is known of you yet.").wait_for()
    user = str(v.page.evaluate("localStorage.getItem('shelftalk-user')"))
    found = v.api("GET", "/v1/products?words=waterproof+power+bank")["products"]
    mine = [p["id"] for p in found if p["id"].startswith("POWR") and p["attributes"].get("waterproof")]
    now = datetime.now(UTC)
    rows = [{"user": user, "product_id": p, "kind": "purchase", "at": (now - timedelta(days=3 + n)).isoformat(), "id": f"{user}{p}"} for n, p in enumerate(mine)]  # fmt: skip
    assert httpx.post(f"{v.address}/v1/interactions", json={"interactions": rows}).status_code == 200
    sheet.get_by_role("button", name="Close").click()
    return user


def line(sheet: Any, says: str = WATERPROOF) -> Any:
    return sheet.locator(".lines > li", has_text=says)


def held(v: Visit, user: str) -> dict[str, Any]:
    return dict(v.api("GET", f"/v1/users/{user}/profile"))


def test_nobody_is_remembered_before_they_agree(visit: Any) -> None:
    v: Visit = visit()
    sent: list[str] = []
    v.page.on("request", lambda r: sent.append(f"{r.url} {r.post_data or ''}"))
    sheet = opened(v)
    sheet.get_by_text("This shop remembers nothing about you").wait_for()
    sheet.get_by_role("button", name="Close").click()
    v.ask("a tent for two")
    assert v.page.evaluate("localStorage.length") == 0
    assert not [s for s in sent if '"user"' in s or "/users/" in s]
    v.check_axe()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_each_line_is_shown_with_what_it_rests_on(visit: Any, width: int, dark: bool) -> None:
    v: Visit = visit(width=width, height=780, dark=dark)
    agreed(v)
    sheet = opened(v)
    row = line(sheet)
    row.get_by_text("What this rests on").click()
    assert row.locator(".grounds li", has_text="bought").count() >= 3
    v.check_axe()
    assert v.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_line_is_switched_off_and_on_by_keyboard(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    sheet = opened(v)
    switch = line(sheet).get_by_role("switch")
    switch.focus()
    v.page.keyboard.press("Space")
    sheet.get_by_text("The line is switched off.").wait_for()
    assert WATERPROOF not in held(v, user)["text"]
    assert v.page.evaluate("document.activeElement.getAttribute('role')") == "switch", "the focus stays where it was"
    v.page.keyboard.press("Space")
    sheet.get_by_text("The line counts again.").wait_for()
    assert WATERPROOF in held(v, user)["text"]


def test_a_line_is_corrected_and_another_added_in_words(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    sheet = opened(v)
    row = line(sheet)
    row.get_by_role("button", name="Change").click()
    row.get_by_label("waterproof: yes or no").select_option("no")
    row.get_by_role("button", name="Save").click()
    line(sheet, "You corrected this.").wait_for()
    assert not line(sheet).count()
    sheet.get_by_label("What should the shop know of your taste?").fill("tents under 200 euros")
    v.page.keyboard.press("Enter")
    line(sheet, "In your words: tents under 200 euros").wait_for()
    assert {x["source"] for x in held(v, user)["lines"][:2]} == {"stated", "corrected"}
    sheet.get_by_label("What should the shop know of your taste?").fill("hello")
    v.faults_expected = True
    v.page.keyboard.press("Enter")
    sheet.get_by_text("is a field of the catalogue").wait_for()
    v.check_axe()


def test_an_aspect_the_whole_and_a_line_go(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    sheet = opened(v)
    sheet.get_by_role("switch", name="What products are like").uncheck()
    sheet.get_by_text("What products are like: not used.").wait_for()
    assert held(v, user)["aspects_off"] == ["feature"]
    line(sheet).get_by_role("button", name="Delete").click()
    sheet.get_by_text("Deleted.").wait_for()
    assert not line(sheet).count()
    sheet.get_by_role("switch", name="Use my profile for what I am shown").uncheck()
    sheet.get_by_text("Your profile is switched off").wait_for()
    assert not held(v, user)["on"]


def test_without_consent_nothing_can_be_added_what_was_stated_goes_and_personalisation_comes_back(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    sheet = opened(v)
    sheet.get_by_label("What should the shop know of your taste?").fill("tents under 200 euros")
    v.page.keyboard.press("Enter")
    line(sheet, "Tents: price up to 200 EUR").wait_for()
    sheet.get_by_role("button", name="Close").click()
    assert httpx.put(f"{v.address}/v1/users/{user}/consent", json={"personalisation": False}).status_code == 200
    sheet = opened(v)
    sheet.get_by_text("Personalisation is off").wait_for()
    assert not sheet.get_by_label("What should the shop know of your taste?").count()
    assert sheet.get_by_role("switch").is_disabled()
    assert not sheet.get_by_role("button", name="Change").count()
    v.check_axe()
    line(sheet, "Tents: price up to 200 EUR").get_by_role("button", name="Delete").click()
    sheet.get_by_text("Deleted.").wait_for()
    sheet.get_by_role("button", name="Let my taste shape what I am shown").click()
    line(sheet).wait_for()
    assert held(v, user)["personalisation"]


def test_forget_me_deletes_all_here_and_in_the_shop(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    sheet = opened(v)
    line(sheet).wait_for()
    sheet.get_by_role("button", name="Forget me").click()
    sheet.get_by_role("button", name="Keep it").click()
    assert held(v, user)["interactions"] > 0
    sheet.get_by_role("button", name="Forget me").click()
    v.page.keyboard.press("Enter")
    sheet.get_by_text("All that was known of you is deleted.").wait_for()
    assert held(v, user)["interactions"] == 0
    assert v.page.evaluate("localStorage.length") == 0


def test_hostile_titles_and_values_stay_words(visit: Any) -> None:
    v: Visit = visit()
    user = agreed(v)
    shown = {**held(v, user), "lines": [{"id": "ab", "text": "<img src=x onerror=alert(1)>", "criterion": {"field": "brand", "want": "is", "value": "<b>"}, "category": "", "weight": 1, "on": True, "aspect": "brand", "source": "history", "span": None, "evidence": [{"id": "1", "kind": "purchase", "at": "2026-01-01T00:00:00Z", "product_id": "x", "title": "</li><script>alert(2)</script>"}]}]}  # fmt: skip
    v.page.route("**/v1/users/**", lambda route: route.fulfill(json=shown))
    sheet = opened(v)
    sheet.get_by_text("<img src=x onerror=alert(1)>").wait_for()
    sheet.get_by_text("What this rests on").click()
    assert sheet.get_by_text("</li><script>alert(2)</script>").is_visible()

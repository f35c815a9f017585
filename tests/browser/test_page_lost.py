"""The page when the line breaks in the middle of an answer: it goes on by itself where it can, and says so where not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.shop import Visit, serving, visitor
from tests.browser.wire import Wire, wired
from tests.server.obedient import Obedient

TENT = "a tent for two under 400"
SAID_LOST = ".banner.bad:has-text('The connection was lost before the answer was complete.')"


class Unhurried(Obedient):
    """So slow that a cut after the first pick comes before the answer is whole."""

    def generate(self, *given: Any) -> Any:
        time.sleep(0.3)
        return super().generate(*given)


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(demo_catalog, tmp_path_factory.mktemp("lost"), engine=Unhurried()) as address:
        yield address


@pytest.fixture
def wire(shop: str) -> Iterator[Wire]:
    with wired(shop) as wire:
        yield wire


@pytest.fixture
def v(wire: Wire, chromium: Any) -> Iterator[Visit]:
    with visitor(chromium, wire.address) as visits:
        yield visits(faults_expected=True)


def test_an_answer_that_the_server_finished_after_the_cut_is_shown_and_not_asked_for_twice(
    v: Visit, wire: Wire
) -> None:
    wire.mood = "finish"
    turn = v.ask(TENT)
    assert turn.locator(".card").count() == 3
    assert wire.streams == 1
    assert len(v.answers()) == 1


def test_an_answer_that_was_cut_off_for_good_is_asked_for_once_more(v: Visit, wire: Wire) -> None:
    wire.mood = "cut"
    v.start(TENT)
    v.page.wait_for_selector(".doing:has-text('The connection was lost. Trying to pick the answer up')")
    assert "connection was lost" in v.page.locator("#status").inner_text()
    assert v.page.locator(".turn").get_attribute("aria-busy") == "true"
    wire.mood = "well"
    turn = v.wait_for(1)
    assert turn.locator(".card").count() == 3
    shown = [card.locator(".reason").inner_text().split() for card in turn.locator(".card").all()]
    assert shown == [pick["reason"].split() for pick in v.answers()[-1]["picks"]], "nothing stands there twice"
    assert v.page.locator(".turn").count() == 1


def test_a_line_that_breaks_each_time_is_said_and_asking_again_works(v: Visit, wire: Wire) -> None:
    wire.mood = "cut"
    v.start(TENT)
    v.page.wait_for_selector(SAID_LOST, timeout=30_000)
    assert wire.streams <= 2
    assert "connection was lost" in v.page.locator("#status").inner_text()
    wire.mood = "well"
    v.page.get_by_role("button", name="Ask again").click()
    assert v.wait_for(1).locator(".card").count() == 3
    assert v.page.locator(".turn").count() == 1


def test_offline_in_the_middle_is_said_and_the_answer_goes_on_once_back(v: Visit, wire: Wire) -> None:
    wire.mood = "hold"
    v.start(TENT)
    v.page.wait_for_selector(".chips")
    v.page.context.set_offline(True)
    v.page.wait_for_selector(".doing:has-text('You are offline. The answer goes on once you are back.')")
    assert "offline" in v.page.locator("#status").inner_text()
    wire.mood = "well"
    v.page.context.set_offline(False)
    assert v.wait_for(1).locator(".card").count() == 3
    assert len(v.answers()) == 1


def test_asking_while_offline_waits_for_the_line_and_can_be_stopped(v: Visit) -> None:
    v.ask("a rain jacket")
    v.page.context.set_offline(True)
    v.start(TENT)
    v.page.wait_for_selector(".doing:has-text('You are offline')")
    v.page.get_by_role("button", name="Stop").click()
    v.page.wait_for_selector(".banner.bad:has-text('Stopped.')")
    v.page.context.set_offline(False)
    v.page.get_by_role("button", name="Ask again").click()
    assert v.wait_for(2).locator(".card").count() == 3


def test_a_line_that_is_dead_without_saying_so_is_given_up(v: Visit, wire: Wire) -> None:
    v.page.clock.install()
    wire.mood = "hold"
    v.start(TENT)
    v.page.wait_for_selector(".chips")
    assert wire.holds.wait(30)
    wire.mood = "well"
    v.page.clock.fast_forward(9_000)
    v.page.wait_for_selector(".doing:has-text('This takes longer than usual')")
    v.page.clock.fast_forward(17_000)
    v.page.wait_for_selector(".doing:has-text('The connection was lost')")
    for _ in range(3):
        v.page.wait_for_timeout(300)
        v.page.clock.fast_forward(4_000)
    assert v.wait_for(1).locator(".card").count() == 3


def test_the_server_going_down_for_good_is_said(
    demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Any
) -> None:
    with (
        serving(demo_catalog, tmp_path_factory.mktemp("down")) as upstream,
        wired(upstream) as wire,
        visitor(chromium, wire.address) as visits,
    ):
        v = visits(faults_expected=True)
        wire.mood = "hold"
        v.start(TENT)
        v.page.wait_for_selector(".chips")
        wire.close()
        v.page.wait_for_selector(SAID_LOST, timeout=30_000)

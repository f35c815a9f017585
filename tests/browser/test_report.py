"""The report in a real browser: it works, it is safe with any text, and everyone can read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evaluate.made_runs import answer, make_run, pick

from shelftalk.evaluate.report import write_report
from shelftalk.evaluate.runfolder import ModelCall

N = 30
HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>" onmouseover="alert(3) </script><svg onload=alert(4)> {{7*7}}'  # fmt: skip

OPEN_ALL = "document.querySelectorAll('details').forEach((d) => { d.open = true; })"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over three variants, every text of which is hostile."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    base = rng.uniform(0.2, 0.7, N)
    requests = [f"lamp {i} {HOSTILE}" if i % 2 else f"tent {i}" for i in range(N)]
    columns = {"category": ["lamps" if i % 2 else "tents" for i in range(N)], HOSTILE: [HOSTILE if i % 3 else "plain" for i in range(N)], "words": list(range(N))}  # fmt: skip
    answers = [answer(f"q{i}", requests[i], [pick("p1", 1, HOSTILE, HOSTILE), pick("p2", 2)], notes=[HOSTILE]) for i in range(N)]  # fmt: skip
    asked = [
        ModelCall(f"q{i}", "rank", HOSTILE, f"system: {HOSTILE}\nuser: {'word ' * 300}", HOSTILE) for i in range(N)
    ]
    runs = []
    for j, name in enumerate(["none", "listwise", HOSTILE]):
        values = {"ndcg@10": list(np.clip(base + j * rng.normal(0.05, 0.1, N), 0, 1)), "tokens_prompt": [100.0 * j] * N, "latency_ms": list(rng.gamma(4, 20, N))}  # fmt: skip
        values["ndcg@10"][5] = None if j == 0 else 0.5
        runs.append(make_run(folder / str(j), values, name=name, requests=requests, columns=columns, answers=answers, asked=asked, figures={"coverage@5": 0.3}))  # fmt: skip
    write_report(runs, folder / "report.html")
    return folder / "report.html"


def visible(page: Any) -> list[str]:
    return page.locator("#table tbody tr:visible th small").all_inner_texts()


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_without_a_fault_or_a_sideways_scroll(report: Path, open_file: Any, width: int, dark: bool) -> None:
    opened = open_file(report, width=width, dark=dark)
    opened.page.evaluate(OPEN_ALL)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.faults == []


def test_hostile_text_is_shown_and_never_run(report: Path, open_file: Any) -> None:
    opened = open_file(report)
    page = opened.page
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2, "the page's own data and script"
    assert page.locator("[onerror], [onload], [onmouseover]").count() == 0
    assert "<script>alert(2)</script>" in page.locator("#table").inner_text()
    assert "{{7*7}}" in page.locator("#table").inner_text()
    page.locator("#table tbody tr").nth(1).hover()
    assert opened.faults == []


def test_even_a_script_that_got_in_would_not_run(report: Path, open_file: Any) -> None:
    opened = open_file(report)
    opened.page.evaluate("const s = document.createElement('script'); s.textContent = 'window.got = 1'; document.body.append(s)")  # fmt: skip
    assert opened.page.evaluate("window.got") is None
    assert any("Content Security Policy" in f for f in opened.faults)


def test_the_table_sorts_both_ways_with_what_is_missing_last(report: Path, open_file: Any) -> None:
    page = open_file(report).page
    button = page.locator("#table thead button").nth(1)
    for direction, order in (("ascending", sorted), ("descending", lambda v: sorted(v, reverse=True))):
        button.click()
        assert page.locator("#table thead th").nth(1).get_attribute("aria-sort") == direction
        shown = page.locator("#table tbody tr td:nth-child(2)").all_inner_texts()
        assert shown[-1] == "-"
        numbers = [float(v) for v in shown[:-1]]
        assert numbers == order(numbers)


def test_search_and_filters_narrow_the_table_together(report: Path, open_file: Any) -> None:
    page = open_file(report).page
    page.locator("#search").fill("lamp")
    assert len(visible(page)) == N // 2
    assert page.locator("#count").inner_text().startswith(f"{N // 2} of {N} requests")
    page.locator("select[data-column]").first.select_option("=tents")
    assert visible(page) == []
    page.locator("#search").fill("tent q4")
    assert visible(page) == ["q4"]


def test_wins_and_losses_are_those_of_the_chosen_metric_and_variant(report: Path, open_file: Any) -> None:
    page = open_file(report).page
    page.locator("#outcome").select_option("win")
    gains = page.locator("#table tbody tr:visible td.v-better").all_inner_texts()
    assert gains
    assert all(g.startswith("+") for g in gains)
    page.locator("#metric").select_option("tokens_prompt")
    assert visible(page) == [], "more tokens are no win"
    page.locator("#outcome").select_option("loss")
    assert len(visible(page)) == N
    page.locator("#variant").select_option("2")
    assert set(page.locator("#table tbody tr:visible td.v-worse").all_inner_texts()) == {"+200.0"}


def test_the_keyboard_reaches_the_sorting(report: Path, open_file: Any) -> None:
    page = open_file(report).page
    page.locator("#table thead button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#table thead th").first.get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_fault(report: Path, open_file: Any, dark: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    opened = open_file(report, dark=dark)
    opened.page.evaluate(OPEN_ALL)
    # axe brings a script of its own, which the page's policy rightly keeps out of a <script>; it is evaluated instead.
    found = axe.Axe().run(opened.page).response["violations"]
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical", "moderate")] == []  # fmt: skip


def test_in_print_everything_is_open_and_nothing_is_cut_off(report: Path, open_file: Any) -> None:
    page = open_file(report).page
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#filters").is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".case:not([open])").count() == 0
    assert page.pdf()[:4] == b"%PDF"


def test_on_paper_the_table_keeps_to_the_page_and_to_its_first_rows(open_file: Any, tmp_path: Path) -> None:
    kinds = [f"a kind with a long name {i % 7}" for i in range(130)]
    columns = dict.fromkeys(("category", "constraints", "superlative", "empty"), kinds)
    requests = [f"request {i} for something rather long to say in words" for i in range(130)]
    run = [make_run(tmp_path / n, {"ndcg@10": [0.5] * 130}, name=n, columns=columns, requests=requests) for n in "ab"]
    write_report(run, tmp_path / "report.html")
    page = open_file(tmp_path / "report.html", width=720).page
    page.fill("#search", "request 1")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert len(visible(page)) == 49, "what is filtered away is not printed"
    assert not page.locator("#printed").inner_text()
    page.emulate_media(media="screen")
    page.fill("#search", "")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(visible(page)) == 100
    assert "first 100" in page.locator("#printed").inner_text()
    page.emulate_media(media="screen")
    assert len(visible(page)) == 130


def test_without_its_script_the_page_still_tells_its_story(report: Path, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#table tbody tr").count() == N
    assert page.locator(".lead").first.is_visible()
    context.close()


def test_a_single_run_is_told_by_kind_of_request_too(open_file: Any, tmp_path: Path) -> None:
    kinds = [f"kind {i % 20}" for i in range(80)]
    values = {"ndcg@10": [float(kind == "kind 7") for kind in kinds]}
    run = make_run(tmp_path / "one", values, columns={"kind": kinds, "own": [str(i) for i in range(80)]})
    write_report([run], tmp_path / "report.html")
    opened = open_file(tmp_path / "report.html", width=360)
    page = opened.page
    assert page.get_by_role("heading", name="ndcg@10 by kind of request").is_visible()
    page.evaluate(OPEN_ALL)
    names = page.locator("details.plot .plotname").all_inner_texts()
    assert names == [f"kind {i} (4 requests)" for i in range(20)], (
        "in order, without the column that is different everywhere"
    )
    assert page.locator("details.plot .plottext").nth(7).inner_text().startswith("1.000 (0.5")
    page.locator("select[data-column]").first.select_option("=kind 7")
    assert len(visible(page)) == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.faults == []

"""Makes the pictures of docs/page.md again: python scripts/screenshots.py [FOLDER] (needs playwright and a Chromium)."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.shop import Visit, serving  # noqa: E402


def main(folder: Path) -> None:
    """Writes page-light.png, page-dark.png, page-phone.png, page-compare.png and studio.png."""
    from playwright.sync_api import sync_playwright

    from shelftalk.demo import prepare_demo
    from shelftalk.settings import load_settings

    folder.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        catalog = prepare_demo(Path(scratch) / "demo", load_settings())
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        with serving(catalog, Path(scratch), keep_requests=True) as address:
            for name, width, dark in (("light", 1000, False), ("dark", 1000, True), ("phone", 390, False)):
                _page(browser, address, folder / f"page-{name}.png", width, dark)
            _compare(browser, address, folder / "page-compare.png")
            _studio(browser, address, folder / "studio.png")
        browser.close()


def _open(browser: Any, address: str, width: int, dark: bool = False) -> Visit:
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": 820}, color_scheme=scheme, reduced_motion="reduce"
    )
    return Visit(context, address, False)


def _page(browser: Any, address: str, path: Path, width: int, dark: bool) -> None:
    visit = _open(browser, address, width, dark)
    turn = visit.ask("a waterproof rain jacket under 100 euros")
    turn.locator(".claim[data-words='under 100 euros'] .claim-text").first.hover()
    visit.page.screenshot(path=path)


def _compare(browser: Any, address: str, path: Path) -> None:
    visit = _open(browser, address, 1000)
    turn = visit.ask("a tent for two under 400")
    for i in (0, 1, 2):
        turn.locator(".card").nth(i).get_by_label("Compare").check()
    visit.page.get_by_role("button", name="Compare 3 picks").click()
    visit.page.screenshot(path=path)


def _studio(browser: Any, address: str, path: Path) -> None:
    visit = _open(browser, address, 1000)
    for i, request in enumerate(("a bike light", "headphones for running", "a board game for four"), start=1):
        visit.ask(request, turns=i)
    visit.page.goto(f"{address}/studio")
    visit.page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")

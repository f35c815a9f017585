"""A real Chromium for the tests of pages: the one on this machine, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser; tests are skipped, with the reason, where there is none.

    It is closed with each module: while Playwright's own event loop runs, no other test of the run can start one.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra dev")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine's PATH (Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        # Without its own sandbox it also runs as root, in a container.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


class Opened:
    """A page with everything that went wrong on it: console errors, exceptions, dialogs, requests to a network."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on(
            "console", lambda m: self.faults.append(f"console: {m.text}") if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda e: self.faults.append(f"exception: {e}"))
        page.on("dialog", lambda d: (self.faults.append(f"dialog: {d.message}"), d.dismiss()))
        page.on("request", lambda r: self.faults.append(f"request: {r.url}") if not r.url.startswith(("file:", "data:", "blob:", "about:")) else None)  # fmt: skip


@pytest.fixture
def open_file(chromium: Any) -> Iterator[Any]:
    """Opens a file as a page of that width: open_file(path, width=390, dark=True).page"""
    contexts = []

    def opens(path: Any, *, width: int = 1280, height: int = 900, dark: bool = False) -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.goto(path.as_uri())
        return opened

    yield opens
    for context in contexts:
        context.close()

"""A server in this process and visits to its page, for the browser's tests."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.server.helpers import recorded

from shelftalk.engines.base import Engine
from shelftalk.settings import Settings, load_settings


def page_settings(catalog: Path, folder: Path, **serve: Any) -> Settings:
    """Settings of a server that answers from the record, with a catalogue and a database of its own."""
    shutil.copytree(catalog, folder / "catalog")
    settings = recorded(load_settings(catalog=folder / "catalog"))
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{folder}/serve.db", **serve})
    return settings


@contextmanager
def serving(
    catalog: Path, folder: Path, *, engine: Engine | None = None, shop: dict[str, Any] | None = None, **serve: Any
) -> Iterator[str]:
    """The address of a ready server; with an engine, that words the reasons. `shop` are settings of that group."""
    import uvicorn

    from shelftalk.pipeline import Shelf
    from shelftalk.server.app import create_app

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = page_settings(catalog, folder, **serve)
    settings.shop = settings.shop.model_copy(update=shop or {})
    shelf = None
    if engine is not None:
        settings.explain = settings.explain.model_copy(update={"mode": "model"})
        shelf = Shelf.open(settings.catalog, settings=settings, engine=engine)
    app = create_app(settings, shelf)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    yield address
    server.should_exit = True
    thread.join(20)
    if shelf is not None:
        shelf.close()


class Visit:
    """One page of the shop, and what went wrong on it."""

    def __init__(self, context: Any, address: str, faults_expected: bool, path: str = "") -> None:
        self.page, self.address, self.faults_expected = context.new_page(), address, faults_expected
        self.faults: list[str] = []
        self.page.on(
            "console", lambda m: self.faults.append(f"console: {m.text}") if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self.faults.append(f"exception: {e}"))
        self.page.on("dialog", lambda d: (self.faults.append(f"dialog: {d.message}"), d.dismiss()))
        self.page.on("request", lambda r: self.faults.append(f"request: {r.url}") if not r.url.startswith(address) else None)  # fmt: skip
        self.page.goto(address + path)

    def start(self, request: str) -> None:
        """Sends a request and waits for nothing."""
        self.page.locator("#say").fill(request)
        self.page.locator("#say").press("Enter")

    def ask(self, request: str, turns: int = 1) -> Any:
        """The finished turn of a request; `turns` is how many there are then."""
        self.start(request)
        return self.wait_for(turns)

    def wait_for(self, turns: int) -> Any:
        """The last turn, once there are so many and it is finished."""
        self.page.wait_for_selector(f".turn[aria-busy='false']:nth-child({turns})")
        self.page.wait_for_load_state("networkidle")
        return self.page.locator(".turn").last

    def api(self, method: str, path: str) -> Any:
        """What the server's API says."""
        return httpx.request(method, self.address + path).json()

    def answers(self) -> list[dict[str, Any]]:
        """The answers of this conversation as the server keeps them."""
        turns = self.api("GET", f"/v1/conversations/{self.page.url.rpartition('#')[2]}")["turns"]
        return [t["answer"] for t in turns if t["answer"]]

    def check_axe(self) -> None:
        """Fails where axe finds anything of weight."""
        import pytest

        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
        self.page.evaluate(
            "Promise.all(document.getAnimations().map((a) => a.iterations === Infinity ? 0 : a.finished))"
        )
        found = axe.Axe().run(self.page).response["violations"]
        heavy = [v for v in found if v["impact"] in ("serious", "critical", "moderate")]
        if heavy:
            pytest.fail(
                "\n".join(f"{v['id']} ({v['impact']}): {[n['html'][:200] for n in v['nodes'][:3]]}" for v in heavy)
            )


@contextmanager
def visitor(chromium: Any, address: str) -> Iterator[Any]:
    """A function that opens visits; at the end, faults that were not expected fail the test."""
    contexts: list[Any] = []
    visits: list[Visit] = []

    def visit(
        *, width: int = 1280, height: int = 900, dark: bool = False, faults_expected: bool = False, path: str = ""
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(20_000)
        contexts.append(context)
        visits.append(Visit(context, address, faults_expected, path))
        return visits[-1]

    yield visit
    for context in contexts:
        context.close()
    assert [fault for v in visits if not v.faults_expected for fault in v.faults] == []

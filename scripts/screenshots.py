"""Takes the pictures of README.md and docs/page.md: python scripts/screenshots.py [FOLDER] [--server URL].

Needs playwright and a Chromium. Without --server it indexes the bundled catalogue and starts `shelftalk serve` over it, with the
default language model, in a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.shop import Visit  # noqa: E402

REQUEST = "noise cancelling headphones that last a long flight and back, under 250, not Torvik"
WISH = "last a long flight"
_STAGES = ("UNDERSTAND", "RETRIEVE", "RANK", "EXPLAIN", "LIMIT")


def main(folder: Path, server: str | None) -> None:
    """Writes page-light.png, page-dark.png, page-phone.png, page-compare.png and studio.png."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright, _serving(server) as address:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for name, width, dark in (("light", 1000, False), ("dark", 1000, True), ("phone", 390, False)):
            _page(browser, address, folder / f"page-{name}.png", width, dark)
        _compare(browser, address, folder / "page-compare.png")
        _studio(browser, address, folder / "studio.png")
        browser.close()
    for picture in folder.glob("*.png"):
        _shrink(picture)


@contextmanager
def _serving(address: str | None) -> Iterator[str]:
    """The address of a server whose language model is ready."""
    import httpx

    from shelftalk.demo import prepare_demo
    from shelftalk.settings import load_settings

    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as scratch, socket.socket() as probe:
        catalog = prepare_demo(Path(scratch) / "demo", load_settings())
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        # Limits that a busy machine keeps as well: a picture of the fallback would show another product.
        patient = {f"SHELFTALK_SERVE__{stage}_S": "600" for stage in _STAGES}
        own = {"SHELFTALK_SERVE__DATABASE": f"sqlite:///{scratch}/serve.db", "SHELFTALK_SERVE__KEEP_REQUESTS": "1"}
        command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(catalog), "--port", port]
        environment = {**os.environ, **patient, **own}
        process = subprocess.Popen([*command, "--engine", "transformers"], env=environment)  # noqa: S603  the command is ours
        try:
            address = f"http://127.0.0.1:{port}"
            while process.poll() is None:
                try:
                    if httpx.get(f"{address}/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.5)
            yield address
        finally:
            process.terminate()
            process.wait()


def _open(browser: Any, address: str, width: int, dark: bool = False) -> Visit:
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": 820}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(600_000)
    return Visit(context, address, False)


def _page(browser: Any, address: str, path: Path, width: int, dark: bool) -> None:
    visit = _open(browser, address, width, dark)
    turn = visit.ask(REQUEST)
    turn.locator(f".claim[data-words='{WISH}'] .claim-text").first.hover()
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


def _shrink(picture: Path) -> None:
    """Saves a picture with 256 colours, about a third of its size; as it is where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return
    Image.open(picture).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--server", help="address of a running `shelftalk serve`")
    given = parser.parse_args()
    main(given.folder, given.server)

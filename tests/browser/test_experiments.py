"""The studio's page of experiments in a real Chromium: its words and plots are there, and everyone can use it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert
from tests.browser.shop import serving, visitor

from shelftalk.experiments.definition import Arm, Definition
from shelftalk.experiments.metrics import Guardrail
from shelftalk.server.db import Experiments, Interactions, connect
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_experiments import ExposureRow
from shelftalk.values import Interaction


@pytest.fixture(scope="module")
def shop(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose database holds an experiment that has run for a day, and one that cannot be served."""
    folder = tmp_path_factory.mktemp("experiments")
    with serving(demo_catalog, folder) as address:
        engine = connect(f"sqlite:///{folder}/serve.db")
        store, rng, begin = Experiments(engine), np.random.default_rng(1), now() - timedelta(days=2)
        rails = (Guardrail("latency_ms", 0.1), Guardrail("dismissals"))
        arms = (Arm("control"), Arm("warm", "k=2"), Arm("short", "k=1"))
        store.start(Definition("words", arms, "purchase", rails, 0.5, timedelta(hours=1), least=100, expected=2_000))
        store.start(Definition("broken", (Arm("control"), Arm("b", "prompt.rank=gone@9")), share=0.1))
        rows, bought = [], []
        for i in range(1_200):
            which, at = int(rng.integers(3)), begin + timedelta(minutes=i)
            rows.append({"experiment": "words", "variant": arms[which].name, "tenant": "", "user": f"u{i}", "session": "", "at": at, "ms": rng.lognormal(5 + 0.4 * (which == 2), 0.2), "picks": 3, "degraded": False})  # fmt: skip
            if rng.random() < (0.1, 0.3, 0.1)[which]:
                bought.append(Interaction(f"u{i}", "purchase", at + timedelta(minutes=1), "K1"))
        with engine.begin() as connection:
            connection.execute(insert(ExposureRow), rows)
        Interactions(engine).put(bought)
        yield address
        engine.dispose()


@pytest.mark.parametrize("width, dark", [(1280, False), (390, True)])
def test_the_page_reads_well_on_any_screen(shop: str, chromium: Any, width: int, dark: bool) -> None:
    with visitor(chromium, shop) as visits:
        v = visits(width=width, dark=dark, path="/studio/experiments")
        page = v.page
        assert page.get_by_text("warm is better than control in users who bought").is_visible()
        assert page.get_by_text("Stop short: a guardrail is breached").is_visible()
        page.get_by_text("Other metrics").first.click()
        band = page.locator("svg.trial").first.bounding_box()
        assert band is not None
        assert band["width"] > 200
        assert band["x"] + band["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        v.check_axe()

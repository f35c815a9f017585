"""Experiments over HTTP for those who run the shop, and the studio's page of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from shelftalk.experiments.definition import Arm, Definition
from shelftalk.experiments.metrics import Guardrail
from shelftalk.server.app import create_app
from shelftalk.server.db import Interactions, Keys
from shelftalk.server.db.tables import now
from shelftalk.server.db.tables_experiments import ExposureRow
from shelftalk.settings import Settings
from shelftalk.values import Interaction

PLAN = Definition(
    "warm-words", (Arm("control"), Arm("warm", "k=2")), "purchase", (Guardrail("latency_ms", 0.05),), share=0.5,
    window=timedelta(hours=1), least=100, expected=2_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def client(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("routes")
    serve = server_settings.serve.model_copy(update={"database": f"sqlite:///{folder}/trial.db"})
    settings = server_settings.model_copy(update={"serve": serve})
    with TestClient(create_app(settings), raise_server_exceptions=False, client=("127.0.0.1", 5000)) as made:
        end = time.monotonic() + 120
        while made.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        yield made


def filled(client: TestClient, plan: Definition, buys: tuple[float, float], ms: tuple[float, float]) -> None:
    """An experiment that has run for a while: exposures and purchases of 1,500 users."""
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    made = server.experiments.start(plan)
    rng, begin = np.random.default_rng(1), now() - timedelta(days=2)
    rows, bought = [], []
    for i in range(1_500):
        warm, at = int(rng.random() < 0.5), begin + timedelta(days=1) * (i / 1_500)
        rows.append(
            {"experiment": plan.name, "variant": ("control", "warm")[warm], "user": f"u{i}", "at": at, "ms": ms[warm] * rng.lognormal(0, 0.2), "picks": 3, "degraded": False, "tenant": "", "session": ""}
        )  # fmt: skip
        if rng.random() < buys[warm]:
            bought.append(Interaction(f"u{i}", "purchase", at + timedelta(minutes=5), "K1", id=f"{plan.name}{i}"))
    with server.experiments._engine.begin() as connection:
        connection.execute(insert(ExposureRow), rows)
    Interactions(server.experiments._engine).put(bought)
    assert made.name == plan.name


def test_the_page_says_in_words_and_plots_how_each_stands(client: TestClient) -> None:
    assert "There is none yet" in client.get("/studio/experiments").text
    filled(client, PLAN, (0.1, 0.25), (100, 100))
    told = client.get("/studio/experiments")
    assert told.status_code == 200
    assert "style=" not in told.text
    assert "unsafe" not in told.headers["content-security-policy"]
    words = " ".join(re.sub(r"<[^>]+>", " ", told.text).split())
    assert "warm is better than control in users who bought: +" in words
    assert "Sample-ratio check: p =" in words
    assert "guardrail kept" in words
    assert "1,500 answers" in words
    plot = re.search(r'<polyline class="difference" points="([^"]+)"', told.text)
    assert plot is not None
    assert len(plot[1].split()) > 40
    assert told.text.count('<polygon class="band"') >= 2
    assert '<a href="/studio/experiments">' in client.get("/studio").text


def test_a_breached_guardrail_stands_on_the_page_and_in_the_report(client: TestClient) -> None:
    client.post("/v1/experiments/warm-words/stop", json={"why": "shown to be better"})
    from dataclasses import replace

    filled(client, replace(PLAN, name="slow"), (0.1, 0.1), (100, 160))
    page = client.get("/studio/experiments").text
    assert 'class="verdict harmful"' in page
    assert "Stop warm: a guardrail is breached (milliseconds per answer)" in page
    assert "shown to be better" in page
    told = client.get("/v1/experiments/slow").json()
    assert told["report"]["decisions"][0]["verdict"] == "harmful"
    assert told["report"]["metrics"][1]["compared"][0]["guard"] == "breached"
    assert told["experiment"]["state"] == "running"


def test_experiments_are_started_changed_and_stopped_over_http(client: TestClient) -> None:
    body: dict[str, Any] = {
        "name": "short", "variants": [{"name": "control"}, {"name": "one", "given": "k=1", "weight": 3}], "share": 0.2,
        "guardrails": ["no_picks:0.02"], "metric": "click_through",
    }  # fmt: skip
    made = client.post("/v1/experiments", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["phases"][0]["shares"] == {"control": 0.25, "one": 0.75}
    assert made.json()["trouble"] is None
    assert "short" in client.app.state.server.experimenting.serving  # type: ignore[attr-defined]
    changed = client.post("/v1/experiments/short/change", json={"weights": {"control": 1, "one": 1}})
    assert changed.json()["phases"][-1]["shares"] == {"control": 0.5, "one": 0.5}
    assert client.get("/v1/experiments").json()["experiments"][0]["name"] == "short"
    stopped = client.post("/v1/experiments/short/stop", json={})
    assert stopped.json()["state"] == "stopped"
    assert "short" not in client.app.state.server.experimenting.serving  # type: ignore[attr-defined]
    assert client.post("/v1/experiments/short/stop", json={}).status_code == 400
    assert client.post("/v1/experiments", json=body).status_code == 400, "its name is taken"


@pytest.mark.parametrize(
    "wrong, status, told",
    [
        ({"variants": [{"name": "control"}, {"name": "b", "given": "prompt.rank=gone@9"}]}, 400, "gone"),
        ({"variants": [{"name": "control"}, {"name": "b", "given": "model=x"}]}, 400, "one of"),
        ({"variants": [{"name": "control"}]}, 422, ""),
        ({"metric": "profit"}, 400, "no metric"),
        ({"guardrails": ["latency_ms:lots"]}, 400, "METRIC:10%"),
        ({"share": 2}, 422, ""),
        ({"name": "../../x"}, 400, "a-z"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    client: TestClient, wrong: dict[str, Any], status: int, told: str
) -> None:
    body = {"name": "new", "share": 0.1, "variants": [{"name": "control"}, {"name": "b", "given": "k=1"}], **wrong}
    found = client.post("/v1/experiments", json=body)
    assert found.status_code == status, found.text
    assert told in found.json()["error"]["message"]


def test_an_unknown_experiment_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/experiments/none").status_code == 404
    assert client.post("/v1/experiments/none/stop", json={}).status_code == 404
    assert client.post("/v1/experiments/none/change", json={"share": 0.1}).status_code == 404


def test_without_the_scope_nothing_of_experiments_is_shown(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    secret = keys.create("till", ["ask"])
    head = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/experiments", headers=head).status_code == 403
    assert client.post("/v1/experiments/x/stop", json={}, headers=head).status_code == 403
    assert client.get("/studio/experiments").status_code == 401
    assert "Variant" not in client.get("/studio/experiments", headers=head).text


def test_names_in_an_experiment_are_no_markup_on_the_page(client: TestClient) -> None:
    server: Any = client.app.state.server  # type: ignore[attr-defined]
    plan = Definition("marked", (Arm("control"), Arm("b", "k=1")), share=0.05)
    server.experiments.start(plan)
    server.experiments.stop("marked", "<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/studio/experiments").text

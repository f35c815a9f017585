"""A model that can never be loaded: who runs the server reads why, strangers only that it is so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.server.helpers import environment, until

from shelftalk.server import live
from shelftalk.server.app import create_app
from shelftalk.server.db import Keys, connect
from shelftalk.server.vllm_process import Pace, VllmProcess
from shelftalk.settings import Settings

QUICK = Pace(check=0.05, first=0.05, longest=0.1, stop=5.5)
FAILING = [sys.executable, "-c", "raise ValueError('no weights in /models/large')"]


@pytest.fixture
def failing(server_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a server whose vLLM server ends at each start."""

    def beside(settings: Settings, progress: Any = None) -> tuple[VllmProcess, str]:
        return VllmProcess(FAILING, environment(), "http://127.0.0.1:9", pace=QUICK).start(), "key"

    monkeypatch.setattr(live, "vllm_beside", beside)
    monkeypatch.setattr(live, "choose_engine", lambda settings, batch: ("vllm", ""))
    settings = server_settings.model_copy()
    settings.explain = settings.explain.model_copy(update={"mode": "model"})
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/serve.db"})
    return settings


def _not_ready(client: TestClient, **headers: str) -> dict[str, str]:
    until(lambda: "start" in client.get("/readyz").json()["reason"])
    reply = client.get("/readyz", headers=headers)
    assert reply.status_code == 503
    assert reply.json()["reason"] == "the language model does not start"
    return dict(reply.json())


def test_on_the_loopback_the_cause_is_told_and_the_record_answers(failing: Settings) -> None:
    with TestClient(create_app(failing), base_url="http://localhost", client=("127.0.0.1", 5000)) as client:
        assert "ValueError: no weights in /models/large" in _not_ready(client)["cause"]
        assert client.post("/v1/recommendations", json={"request": "a tent"}).json()["picks"]
        assert "cause" not in client.get("/readyz", headers={"Host": "evil.example"}).json()


def test_a_stranger_is_told_no_more_than_that_it_does_not_start(failing: Settings) -> None:
    with TestClient(create_app(failing), base_url="http://localhost", client=("127.0.0.1", 5000)) as client:
        keys = Keys(connect(failing.serve.database or ""))
        owner, shop = (keys.create(name, scopes=[scope]) for name, scope in (("owner", "studio"), ("shop", "ask")))
        assert "cause" not in _not_ready(client)
        assert "cause" not in _not_ready(client, Authorization=f"Bearer {shop}")
        assert "cause" not in _not_ready(client, Authorization="Bearer guess")
        assert "large" in _not_ready(client, Authorization=f"Bearer {owner}")["cause"]

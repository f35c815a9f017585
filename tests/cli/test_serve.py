"""`shelftalk serve` as a process: it says when it is ready, reads settings anew on SIGHUP, and ends when it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from tests.server.helpers import free_port, until

from shelftalk.server.notice import left_for

RECORD = {
    "SHELFTALK_UNDERSTAND__MODE": "rules",
    "SHELFTALK_RANK__STRATEGY": "none",
    "SHELFTALK_EXPLAIN__MODE": "record",
}


def test_a_served_catalogue_answers_reloads_and_ends(demo_catalog: Path, home: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = {
        **os.environ, **RECORD, "SHELFTALK_SERVE__DATABASE": f"sqlite:///{tmp_path}/serve.db"
    }  # fmt: skip
    command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(demo_catalog), "--port", str(port)]
    with log.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stderr=err, cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(f"{address}/readyz").status_code == 200, 300, 0.2)
        answer = httpx.post(f"{address}/v1/recommendations", json={"request": "a tent for two under 200"}, timeout=30)
        assert len(answer.json()["picks"]) == 3
        ask = [*command[:3], "--verbose", "ask", "a tent for two under 200", "--json", "--catalog", str(demo_catalog)]
        asked = subprocess.run(ask, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert f"the server at {address} answers (process {process.pid})" in asked.stderr
        assert json.loads(asked.stdout)["picks"] == answer.json()["picks"]
        (tmp_path / "shelftalk.toml").write_text("k = 1\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in log.read_text(), 120)
        answer = httpx.post(f"{address}/v1/recommendations", json={"request": "a tent for two under 200"}, timeout=30)
        assert len(answer.json()["picks"]) == 1
        asked = subprocess.run(ask, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert f"the server at {address} answers" in asked.stderr, "both read the new settings"
        assert len(json.loads(asked.stdout)["picks"]) == 1
        (tmp_path / "shelftalk.toml").write_text("k = 1000\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: "all stays as it was" in log.read_text(), 120)
        assert httpx.get(f"{address}/healthz").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code in (0, -signal.SIGTERM)
    assert left_for(home, demo_catalog) == [], "its notice went with it"
    assert "Traceback" not in log.read_text()

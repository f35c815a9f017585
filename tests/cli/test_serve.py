"""`shelftalk serve` as a process: it says when it is ready, reads settings anew on SIGHUP, and ends when it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from tests.server.helpers import free_port, until


def test_a_served_catalogue_answers_reloads_and_ends(demo_catalog: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = {
        **os.environ, "SHELFTALK_EXPLAIN__MODE": "record", "SHELFTALK_SERVE__DATABASE": f"sqlite:///{tmp_path}/serve.db"
    }  # fmt: skip
    command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(demo_catalog), "--port", str(port)]
    with log.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stderr=err, cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(f"{address}/readyz").status_code == 200, 60, 0.2)
        answer = httpx.post(f"{address}/v1/recommendations", json={"request": "a tent for two under 200"}, timeout=30)
        assert len(answer.json()["picks"]) == 3
        (tmp_path / "shelftalk.toml").write_text("k = 1\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in log.read_text(), 30)
        answer = httpx.post(f"{address}/v1/recommendations", json={"request": "a tent for two under 200"}, timeout=30)
        assert len(answer.json()["picks"]) == 1
        (tmp_path / "shelftalk.toml").write_text("k = 1000\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: "all stays as it was" in log.read_text(), 30)
        assert httpx.get(f"{address}/healthz").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in log.read_text()

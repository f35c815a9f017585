"""The server beside the gateway is started, watched, restarted and stopped, and never outlives the gateway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import httpx
import pytest
from tests.server.helpers import SLOW_VLLM, environment, free_port, running, until

from shelftalk.server.vllm_process import Pace, VllmProcess

QUICK = Pace(check=0.1, start=20, hang=1.0, first=0.1, longest=0.4, good=60, stop=5.5)


@pytest.fixture
def beside() -> Iterator[VllmProcess]:
    port = free_port()
    lines: list[str] = []
    process = VllmProcess(
        [sys.executable, str(SLOW_VLLM), str(port)], environment(), f"http://127.0.0.1:{port}", pace=QUICK,
        on_line=lines.append,
    )  # fmt: skip
    process.lines = lines  # type: ignore[attr-defined]
    process.start()
    until(lambda: httpx.get(f"{process.address}/health", timeout=1).status_code == 200)
    yield process
    process.stop()


def _pid(process: VllmProcess) -> int:
    return int(httpx.get(f"{process.address}/seen", timeout=1).json()["pid"])


def test_what_it_writes_is_handed_on_line_by_line(beside: VllmProcess) -> None:
    assert any('"pid"' in line for line in beside.lines)  # type: ignore[attr-defined]


def test_stopping_leaves_no_process_behind(beside: VllmProcess) -> None:
    server, guard = _pid(beside), beside.pid
    beside.stop()
    assert guard is not None
    assert not running(server)
    assert not running(guard)
    beside.stop()


def test_a_server_that_died_is_started_again(beside: VllmProcess) -> None:
    first = _pid(beside)
    os.kill(first, signal.SIGKILL)
    until(lambda: _pid(beside) != first)
    assert beside.restarts == 1


def test_a_server_whose_guard_was_killed_is_not_left_over(beside: VllmProcess) -> None:
    first, guard = _pid(beside), beside.pid
    assert guard is not None
    os.kill(guard, signal.SIGKILL)
    until(lambda: not running(first))
    until(lambda: _pid(beside) != first)


def test_a_server_that_no_longer_answers_is_replaced(beside: VllmProcess) -> None:
    first = _pid(beside)
    os.kill(first, signal.SIGSTOP)
    until(lambda: _pid(beside) != first)
    assert not running(first)


def test_a_server_that_cannot_start_is_tried_less_and_less_often() -> None:
    process = VllmProcess(
        [sys.executable, "-c", "raise SystemExit(4)"], environment(), "http://127.0.0.1:9", pace=QUICK
    )
    process.start()
    until(lambda: process.restarts >= 3)
    process.stop()
    assert process.pid is None


def test_a_server_that_ends_each_time_has_its_cause_told_after_a_few_tries(caplog: pytest.LogCaptureFixture) -> None:
    failing = [sys.executable, "-c", "raise ValueError('no memory for the cache')"]
    process = VllmProcess(failing, environment(), "http://127.0.0.1:9", pace=QUICK)
    assert process.trouble == ""
    process.start()
    try:
        until(lambda: process.trouble)
        assert process.failures >= 3
        assert process.trouble.endswith("in a row before it could answer: ValueError: no memory for the cache")
        until(lambda: "ValueError: no memory for the cache; it is started again in" in caplog.text)
    finally:
        process.stop()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_outlives_a_gateway_that_is_killed(way: signal.Signals) -> None:
    port = free_port()
    gateway = textwrap.dedent(
        f"""
        import sys, time
        from shelftalk.server.vllm_process import VllmProcess
        VllmProcess([sys.executable, {str(SLOW_VLLM)!r}, "{port}"], dict(__import__("os").environ),
                    "http://127.0.0.1:{port}").start()
        time.sleep(60)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", gateway])
    pid = until(lambda: httpx.get(f"http://127.0.0.1:{port}/seen", timeout=1).json()["pid"])
    process.send_signal(way)
    process.wait()
    until(lambda: not running(pid), 15)

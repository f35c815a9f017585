"""What the tests of processes share: a free port, a stand-in for vLLM in a process, waiting for something to be true."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from shelftalk.settings import Settings

SLOW_VLLM = Path(__file__).with_name("slow_vllm.py")


def recorded(settings: Settings) -> Settings:
    """The same settings with no stage that asks a language model."""
    groups = {"explain": {"mode": "record"}, "rank": {"strategy": "none"}, "understand": {"mode": "rules"}}
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=changed) for name, changed in groups.items()}
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], within_s: float = 90.0, every_s: float = 0.05) -> Any:
    """What it returns once that is true; AssertionError where it is not in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if found := what():
                return found
        time.sleep(every_s)
    raise AssertionError(f"not true within {within_s} s")


def running(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class StandIn:
    """A stand-in server and what it saw."""

    def __init__(self, port: int) -> None:
        self.port, self.address = port, f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([sys.executable, str(SLOW_VLLM), str(port)], stdout=subprocess.DEVNULL)
        until(lambda: httpx.get(f"{self.address}/health").status_code == 200)

    def mood(self, mood: str) -> None:
        httpx.post(f"{self.address}/mood/{mood}")

    def seen(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.address}/seen").json())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def stand_in(port: int | None = None) -> Iterator[StandIn]:
    server = StandIn(port or free_port())
    try:
        yield server
    finally:
        server.kill()


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


@contextlib.contextmanager
def listening(app: Any, timeout_keep_alive: int = 5) -> Iterator[int]:
    """The port at which an ASGI application answers over the gateway's own HTTP protocol, in a thread."""
    import uvicorn

    from shelftalk.server.protocol import HurriedProtocol

    port = free_port()
    config = uvicorn.Config(
        app,
        port=port,
        http=HurriedProtocol,
        lifespan="off",
        log_level="critical",
        timeout_keep_alive=timeout_keep_alive,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield port
    server.should_exit = True
    thread.join(10)

"""A vLLM server beside the gateway: started, watched, restarted with back-off, stopped with it.

It knows nothing of models: it is given a command, an environment and the address where /health answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from shelftalk.server.causes import Cause

if TYPE_CHECKING:
    from shelftalk.settings import Settings

__all__ = ["Pace", "VllmProcess", "vllm_beside"]

logger = logging.getLogger(__name__)
output = logging.getLogger("shelftalk.vllm")
_FEW = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between checks, until a start has failed, until silence is a hang, of the first and longest back-off,
    after which a run counts as good, and that a stop may take."""

    check: float = 1.0
    start: float = 600.0
    hang: float = 60.0
    first: float = 1.0
    longest: float = 60.0
    good: float = 60.0
    stop: float = 15.0


class VllmProcess:
    """`restarts` counts how often it was started again, `failures` the starts in a row of which none came to answer.
    Start and stop it once each."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        address: str,
        *,
        pace: Pace | None = None,
        on_line: Callable[[str], None] = output.info,
    ) -> None:
        self.address, self.restarts, self.failures = address, 0, 0
        self._cause, self._cause_of_last = Cause(), ""
        self._command, self._environment = list(command), dict(environment)
        self._pace, self._on_line = pace or Pace(), on_line
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="shelftalk-vllm", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process group that runs now, None between two runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def trouble(self) -> str:
        """Why it does not come to answer, once that has failed a few times in a row, else ""."""
        if self.failures < _FEW:
            return ""
        return f"the vLLM server ended {self.failures} times in a row before it could answer: {self._cause_of_last}"

    def start(self) -> VllmProcess:
        """Itself, once the watching has begun; whether the server answers is for the health checks to say."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the server and all of its processes; safe to call twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(self._pace.stop + 5)

    def _keep(self) -> None:
        delay = self._pace.first
        while not self._stopping.is_set():
            well_s = self._run_once()
            if self._stopping.is_set():
                return
            delay = self._pace.first if well_s >= self._pace.good else delay
            if not well_s:
                self._cause_of_last = self._cause.words or "it wrote nothing"
                self.failures += 1
            again = f"it is started again in {delay:g} s"
            logger.error("%s; %s", self.trouble or "the vLLM server ended", again)
            self._stopping.wait(delay)
            delay = min(2 * delay, self._pace.longest)
            self.restarts += 1

    def _run_once(self) -> float:
        """Seconds for which the server was well."""
        guard = Path(__file__).with_name("guard.py")
        self._cause = Cause()
        grace = str(max(0.0, self._pace.stop - 5))
        process = self._process = subprocess.Popen(  # noqa: S603  the command is ours
            [sys.executable, "-I", str(guard), grace, *self._command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self._environment,
            start_new_session=True,
        )  # fmt: skip
        reader = threading.Thread(target=self._read, args=(process, self._cause), daemon=True)
        reader.start()
        try:
            return self._watch(process)
        finally:
            self._end(process)
            reader.join(1)

    def _watch(self, process: subprocess.Popen[bytes]) -> float:
        begun = time.monotonic()
        well_since: float | None = None
        heard = begun
        with httpx.Client(timeout=max(1.0, 2 * self._pace.check)) as client:
            while process.poll() is None and not self._stopping.wait(self._pace.check):
                now = time.monotonic()
                if self._healthy(client):
                    well_since, heard, self.failures = well_since or now, now, 0
                elif now - heard > (self._pace.start if well_since is None else self._pace.hang):
                    logger.error("the vLLM server does not answer; it is ended")
                    self._cause.hear(f"it did not answer within {now - heard:.0f} s")
                    break
        return 0.0 if well_since is None else max(time.monotonic() - well_since, 1e-9)

    def _healthy(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"{self.address}/health").status_code == 200
        except httpx.HTTPError:
            return False

    def _read(self, process: subprocess.Popen[bytes], cause: Cause) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            cause.hear(text)
            self._on_line(text)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # the guard ends the group
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self._pace.stop)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # where the guard itself was killed
        process.wait()


def vllm_beside(settings: Settings, progress: Callable[[str], None] | None = None) -> tuple[VllmProcess, str]:
    """A started vLLM server of the settings' model on a free port of the loopback, and the key that it asks for.

    An adapter is merged into the base first. Raises EngineError where the model or vLLM is not there.
    """
    from shelftalk.engines.load import model_folder
    from shelftalk.engines.serving import serve_command, serve_environment

    model = model_folder(settings, progress)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = secrets.token_urlsafe(24)
    environment = {**serve_environment(verbose=True), "VLLM_API_KEY": key, "PYTHONUNBUFFERED": "1"}
    command = serve_command(model, port=port, host="127.0.0.1")
    return VllmProcess(command, environment, f"http://127.0.0.1:{port}").start(), key

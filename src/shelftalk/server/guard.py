"""Runs a command for as long as its own standard input stays open, and leaves no process behind.

Started by vllm_process.py as a script, so it imports nothing of the package. The gateway holds the other end of standard
input: when the gateway ends, however it ends (kill -9 too), the pipe closes, and the whole process group is ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(command: list[str], grace_s: float) -> None:
    """Never returns: this process is of the group that it kills."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)  # noqa: PLW1509, S603
    ending = threading.Event()

    def end() -> None:
        ending.set()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()

    def listen() -> None:
        while os.read(0, 4096):
            pass
        end()

    signal.signal(signal.SIGTERM, lambda *_: end())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=listen, daemon=True).start()
    while child.poll() is None and not ending.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.2)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(grace_s)
    with contextlib.suppress(OSError):
        print(f"ended with exit code {child.poll()}", flush=True)
    os.killpg(0, signal.SIGKILL)


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent dies (Linux; elsewhere nothing is done)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[2:], float(sys.argv[1]))

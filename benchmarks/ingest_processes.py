"""Processes for benchmarks/ingest.py: a gateway over a catalogue and imports, started at once and killed; a PostgreSQL of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

from shelftalk.catalog.store import Catalog
from shelftalk.cli.main import app as command_line
from shelftalk.engines.fake import FakeEngine
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.server.app import create_app
from shelftalk.server.protocol import HurriedProtocol
from shelftalk.settings import load_settings
from shelftalk.values import Product


class Flat:
    """Every text has the same vector: the catalogue is only asked what it holds."""

    name, dimensions = "flat", 8

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text."""
        return np.full((len(texts), self.dimensions), self.dimensions**-0.5, dtype=np.float32)

    def encode_again(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The same, one by one."""
        return list(self.encode(texts))

    encode_queries = encode_again

    def encode_query(self, text: str) -> np.ndarray:
        """The same of one."""
        return self.encode([text])[0]


def catalogue(folder: Path) -> list[str]:
    """The ids of the products of a new catalogue."""
    products = [Product(f"p{i}", f"Product {i}") for i in range(1000)]
    Catalog.open(folder, create=True, embedder=Flat()).upsert(products)
    return [product.id for product in products]


def serve(catalog: str, port: str) -> None:
    """Runs the gateway's application over the catalogue until it is ended."""
    settings = load_settings(catalog=catalog)
    opened = Catalog.open(Path(catalog), embedder=Flat(), home=settings.home_folder)
    app = create_app(settings, Shelf(opened, settings, PromptLibrary.of(settings), FakeEngine()))
    uvicorn.run(app, port=int(port), http=HurriedProtocol, log_level="error", access_log=False)


def import_file(file: str, catalog: str) -> None:
    """Runs `shelftalk events import`."""
    command_line(["events", "import", file, "--catalog", catalog, "--json"], standalone_mode=False)


def start_processes() -> None:
    """Forks a process for each line of standard input and tells its id; what takes seconds to import is imported once. No thread runs
    here, so a fork is a process like any other."""
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            ended, status = os.waitpid(order["wait"], order["flags"])
            print(status if ended else -1, flush=True)
            continue
        pid = os.fork()
        if not pid:
            code = 1
            try:
                os.environ.update(order["environment"])
                os.dup2(os.open(order["output"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 1)
                {"serve": serve, "import": import_file}[order["start"]](*order["arguments"])
                code = 0
            finally:
                sys.stdout.flush()
                os._exit(code)
        print(pid, flush=True)


class Processes:
    """Starts processes over one database that can be killed (SIGKILL)."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self.environment = {
            "SHELFTALK_SERVE__DATABASE": database, "SHELFTALK_PRIVACY__KEY": "for this benchmark alone, " * 2,
            "SHELFTALK_UNDERSTAND__MODE": "rules", "SHELFTALK_RANK__STRATEGY": "none", "SHELFTALK_EXPLAIN__MODE": "record",
            "SHELFTALK_PRIVACY__SCRUB": "false",  # no text is sent, and the recognisers need not be loaded at each start
        }  # fmt: skip
        log = (folder / "processes.log").open("ab")
        command = [sys.executable, __file__]
        self._starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def _order(self, **order: Any) -> int:
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        with self._lock:
            self._starter.stdin.write(json.dumps(order) + "\n")
            self._starter.stdin.flush()
            return int(self._starter.stdout.readline())

    def start(self, what: str, *arguments: object) -> int:
        """The id of a new process."""
        output = str(self._folder / f"{what}.out")
        return self._order(start=what, arguments=[*map(str, arguments)], environment=self.environment, output=output)

    def kill(self, pid: int) -> None:
        """SIGKILL: it can do nothing more. Returns when it is gone."""
        os.kill(pid, signal.SIGKILL)
        self._order(wait=pid, flags=0)

    def ended(self, pid: int) -> bool:
        """Whether it is gone."""
        return self._order(wait=pid, flags=os.WNOHANG) >= 0

    def end(self, pid: int) -> str:
        """What it printed, once it has ended by itself. SystemExit where it failed."""
        if self._order(wait=pid, flags=0):
            raise SystemExit(f"a process failed:\n{self.log()}")
        return max(self._folder.glob("*.out"), key=lambda file: file.stat().st_mtime).read_text()

    def log(self) -> str:
        """What they said of errors."""
        return (self._folder / "processes.log").read_text()[-2000:]

    def close(self) -> None:
        """Ends the process that starts others."""
        self._starter.terminate()
        self._starter.wait()


class Gateway:
    """A gateway process over a catalogue. It can be killed and started again."""

    def __init__(self, processes: Processes, catalog: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.address, self._processes, self._catalog, self.starts = (
            f"http://127.0.0.1:{self.port}",
            processes,
            catalog,
            0,
        )
        self.start()

    def start(self) -> None:
        """Starts it; returns once it answers."""
        self.pid = self._processes.start("serve", self._catalog, self.port)
        self.starts += 1
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200:
                    return
            if self._processes.ended(self.pid):
                raise SystemExit(f"the gateway does not start:\n{self._processes.log()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: it can do nothing more."""
        self._processes.kill(self.pid)


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of its own, with its defaults (fsync and synchronous_commit on)."""
    as_root = os.geteuid() == 0
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []
    if as_root:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    quiet: dict[str, Any] = {"capture_output": True, "cwd": "/"}
    subprocess.run([*prefix, "initdb", "-D", str(data), "-A", "trust", "-U", "shelftalk"], check=True, **quiet)
    start = [
        *prefix,
        "pg_ctl",
        "-D",
        str(data),
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        f"-k {folder} -c listen_addresses=",
    ]
    subprocess.run([*start, "start"], check=True, **quiet)
    try:
        yield f"postgresql://shelftalk@/postgres?host={folder}"
    finally:
        subprocess.run([*prefix, "pg_ctl", "-D", str(data), "-m", "fast", "stop"], check=True, **quiet)


if __name__ == "__main__":
    start_processes()

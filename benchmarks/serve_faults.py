"""Faults, one after the other, against a real gateway process: what the client saw, and whether the next request works.

    python benchmarks/serve_faults.py            (a stand-in answers for vLLM; --real-vllm kills a real one)

Each fault runs against the same gateway. "after" is the answer to an ordinary request right after the fault was over: its
status, whether it had picks, and the seconds that it took.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from shelftalk.demo import prepare_demo
from shelftalk.settings import load_settings

TENT = {"request": "a tent for two under 200", "k": 2}


class Bench:
    """The gateway under test and what it stands on."""

    def __init__(self, scratch: Path, real: bool) -> None:
        self.scratch, self.catalog = scratch, prepare_demo(scratch / "demo", load_settings())
        self.database = scratch / "small" / "serve.db"
        self.database.parent.mkdir()
        self.small = _small_disk(self.database.parent)
        self.real, self.beside, self.key = real, None, ""
        self.model_port, self.port = _free(), _free()
        self.start_model()
        environment = {
            **os.environ, "SHELFTALK_SERVE__DATABASE": f"sqlite:///{self.database}", "SHELFTALK_API_KEY": self.key,
            "SHELFTALK_SERVE__EXPLAIN_S": "20" if real else "3", "SHELFTALK_SERVE__LOG_FORMAT": "json",
        }  # fmt: skip
        self.log = (scratch / "gateway.log").open("wb")
        command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(self.catalog), "--port", str(self.port),
                   "--vllm", self.model_address]  # fmt: skip
        self.gateway = subprocess.Popen(command, env=environment, stderr=self.log)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=120)
        _until(lambda: self.client.get("/readyz").status_code == 200, 300)

    @property
    def model_address(self) -> str:
        """Where the language model answers."""
        return self.beside.address if self.beside else f"http://127.0.0.1:{self.model_port}"

    def start_model(self) -> None:
        """A real vLLM server, or the stand-in of the tests."""
        if self.real:
            from shelftalk.server.vllm_process import vllm_beside

            self.beside, self.key = vllm_beside(load_settings())
            _until(lambda: httpx.get(f"{self.model_address}/health").status_code == 200, 600)
            return
        script = Path(__file__).resolve().parents[1] / "tests" / "server" / "slow_vllm.py"
        self.model = subprocess.Popen([sys.executable, str(script), str(self.model_port)], stdout=subprocess.DEVNULL)
        _until(lambda: httpx.get(f"{self.model_address}/health").status_code == 200, 60)

    def mood(self, mood: str) -> None:
        """How the stand-in behaves from now on."""
        httpx.post(f"{self.model_address}/mood/{mood}")

    def ask(self, **more: Any) -> str:
        """What an ordinary client sees."""
        began = time.perf_counter()
        try:
            reply = self.client.post("/v1/recommendations", json={**TENT, **more})
        except httpx.HTTPError as error:
            return f"{type(error).__name__} after {time.perf_counter() - began:.1f} s"
        return _told(reply, time.perf_counter() - began)

    def close(self) -> None:
        """Ends everything."""
        self.gateway.send_signal(signal.SIGTERM)
        try:
            self.gateway.wait(60)
        except subprocess.TimeoutExpired:
            self.gateway.kill()
        if self.beside:
            self.beside.stop()
        else:
            self.model.kill()
        self.log.close()
        if self.small:
            subprocess.run(["umount", str(self.database.parent)], check=False)


def vllm_killed(bench: Bench) -> str:
    """The language model's server is killed (-9) while it writes, in the middle of a stream."""
    events: list[str] = []
    if not bench.real:
        bench.mood("slow")
    killer = threading.Timer(1.0, lambda: _kill_model(bench))
    with bench.client.stream(
        "POST", "/v1/recommendations", json={**TENT, "request": "hiking boots under 151", "stream": True}
    ) as r:
        for line in r.iter_lines():
            if line.startswith("event: "):
                events.append(line[7:])
                if events.count("pick") == 1 and not killer.is_alive() and not killer.finished.is_set():
                    killer.start()
    told = f"events: {_short(events)}"
    if bench.real:
        told += "; while it is started again: " + bench.ask(request="a lamp under 61")
        _until(lambda: httpx.get(f"{bench.model_address}/health").status_code == 200, 600)
    else:
        told += "; while it is away: " + bench.ask(request="a lamp under 61")
        bench.start_model()
    _until(lambda: 'shelftalk_upstream_up{upstream="0"} 1.0' in bench.client.get("/metrics").text, 60)
    return told


def vllm_hangs(bench: Bench) -> str:
    """The language model's server takes a request and never answers (stand-in only)."""
    if bench.real:
        return "not tried"
    bench.mood("slow")
    told = bench.ask(request="a kettle under 77")
    bench.mood("well")
    return told


def database_locked(bench: Bench) -> str:
    """Another process holds the database's write lock for longer than the server waits (5 s)."""
    talk = bench.client.post("/v1/conversations").json()["id"]
    lock = sqlite3.connect(bench.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        told = "in a conversation: " + bench.ask(conversation=talk)
        told += "; a new conversation: " + _told(bench.client.post("/v1/conversations"))
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    return told


def disk_full(bench: Bench) -> str:
    """No byte can be written any more where the database lies."""
    if not bench.small:
        return "not tried: no small file system can be mounted here"
    talk = bench.client.post("/v1/conversations").json()["id"]
    filler = bench.database.parent / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(b"\0" * 65536)
            file.flush()
    try:
        told = ""
        for _ in range(12):  # a page or two may still fit
            told = bench.ask(conversation=talk)
            if "not stored" in told:
                break
        told = "in a conversation: " + told + "; a new one: " + _told(bench.client.post("/v1/conversations"))
    finally:
        filler.unlink()
    return told


def slow_reader(bench: Bench) -> str:
    """A client reads its stream a byte a second; meanwhile another asks."""
    with socket.create_connection(("127.0.0.1", bench.port)) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        line.sendall(_http('{"request": "a backpack under 99", "stream": true}'))
        read = b""
        others = []
        for _ in range(5):
            read += line.recv(1)
            others.append(bench.ask())
            time.sleep(1)
    return f"the slow one got {len(read)} bytes of its stream; others meanwhile: {others[-1]}"


def half_open(bench: Bench) -> str:
    """A thousand connections that send half a request and no more."""
    lines: list[socket.socket] = []
    try:
        for _ in range(1000):
            line = socket.create_connection(("127.0.0.1", bench.port), timeout=10)
            line.sendall(b"POST /v1/recommendations HTTP/1.1\r\nHost: a\r\n")
            lines.append(line)
        told = bench.ask()
        time.sleep(22)
        closed = 0
        for line in lines:
            line.settimeout(0.01)
            with contextlib.suppress(TimeoutError, OSError):
                closed += line.recv(1) == b""
        return f"with 1,000 of them: {told}; after 22 s the server had hung up on {closed}"
    finally:
        for line in lines:
            line.close()


def big_body(bench: Bench) -> str:
    """A body of 10 MB, announced and not."""
    announced = bench.client.post("/v1/recommendations", content=b"x" * 10_000_000)
    chunked = bench.client.post("/v1/recommendations", content=(b"x" * 100_000 for _ in range(100)))
    return f"announced: {_told(announced)}; in chunks: {_told(chunked)}"


def stalled_body(bench: Bench) -> str:
    """A client announces a body and never sends it."""
    with socket.create_connection(("127.0.0.1", bench.port), timeout=60) as line:
        line.sendall(_http("x" * 100)[:-50])
        began = time.perf_counter()
        status = line.recv(100).splitlines()[0].decode()
        return f"{status} after {time.perf_counter() - began:.0f} s"


def invalid_utf8(bench: Bench) -> str:
    """Bytes that are no UTF-8, as body and within a JSON string."""
    kind = {"content-type": "application/json"}
    first = bench.client.post("/v1/recommendations", content=b"\xff\xfe\xfa", headers=kind)
    second = bench.client.post("/v1/recommendations", content=b'{"request": "a t\xc3nt"}', headers=kind)
    lone = bench.client.post("/v1/recommendations", content=b'{"request": "a \\ud800 tent"}', headers=kind)
    return f"no JSON: {_told(first)}; in a string: {_told(second)}; a lone surrogate: {_told(lone)}"


def catalogue_replaced(bench: Bench) -> str:
    """The catalogue's folder is swapped for another import of it while requests go on."""
    other = prepare_demo(bench.scratch / "other", load_settings())
    seen: list[str] = []
    stop = threading.Event()

    def keep_asking() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{bench.port}", timeout=60) as client:
            while not stop.is_set():
                seen.append(str(client.post("/v1/recommendations", json=TENT).status_code))

    thread = threading.Thread(target=keep_asking)
    thread.start()
    time.sleep(1)
    bench.catalog.rename(bench.scratch / "old")
    other.rename(bench.catalog)
    time.sleep(3)
    stop.set()
    thread.join()
    counts = {status: seen.count(status) for status in sorted(set(seen))}
    return f"statuses while it was swapped: {counts}"


FAULTS = (vllm_killed, vllm_hangs, database_locked, disk_full, slow_reader, half_open, big_body, stalled_body,
          invalid_utf8, catalogue_replaced)  # fmt: skip


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real-vllm", action="store_true")
    parser.add_argument("--only", help="the name of one fault")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, _raised_files():
        bench = Bench(Path(scratch), options.real_vllm)
        failed = 0
        try:
            print("| fault | what the client saw | after |\n|---|---|---|")
            for fault in FAULTS:
                if options.only not in (None, fault.__name__):
                    continue
                try:
                    told = fault(bench)
                except Exception as error:
                    told = f"FAILED: {type(error).__name__}: {error}"
                after = bench.ask()
                failed += not after.startswith("200") or "0 picks" in after or told.startswith("FAILED")
                print(f"| {(fault.__doc__ or '').strip()} | {told} | {after} |", flush=True)
        finally:
            bench.close()
            shutil.copy(Path(scratch) / "gateway.log", Path(tempfile.gettempdir()) / "serve_faults.log")
    raise SystemExit(failed > 0)


def _told(reply: httpx.Response, seconds: float | None = None) -> str:
    took = "" if seconds is None else f" in {seconds:.1f} s"
    try:
        body = reply.json()
    except ValueError:
        return f"{reply.status_code}{took}"
    if "error" in body:
        return f"{reply.status_code} {body['error']['type']}{took}"
    if "picks" not in body:
        return f"{reply.status_code}{took}"
    marks = [word for word, note in (("from the record", "reasons are the record's own words"), ("turn not stored", "could not be stored"))
             if any(note in n for n in body["notes"])]  # fmt: skip
    return f"{reply.status_code}, {len(body['picks'])} picks{took}" + "".join(f", {mark}" for mark in marks)


def _short(events: list[str]) -> str:
    out: list[str] = []
    for name in events:
        if not out or out[-1] != name:
            out.append(name)
    return " ".join(out)


def _kill_model(bench: Bench) -> None:
    if bench.beside:
        if bench.beside.pid:
            os.killpg(bench.beside.pid, signal.SIGKILL)
        return
    bench.model.kill()
    bench.model.wait()


def _http(body: str) -> bytes:
    head = f"POST /v1/recommendations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _small_disk(folder: Path) -> bool:
    """Whether a file system of 2 MB could be mounted there."""
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    return (
        shutil.which("mount") is not None and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def _until(what: Callable[[], Any], within_s: float) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if what():
                return
        time.sleep(0.2)
    raise SystemExit(f"not there within {within_s:.0f} s")


@contextlib.contextmanager
def _raised_files() -> Iterator[None]:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    yield


if __name__ == "__main__":
    main()

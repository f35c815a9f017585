"""Load on the gateway: requests a second, and when the first event, the first word and the whole answer come.

    python benchmarks/serve_load.py --mode record --requests 500
    python benchmarks/serve_load.py --mode model --requests 16          (starts a vLLM server beside; or --vllm URL)
    python benchmarks/serve_load.py --mode both --clients 16 64         (one run: each against the bare loop, first event at 16)
    python benchmarks/serve_load.py --mode record --memory 2000

Every answer is held against its own request: the id and the words come back, the price limit (another in each request) was
understood, every pick keeps it or it is said that it was given up, the reasons that streamed are those of the picks, and each
client's conversation holds its own turns and no others. The baseline asks the same language model for the same kind of
requests one at a time, without the gateway, before the levels and again after them, as other work on the machine comes and
goes; each level is held against the mean of both. All requests differ, so that hardly a wording is remembered.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from shelftalk.demo import prepare_demo
from shelftalk.settings import load_settings

THINGS = ("a tent", "hiking boots", "a kettle", "a rain jacket", "headphones", "a desk lamp", "a backpack", "a coffee grinder",
          "running shoes", "a sleeping bag", "a blender", "a bike helmet", "a toy for a child", "a frying pan")  # fmt: skip
WISHES = ("", "light ", "sturdy ", "cheap ", "well reviewed ", "small ", "black ", "blue ")


@dataclass
class Level:
    """What one number of clients came to; times in seconds."""

    clients: int
    wall: float = 0.0
    first_event: list[float] = field(default_factory=list)
    first_word: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    degraded: int = 0
    cpu: float = 0.0  # of the gateway

    def row(self) -> str:
        """A row of the table."""
        times = " | ".join(
            f"{_q(v, 0.5):.2f} / {_q(v, 0.95):.2f}" for v in (self.first_event, self.first_word, self.whole)
        )
        done = len(self.whole)
        return f"| {self.clients} | {done} | {done / self.wall:.2f} | {times} | {self.refused} | {self.degraded} | {len(self.wrong)} |"


def _q(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def requests(seed: int) -> Any:
    """Requests without end, no two alike: (text, price limit)."""
    rng, used = random.Random(seed), set()
    while True:
        cap = Decimal(rng.randint(1500, 40000)) / 100
        text = f"{rng.choice(THINGS).replace(' ', ' ' + rng.choice(WISHES), 1)} under {cap}"
        if text not in used:
            used.add(text)
            yield text, cap


async def ask(client: httpx.AsyncClient, level: Level, number: int, text: str, cap: Decimal, talk: str | None) -> None:
    """One streamed answer, timed and held against its request."""
    body = {"request": text, "id": f"r{number}", "k": 3, "stream": True, **({"conversation": talk} if talk else {})}
    began = time.perf_counter()
    names: list[tuple[str, dict[str, Any]]] = []
    first_event = first_word = None
    async with client.stream("POST", "/v1/recommendations", json=body) as reply:
        if reply.status_code != 200:
            level.refused += 1
            return
        name = ""
        async for line in reply.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
                first_event = first_event or time.perf_counter() - began
                if name == "reason":
                    first_word = first_word or time.perf_counter() - began
            elif line.startswith("data: "):
                names.append((name, json.loads(line[6:])))
    if not names or names[-1][0] != "done":
        level.wrong.append(f"{text}: ended with {names[-1] if names else 'nothing'}")
        return
    level.whole.append(time.perf_counter() - began)
    level.first_event.append(first_event or 0.0)
    if first_word:
        level.first_word.append(first_word)
    answer = names[-1][1]
    level.degraded += any("reasons are the record's own words" in note for note in answer["notes"])
    level.wrong.extend(f"{text}: {problem}" for problem in problems(answer, names, f"r{number}", text, cap))


def problems(
    answer: dict[str, Any], events: list[tuple[str, dict[str, Any]]], identity: str, text: str, cap: Decimal
) -> list[str]:
    """What is wrong with an answer as an answer to this very request."""
    found = []
    if (answer["id"], answer["request"]) != (identity, text):
        found.append(f"is the answer to {answer['id']}: {answer['request']}")
    limits = [c for c in answer["intent"]["constraints"] if c["field"] == "price"]
    if not any(Decimal(str(c["value"])) == cap for c in limits):
        found.append(f"understood other limits: {limits}")
    loosened = any(c["field"] == "price" for c in answer["relaxed"])
    if not loosened and any(Decimal(p["price"]) > cap for p in answer["picks"]):
        found.append("a pick breaks the limit")
    for pick in answer["picks"]:
        words = [d["delta"] for n, d in events if n == "reason" and d["product_id"] == pick["product_id"]]
        if pick["reason"] not in "".join(words):
            found.append("the words that streamed are not the reason")
    return found


async def load(address: str, clients: int, count: int, seed: int, *, talking: bool = True) -> Level:
    """`count` requests by so many clients, each in a conversation of its own."""
    level, made = Level(clients), requests(seed)
    limits = httpx.Limits(max_connections=clients + 4)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:

        async def shopper(jobs: list[tuple[int, str, Decimal]]) -> None:
            talk = (await client.post("/v1/conversations")).json()["id"] if talking else None
            before = level.refused
            for number, text, cap in jobs:
                await ask(client, level, number, text, cap, talk)
            if talk:
                turns = (await client.get(f"/v1/conversations/{talk}")).json()["turns"]
                said = [t["content"] for t in turns if t["role"] == "user"]
                if level.refused == before and said != [text for _, text, _ in jobs]:
                    level.wrong.append(f"a conversation holds {said}")

        jobs = [(i, *next(made)) for i in range(count)]
        began = time.perf_counter()
        await asyncio.gather(*(shopper(jobs[i::clients]) for i in range(clients)))
        level.wall = time.perf_counter() - began
    return level


def resident(pid: int) -> float:
    """MiB of memory that a process holds."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("record", "model", "both"), default="record", help="who words the reasons")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--requests", type=int, default=64, help="a level")
    parser.add_argument("--memory", type=int, default=0, help="only this: memory over so many requests, 8 clients")
    parser.add_argument("--vllm", help="address of a running vLLM server (SHELFTALK_API_KEY is its key)")
    parser.add_argument("--workers", type=int, default=16, help="requests that the gateway answers side by side")
    parser.add_argument("--no-baseline", action="store_true")
    options = parser.parse_args()
    for mode in ("record", "model") if options.mode == "both" else (options.mode,):
        with tempfile.TemporaryDirectory() as scratch:
            run(argparse.Namespace(**{**vars(options), "mode": mode}), Path(scratch))


def run(options: argparse.Namespace, scratch: Path) -> None:
    """Starts what is needed, measures, stops it."""
    catalog = prepare_demo(scratch / "demo", load_settings())
    environment = {
        **os.environ,
        "SHELFTALK_SERVE__DATABASE": f"sqlite:///{scratch}/serve.db",
        "SHELFTALK_SERVE__WORKERS": str(options.workers),
        "SHELFTALK_SERVE__LIMIT_S": "600",
        "SHELFTALK_SERVE__EXPLAIN_S": "600",
        "SHELFTALK_EXPLAIN__MODE": options.mode,
    }
    if options.mode == "record":  # no stage asks a language model
        environment |= {"SHELFTALK_UNDERSTAND__MODE": "rules", "SHELFTALK_RANK__STRATEGY": "none"}
    beside, key = None, os.environ.get("SHELFTALK_API_KEY", "")
    if options.mode == "model" and not options.vllm:
        from shelftalk.server.vllm_process import vllm_beside

        beside, key = vllm_beside(load_settings())
        options.vllm, environment["SHELFTALK_API_KEY"] = beside.address, key
        _until(f"{beside.address}/health", 600)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = ["--vllm", options.vllm] if options.mode == "model" else []
    with (scratch / "gateway.log").open("wb") as log:
        command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(catalog), "--port", str(port), *more]
        gateway = subprocess.Popen(command, env=environment, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _until(f"{address}/readyz", 300)
        _say(options)
        if options.memory:
            memory(address, gateway.pid, options.memory)
            return
        print(
            "| clients | answers | requests/s | first event p50 / p95 (s) | first word | whole answer | refused | degraded | wrong |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        asyncio.run(load(address, 4, 12, seed=777))  # grammars are compiled and caches filled, as for the baseline
        alone = [] if options.no_baseline else [baseline(catalog, options, key, seed=98)]
        levels = []
        for i, clients in enumerate(options.clients):
            before = cpu_seconds(gateway.pid)
            level = asyncio.run(load(address, clients, max(options.requests, clients), seed=i))
            level.cpu = cpu_seconds(gateway.pid) - before
            levels.append(level)
            print(level.row(), flush=True)
            for problem in level.wrong[:5]:
                print("  WRONG", problem)
        if not options.no_baseline:
            alone.append(baseline(catalog, options, key, seed=99))
        summary(options, levels, alone)
        if any(level.wrong for level in levels):
            lines = (scratch / "gateway.log").read_text("utf-8", "replace").splitlines()
            told = [n for n, line in enumerate(lines) if "Traceback" in line or " ERROR " in line]
            print(
                "\n".join(lines[told[0] : told[0] + 80]) if told else "the gateway's log has no error", file=sys.stderr
            )
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(60)
        if beside is not None:
            beside.stop()


def summary(options: argparse.Namespace, levels: list[Level], alone: list[float]) -> None:
    """Each level against the bare loop, and when half of the clients have seen their first event."""
    print()
    for level in levels:
        pace = len(level.whole) / level.wall
        against = (
            f", {pace / statistics.mean(alone):.2f} times one at a time ({statistics.mean(alone):.2f})" if alone else ""
        )
        print(
            f"{options.mode}, {level.clients} clients: {pace:.2f} requests/s{against}; first event p50 "
            f"{_q(level.first_event, 0.5) * 1000:.0f} ms; {level.cpu / max(1, len(level.whole)) * 1000:.0f} ms of the gateway's CPU "
            f"a request; refused {level.refused}, degraded {level.degraded}, wrong {len(level.wrong)}"
        )


def baseline(catalog: Path, options: argparse.Namespace, key: str, *, seed: int) -> float:
    """Requests a second of the same path and language model, one request at a time, without a server."""
    from shelftalk.engines.server_engine import ServerEngine
    from shelftalk.pipeline import Shelf

    settings = load_settings()
    settings.explain = settings.explain.model_copy(update={"mode": options.mode})
    if options.mode == "record":  # no stage asks a language model
        settings.understand = settings.understand.model_copy(update={"mode": "rules"})
        settings.rank = settings.rank.model_copy(update={"strategy": "none"})
    engine = ServerEngine(options.vllm, api_key=key or None) if options.mode == "model" else None
    shelf, made, times = Shelf.open(catalog, settings=settings, engine=engine), requests(seed), []
    warm = requests(777)
    for _ in range(12):  # as the gateway was
        shelf.ask(next(warm)[0], k=3)
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(min(options.requests, 64)):
        at = time.perf_counter()
        shelf.ask(next(made)[0], k=3)
        times.append(time.perf_counter() - at)
    wall = time.perf_counter() - began
    print(
        f"| baseline, one at a time | {len(times)} | {len(times) / wall:.2f} | | | {_q(times, 0.5):.2f} / {_q(times, 0.95):.2f} | | | |",
        flush=True,
    )
    print(f"(its CPU a request: {(time.process_time() - worked) / len(times) * 1000:.0f} ms)", file=sys.stderr)
    return len(times) / wall


def memory(address: str, pid: int, count: int) -> None:
    """Memory of the gateway after each eighth of `count` requests."""
    asyncio.run(load(address, 8, 100, seed=1000))  # caches, threads and connections are there now
    at = [resident(pid)]
    wrong = 0
    for i in range(8):
        level = asyncio.run(load(address, 8, count // 8, seed=2000 + i))
        wrong += len(level.wrong)
        at.append(resident(pid))
    print(
        f"memory of the gateway (MiB) over {count} requests: "
        + ", ".join(f"{m:.0f}" for m in at)
        + f"; wrong answers: {wrong}"
    )
    print(f"growth after the first eighth: {at[-1] - at[1]:+.1f} MiB; median {statistics.median(at):.0f}")


def _until(url: str, within_s: float) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"{url} did not answer within {within_s:.0f} s")


def _say(options: argparse.Namespace) -> None:
    load1 = os.getloadavg()[0]
    today = datetime.datetime.now(datetime.UTC).date()
    model = "vLLM with the default model" if options.mode == "model" else "record (no language model)"
    print(
        f"{today}, {os.cpu_count()} cores, load before {load1:.1f}, {model}, {options.workers} workers, bundled catalogue\n"
    )


if __name__ == "__main__":
    main()

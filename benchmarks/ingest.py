"""Interactions into the server's database: how many a second, and what is left of them when processes are killed.

    python benchmarks/ingest.py                          (SQLite, and a PostgreSQL of its own where initdb is found)
    python benchmarks/ingest.py --part kills --kills 20
    python benchmarks/ingest.py --database postgresql://user@host/name

- Rates: batches and single interactions over POST /v1/interactions, against a gateway process that looks every product up in a
  catalogue of 1,000, and `shelftalk events import` of a file. All on one machine, client and database included. The gateway is the
  application that `shelftalk serve` runs; only its embedder is empty, since nothing is searched, so that it starts in seconds.
- Kills: the gateway is killed (SIGKILL) at random moments while clients send, and started again; clients send again what was not
  acknowledged. The same with `events import`, which is run again. Counted is what was acknowledged and is not in the database (lost), and
  what is in it more than once (twice).

SQLite syncs its log at every commit of interactions; PostgreSQL runs with fsync and synchronous_commit on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from ingest_processes import Gateway, Processes, catalogue, postgresql
from shelftalk.server.db import connect, migrate

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("view", "view", "view", "click", "cart", "purchase")


def made(number: int, products: Sequence[str]) -> dict[str, Any]:
    """The interaction of that number: what a shop would send of one of 5,000 users."""
    rng = random.Random(number)
    kind = rng.choice(KINDS)
    return {
        "id": f"e-{number}", "user": f"customer {rng.randrange(5000)}", "kind": kind, "product_id": rng.choice(products),
        "at": (START + timedelta(seconds=number)).isoformat(), "session": f"visit {number // 8}", "device": "phone",
        **({"value": rng.randrange(1, 4), "price": f"{rng.randrange(100, 9000) / 100:.2f}", "currency": "EUR"} if kind == "purchase" else {}),
    }  # fmt: skip


@dataclass
class Sender:
    """A client that sends its interactions in batches, each again until it is acknowledged."""

    address: str
    rows: Sequence[dict[str, Any]]
    size: int
    acknowledged: set[str] = field(default_factory=set)
    results: Counter[str] = field(default_factory=Counter)
    again: int = 0
    seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Sends all."""
        with httpx.Client(base_url=self.address, timeout=30) as client:
            for at in range(0, len(self.rows), self.size):
                self._send(client, self.rows[at : at + self.size])

    def _send(self, client: httpx.Client, batch: Sequence[dict[str, Any]]) -> None:
        body: Any = batch[0] if self.size == 1 else {"interactions": batch}
        while True:
            began = time.perf_counter()
            try:
                reply = client.post("/v1/interactions", json=body)
            except httpx.TransportError:
                reply = None
            if reply is not None and reply.status_code in (200, 201, 207):
                break
            if reply is not None and reply.status_code < 500:
                raise SystemExit(f"refused: {reply.text[:500]}")
            self.again += 1
            time.sleep(0.05)
        self.seconds.append(time.perf_counter() - began)
        told = reply.json()
        results = [{"id": told["id"], "result": told["result"]}] if self.size == 1 else told["results"]
        for one in results:
            self.results[one["result"]] += 1
            if one["result"] != "rejected":
                self.acknowledged.add(one["id"])


def send_all(gateway: Gateway, rows: Sequence[dict[str, Any]], size: int, clients: int) -> tuple[list[Sender], float]:
    """The clients, each of which sent its share, and the seconds that they took together."""
    senders = [Sender(gateway.address, rows[n::clients], size) for n in range(clients)]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return senders, time.perf_counter() - began


@dataclass(frozen=True)
class Outcome:
    """What a run with kills left: `lost` were acknowledged and are not there, `twice` are there more than once."""

    sent: int
    acknowledged: int
    held: int
    lost: int
    twice: int
    kills: int
    in_flight: int
    again: int = 0
    duplicates: int = 0


def held(database: str, prefix: str) -> Counter[str]:
    """How often each id that begins so is in the database."""
    engine = connect(database)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT key FROM interactions WHERE key LIKE :p"), {"p": f"{prefix}%"})
        found = Counter(key for (key,) in rows)
    engine.dispose()
    return found


def stored(database: str, prefix: str) -> int:
    """How many of these ids are in the database."""
    engine = connect(database)
    with engine.connect() as connection:
        wanted = text("SELECT count(*) FROM interactions WHERE key >= :p AND key < :q")
        found = connection.scalar(wanted, {"p": prefix, "q": prefix[:-1] + chr(ord(prefix[-1]) + 1)})
    engine.dispose()
    return int(found or 0)


def killed_gateway(
    gateway: Gateway,
    processes: Processes,
    products: Sequence[str],
    *,
    kills: int,
    size: int,
    clients: int = 2,
    seed: int = 0,
) -> Outcome:
    """Kills the gateway so often, each time within a second of work at a random moment, while clients go on sending; then lets them end."""
    rng, prefix, database = random.Random(seed), f"k{seed}-", processes.environment["SHELFTALK_SERVE__DATABASE"]
    ended, sent, in_flight = threading.Event(), [0] * clients, 0
    senders: list[Sender] = [Sender(gateway.address, (), size) for _ in range(clients)]

    def work(n: int) -> None:
        with httpx.Client(base_url=gateway.address, timeout=30) as client:
            while not ended.is_set():
                numbers = range(sent[n], sent[n] + size)
                batch = [{**made(i * clients + n, products), "id": f"{prefix}{i * clients + n}"} for i in numbers]
                senders[n]._send(client, batch)
                sent[n] += size

    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        before = sum(sender.results.total() for sender in senders)
        while sum(sender.results.total() for sender in senders) == before:  # it works again
            if not all(thread.is_alive() for thread in threads):
                raise SystemExit("a client gave up")
            time.sleep(0.005)
        time.sleep(rng.random())
        tries = sum(sender.again for sender in senders)
        gateway.kill()
        time.sleep(0.2)
        in_flight += sum(sender.again for sender in senders) > tries
        gateway.start()
    ended.set()
    for thread in threads:
        thread.join()
    there = held(database, prefix)
    acknowledged = set[str]().union(*(sender.acknowledged for sender in senders))
    return Outcome(
        sum(sent), len(acknowledged), len(there), len(acknowledged - set(there)), sum(n > 1 for n in there.values()), kills, in_flight,
        sum(sender.again for sender in senders), sum(sender.results["duplicate"] for sender in senders),
    )  # fmt: skip


def killed_import(
    processes: Processes, catalog: Path, products: Sequence[str], folder: Path, *, kills: int, rows: int, seed: int = 0
) -> Outcome:
    """Imports a file by a command that is killed so often while it stores, and run again each time, until it ends."""
    rng, prefix, database = random.Random(seed), f"i{seed}-", processes.environment["SHELFTALK_SERVE__DATABASE"]
    file = folder / "killed.jsonl"
    file.write_text("".join(json.dumps({**made(i, products), "id": f"{prefix}{i}"}) + "\n" for i in range(rows)))
    most = rows // (kills + 1)
    for n in range(kills):
        process = processes.start("import", file, catalog)
        goal = n * most + rng.randrange(1, most)
        while stored(database, prefix) < goal:
            time.sleep(0.02)
        processes.kill(process)
    report = json.loads(processes.end(processes.start("import", file, catalog)))
    there = held(database, prefix)
    wanted = {f"{prefix}{i}" for i in range(rows)}
    return Outcome(
        rows, rows, len(there), len(wanted - set(there)), sum(n > 1 for n in there.values()), kills, kills, kills, report["duplicates"]
    )  # fmt: skip


def rates(
    gateway: Gateway, processes: Processes, catalog: Path, products: Sequence[str], folder: Path, events: int
) -> Iterator[str]:
    """Lines of a table: how many interactions a second went in by each door."""
    rows = [made(i, products) for i in range(events)]
    for size, clients in ((500, 1), (500, 2), (100, 2)):
        some = [{**row, "id": f"r{size}-{clients}-{row['id']}"} for row in rows]
        senders, seconds = send_all(gateway, some, size, clients)
        took = sorted(s for sender in senders for s in sender.seconds)
        accepted = sum(sender.results["accepted"] for sender in senders)
        yield (
            f"| REST, batches of {size}, {clients} client{'s' if clients > 1 else ''} | {accepted} | {accepted / seconds:,.0f} | "
            f"{1000 * statistics.median(took):.0f} ms, {1000 * took[int(0.95 * (len(took) - 1))]:.0f} ms |"
        )
    few = [{**row, "id": f"s-{row['id']}"} for row in rows[: events // 20]]
    senders, seconds = send_all(gateway, few, 1, 8)
    took = sorted(s for sender in senders for s in sender.seconds)
    yield (
        f"| REST, one at a time, 8 clients | {len(few)} | {len(few) / seconds:,.0f} | "
        f"{1000 * statistics.median(took):.0f} ms, {1000 * took[int(0.95 * (len(took) - 1))]:.0f} ms |"
    )
    file = folder / "rates.jsonl"
    file.write_text("".join(json.dumps({**row, "id": f"f-{row['id']}"}) + "\n" for row in rows))
    report = json.loads(processes.end(processes.start("import", file, catalog)))
    yield f"| `events import`, JSON Lines | {report['accepted']} | {report['accepted'] / report['seconds']:,.0f} | |"


def measure(
    name: str, database: str, catalog: Path, products: Sequence[str], folder: Path, given: argparse.Namespace
) -> None:
    """Prints the figures of one database."""
    engine = connect(database)
    migrate(engine)
    engine.dispose()
    processes = Processes(folder, database)
    gateway = Gateway(processes, catalog)
    try:
        if given.part in ("all", "rates"):
            load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
            print(
                f"\n{name} ({load})\n\n| door | accepted | a second | median, 95% of a call |\n|---|---|---|---|",
                flush=True,
            )
            for line in rates(gateway, processes, catalog, products, folder, given.events):
                print(line, flush=True)
        if given.part in ("all", "kills"):
            heads = (
                "what was killed",
                "kills",
                "with calls cut off",
                "sent",
                "acknowledged",
                "in the database",
                "lost",
                "twice",
                "sent again, found there",
            )
            print(f"\n{name}, killed\n\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|", flush=True)
            for what, o in (
                ("gateway", killed_gateway(gateway, processes, products, kills=given.kills, size=200, seed=given.seed)),
                ("import", killed_import(processes, catalog, products, folder, kills=given.kills, rows=given.rows, seed=given.seed)),
            ):  # fmt: skip
                print(f"| {what} | {o.kills} | {o.in_flight} | {o.sent} | {o.acknowledged} | {o.held} | {o.lost} | {o.twice} | {o.duplicates} |", flush=True)  # fmt: skip
    finally:
        gateway.kill()
        processes.close()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("all", "rates", "kills"), default="all")
    parser.add_argument("--database", help="address of a database; by default SQLite and PostgreSQL, each of its own")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the file whose import is killed")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as short:
        folder = Path(scratch)
        catalog = folder / "catalog"
        products = catalogue(catalog)
        if given.database:
            measure(given.database.partition(":")[0], given.database, catalog, products, folder, given)
            return
        if given.only != "postgresql":
            measure("SQLite", f"sqlite:///{folder}/serve.db", catalog, products, folder, given)
        if given.only != "sqlite" and shutil.which("initdb"):
            with postgresql(Path(short)) as database:
                measure("PostgreSQL", database, catalog, products, folder, given)


if __name__ == "__main__":
    main()

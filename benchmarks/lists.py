"""Lists for many: users a second here with the record's and a model's reasons, and on Ray with one and two workers; and what bounds it.

    shelftalk catalog import data/demo/products.jsonl --catalog DIR
    python benchmarks/lists.py --catalog DIR --users 1000 --part record,ray1,ray2
    python benchmarks/lists.py --catalog DIR --users 16 --part model

The users are made of the demo's: each takes the history of one of the 60, drawn with a seed, up to an interaction of it that is drawn, too
(none for some). The lists of all ways are compared byte for byte. Prints a Markdown table, and where the time of `record` goes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import resource
import shutil
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shelftalk.lists import OnRay, OpenShelf, Options, recommend
from shelftalk.resources import resource as packaged
from shelftalk.settings import load_settings

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
SPENT: dict[str, float] = defaultdict(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--part", default="record", help="record, model, ray1, ray2 (comma-separated)")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="lancedb fork")  # Ray's processes are started by fork and exec
    folder = Path(tempfile.mkdtemp(prefix="lists"))
    source = folder / "users.jsonl"
    source.write_text("".join(json.dumps(user) + "\n" for user in drawn(options.users, options.seed)))
    print(f"{options.users} users, k={options.k}, seed {options.seed}; {os.cpu_count()} cores, {platform.machine()}; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(
        "| way | users | seconds | of it before the first part | users/s after that | CPU seconds a user after that | bytes |\n|---|---|---|---|---|---|---|"
    )
    digests = set()
    for way in options.part.split(","):
        mode = "model" if way == "model" else "record"
        maker = OnRay(int(way.removeprefix("ray"))) if way.startswith("ray") else None
        opener = OpenShelf(load_settings(explain={"mode": mode}))
        if way == "record":
            timed_stages()
        part = max(1, min(64, options.users // 4))
        seconds, first, counted, cpu = run(source, folder / way, options.catalog, opener, maker, options.k, part)
        rate = (options.users - counted) / max(1e-9, seconds - first)
        digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted((folder / way).glob("part-*")))).hexdigest()
        digests.add((mode, digest))
        spent = "" if maker else f"{cpu / max(1, options.users - counted):.3f}"
        print(
            f"| {way} | {options.users} | {seconds:.0f} | {first:.0f} | {rate:.2f} | {spent} | {digest[:8]} |",
            flush=True,
        )
    if len(digests) > len({mode for mode, _ in digests}):
        raise SystemExit("the ways do not make the same bytes")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nPeak memory of this process {peak:.1f} GB.")
    if SPENT:
        whole = SPENT.pop("list")
        print(
            f"Of {whole:.0f} s in for_you_many: "
            + ", ".join(f"{name} {spent / whole:.0%}" for name, spent in SPENT.items())
        )
    shutil.rmtree(folder)


def drawn(count: int, seed: int) -> list[dict[str, Any]]:
    """Users with histories of the demo's shoppers, each up to a moment of its own."""
    histories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with (packaged("data/demo") / "interactions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            histories[record.pop("user")].append(record)
    rng, names = random.Random(seed), sorted(histories)
    users = []
    for number in range(count):
        history = histories[rng.choice(names)]
        users.append({"user": f"user-{number}", "history": history[: rng.randint(0, len(history))]})
    return users


def run(
    source: Path, output: Path, catalog: Path, opener: OpenShelf, maker: OnRay | None, k: int, part: int
) -> tuple[float, float, int, float]:
    """Seconds of the whole, and until the first part was in place, with the users in that; and CPU seconds of this process after it."""
    began = time.perf_counter()
    first: list[tuple[float, int, float]] = []

    def progress(done: int, total: int) -> None:
        if done and not first:
            first.append((time.perf_counter() - began, done, time.process_time()))
            SPENT.clear()  # what is opened and loaded once is no part of the rate

    report = recommend(
        source, output, catalog=catalog, opener=opener, options=Options(k=k, at=AT, size=part), maker=maker, progress=progress
    )  # fmt: skip
    assert not report.errors
    until, done, cpu = first[0]
    return time.perf_counter() - began, until, done, time.process_time() - cpu


def timed_stages() -> None:
    """Counts the time of the stages of a list."""
    from shelftalk.explain import Explainer
    from shelftalk.pipeline import Shelf
    from shelftalk.pipeline.knowing import Knowing
    from shelftalk.pipeline.suggesting import Suggestions
    from shelftalk.understand.model.matching import TextMatcher

    counted(Shelf, "for_you_many", "list")
    counted(Knowing, "shopper", "the profile")
    counted(Suggestions, "found", "candidate sources")
    counted(Explainer, "explain_many", "reasons")
    counted(TextMatcher, "nearness", "within reasons: reading sentences against the profile's words (encoder)")


def counted(owner: type, name: str, told: str) -> None:
    inner: Callable[..., Any] = getattr(owner, name)

    def outer(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return inner(*arguments, **more)
        finally:
            SPENT[told] += time.perf_counter() - began

    setattr(owner, name, outer)


if __name__ == "__main__":
    main()

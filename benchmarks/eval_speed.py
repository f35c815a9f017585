"""How fast evaluation is: batches against one request at a time on the same machine, and a second run of the same variant.

    python benchmarks/eval_speed.py [--suite demo] [--variant strategy=listwise] [--engine transformers] [--limit 32] [--batch 16]
        [--data DIR] [--second 500]

Each way answers the same requests with a fresh store of answers; the model is loaded and warmed before the clock starts. The
second part runs `shelftalk eval run SUITE --limit SECOND` twice as a command and times the second. Prints Markdown.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chorus
from shelftalk.engines import load_engine
from shelftalk.evaluate.models import Engines
from shelftalk.evaluate.runner import run_suite
from shelftalk.evaluate.suite import load_suite
from shelftalk.settings import load_settings
from shelftalk.variants import parse_variants


class Kept:
    """An engine that several runs share: closing it does nothing."""

    def __init__(self, engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    def close(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="demo")
    parser.add_argument("--variant", default="strategy=listwise")
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--limit", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--second", type=int, default=500, help="requests of the second part; 0 leaves it out")
    parser.add_argument("--second-suite", default=None, help="suite of the second part; --suite by default")
    options = parser.parse_args()
    print(f"{chorus.setting()}\n")
    if options.limit:
        throughput(options)
    if options.second:
        second(options)


def throughput(options: argparse.Namespace) -> None:
    """Requests a second in batches and alone."""
    settings = load_settings(engine=options.engine)
    suite = load_suite(options.suite, options.data or settings.data)
    (variant,) = parse_variants([options.variant])
    cases = suite.load(limit=options.limit)
    inner = load_engine(variant.settings(settings, suite.settings), batch=True)
    print(f"{suite.name}, {options.variant}, {len(cases.cases)} requests, {inner.model} through {inner.name}\n")
    print("| batch | s | requests a second | prompts | against one at a time |\n|---|---|---|---|---|")
    alone = None
    try:
        with tempfile.TemporaryDirectory() as folder:
            warm = suite.load(limit=2)
            for name, batch, asked in (("warm", 2, warm), ("1", 1, cases), (str(options.batch), options.batch, cases)):
                engines = Engines(lambda _: Kept(inner), fresh=True)
                done = run_suite(
                    suite, variant, Path(folder) / name, settings=settings, batch=batch, cases=asked, engines=engines
                )
                engines.close()
                if name != "warm":
                    seconds = done.meta["wall_s"]
                    alone = alone or seconds
                    rate = len(asked.cases) / seconds
                    print(f"| {batch} | {seconds:.1f} | {rate:.2f} | {done.meta['cache']['misses']} | {alone / seconds:.1f} times |", flush=True)  # fmt: skip
    finally:
        inner.close()


def used() -> float:
    """Seconds of processor that finished commands have used."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def second(options: argparse.Namespace) -> None:
    """Seconds of a second run of an unchanged variant, as a command with its start."""
    name = options.second_suite or options.suite
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "shelftalk", "eval", "run", name, "--variant", "strategy=none", "--limit", str(options.second),
            "--out", folder, *(["--data", str(options.data)] if options.data else []),
        ]  # fmt: skip
        times, spent = [], 0.0
        for _ in range(2):
            started, spent = time.perf_counter(), used()
            told = subprocess.run(command, check=True, capture_output=True, text=True).stderr.strip().splitlines()
            times.append(time.perf_counter() - started)
    print(
        f"\n{name}, strategy=none, at most {options.second} requests: first run {times[0]:.1f} s, second {times[1]:.1f} s "
        f"({used() - spent:.1f} s of processor)"
    )
    print(f"said: {told[0] if told else ''}")


if __name__ == "__main__":
    main()

"""How far a server's decisions API stands from its log-probabilities, on cards of the demo catalogue.

    python benchmarks/decisions.py [--server http://127.0.0.1:8000] [--adapter none]

Without --server, vLLM serves the default model here (with --adapter none, as it comes) with its table of architectures for
/v1/systemone widened to Llama's, which vLLM 0.32 leaves out: it shows what the API does to a prompt, not what vLLM supports.
"""

from __future__ import annotations

import argparse
import math
import os
import runpy
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REQUESTS = (
    "a warm coat under 150 euros", "headphones for the office, quiet", "a gift for a friend who cooks",
    "a sturdy bag for a laptop", "a lamp for reading in bed", "a quiet kettle that boils fast",
)  # fmt: skip
PORT = 8793


class Both:
    """An engine that decides by log-probabilities, and keeps beside each grade what the decisions API says."""

    def __init__(self, address: str) -> None:
        from shelftalk.engines.server_engine import ServerEngine

        self._engine, self._api = ServerEngine(address, decisions="off"), ServerEngine(address)
        self.name, self.model, self.way = "server", self._engine.model, self._api.decides_by()
        self.pairs: list[tuple[list[float], list[float]]] = []

    def choose(self, prompts: Sequence[Any], labels: Sequence[str]) -> list[Any]:
        read = self._engine.choose(prompts, labels)
        if labels[0] == "0":
            decided = self._api.choose(prompts, labels)
            self.pairs += [
                ([math.exp(one.logprobs[x]) for x in labels], [math.exp(other.logprobs[x]) for x in labels])
                for one, other in zip(read, decided, strict=True)
            ]
        return read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def compare(address: str) -> None:
    """Prints the difference over the cards that the demo's requests have graded."""
    from scipy.stats import spearmanr

    from shelftalk.demo import prepare_demo
    from shelftalk.pipeline import Shelf
    from shelftalk.settings import load_settings

    settings = load_settings(explain={"mode": "record"})
    both = Both(address)
    if both.way is None:
        raise SystemExit(f"the server at {address} has no decisions API for {both.model}")
    with (
        tempfile.TemporaryDirectory() as folder,
        Shelf.open(prepare_demo(Path(folder), settings), settings=settings, engine=both) as shelf,
    ):
        for request in REQUESTS:
            shelf.ask(request)
    apart = [sum(abs(p - q) for p, q in zip(a, b, strict=True)) / 2 for a, b in both.pairs]
    means = [[sum(i * p for i, p in enumerate(side)) for side in pair] for pair in both.pairs]
    ones, others = [m[0] for m in means], [m[1] for m in means]
    same = sum(a.index(max(a)) == b.index(max(b)) for a, b in both.pairs)
    print(f"{both.model} by {both.way}, {len(apart)} cards")
    print(f"total variation: mean {statistics.mean(apart):.2f}, most {max(apart):.2f}")
    print(f"the same likeliest grade: {same} of {len(apart)}")
    print(f"Spearman of the expected grades: {spearmanr(ones, others).statistic:.2f}")


def serve(folder: str) -> None:
    """vLLM's own server, its table widened."""
    from vllm.entrypoints.generate.structured_decisions import strategies

    strategies.READ_STRATEGIES["LlamaForCausalLM"] = strategies.NextTokenStrategy
    config = Path(__file__).parents[1] / "serve" / "vllm" / "cpu.yaml"
    sys.argv[1:] = ["--model", folder, "--config", str(config), "--port", str(PORT)]
    sys.argv += ["--served-model-name", Path(folder).name]
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    parser.add_argument("--adapter", default="default")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    if options.server:
        return compare(options.server)
    import httpx

    from shelftalk.engines.load import model_folder
    from shelftalk.engines.serving import serve_environment
    from shelftalk.settings import load_settings

    folder = model_folder(load_settings(adapter=options.adapter))
    started = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--serve", str(folder)],
        env=serve_environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{PORT}"
    try:
        while started.poll() is None:
            try:
                httpx.get(f"{address}/health")
                break
            except httpx.HTTPError:
                time.sleep(1)
        compare(address)
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()

"""How fast the engines are here: start, reading, writing alone and in a batch of 16, and 16 prompts with one beginning.

    python benchmarks/engines.py [--engines transformers vllm] [--rounds 2]

Each engine runs in a process of its own, one after the other, `rounds` times in turn; the best round is printed, with
the load of the machine before each, since other work on it slows all of this.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

STOCK = (
    "tent", "lamp", "boots", "kettle", "rope", "stove", "mat", "pan", "jacket", "torch", "map", "knife", "cup", "sock",
    "glove", "hat",
)  # fmt: skip
ROWS = (
    ("start_s", "start, s", min),
    ("first_s", "first answer of 8 tokens after the start, s", min),
    ("prefill", "reading a prompt of 1,000 tokens, tokens/s", max),
    ("decode", "writing alone, tokens/s", max),
    ("decode_16", "writing 16 at once (prompts of 100 tokens), tokens/s", max),
    ("shared_s", "16 prompts of 60 tokens behind one beginning of 600, 24 tokens each, s", min),
    ("shared_again_s", "the same again with other endings, s", min),
    ("schema", "writing alone under a JSON Schema, tokens/s", max),
    ("choose_s", "choosing among 10 letters after 600 tokens, s", min),
)


def measure(name: str) -> dict[str, float]:
    """The figures of one engine in this process."""
    from shelftalk.engines import Decoding, load_engine
    from shelftalk.engines.fake import prompt
    from shelftalk.settings import load_settings

    settings = load_settings(engine=name)
    out: dict[str, float] = {"load": os.getloadavg()[0]}

    def timed(key: str, call: Any) -> Any:
        begun = time.perf_counter()
        result = call()
        out[key] = time.perf_counter() - begun
        return result

    def words(n: int, seed: int) -> str:
        draw = random.Random(seed)
        return " ".join(draw.choice(STOCK) for _ in range(n))

    engine = timed("start_s", lambda: load_engine(settings))
    timed("first_s", lambda: engine.generate([prompt("Say hello.")], Decoding(max_tokens=8)))

    read = engine.generate([prompt(words(800, 1))], Decoding(max_tokens=1))[0]  # warms what is compiled on first use
    seconds = []
    for seed in (2, 3):
        read = timed("_", lambda seed=seed: engine.generate([prompt(words(800, seed))], Decoding(max_tokens=1)))[0]
        seconds.append(out["_"])
    out["prefill"] = read.tokens.prompt / min(seconds)

    free = {"type": "array", "items": {"type": "string", "minLength": 4}, "minItems": 60}
    story = prompt("1", prefix="1, 2, 3, 4, 5, 6, 7, 8,")
    for key, decoding in (("decode", Decoding(max_tokens=64)), ("schema", Decoding(max_tokens=64, schema=free))):
        engine.generate([story], decoding)
        wrote = timed("_", lambda decoding=decoding: engine.generate([story], decoding))[0]
        out[key] = wrote.tokens.completion / out["_"]

    many = [prompt(words(60, seed), prefix="1, 2, 3, 4, 5, 6, 7, 8,") for seed in range(10, 26)]
    wrote = timed("_", lambda: engine.generate(many, Decoding(max_tokens=64)))
    out["decode_16"] = sum(g.tokens.completion for g in wrote) / out["_"]

    beginning = words(480, 30)
    for key, first in (("shared_s", 40), ("shared_again_s", 60)):
        asked = [prompt(f"{beginning}. {words(44, seed)}") for seed in range(first, first + 16)]
        timed(key, lambda asked=asked: engine.generate(asked, Decoding(max_tokens=24)))

    engine.choose([prompt(words(10, 80))], list("ABCDEFGHIJ"))
    timed("choose_s", lambda: engine.choose([prompt(words(480, 81))], list("ABCDEFGHIJ")))
    engine.close()
    return {key: value for key, value in out.items() if key != "_"}


def main() -> None:
    """Print a table of all engines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["transformers", "vllm"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one)))
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options.engines}
    for _ in range(options.rounds):
        for name in options.engines:
            done = subprocess.run(
                [sys.executable, str(Path(__file__)), "--one", name], stdout=subprocess.PIPE, text=True, check=True
            )
            found[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"{name}: {found[name][-1]}", file=sys.stderr)
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, best of {options.rounds} rounds")
    print(f"\n| | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    for key, label, best in ROWS:
        print(f"| {label} | {' | '.join(f'{best(r[key] for r in rounds):.3g}' for rounds in found.values())} |")
    loads = (
        f"{min(r['load'] for r in rounds):.1f} to {max(r['load'] for r in rounds):.1f}" for rounds in found.values()
    )
    print(f"| load of the machine before | {' | '.join(loads)} |")


if __name__ == "__main__":
    main()

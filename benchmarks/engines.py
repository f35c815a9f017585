"""How fast the engines are here: start, reading, writing alone and in batches, and prompts with a common beginning.

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
    ("start", "start, s", 1),
    ("first", "first answer of 8 tokens after the start, s", 1),
    ("prefill", "reading 3 prompts of 1,000 tokens, one by one, tokens/s", -1),
    ("decode", "writing 64 tokens alone, tokens/s", -1),
    ("schema", "the same under a JSON Schema, tokens/s", -1),
    ("decode_3", "writing 64 tokens each for 3 prompts of 600, all different, tokens/s", -1),
    ("decode_16", "the same for 16 prompts of 100, tokens/s", -1),
    ("shared", "3 prompts of 60 tokens behind one beginning of 600, 24 tokens each, s", 1),
    ("again", "the same with other endings, s", 1),
    ("choose", "choosing among 10 letters after 600 tokens, s", 1),
)


def measure(name: str) -> dict[str, float]:
    """The figures of one engine ("transformers", "transformers:bfloat16", "vllm") in this process.

    Each by the clock and, under "cpu_", by the time that processors worked for it, which other work disturbs less.
    """
    from shelftalk.engines import Decoding, Engine, load_engine
    from shelftalk.engines.fake import prompt
    from shelftalk.engines.models import resolve_model
    from shelftalk.engines.transformers_engine import TransformersEngine
    from shelftalk.settings import load_settings

    settings = load_settings()
    out: dict[str, float] = {"load": os.getloadavg()[0]}

    def timed(key: str, call: Any, tokens: bool = False) -> Any:
        """The call's result; its seconds, or its tokens a second, go to `out`."""
        begun = time.perf_counter(), time.process_time()
        result = call()
        took = time.perf_counter() - begun[0], time.process_time() - begun[1]
        amount = sum(g.tokens.prompt if key == "prefill" else g.tokens.completion for g in result) if tokens else 0
        out[key], out[f"cpu_{key}"] = (amount / took[0], amount / took[1]) if tokens else took
        return result

    def words(n: int, seed: int) -> str:
        draw = random.Random(seed)
        return " ".join(draw.choice(STOCK) for _ in range(n))

    def load() -> Engine:
        kind, _, dtype = name.partition(":")
        if dtype:
            return TransformersEngine(resolve_model(settings.model, settings.home_folder), dtype=dtype)
        return load_engine(load_settings(engine=kind))

    engine = timed("start", load)
    timed("first", lambda: engine.generate([prompt("Say hello.")], Decoding(max_tokens=8)))
    one = Decoding(max_tokens=1)
    engine.generate([prompt(words(800, 1))], one)  # warms what is made ready on first use
    timed("prefill", lambda: [engine.generate([prompt(words(800, seed))], one)[0] for seed in (2, 3, 4)], True)

    counting = "1, 2, 3, 4, 5, 6, 7, 8,"
    free = {"type": "array", "items": {"type": "string", "minLength": 4}, "minItems": 60}
    story, long = [prompt("1", prefix=counting)], Decoding(max_tokens=64)
    for key, decoding in (("decode", long), ("schema", Decoding(max_tokens=64, schema=free))):
        engine.generate(story, decoding)
        timed(key, lambda decoding=decoding: engine.generate(story, decoding), True)
    few = [prompt(words(480, seed), prefix=counting) for seed in range(10, 13)]
    timed("decode_3", lambda: engine.generate(few, long), True)
    many = [prompt(words(60, seed), prefix=counting) for seed in range(20, 36)]
    timed("decode_16", lambda: engine.generate(many, long), True)

    beginning = words(480, 40)
    for key, first in (("shared", 50), ("again", 60)):
        asked = [prompt(f"{beginning}. {words(44, seed)}") for seed in range(first, first + 3)]
        timed(key, lambda asked=asked: engine.generate(asked, Decoding(max_tokens=24)))

    letters = list("ABCDEFGHIJ")
    engine.choose([prompt(words(10, 80))], letters)
    timed("choose", lambda: engine.choose([prompt(words(480, 81))], letters))
    engine.close()
    return out


def main() -> None:
    """Print a table of all engines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["transformers", "transformers:bfloat16", "vllm"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one)))
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options.engines}
    for _ in range(options.rounds):
        for name in options.engines:
            command = [sys.executable, str(Path(__file__)), "--one", name]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"{name}: {found[name][-1]}", file=sys.stderr)
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, best of {options.rounds} rounds")
    print("In brackets: by the time that processors worked, not by the clock.\n")
    print(f"| | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    for key, label, sign in ROWS:
        cells = []
        for rounds in found.values():
            clock, work = (sign * min(sign * r[k] for r in rounds) for k in (key, f"cpu_{key}"))
            cells.append(f"{clock:.3g} ({work:.3g})")
        print(f"| {label} | {' | '.join(cells)} |")
    loads = (
        f"{min(r['load'] for r in rounds):.1f} to {max(r['load'] for r in rounds):.1f}" for rounds in found.values()
    )
    print(f"| load of the machine before | {' | '.join(loads)} |")


if __name__ == "__main__":
    main()

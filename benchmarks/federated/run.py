"""Three shops tune one adapter without sharing a row: federated averaging by Flower, beside pooled rows and each shop alone.

    make federated            (or: python benchmarks/federated/run.py --flower .venv-flower/bin [--folder runs/federated])

The shops part the written set (data/wishes) by category: clothing and personal care, kitchen and household, electronics and outdoor. Each has
24 requests of the split train with the criteria that they state; a Flower SuperLink and three SuperNodes run on this machine, each node
knows the file of its own shop alone, and what travels are the adapter's weights (rank 8, the 10 upper layers) and the number of rows. 3 rounds
of one epoch; pooled and alone see each row as often. Held out are 12 requests of each shop's kinds (split dev), which no training row has.

Small on purpose: it shows that the parts fit and which way the figures go, in ten minutes on two cores and under 10 GB. --rows, --held and
--rounds make it larger; a client holds about 1.5 GB.

Printed for the base model and each way: mean loss of the right answer's tokens and share of answers of which each token is the likeliest,
with 95% intervals by bootstrap over requests, and the differences from federated, paired.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from shops import lora  # noqa: E402

SHOPS = {
    "clothing": ("kinds/clothing", "kinds/personal"),
    "home": ("kinds/kitchen", "kinds/household"),
    "outdoor": ("kinds/electronics", "kinds/outdoor"),
}
DRAWS = 5000
RATE, BATCH = 1e-3, 4
# Flower gives up a client that has not reported within 30 seconds of being called, and starts it again without end.
LATE = "Runtime task-token authentication failed"


def prepare(folder: Path, train: int, held: int, seed: int = 0) -> str:
    """Writes NAME.jsonl and NAME.held.jsonl for each shop; the folder of the base model."""
    from dataclasses import replace

    from transformers import AutoTokenizer

    from shelftalk.engines.common import Chat
    from shelftalk.engines.models import resolve_model
    from shelftalk.prompts import PromptLibrary
    from shelftalk.settings import load_settings
    from shelftalk.train.encode import encode, end_of_turn
    from shelftalk.train.sets.written import wishes
    from shelftalk.written import WrittenSet, read_written
    from shelftalk.written.parse import HELD

    settings = load_settings()
    base = str(resolve_model("default", settings.home_folder))
    tokenizer = AutoTokenizer.from_pretrained(base)
    chat, end = Chat(tokenizer, "base"), end_of_turn(tokenizer)
    found, library = read_written(files=("kinds/*",)), PromptLibrary.of(settings)
    for name, files in SHOPS.items():
        draw = random.Random(f"{seed} {name}")
        mine = [w for w in found.wishes if w.file in files and w.kind not in HELD]
        for split, count in (("train", train), ("held", held)):
            pool = [w for w in mine if w.split == ("train" if split == "train" else "dev")]
            some = tuple(replace(w, split="test") for w in draw.sample(pool, count))  # each in its kind's own shop
            rows = [e for e in wishes(WrittenSet(found.kinds, some), library, 0, 1) if e.split == "test"]
            encoded = [encode(e.row(), chat, end) for e in rows]
            lines = [json.dumps({"ids": e.ids, "prompt": e.prompt}) for e in encoded]
            suffix = "" if split == "train" else ".held"
            (folder / f"{name}{suffix}.jsonl").write_text("\n".join(lines) + "\n")
    return base


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_open(address: int, process: subprocess.Popen[bytes], limit_s: float = 180) -> None:
    """Waits until somebody listens there. RuntimeError where the process ended, or nobody does in time."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", address), timeout=1):
            return
        time.sleep(0.5)
    raise RuntimeError("the SuperLink does not listen; see superlink.log")


@contextlib.contextmanager
def running(
    commands: Sequence[tuple[str, list[str]]], folder: Path, environment: dict[str, str], address: int
) -> Iterator[None]:
    """Processes that run until this closes, each with a log of its own; those after the first begin once that one listens."""
    started = []
    try:
        for name, command in commands:
            log = (folder / f"{name}.log").open("w")
            started.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment))
            if name == "superlink":
                until_open(address, started[0])
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def federate(folder: Path, flower: Path, base: str, rounds: int, limit_s: int) -> dict[str, torch.Tensor]:
    """The adapter that the shops made together. RuntimeError where Flower did not finish; its logs are in the folder."""
    address, out = port(), folder / "federated.pt"
    out.unlink(missing_ok=True)
    home = folder / "flwr"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "127.0.0.1:{address}"\ninsecure = true\n'
    )
    environment = {
        **os.environ, "FLWR_HOME": str(home), "FLWR_TELEMETRY_ENABLED": "0", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1",
        "PATH": f"{flower}:{os.environ['PATH']}",
    }  # fmt: skip
    link = [
        str(flower / "flower-superlink"), "--insecure", "--host", "127.0.0.1", "--port", str(address),
        "--disable-runtime-dependency-installation",
    ]  # fmt: skip
    nodes = [
        (
            f"supernode-{name}",
            [
                str(flower / "flower-supernode"), "--insecure", "--superlink", f"127.0.0.1:{address}",
                "--host", "127.0.0.1", "--port", str(port()),
                "--node-config", f'rows="{folder / name}.jsonl" base="{base}"',
            ],
        )
        for name in SHOPS
    ]  # fmt: skip
    asked = f'start="{folder / "start.pt"}" out="{out}" rounds={rounds} shops={len(SHOPS)} learning-rate={RATE} batch={BATCH}'
    with running([("superlink", link), *nodes], folder, environment, address):
        log = (folder / "run.log").open("w")
        subprocess.run(
            [str(flower / "flwr"), "run", str(HERE), "here", "--run-config", asked], stdout=log, stderr=subprocess.STDOUT,
            env=environment, check=True, timeout=300,
        )  # fmt: skip
        end = time.monotonic() + limit_s
        while not out.exists():
            late = [name for name in SHOPS if (folder / f"supernode-{name}.log").read_text().count(LATE) > 3]
            if late:
                raise RuntimeError(
                    f"{late[0]}'s client needs more than 30 s to start, or was killed: the machine is too busy, or out of memory (dmesg)"
                )
            if time.monotonic() > end:
                raise RuntimeError(f"the shops were not done in {limit_s} s; see the logs in {folder}")
            time.sleep(1)
    return dict(torch.load(out, weights_only=True))


def centrally(
    model: Any, start: dict[str, torch.Tensor], rows: list[dict[str, Any]], rounds: int
) -> dict[str, torch.Tensor]:
    """The adapter trained on all these rows in one place."""
    lora.put(model, start)
    for turn in range(1, rounds + 1):
        lora.train(model, rows, seed=turn, rate=RATE, size=BATCH)
    return lora.weights(model)


def interval(values: np.ndarray) -> list[float]:
    """The mean and its 95% interval by percentile bootstrap."""
    rng = np.random.default_rng(0)
    draws = rng.choice(values, (DRAWS, len(values))).mean(1)
    return [round(float(x), 3) for x in (values.mean(), *np.percentile(draws, (2.5, 97.5)))]


def compare(model: Any, made: dict[str, dict[str, torch.Tensor]], folder: Path) -> dict[str, Any]:
    """Loss and exact answers on the held-out requests of all shops; "alone" is the mean over the three shops' own adapters."""
    rows = [row for name in SHOPS for row in lora.read(folder / f"{name}.held.jsonl")]
    own = np.repeat(list(SHOPS), [len(lora.read(folder / f"{name}.held.jsonl")) for name in SHOPS])
    scored = {}
    for name, state in made.items():
        lora.put(model, state)
        scored[name] = np.array(lora.evaluate(model, rows), float)
    alone = [scored[f"alone-{name}"] for name in SHOPS]
    scored["alone"] = np.mean(alone, 0)
    scored["alone, own kinds"] = np.array([alone[list(SHOPS).index(shop)][i] for i, shop in enumerate(own)])
    told: dict[str, Any] = {"held_out": len(rows)}
    for name in ("base", "alone", "alone, own kinds", "federated", "pooled"):
        told[name] = {"loss": interval(scored[name][:, 0]), "exact": interval(scored[name][:, 1])}
    for name in ("alone", "alone, own kinds", "pooled"):
        gap = scored["federated"] - scored[name]
        told[f"federated - {name}"] = {"loss": interval(gap[:, 0]), "exact": interval(gap[:, 1])}
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--flower", type=Path, default=Path(".venv-flower/bin"), help="bin folder of the environment with flwr"
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/federated"))
    parser.add_argument("--rows", type=int, default=24, help="of each shop")
    parser.add_argument("--held", type=int, default=12, help="of each shop")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=3600, help="seconds that the shops may take")
    parser.add_argument(
        "--only", choices=("federated", "central", "compare"), help="one part; the others' files are in the folder"
    )
    given = parser.parse_args()
    folder, flower = given.folder.resolve(), given.flower.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    base = prepare(folder, given.rows, given.held)
    start = lora.weights(lora.load(base))  # the model itself goes again: the shops need the memory
    torch.save(start, folder / "start.pt")
    if given.only in (None, "federated"):
        began = time.monotonic()
        state = federate(folder, flower, base, given.rounds, given.limit)
        size = sum(t.numel() * t.element_size() for t in state.values())
        told = json.loads((folder / "federated.json").read_text())
        peak = max(metrics["peak_mb"] for metrics in told.values())
        losses = ", ".join(f"{metrics['train_loss']:.2f}" for metrics in told.values())
        print(
            f"federated: {time.monotonic() - began:.0f} s, {size / 1e6:.1f} MB of weights each way, a client holds {peak:.0f} MB at most; "
            f"training loss by round: {losses}",
            flush=True,
        )
    model = lora.load(base)
    if given.only in (None, "central"):
        everything = []
        for name in SHOPS:
            rows = lora.read(folder / f"{name}.jsonl")
            torch.save(centrally(model, start, rows, given.rounds), folder / f"alone-{name}.pt")
            everything += rows
        torch.save(centrally(model, start, everything, given.rounds), folder / "pooled.pt")
        print("pooled and alone: done", flush=True)
    if given.only in (None, "compare"):
        names = ("federated", "pooled", *(f"alone-{name}" for name in SHOPS))
        made = {"base": start, **{name: torch.load(folder / f"{name}.pt", weights_only=True) for name in names}}
        told = compare(model, made, folder)
        (folder / "figures.json").write_text(json.dumps(told, indent=1) + "\n")
        print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()

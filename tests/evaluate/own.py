"""A small suite of one's own, as the documentation has a user write it: five kettles, six requests, judgments."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from tests.homes import new_home

from shelftalk.engines.base import Choice, Decoding, Generation
from shelftalk.engines.common import normalised
from shelftalk.engines.fake import words
from shelftalk.settings import Settings, load_settings
from shelftalk.values import Prompt, Tokens

PRODUCTS = [
    {"id": "k1", "title": "Orsk kettle, red", "brand": "Orsk", "price": "19.90", "currency": "EUR", "categories": ["Kettles"], "attributes": {"capacity_l": 1.0}},
    {"id": "k2", "title": "Orsk kettle, blue", "brand": "Orsk", "price": "29.90", "currency": "EUR", "categories": ["Kettles"], "attributes": {"capacity_l": 1.5}},
    {"id": "k3", "title": "Velm kettle, red", "brand": "Velm", "price": "39.90", "currency": "EUR", "categories": ["Kettles"], "attributes": {"capacity_l": 1.7}},
    {"id": "k4", "title": "Velm kettle, black", "brand": "Velm", "price": "59.90", "currency": "EUR", "categories": ["Kettles"], "attributes": {"capacity_l": 2.0}},
    {"id": "t1", "title": "Velm teapot, glass", "brand": "Velm", "price": "24.00", "currency": "EUR", "categories": ["Teapots"], "attributes": {"capacity_l": 1.2}},
]  # fmt: skip
REQUESTS = [
    {"id": "r1", "request": "a red kettle", "grades": {"k1": 2, "k3": 1}, "columns": {"kind": "colour"}},
    {"id": "r2", "request": "a kettle under 35", "gold": ["k1", "k2"], "columns": {"kind": "price"}},
    {"id": "r3", "request": "a glass teapot", "grades": {"t1": 1}, "columns": {"kind": "colour"}},
    {"id": "r4", "request": "a kettle over 500", "gold": [], "columns": {"kind": "price"}},
    {"id": "r5", "request": "something by Velm", "columns": {"kind": "brand"}},
    {"id": "r6", "request": "a big black kettle", "columns": {"kind": "colour"}},
]
SUITE = {
    "name": "kettles",
    "task": "answer",
    "data": {"kind": "jsonl", "requests": "requests.jsonl"},
    "catalog": {"feed": "products.jsonl"},
    "metrics": ["mrr", "failed", "tokens_prompt"],
    "settings": {"explain": "record"},
}


def write_suite(folder: Path, requests: list[dict] | None = None, qrels: str | None = None, **changes: object) -> Path:
    """The suite's file in that folder, with its feed and requests beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("products", PRODUCTS), ("requests", REQUESTS if requests is None else requests)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    record = {**SUITE, **changes}
    if qrels is not None:
        (folder / "qrels.txt").write_text(qrels, encoding="utf-8")
        record["data"] = {**record["data"], "qrels": "qrels.txt"}
    file = folder / "suite.yaml"
    file.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return file


def own_settings(home: Path) -> Settings:
    """Settings with a home of the test's own."""
    return load_settings(home=new_home(home / "home"))


class Model:
    """A stand-in for a language model that prefers later letters, says yes to kettles, and counts what it is asked."""

    name, model = "fake", "counting"

    def __init__(self, fail_after: int | None = None) -> None:
        self.asked, self.batches, self.closed, self.fail_after = 0, 0, False, fail_after

    def _ask(self, prompts) -> None:
        from shelftalk.errors import EngineError

        self.batches += 1
        self.asked += len(prompts)
        if self.fail_after is not None and self.asked > self.fail_after:
            raise EngineError("the model is gone")

    def choose(self, prompts, labels) -> list[Choice]:
        self._ask(prompts)
        likes = {"yes": 3.0 if any("kettle" in words(p) for p in prompts) else 1.0, "no": 2.0}
        logprobs = normalised({x: likes.get(x, float(i)) for i, x in enumerate(labels)})
        return [Choice(logprobs, Tokens(10, 1)) for _ in prompts]

    def generate(self, prompts, decoding) -> list[Generation]:
        self._ask(prompts)
        decodings = [decoding] * len(prompts) if isinstance(decoding, Decoding) else decoding
        return [
            Generation(f"seed {d.seed}: {words(p)[:20]}", "stop", Tokens(7, 3))
            for p, d in zip(prompts, decodings, strict=True)
        ]

    def stream(self, prompt: Prompt, decoding: Decoding):
        yield self.generate([prompt], decoding)[0].text

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        self.closed = True

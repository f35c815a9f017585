"""Run folders made up for tests: written by the real RunFolder, with values that a test knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.runfolder import ModelCall, Run, RunFolder
from shelftalk.evaluate.summary import summary
from shelftalk.values import Request

SUITE = {
    "name": "made-up", "version": "1", "task": "answer", "hash": "abc", "k": 10, "gains": "linear", "pool": "catalogue",
    "unjudged": "irrelevant", "metrics": ["ndcg@10"],
}  # fmt: skip


def answer(case: str, request: str, picks: Sequence[Mapping[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """An answer in its wire format."""
    intent = {"constraints": [], "sort": None, "limit": None, "preferences": [], "exclude": [], "query": request, "shopping": True}  # fmt: skip
    whole = {
        "version": "1.3", "id": case, "request": request, "intent": intent, "picks": list(picks), "relaxed": [],
        "no_match": not picks, "notes": [], "model": None, "engine": None, "prompts": {}, "timings_ms": {},
        "tokens": {"prompt": 0, "completion": 0},
    }  # fmt: skip
    return {**whole, **more}


def pick(product: str, rank: int = 1, title: str = "A thing", reason: str = "It fits.", **more: Any) -> dict[str, Any]:
    """A pick in its wire format, with one claim and its evidence."""
    claim = {"text": reason, "evidence": [{"field": "price", "value": "9.99"}], "answers": None, "verified": True, "source": "record"}  # fmt: skip
    return {"product_id": product, "rank": rank, "score": 1.0, "title": title, "price": "9.99", "currency": "EUR", "reason": reason, "claims": [claim], **more}  # fmt: skip


def make_run(
    path: Path,
    values: Mapping[str, Sequence[float | None]],
    *,
    name: str = "baseline",
    suite: Mapping[str, Any] | None = None,
    ids: Sequence[str] | None = None,
    requests: Sequence[str] | None = None,
    groups: Sequence[str | None] | None = None,
    columns: Mapping[str, Sequence[Any]] | None = None,
    answers: Sequence[Mapping[str, Any] | None] | None = None,
    asked: Sequence[ModelCall] = (),
    figures: Mapping[str, float] | None = None,
    repeats: int = 1,
) -> Run:
    """A finished run, read back, in which request i has values[metric][i]."""
    n = len(next(iter(values.values()))) // repeats
    ids = list(ids or (f"q{i}" for i in range(n)))
    cases = [
        Case(
            ids[i],
            Request(requests[i] if requests else f"request number {i}", ids[i]),
            group=groups[i] if groups else None,
            columns={c: v[i] for c, v in (columns or {}).items()},
        )
        for i in range(n)
    ]
    outcomes = [
        Outcome(
            case.id, ("p1", "p2"), (0.9, 0.8), answer=answers[i] if answers else None, latency_ms=12.0,
            timings_ms={"rank": 9.0}, tokens=(100, 10), repeat=r,
        )
        for r in range(repeats)
        for i, case in enumerate(cases)
    ]  # fmt: skip
    rows = [{m: v[j] for m, v in values.items()} for j in range(len(outcomes))]
    meta = {
        "format": 1, "suite": dict(suite or SUITE), "variant": {"name": name, "settings": {"rank.strategy": name}, "prompts": {"rank": "listwise@1"}, "model": "tiny", "adapter": None, "engine": "fake"},
        "seed": 0, "repeats": repeats, "limit": None, "created": "2026-11-22T00:00:00Z", "versions": {"shelftalk": "0.1.0"},
        "hardware": {"cpu": "test"}, "requests": n, "errors": 0, "wall_s": 1.5, "tokens": {"prompt": 100 * n, "completion": 10 * n},
        "cache": {"hits": 0, "misses": n}, "metrics": summary({c.id: c for c in cases}, outcomes, rows),
        "figures": dict(figures or {}),
    }  # fmt: skip
    folder = RunFolder(path)
    folder.write(meta, cases, outcomes, rows, asked)
    return RunFolder.read(path)

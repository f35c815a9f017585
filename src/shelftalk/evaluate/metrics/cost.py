"""What an answer costs: tokens, time by stage, throughput, memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Metric, MetricContext, Pair, register


def _latency(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return outcome.latency_ms if outcome.error is None else None


def _latencies(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Mapping[str, float]:
    found = [outcome.latency_ms for _, outcome in pairs if outcome.error is None]
    return {f"p{q}": float(np.percentile(found, q)) for q in (50, 95, 99)} if found else {}


def _stages(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Mapping[str, float]:
    names = dict.fromkeys(name for _, outcome in pairs for name in outcome.timings_ms)
    found = {name: [o.timings_ms[name] for _, o in pairs if name in o.timings_ms] for name in names}
    return {name: float(np.mean(times)) for name, times in found.items()}


def _throughput(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> float | None:
    return len(pairs) / context.wall_s if context.wall_s else None


def _memory(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> float | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _tokens(which: int) -> Metric:
    name = ("prompt", "completion")[which]
    return Metric(
        f"tokens_{name}",
        ("tokens that the language model read", "tokens that the language model wrote")[which],
        "lower",
        per_case=lambda case, outcome, context, k: float(outcome.tokens[which]),
    )


register(_tokens(0))
register(_tokens(1))
register(Metric("latency_ms", "time of a request; in a batch, its share of the batch", "lower", per_case=_latency, whole=_latencies, unit="ms"))  # fmt: skip
register(Metric("stage_ms", "mean time by stage", "lower", whole=_stages, unit="ms"))
register(Metric("throughput", "requests a second over the whole run", whole=_throughput, unit="1/s"))
register(Metric("memory_mb", "peak memory of the process", "lower", whole=_memory, unit="MiB"))

"""What an answer costs: tokens, time by stage, throughput, memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics.base import Figure, Metric, MetricContext, Pair, register, request_of
from shelftalk.evaluate.metrics.intervals import mean, quantiles

QUANTILES = (50, 95, 99)


def _latency(case: Case, outcome: Outcome, context: MetricContext, _: int | None) -> float | None:
    return outcome.latency_ms if outcome.error is None else None


def _latencies(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Mapping[str, Figure]:
    found = [(outcome.latency_ms, request_of(case)) for case, outcome in pairs if outcome.error is None]
    if not found:
        return {}
    figures = quantiles([ms for ms, _ in found], [key for _, key in found], [q / 100 for q in QUANTILES])
    return {f"p{q}": figure for q, figure in zip(QUANTILES, figures, strict=True)}


def _stages(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> Mapping[str, Figure]:
    figures = {}
    for name in dict.fromkeys(name for _, outcome in pairs for name in outcome.timings_ms):
        found = [(o.timings_ms[name], request_of(c)) for c, o in pairs if name in o.timings_ms]
        if (figure := mean([ms for ms, _ in found], [key for _, key in found])) is not None:
            figures[name] = figure
    return figures


def _throughput(pairs: Sequence[Pair], context: MetricContext, _: int | None) -> float | Figure | None:
    """Requests over the time of the run; the interval is that of the mean time of a request, turned over."""
    if not context.wall_s:
        return None
    found = len(pairs) / context.wall_s
    time = mean([outcome.latency_ms for _, outcome in pairs], [request_of(case) for case, _ in pairs])
    if time is None or not time.low or not time.high:
        return found
    return Figure(found, time.n, found * time.value / time.high, found * time.value / time.low)


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
        unit="tokens",
    )


register(_tokens(0))
register(_tokens(1))
register(Metric("latency_ms", "time of a request; in a batch, its share of the batch", "lower", per_case=_latency, whole=_latencies, unit="ms"))  # fmt: skip
register(Metric("stage_ms", "mean time by stage", "lower", whole=_stages, unit="ms"))
register(Metric("throughput", "requests a second over the whole run", whole=_throughput, unit="1/s"))
register(Metric("memory_mb", "peak memory of the process", "lower", whole=_memory, unit="MiB"))

"""Plots as values that a template sets into inline SVG: bars of latency by stage, and where requests failed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shelftalk.server.recent import Entry

STAGES = ("understand", "retrieve", "rank", "explain")
WIDTH, HEIGHT, _BARS = 720, 180, 60


def latency(entries: Sequence[Entry]) -> dict[str, Any] | None:
    """Stacked bars of the last 60 requests, oldest first, in a box of 720 by 180; None where there are none.

    A request that failed is one bar of its own kind, as high as the time it took.
    """
    shown = list(reversed(entries[:_BARS]))
    if not shown:
        return None
    top = _round(max(e.ms for e in shown))
    step = WIDTH / _BARS
    bars = []
    for i, entry in enumerate(shown):
        parts = [("failed", entry.ms)] if entry.failed else _parts(entry)
        y = float(HEIGHT)
        for kind, ms in parts:
            height = HEIGHT * ms / top
            y -= height
            bars.append({"x": round(i * step + 1, 1), "y": round(y, 1), "w": round(step - 2, 1), "h": round(height, 1), "kind": kind})  # fmt: skip
    ticks = [{"y": round(HEIGHT * (1 - share), 1), "text": _ms(top * share)} for share in (0.5, 1.0)]
    return {"bars": bars, "ticks": ticks, "width": WIDTH, "height": HEIGHT, "count": len(shown)}


def figures(entries: Sequence[Entry]) -> dict[str, Any]:
    """Requests, failures, fallbacks, and the 50th and 95th percentile of the milliseconds of those that were answered."""
    times = sorted(e.ms for e in entries if not e.failed)

    def percentile(share: float) -> str:
        return _ms(times[min(len(times) - 1, math.ceil(share * len(times)) - 1)]) if times else "none"

    return {
        "requests": len(entries),
        "failed": sum(e.failed for e in entries),
        "fell back": sum(e.fell_back for e in entries),
        "p50": percentile(0.5),
        "p95": percentile(0.95),
    }


def _parts(entry: Entry) -> list[tuple[str, float]]:
    known = [(stage, entry.timings_ms.get(stage, 0.0)) for stage in STAGES]
    rest = entry.ms - sum(ms for _, ms in known)
    return [("waiting", max(0.0, rest)), *known]


def _round(top: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(max(top, 1.0)))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= top)


def _ms(value: float) -> str:
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.0f} ms"

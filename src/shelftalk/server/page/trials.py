"""Plots of experiments as values that a template sets into inline SVG: how each interval narrowed, and who was exposed."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from shelftalk.experiments.metrics import METRICS
from shelftalk.experiments.report import Compared, MetricReport, Point, Report

WIDTH, HEIGHT = 680, 150
_LEAST_SEEN = 3  # moments that make a plot


def panels(report: Report) -> list[dict[str, Any]]:
    """A panel a metric: its values by variant, and for each variant the difference to the control with its plot."""
    return [
        {
            "metric": m.metric, "told": m.told, "role": m.role, "better": m.better,
            "values": [(name, METRICS[m.metric].shown(value)) for name, value in m.values.items()],
            "compared": [_compared(m, c) for c in m.compared],
        }
        for m in report.metrics
    ]  # fmt: skip


def exposure(report: Report) -> list[dict[str, Any]]:
    """A row a variant: units exposed beside those expected (bars in a box 100 wide), and how many are judged."""
    most = max([1.0, *report.exposed.values(), *report.srm.expected.values()])
    return [
        {
            "name": name, "exposed": seen, "expected": round(report.srm.expected.get(name, 0.0)), "judged": report.judged[name],
            "wide": round(100 * seen / most, 2), "mark": round(100 * report.srm.expected.get(name, 0.0) / most, 2),
        }
        for name, seen in report.exposed.items()
    ]  # fmt: skip


def _compared(metric: MetricReport, found: Compared) -> dict[str, Any]:
    shown = METRICS[metric.metric].shown
    known = found.low is not None and found.high is not None
    return {
        "variant": found.variant,
        "value": shown(found.value, signed=True),
        "interval": f"{shown(found.low or 0.0, signed=True)} to {shown(found.high or 0.0, signed=True)}"
        if known
        else "none yet",
        "p": f"{found.p:.2g}",
        "guard": found.guard,
        "plot": _plot(found.timeline, metric),
    }


def _plot(timeline: Sequence[Point], metric: MetricReport) -> dict[str, Any] | None:
    """The band of the interval over time with the difference in it and a line at 0; None of too few moments.

    The first moments, whose intervals are many times as wide as the last, are cut at the box's edge.
    """
    points = [p for p in timeline if p.low is not None and p.high is not None]
    if len(points) < _LEAST_SEEN:
        return None
    last = points[-1]
    far = max(abs(v) for v in (last.low or 0.0, last.high or 0.0, last.value)) * 2.5 or 1.0

    def x(i: int) -> float:
        return round(WIDTH * i / (len(points) - 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT / 2 * (1 - max(-1.0, min(1.0, value / far))), 1)

    upper = [(x(i), y(p.high or 0.0)) for i, p in enumerate(points)]
    lower = [(x(i), y(p.low or 0.0)) for i, p in enumerate(points)]
    step = _step(far)
    shown = METRICS[metric.metric].shown
    return {
        "band": _path([*upper, *reversed(lower)]),
        "line": _path([(x(i), y(p.value)) for i, p in enumerate(points)]),
        "zero": y(0.0),
        "ticks": [{"y": y(v), "text": shown(v, signed=True) if v else "0"} for v in (-step, 0.0, step)],
        "since": points[0].at[:16].replace("T", " "),
        "until": last.at[:16].replace("T", " "),
        "units": last.units,
        "width": WIDTH,
        "height": HEIGHT,
    }


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _step(far: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is at most 80% of `far`."""
    power = 10.0 ** floor(log10(far * 0.8))
    return max(m * power for m in (1, 2, 5) if m * power <= far * 0.8 or m == 1)

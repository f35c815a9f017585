"""Plots as inline SVG: dots with intervals, cost against quality, shares of time. All text in them is escaped.

Tracks are stretched to the width they get, so lines do not scale and words stand beside them in HTML: readable on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

from markupsafe import Markup, escape

from shelftalk.evaluate.tables import number


def track(value: float, low: float, high: float, bounds: tuple[float, float], label: str, kind: str, *, zero: bool) -> Markup:  # fmt: skip
    """A dot with its interval on the axis `bounds`, with a line at 0 where wanted; `kind` is its CSS class."""
    span = (bounds[1] - bounds[0]) or 1.0

    def x(v: float) -> str:
        return f"{min(99.0, max(1.0, 1 + 98 * (v - bounds[0]) / span)):.2f}"

    parts = [Markup('<line class="axis" x1="0" x2="100" y1="10" y2="10"/>')]
    if zero:
        parts.append(Markup('<line class="zero" x1="{0}" x2="{0}" y1="0" y2="20"/>').format(x(0.0)))
    if isfinite(low) and isfinite(high):
        parts.append(Markup('<line class="bar" x1="{}" x2="{}" y1="10" y2="10"/>').format(x(low), x(high)))
    parts.append(Markup('<line class="dot" x1="{0}" x2="{0}" y1="10" y2="10"/>').format(x(value)))
    return Markup('<svg class="track {}" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>').format(kind, label, Markup("").join(parts))  # fmt: skip


def bounds(values: Sequence[float], *, zero: bool) -> tuple[float, float]:
    """The axis that holds these values with a little room: as far to both sides of 0, or as far as the values reach."""
    known = [v for v in values if isfinite(v)] or [0.0]
    if zero:
        far = max(abs(v) for v in known) * 1.1 or 1.0
        return -far, far
    room = (max(known) - min(known)) * 0.08 or abs(known[0]) * 0.5 or 1.0
    return min(known) - room, max(known) + room


@dataclass(frozen=True)
class Point:
    """A variant in a scatter plot: its number in the legend, its cost, its quality with interval."""

    index: int
    name: str
    x: float
    y: float
    low: float
    high: float


_WIDE, _TALL, _LEFT, _BELOW, _TOP, _RIGHT = 420, 310, 52, 46, 34, 16


def scatter(points: Sequence[Point], x_label: str, y_label: str) -> Markup:
    """Quality (up) against cost (to the right), each variant a numbered dot with its interval."""
    ys = [v for p in points for v in (p.y, p.low, p.high) if isfinite(v)]
    x_low, x_high, x_step = ticks(0.0, max(p.x for p in points) * 1.08)
    room = (max(ys) - min(ys)) * 0.12 or abs(max(ys)) * 0.1 or 1.0
    y_low, y_high, y_step = ticks(min(ys) - room, max(ys) + room)

    def px(x: float) -> float:
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * (x - x_low) / (x_high - x_low)

    def py(y: float) -> float:
        return _TALL - _BELOW - (_TALL - _BELOW - _TOP) * (y - y_low) / (y_high - y_low)

    out = []
    for y in _steps(y_low, y_high, y_step):
        out.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(_LEFT, _WIDE - _RIGHT, y=py(y)))  # fmt: skip
        out.append(Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(_LEFT - 6, py(y) + 4, _tick(y, y_step)))  # fmt: skip
    for x in _steps(x_low, x_high, x_step):
        out.append(Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(px(x), _TALL - _BELOW + 16, _tick(x, x_step)))  # fmt: skip
    out.append(Markup('<text class="label" x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDE - _RIGHT, _TALL - 8, f"{x_label} →"))  # fmt: skip
    out.append(Markup('<text class="label" x="{}" y="{}">{}</text>').format(4, _TOP - 18, f"↑ {y_label}"))
    for p in points:
        colour = f"c{p.index % 6}"
        if isfinite(p.low) and isfinite(p.high):
            out.append(Markup('<line class="whisker {}" x1="{x:.1f}" x2="{x:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(colour, py(p.low), py(p.high), x=px(p.x)))  # fmt: skip
    for p in points:
        said = f"{p.name}: {number(p.y)} at {number(p.x)}"
        out.append(
            Markup('<g><title>{}</title><circle class="point c{}" cx="{x:.1f}" cy="{y:.1f}" r="10"/><text class="mark" x="{x:.1f}" y="{t:.1f}" text-anchor="middle">{}</text></g>')
            .format(said, p.index % 6, p.index + 1, x=px(p.x), y=py(p.y), t=py(p.y) + 4)
        )  # fmt: skip
    said = f"{y_label} against {x_label} for {len(points)} variants"
    return Markup('<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(_WIDE, _TALL, said, Markup("").join(out))  # fmt: skip


def stacked(shares: Sequence[tuple[str, float]], whole: float, label: str) -> Markup:
    """A bar of parts, as long as their sum is of `whole`; part i has class s{i}."""
    x, out = 0.0, []
    for i, (name, value) in enumerate(shares):
        wide = 100 * value / whole if whole else 0.0
        out.append(Markup('<rect class="s{}" x="{:.2f}" y="0" width="{:.2f}" height="20"><title>{}</title></rect>').format(i % 6, x, max(0.0, wide), f"{name}: {number(value)} ms"))  # fmt: skip
        x += wide
    return Markup('<svg class="track" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>').format(label, Markup("").join(out))  # fmt: skip


def ticks(low: float, high: float) -> tuple[float, float, float]:
    """(low, high, step) of an axis with about five round steps."""
    raw = ((high - low) or abs(high) or 1.0) / 4
    power = 10.0 ** floor(log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw - 1e-12)
    start = floor(low / step + 1e-9) * step
    end = start
    while end < high - 1e-9 * step:
        end += step
    return start, end, step


def _steps(low: float, high: float, step: float) -> list[float]:
    return [low + i * step for i in range(round((high - low) / step) + 1)]


def _tick(value: float, step: float) -> Markup:
    places = max(0, -floor(log10(step) + 1e-9) + (1 if f"{step:e}".startswith("2.5") else 0))
    return escape(f"{value + 0.0:,.{places}f}")

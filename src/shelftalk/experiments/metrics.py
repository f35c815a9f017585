"""What an experiment measures: figures of units (users), made from what each did within a fixed time of its first exposure.

A metric is a mean over units, or a ratio of two totals of units (clicks per answer), whose spread is that of the units (delta method).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shelftalk.errors import UsageError

Array = NDArray[np.float64]
# The totals that are kept of each unit.
TOTALS = ("answers", "without_picks", "ms", "clicks", "carts", "purchases", "revenue", "dismissals")


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure by name: `top` over `bottom` ("units": a mean over units); with `once` a unit counts at most once."""

    name: str
    told: str
    better: Literal["higher", "lower"]
    top: str
    bottom: str = "units"
    once: bool = False
    unit: Literal["share", "rate", "ms", "money"] = "share"

    def values(self, totals: Mapping[str, Array]) -> tuple[Array, Array]:
        """(numerator, denominator) of each unit."""
        top = totals[self.top]
        top = (top > 0).astype(np.float64) if self.once else top.astype(np.float64)
        return top, np.ones_like(top) if self.bottom == "units" else totals[self.bottom].astype(np.float64)

    def shown(self, value: float, *, signed: bool = False) -> str:
        """The value as it is told: percent, milliseconds, an amount."""
        sign = "+" if signed else ""
        if self.unit == "share":
            return f"{100 * value:{sign}.2f}{' points' if signed else '%'}"
        return f"{value:{sign},.0f} ms" if self.unit == "ms" else f"{value:{sign},.3f}"


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("click_through", "clicks per answer", "higher", "clicks", "answers", unit="rate"),
        Metric("add_to_cart", "users who put something into the cart", "higher", "carts", once=True),
        Metric("purchase", "users who bought", "higher", "purchases", once=True),
        Metric("revenue", "revenue per user", "higher", "revenue", unit="money"),
        Metric("dismissals", "dismissals per answer", "lower", "dismissals", "answers", unit="rate"),
        Metric("latency_ms", "milliseconds per answer", "lower", "ms", "answers", unit="ms"),
        Metric("no_picks", "answers without picks", "lower", "without_picks", "answers"),
    )
}


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that must not get worse by more than `margin`: a share of the control's value where `relative`, else in the metric's own
    unit."""

    metric: str
    margin: float = 0.0
    relative: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As it is stored and reported."""
        return {"metric": self.metric, "margin": self.margin, "relative": self.relative}

    @property
    def told(self) -> str:
        """The margin in words."""
        shown = f"{100 * self.margin:g}% of the control's" if self.relative else f"{self.margin:g}"
        return f"{METRICS[self.metric].told}, at most {shown} worse"


def metric(name: str) -> Metric:
    """The metric of that name. UsageError with the list of those there are."""
    if name not in METRICS:
        near = difflib.get_close_matches(name, METRICS, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"there is no metric {name!r}{hint}; there is: {', '.join(METRICS)}")
    return METRICS[name]


def parse_guardrail(text: str) -> Guardrail:
    """METRIC (no worse at all), METRIC:10% (of the control's value) or METRIC:0.02 (in its own unit)."""
    name, colon, margin = (part.strip() for part in text.partition(":"))
    found = metric(name)
    if not colon:
        return Guardrail(found.name)
    if not re.fullmatch(r"\d+(\.\d+)?%?", margin):
        raise UsageError(f"--guardrail {text!r}: the margin is {margin!r}; write METRIC:10% or METRIC:0.02")
    value = float(margin.removesuffix("%"))
    return Guardrail(found.name, value / 100, True) if margin.endswith("%") else Guardrail(found.name, value, False)

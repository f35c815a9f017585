"""What an experiment says so far: each metric by variant with always-valid intervals over time, the checks, and a decision in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import inf, isfinite
from typing import Any, Literal

import numpy as np

from shelftalk.experiments import srm
from shelftalk.experiments.definition import Definition
from shelftalk.experiments.inference import Moments, difference, moments, tuned
from shelftalk.experiments.metrics import METRICS, Guardrail, Metric
from shelftalk.experiments.outcomes import Observed

POINTS = 60  # moments at which a plot shows the interval
Role = Literal["primary", "guardrail", "other"]
Verdict = Literal["blocked", "early", "harmful", "better", "worse", "open"]
METHOD = "asymptotic confidence sequence (Waudby-Smith et al. 2021, arXiv 2103.06476)"


@dataclass(frozen=True, slots=True)
class Point:
    """The difference to the control as it stood at a moment (ISO 8601), after so many units of both."""

    at: str
    units: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A variant's metric against the control's. `guard` says of a guardrail whether it is "kept", "breached" or "open" yet."""

    variant: str
    value: float
    low: float | None
    high: float | None
    p: float
    guard: Literal["", "kept", "breached", "open"] = ""
    timeline: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricReport:
    """A metric: its value for each variant, and each variant against the control at that alpha."""

    metric: str
    told: str
    role: Role
    better: str
    alpha: float
    values: Mapping[str, float]
    compared: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be concluded of a variant now, and why."""

    variant: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report; `exposed` and `judged` count units by variant."""

    name: str
    at: str
    exposed: Mapping[str, int]
    judged: Mapping[str, int]
    switched: int
    srm: srm.Srm
    metrics: tuple[MetricReport, ...]
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...] = ()
    method: str = METHOD

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; an unbounded end of an interval is null."""
        return {**asdict(self), "srm": self.srm.to_dict()}


def report(definition: Definition, observed: Observed, phases: Sequence[tuple[datetime, Mapping[str, float]]], now: datetime) -> Report:  # fmt: skip
    """The report at that moment. `phases` are when which weights (shares of 1) held from, oldest first."""
    names = observed.variants
    ends = observed.first[: observed.judged] + observed.window_s
    times = _times(ends)
    reports = tuple(
        _metric(definition, METRICS[name], role, guard, observed, times) for name, role, guard in _roles(definition)
    )
    ratio = srm.check(_by_phase(observed, phases))
    judged = {name: int((observed.variant[: observed.judged] == i).sum()) for i, name in enumerate(names)}
    return Report(
        name=definition.name,
        at=now.astimezone(UTC).isoformat(timespec="seconds"),
        exposed={name: int((observed.variant == i).sum()) for i, name in enumerate(names)},
        judged=judged,
        switched=observed.switched,
        srm=ratio,
        metrics=reports,
        decisions=tuple(_decide(definition, name, reports, judged, ratio) for name in names[1:]),
        notes=_notes(observed),
    )


def _notes(observed: Observed) -> tuple[str, ...]:
    notes = []
    if observed.switched:
        notes.append(
            f"{observed.switched:,} users saw another variant later, as weights changed; they stay with their first."
        )
    if observed.unpriced:
        notes.append(f"{observed.unpriced:,} purchases have no price and add nothing to the revenue.")
    if observed.foreign:
        notes.append(
            f"The revenue is in {observed.currency}; {observed.foreign:,} purchases in other currencies are not in it."
        )
    return tuple(notes)


def _roles(definition: Definition) -> list[tuple[str, Role, Guardrail | None]]:
    guards = {rail.metric: rail for rail in definition.guardrails}
    rest = [name for name in METRICS if name not in guards and name != definition.metric]
    return [
        (definition.metric, "primary", None),
        *((name, "guardrail", rail) for name, rail in guards.items()),
        *((name, "other", None) for name in rest),
    ]  # fmt: skip


def _times(ends: np.ndarray[Any, Any]) -> list[float]:
    """The moments of the plots: evenly from the first unit judged to the last."""
    if not ends.size:
        return []
    return [float(t) for t in np.linspace(ends[0], ends[-1], POINTS)]


def _metric(
    definition: Definition,
    found: Metric,
    role: Role,
    guard: Guardrail | None,
    observed: Observed,
    times: Sequence[float],
) -> MetricReport:
    many = len(observed.variants) - 1
    alpha = definition.alpha / many if role == "primary" else definition.alpha
    rho2 = tuned(definition.expected, alpha)
    top, bottom = found.values({name: values[: observed.judged] for name, values in observed.totals.items()})
    which = observed.variant[: observed.judged]
    ends = observed.first[: observed.judged] + observed.window_s
    series: list[Moments] = []
    for i in range(len(observed.variants)):
        mine = which == i
        at = np.searchsorted(ends[mine], times, side="right")
        series.append(moments(top[mine], bottom[mine], at, least=float(found.unit == "share")))
    compared = []
    for i, name in enumerate(observed.variants[1:], 1):
        line = difference(series[0], series[i], alpha, rho2)
        told = list(zip(line.value.tolist(), line.low.tolist(), line.high.tolist(), line.p.tolist(), strict=True))
        value, low, high, p = told[-1] if told else (0.0, -inf, inf, 1.0)
        units = (series[0].n + series[i].n).tolist()
        compared.append(
            Compared(
                name, value, _end(low), _end(high), p,
                guard=_guarded(guard, found, series[0], series[i], alpha, rho2) if guard else "",
                timeline=tuple(
                    Point(_iso(t), int(n), v, _end(lowest), _end(highest))
                    for t, n, (v, lowest, highest, _) in zip(times, units, told, strict=True)
                ),
            )
        )  # fmt: skip
    values = {name: float(s.value[-1]) if times else 0.0 for name, s in zip(observed.variants, series, strict=True)}
    return MetricReport(found.name, found.told, role, found.better, alpha, values, tuple(compared))


def _guarded(
    guard: Guardrail, found: Metric, control: Moments, variant: Moments, alpha: float, rho2: float
) -> Literal["kept", "breached", "open"]:
    """Whether the harm beyond the margin is shown, ruled out, or neither yet."""
    if not control.n.size:
        return "open"
    way = 1 if found.better == "lower" else -1
    scale, shift = (1 + way * guard.margin, 0.0) if guard.relative else (1.0, way * guard.margin)
    beyond = difference(control, variant, alpha, rho2, scale=scale, shift=shift)
    low, high = float(beyond.low[-1]), float(beyond.high[-1])
    if way == -1:
        low, high = -high, -low
    return "breached" if low > 0 else "kept" if high < 0 else "open"


def _decide(
    definition: Definition,
    name: str,
    metrics: Sequence[MetricReport],
    judged: Mapping[str, int],
    ratio: srm.Srm,
) -> Decision:
    primary = metrics[0]
    found = next(c for c in primary.compared if c.variant == name)
    metric = METRICS[primary.metric]
    few = min(judged[definition.control.name], judged[name])
    broken = [m.told for m in metrics for c in m.compared if c.variant == name and c.guard == "breached"]
    if ratio.mismatch:
        shares = ", ".join(f"{n} {ratio.seen[n]} of {ratio.expected[n]:.0f} expected" for n in ratio.seen)
        return Decision(name, "blocked", f"No verdict: the variants did not get the shares of users they should (sample-ratio mismatch, p = {ratio.p:.2g}: {shares}). Find out why before reading any figure.")  # fmt: skip
    if few < definition.least:
        return Decision(name, "early", f"Too early: {few} units of {name} or its control are through their window, {definition.least} are needed.")  # fmt: skip
    if broken:
        return Decision(name, "harmful", f"Stop {name}: a guardrail is breached ({'; '.join(broken)}).")
    if found.low is None or found.high is None or found.low <= 0 <= found.high:
        return Decision(name, "open", f"No difference in {metric.told} is shown yet{_range(metric, found)}.")
    good = (found.value > 0) == (metric.better == "higher")
    unsure = [m.told for m in metrics for c in m.compared if c.variant == name and c.guard == "open"]
    rest = f" Not yet ruled out: harm to {'; '.join(unsure)}." if good and unsure else ""
    return Decision(
        name,
        "better" if good else "worse",
        f"{name} is {'better' if good else 'worse'} than {definition.control.name} in {metric.told}{_range(metric, found)}.{rest}",
    )


def _range(metric: Metric, found: Compared) -> str:
    if found.low is None or found.high is None:
        return ""
    low, high = metric.shown(found.low, signed=True), metric.shown(found.high, signed=True)
    return f": {metric.shown(found.value, signed=True)}, between {low} and {high} (always-valid, p = {found.p:.2g})"


def _by_phase(
    observed: Observed, phases: Sequence[tuple[datetime, Mapping[str, float]]]
) -> list[tuple[Mapping[str, float], list[str]]]:
    begins = [at.timestamp() for at, _ in phases]
    # what was exposed before the first phase (clocks of two gateways) belongs to it
    cuts = [0, *(int(np.searchsorted(observed.first, b, side="left")) for b in begins[1:]), len(observed.first)]
    names = observed.names
    return [(weights, names[low:high]) for (_, weights), low, high in zip(phases, cuts, cuts[1:], strict=False)]


def _end(value: float) -> float | None:
    return value if isfinite(value) else None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")

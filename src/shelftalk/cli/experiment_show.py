"""An experiment and its report as lines and tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from shelftalk.experiments.experiment import Experiment
    from shelftalk.experiments.report import Compared, MetricReport, Report


def short(found: Experiment, told: Report, answers: Mapping[str, int]) -> list[str]:
    """How it stands: state, numbers, checks, and the decision on each variant."""
    state = "stopped" if found.stopped_at else "running"
    since = f"{found.started_at:%Y-%m-%d %H:%M} UTC"
    numbers = ", ".join(f"{name} {told.judged[name]:,} of {told.exposed[name]:,}" for name in told.exposed)
    ratio = f"p = {told.srm.p:.2g}" + (" (mismatch)" if told.srm.mismatch else "")
    lines = [
        f"{found.name}: {state} since {since}, {found.definition.share:.0%} of the traffic, "
        f"{sum(answers.values()):,} answers",
        f"users judged of those exposed: {numbers}; sample-ratio check {ratio}",
    ]  # fmt: skip
    return [*lines, *told.notes, *(decision.text for decision in told.decisions)]


def full(found: Experiment, told: Report, answers: Mapping[str, int]) -> Iterator[str | Table]:
    """`short`, and a table of the metrics."""
    from rich.table import Table

    yield from short(found, told, answers)
    names = [arm.name for arm in found.definition.variants]
    table = Table(
        "metric", "role", *names, "variant", "difference", f"always-valid {100 * (1 - found.definition.alpha):g}%", "p"
    )
    for metric in told.metrics:
        values = [_shown(metric, metric.values[name]) for name in names]
        for i, compared in enumerate(metric.compared):
            first = (
                [metric.metric, _role(metric, compared), *values]
                if i == 0
                else ["", _role(metric, compared), *([""] * len(values))]
            )
            table.add_row(*first, compared.variant, *_difference(metric, compared))
    yield table
    yield f"Intervals: {told.method}; those of metrics that neither decide nor guard are not corrected for their number."


def _role(metric: MetricReport, compared: Compared) -> str:
    return f"{metric.role}: {compared.guard}" if compared.guard else metric.role


def _shown(metric: MetricReport, value: float, *, signed: bool = False) -> str:
    from shelftalk.experiments.metrics import METRICS

    return METRICS[metric.metric].shown(value, signed=signed)


def _difference(metric: MetricReport, compared: Compared) -> tuple[Any, ...]:
    if compared.low is None or compared.high is None:
        return _shown(metric, compared.value, signed=True), "none yet", ""
    low, high = (_shown(metric, end, signed=True) for end in (compared.low, compared.high))
    return _shown(metric, compared.value, signed=True), f"{low} to {high}", f"{compared.p:.2g}"

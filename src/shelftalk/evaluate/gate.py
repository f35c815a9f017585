"""Decides whether a build may pass: it fails only when a metric has really dropped by more than what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil, log2
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shelftalk.errors import UsageError
from shelftalk.evaluate.compare import RunTable, check_same, table
from shelftalk.evaluate.files import write_whole
from shelftalk.evaluate.metrics import direction
from shelftalk.evaluate.paired import SEED, one_sided
from shelftalk.evaluate.power import POWER, detectable, requests_needed, rounded
from shelftalk.evaluate.runfolder import Run, RunFolder

FORMAT = 1
Ruling = Literal["fail", "pass", "not shown"]


@dataclass(frozen=True)
class Baseline:
    """What a run is held against: a suite, a variant's name, and values by metric and request."""

    name: str
    suite: Mapping[str, Any]
    ids: list[str]
    groups: list[str]
    values: Mapping[str, list[float | None]]


@dataclass(frozen=True)
class Decision:
    """What the gate decided. `drop` is how much worse the run is on average (below 0: better), `least` and `most` bound the
    true drop, each at the confidence asked for. "pass" means shown to be within `allowed`; "not shown" fails only where `strict`, and
    `needed` is about how many independent requests like these would show on which side of `allowed` it lies."""

    outcome: Ruling
    metric: str
    drop: float
    least: float
    most: float
    allowed: float
    confidence: float
    n: int
    detectable: float | None
    reason: str
    needed: int | None = None
    strict: bool = False

    @property
    def failed(self) -> bool:
        """Whether the build should fail."""
        return self.outcome == "fail" or (self.strict and self.outcome == "not shown")

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON holds it."""
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(self).items()}


def gate(
    run: Run, baseline: Baseline, metric: str, *, max_drop: float, confidence: float = 0.95, seed: int = SEED,
    strict: bool = False,
) -> Decision:  # fmt: skip
    """The decision for one metric: "fail" only where the one-sided lower bound of the drop lies beyond `max_drop`; with `strict`
    also a drop that is not shown to be within it fails.

    For metrics where less is better a rise is the drop. UsageError for other requests, suites, metrics or numbers.
    """
    if not 0.5 < confidence < 1:
        raise UsageError(f"--confidence {confidence} is not between 0.5 and 1")
    if not 0 <= max_drop < float("inf"):
        raise UsageError(f"--max-drop {max_drop} is not a number of 0 or more; give how much worse the mean may get")
    here = table(run)
    check_same(baseline.name, baseline.suite, baseline.ids, run.name, run.meta["suite"], here.ids)
    if (
        any(f == metric or f.startswith(f"{metric}.") for f in run.meta.get("figures", {}))
        and metric not in here.values
    ):
        raise UsageError(
            f"metric {metric!r} exists for a whole run only, so nothing can be held request by request; it has: "
            f"{', '.join(here.values)}"
        )
    before, after = (
        _values(baseline.values, metric, f"the baseline {baseline.name}"),
        _values(here.values, metric, f"run {run.name}"),
    )
    place = {i: n for n, i in enumerate(here.ids)}
    order = [place[i] for i in baseline.ids]
    worse = np.array(before, dtype=float) - np.array(after, dtype=float)[order]
    if direction(metric) == "lower":
        worse = -worse
    result = one_sided(worse, baseline.groups, confidence=confidence, seed=seed)
    # With fewer, even a drop on every request happens by chance more often than the confidence allows.
    fewest = ceil(-log2(1 - confidence) - 1e-9)
    least, most = (result.low, result.high) if result.groups >= fewest else (float("nan"), float("nan"))
    alpha = 2 * (1 - confidence)
    smallest = detectable(result.error, result.groups, alpha=alpha)
    needed = requests_needed(result.mean - max_drop, result.error, result.groups, alpha=alpha)
    outcome: Ruling = "not shown"
    if least > max_drop:
        outcome = "fail"
    elif most <= max_drop:
        outcome = "pass"
    needed = None if outcome != "not shown" else max(fewest, needed) if needed is not None else None
    found = Decision(
        outcome, metric, result.mean, least, most, max_drop, confidence, result.n, smallest, "", needed, strict
    )
    return replace(found, reason=_reason(found, result.groups, fewest))


def _reason(found: Decision, groups: int, fewest: int) -> str:
    share = f"{found.confidence:.0%}" if round(found.confidence * 100, 6).is_integer() else f"{found.confidence:.1%}"
    drop, allowed = found.drop, found.allowed
    if not groups:
        return f"{found.metric} has no value for any request that both runs answered, so nothing can be shown. {_unproven(found)}"
    moved = f"is worse by {drop:.4g}" if drop > 0 else f"is better by {-drop:.4g}" if drop < 0 else "is the same"
    over = f"{found.metric} {moved} on average over {groups} independent requests"
    if found.outcome == "fail":
        return f"{over}; at {share} confidence the true drop is at least {found.least:.4g}, more than the {allowed:.4g} allowed."
    if found.outcome == "pass":
        return f"{over}; at {share} confidence the true drop is at most {found.most:.4g}, within the {allowed:.4g} allowed."
    side = f"more than the {allowed:.4g} allowed" if drop > allowed else f"within the {allowed:.4g} allowed"
    if groups < fewest:
        why = f"fewer than {fewest} requests can show nothing at {share} confidence"
    else:
        why = f"the true drop may be as small as {found.least:.4g} or as large as {found.most:.4g} (each at {share} confidence)"
    if found.needed is None:
        more = (
            f" At least {fewest} requests are needed."
            if groups < fewest
            else " It lies too near to what is allowed for any number of requests."
        )
    else:
        more = f" About {rounded(found.needed):,} requests like these would show it {POWER:.0%} of the time."
    return f"{over}; {why}: a drop that is {side} is not proven.{more} {_unproven(found)}"


def _unproven(found: Decision) -> str:
    return "Failed for lack of proof (--strict)." if found.strict else "Passed without proof; with --strict this fails."


def baseline_of(run: Run) -> Baseline:
    """A run as a baseline."""
    found: RunTable = table(run)
    values = {m: [None if np.isnan(x) else float(x) for x in v] for m, v in found.values.items()}
    return Baseline(run.name, run.meta["suite"], found.ids, found.groups, values)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a run folder, or in a file that `write_baseline` wrote. UsageError for anything else."""
    if path.is_dir():
        return baseline_of(RunFolder.read(path))
    if path.name == "run.json":
        return baseline_of(RunFolder.read(path.parent))
    remedy = "give a run folder, or write one with `shelftalk eval gate RUN --write-baseline FILE`"
    if not path.exists():
        raise UsageError(f"{path}: no such baseline; {remedy}")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        if data["format"] != FORMAT:
            raise UsageError(
                f"{path}: a baseline of format {data['format']!r}, but this version reads {FORMAT}; {remedy}"
            )
        found = Baseline(data["variant"], data["suite"], data["ids"], data["groups"], data["values"])
        sizes = {len(found.ids), len(found.groups), *(len(v) for v in found.values.values())}
        for values in found.values.values():
            np.array(values, dtype=float)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not a baseline ({type(error).__name__}: {error}); {remedy}") from error
    if len(sizes) != 1 or not found.ids:
        raise UsageError(f"{path}: damaged, its lists differ in length; {remedy}")
    return found


def write_baseline(path: Path, run: Run, metrics: Sequence[str] = ()) -> Baseline:
    """Writes a run's values (of all metrics, or those named) as a small file to be committed; returns what it holds."""
    found = baseline_of(run)
    kept = {m: _values(found.values, m, f"run {run.name}") for m in (metrics or found.values)}
    data = {"format": FORMAT, "variant": found.name, "suite": dict(found.suite), "ids": found.ids, "groups": found.groups, "values": kept}  # fmt: skip
    write_whole(path, lambda out: out.write(json.dumps(data, ensure_ascii=False, indent=0) + "\n"))
    return Baseline(found.name, found.suite, found.ids, found.groups, kept)


def _values(values: Mapping[str, Any], metric: str, whose: str) -> Any:
    if metric not in values:
        raise UsageError(f"{whose} has no values of metric {metric!r}; it has: {', '.join(values)}")
    return values[metric]

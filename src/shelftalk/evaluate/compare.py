"""Compares variants request by request: which is better, by how much, and whether this many requests can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from shelftalk.errors import UsageError
from shelftalk.evaluate.metrics import direction
from shelftalk.evaluate.paired import RESAMPLES, SEED, Paired, holm, paired
from shelftalk.evaluate.power import ALPHA, detectable, requests_needed

if TYPE_CHECKING:
    import pandas as pd

    from shelftalk.evaluate.runfolder import Run

NOT_SHOWN = "no difference shown"
# What two runs must have in common for their values to be values of the same thing.
SAME = ("name", "version", "task", "k", "gains", "pool", "unjudged")
# A column of numbers with more different values than this is cut into quarters.
VALUES = 8


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of one variant against the baseline, over all requests or those of one slice."""

    metric: str
    variant: str
    slice: str | None
    n: int
    groups: int
    baseline_mean: float
    variant_mean: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    wins: int
    ties: int
    losses: int
    detectable: float | None
    needed: int | None
    verdict: str

    @property
    def same(self) -> bool:
        """Whether every request has the same value under both."""
        return self.ties == self.n


@dataclass(frozen=True)
class Comparison:
    """A baseline and its variants: rows by slice, metric and variant; `figures` exist for whole runs only and are not tested."""

    suite: Mapping[str, Any]
    baseline: str
    variants: tuple[str, ...]
    rows: tuple[ComparedMetric, ...]
    figures: Mapping[str, Mapping[str, float]]
    requests: int
    by: str | None = None
    notes: tuple[str, ...] = ()
    resamples: int = RESAMPLES
    seed: int = SEED
    means: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON holds it; numbers that do not exist are null."""
        found: dict[str, Any] = _jsonable(asdict(self))
        return found


@dataclass(frozen=True)
class RunTable:
    """One run's values, a row a request in order: ids, groups, metric columns, and the columns to slice by."""

    ids: list[str]
    groups: list[str]
    values: dict[str, np.ndarray]
    columns: dict[str, list[Any]]


def table(run: Run) -> RunTable:
    """The run's values by request, repeats averaged. UsageError for a run without any."""
    scores: pd.DataFrame = run.scores
    if not len(scores):
        raise UsageError(f"{run.path}: an empty run, no request has a score; run `shelftalk eval run` again")
    metrics = [c for c in scores.columns if c.startswith("m:")]
    first = scores.drop_duplicates("id").set_index("id")
    means = scores.groupby("id", sort=False)[metrics].mean()
    ids = [str(i) for i in means.index]
    known = first["group"].reindex(means.index)
    groups = [str(g) if isinstance(g, str) else i for i, g in zip(ids, known, strict=True)]
    columns = [c for c in scores.columns if not c.startswith("m:") and c not in ("id", "repeat", "group")]
    return RunTable(
        ids,
        groups,
        {m[2:]: means[m].to_numpy(dtype=float) for m in metrics},
        {c: first[c].reindex(means.index).tolist() for c in columns},
    )


def names(runs: Sequence[Run]) -> list[str]:
    """The variants' names; with the folder where two are named alike."""
    found = [run.name for run in runs]
    return [f"{n} ({run.path})" if found.count(n) > 1 else n for n, run in zip(found, runs, strict=True)]


def compare(
    runs: Sequence[Run], *, metrics: Sequence[str] = (), by: str | None = None, resamples: int = RESAMPLES, seed: int = SEED
) -> Comparison:  # fmt: skip
    """The comparison of each later run with the first. Holm's correction runs over all rows in which some
    request differs: slices, metrics, variants.

    UsageError for fewer than two runs, runs over different suites or requests, and unknown metrics or columns.
    """
    if len(runs) < 2:
        raise UsageError("a comparison takes two or more runs; the first is the baseline")
    labels, tables = names(runs), [table(run) for run in runs]
    for label, run, found in zip(labels[1:], runs[1:], tables[1:], strict=True):
        check_same(labels[0], runs[0].meta["suite"], tables[0].ids, label, run.meta["suite"], found.ids)
    shared, notes = _metrics(tables, labels, metrics, [f for run in runs for f in run.meta.get("figures", {})])
    tables = [ordered(t, tables[0].ids) for t in tables]
    drafts: list[tuple[str | None, str, str, float, float, Paired]] = []
    for part, rows in _slices(tables[0], by, str(runs[0].path)) if shared else ():
        groups = [tables[0].groups[i] for i in rows]
        for label, found in zip(labels[1:], tables[1:], strict=True):
            before = np.stack([tables[0].values[m][rows] for m in shared], axis=1)
            after = np.stack([found.values[m][rows] for m in shared], axis=1)
            results = paired(after - before, groups, resamples=resamples, seed=seed)
            both = ~np.isnan(after - before)
            for j, (metric, result) in enumerate(zip(shared, results, strict=True)):
                if result.n:
                    drafts.append((part, metric, label, *(float(x[both[:, j], j].mean()) for x in (before, after)), result))  # type: ignore[arg-type] # fmt: skip
                if (alone := int((np.isnan(before[:, j]) != np.isnan(after[:, j])).sum())) and part is None:
                    notes.append(f"{metric}: {counted(alone)} with a value in only one of {labels[0]} and {label} left out")  # fmt: skip
    # Where no request differs no test could ever find anything: it is no comparison to correct for (Tarone 1990).
    tested = [float("nan") if result.ties == result.n else result.p for *_, result in drafts]
    corrected = [1.0 if np.isnan(p) else p for p in holm(tested)]
    return Comparison(
        _described(runs[0].meta["suite"]), labels[0], tuple(labels[1:]),
        tuple(_row(*draft, p) for draft, p in zip(drafts, corrected, strict=True)),
        _figures(runs, labels, metrics), len(tables[0].ids), by, tuple(notes), resamples, seed,
        {label: {m: float(np.nanmean(t.values[m])) for m in shared if not np.isnan(t.values[m]).all()} for label, t in zip(labels, tables, strict=True)},
    )  # fmt: skip


def counted(n: int) -> str:
    """ "1 request", "2 requests"."""
    return f"{n:,} request{'' if n == 1 else 's'}"


def check_same(
    name: str, suite: Mapping[str, Any], ids: Sequence[str], other: str, suite2: Mapping[str, Any], ids2: Sequence[str]
) -> None:
    """UsageError that names the difference where two runs are not over the same suite and the same requests."""
    for key in SAME:
        if suite.get(key) != suite2.get(key):
            raise UsageError(
                f"{name} and {other} cannot be compared: their suites differ in {key}, {suite.get(key)!r} and {suite2.get(key)!r}; "
                f"run both again over the same suite"
            )
    left, right = set(ids) - set(ids2), set(ids2) - set(ids)
    if left or right:
        parts = [
            f"{len(only)} only in {whose} ({', '.join(repr(i) for i in sorted(only)[:3])}{', ...' if len(only) > 3 else ''})"
            for only, whose in ((left, name), (right, other))
            if only
        ]
        raise UsageError(
            f"{name} and {other} cannot be compared: they answered different requests, {' and '.join(parts)}; "
            f"run both with the same --split, --limit and --seed"
        )
    if suite.get("hash") != suite2.get("hash"):
        raise UsageError(
            f"{name} and {other} cannot be compared: requests, judgments or products of the suite {suite.get('name')} changed "
            "in between; run both again over the same suite"
        )


def _metrics(
    tables: Sequence[RunTable], labels: Sequence[str], wanted: Sequence[str], whole: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The metrics that all runs have by request, and what is to be said of others; `whole` exist for whole runs alone."""
    every = list(dict.fromkeys(m for t in tables for m in t.values))
    if unknown := [m for m in wanted if m not in every and not any(_part_of(f, m) for f in whole)]:
        there = dict.fromkeys([*every, *(f.partition(".")[0] for f in whole)])
        raise UsageError(f"metric {unknown[0]!r} is not in these runs; there are: {', '.join(there)}")
    notes, shared = [], []
    for metric in [m for m in wanted if m in every] if wanted else every:
        lacking = [label for label, t in zip(labels, tables, strict=True) if metric not in t.values]
        if lacking:
            notes.append(f"{metric} is left out: {', '.join(lacking)} has no values of it")
        else:
            shared.append(metric)
    if not shared and not wanted:
        raise UsageError("these runs have no metric in common; run them again over the same suite")
    return shared, notes


def ordered(found: RunTable, ids: Sequence[str]) -> RunTable:
    """The same values with the requests in that order."""
    if found.ids == ids:
        return found
    place = {i: n for n, i in enumerate(found.ids)}
    rows = [place[i] for i in ids]
    return RunTable(list(ids), [found.groups[r] for r in rows], {m: v[rows] for m, v in found.values.items()}, {c: [v[r] for r in rows] for c, v in found.columns.items()})  # fmt: skip


def _slices(found: RunTable, by: str | None, where: str) -> Iterator[tuple[str | None, list[int]]]:
    """The slices of a column with the rows of each; a column of many numbers in quarters."""
    if by is None:
        yield None, list(range(len(found.ids)))
        return
    if by not in found.columns:
        there = ", ".join(found.columns) or "none"
        raise UsageError(f"{where}: there is no column {by!r} to slice by; there are: {there}")
    for label, rows in slices(found.columns[by]).items():
        yield f"{by} = {label}", rows


def slices(column: Sequence[Any]) -> dict[str, list[int]]:
    """The rows of each value of a column, in the order people count in; a column of many numbers in quarters."""
    values: list[Any] = [None if isinstance(v, float) and np.isnan(v) else v for v in column]
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    cuts: list[float] = []
    if len(set(numbers)) > VALUES:
        cuts = sorted({float(q) for q in np.quantile(numbers, [0.25, 0.5, 0.75], method="lower")})
    keyed: dict[Any, list[int]] = {}
    for row, value in enumerate(values):
        many = cuts and isinstance(value, (int, float)) and not isinstance(value, bool)
        keyed.setdefault(sum(value > c for c in cuts) if many else value, []).append(row)
    order = sorted(keyed, key=_natural)
    out = {}
    for key in order:
        held = [values[r] for r in keyed[key]]
        number = key is not None and cuts and isinstance(held[0], (int, float)) and not isinstance(held[0], bool)
        label = f"{min(held):g} to {max(held):g}" if number else "(none)" if key is None else str(key)
        out[label] = keyed[key]
    return out


def _natural(value: Any) -> tuple[Any, ...]:
    """Orders numbers before texts, and numbers within texts by their size ("4-8 words" before "16+ words"); None is last."""
    if isinstance(value, (int, float)):
        return False, False, value
    parts = re.split(r"(\d+)", str(value))
    return value is None, True, [int(p) if p.isdecimal() else p for p in parts]


def _row(
    part: str | None, metric: str, variant: str, before: float, after: float, result: Paired, p_holm: float
) -> ComparedMetric:
    better = direction(metric)
    wins, losses = (result.losses, result.wins) if better == "lower" else (result.wins, result.losses)
    verdict = NOT_SHOWN
    if p_holm <= ALPHA and result.mean != 0:
        up = result.mean > 0
        verdict = ("higher" if up else "lower") if better == "neither" else "better" if up == (better == "higher") else "worse"  # fmt: skip
    return ComparedMetric(
        metric, variant, part, result.n, result.groups, before, after, result.mean, result.low, result.high, result.p,
        p_holm, wins, result.ties, losses, detectable(result.error, result.groups),
        requests_needed(result.mean, result.error, result.groups), verdict,
    )  # fmt: skip


def _figures(runs: Sequence[Run], labels: Sequence[str], wanted: Sequence[str]) -> dict[str, dict[str, float]]:
    known = list(dict.fromkeys(name for run in runs for name in run.meta.get("figures", {})))
    kept = [n for n in known if not wanted or any(_part_of(n, w) for w in wanted)]
    return {
        name: {label: run.meta["figures"][name] for label, run in zip(labels, runs, strict=True) if name in run.meta.get("figures", {})}
        for name in kept
    }  # fmt: skip


def _part_of(figure: str, metric: str) -> bool:
    """Whether a whole run's figure is of that metric, or the very one that is named."""
    return figure == metric or figure.startswith(f"{metric}.")


def _described(suite: Mapping[str, Any]) -> dict[str, Any]:
    return {key: suite[key] for key in SAME if key in suite}


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value

"""What the report shows, worked out from the runs: plain values and plots for the template to set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from shelftalk.errors import UsageError
from shelftalk.evaluate import tables
from shelftalk.evaluate.compare import (
    NOT_SHOWN,
    ComparedMetric,
    Comparison,
    RunTable,
    compare,
    counted,
    names,
    ordered,
    slices,
    table,
)
from shelftalk.evaluate.metrics import METRICS, direction, unit
from shelftalk.evaluate.metrics.base import is_share
from shelftalk.evaluate.metrics.intervals import mean as mean_of
from shelftalk.evaluate.paired import RESAMPLES, SEED
from shelftalk.evaluate.report import details as detailed
from shelftalk.evaluate.report import plots
from shelftalk.evaluate.runfolder import Run
from shelftalk.text import clean

# A column with more different values than this tells nothing by value.
_COLUMN_VALUES = 40
# Metrics that say what an answer costs: a summary does not call a dearer variant a worse one.
COSTS = ("tokens_prompt", "tokens_completion", "latency_ms")
_WORDS = (
    ("better", False, "better in"), ("worse", False, "worse in"), ("higher", False, "higher in"), ("lower", False, "lower in"),
    ("better", True, "cheaper in"), ("worse", True, "dearer in"),
)  # fmt: skip


def view(runs: Sequence[Run], *, rows: int, details: int, metric: str | None, title: str | None) -> dict[str, Any]:
    """The template's variables."""
    labels = names(runs)
    found = compare(runs) if len(runs) > 1 else None
    first = table(runs[0])
    values = [first, *(ordered(table(run), first.ids) for run in runs[1:])]
    shared = [m for m in first.values if all(m in t.values for t in values) and not all(np.isnan(t.values[m]).all() for t in values)]  # fmt: skip
    main = primary(shared, metric)
    means = {m: [_mean(run, m) for run in runs] for m in shared}
    suite = runs[0].meta["suite"]
    return {
        "title": title or f"{suite['name']}: {' against '.join(labels[::-1]) if len(runs) == 2 else f'{len(runs)} variants' if len(runs) > 2 else labels[0]}",
        "facts": tables.heading(found) if found else _heading(suite, len(first.ids)),
        "summary": _summary(found, means, labels, main),
        "variants": [_variant(i, label, run, runs) for i, (label, run) in enumerate(zip(labels, runs, strict=True))],
        "main": main,
        "abouts": {m: METRICS[m.partition("@")[0]].about for m in shared if m.partition("@")[0] in METRICS},
        "compared": found is not None,
        "differences": _differences(found) if found else [],
        "equal": tables.same(found) if found else [],
        "means": [_means(m, means[m], labels) for m in shared],
        "columns": tables.COLUMNS,
        "sections": [(name, [(tables.cells(r), _kind(r)) for r in rs]) for name, rs in tables.sections(found)] if found else [],
        "footnotes": tables.footnotes(found) if found else [],
        "method": f"Intervals: 95%, bootstrap over requests ({RESAMPLES:,} resamples for differences, 2,000 for means, seed {SEED}).",
        "scatters": _scatters(values, means[main], labels, main),
        "stages": _stages(runs, labels),
        "figures": _figures(runs, labels),
        "labels": labels,
        "slices": _slices(runs, values[0], main) if found else _own_slices(values[0], main),
        "changes": detailed.changes(runs, labels, values, main, details),
        **_requests(runs, values, shared, main, rows),
    }  # fmt: skip


def _mean(run: Run, metric: str) -> tuple[float, float, float]:
    """Mean, low and high as the run states them."""
    stated = run.meta["metrics"][metric]
    mean, low, high = (float("nan") if stated.get(k) is None else float(stated[k]) for k in ("mean", "low", "high"))
    return mean, low, high


def primary(shared: Sequence[str], wanted: str | None) -> str:
    """The metric that the page turns on: the one wanted, or the first of the suite's where more is better."""
    if wanted is not None:
        if wanted not in shared:
            raise UsageError(f"metric {wanted!r} is not in these runs; there are: {', '.join(shared)}")
        return wanted
    if not shared:
        raise UsageError("these runs have no metric in common; run them again over the same suite")
    return next((m for m in shared if direction(m) == "higher"), shared[0])


def _heading(suite: Mapping[str, Any], count: int) -> str:
    alone = Comparison({k: suite.get(k) for k in ("name", "version", "k", "gains", "pool", "unjudged")}, "", (), (), {}, count)  # fmt: skip
    return tables.heading(alone)


def _summary(found: Comparison | None, means: Mapping[str, Any], labels: Sequence[str], main: str) -> list[tuple[str, str]]:  # fmt: skip
    """A sentence a variant: what is better, what is worse, what is open."""
    if found is None:
        mean, low, high = means[main][0]
        return [(f"{labels[0]}:", f"a mean {main} of {tables.number(mean)} ({tables.number(low)} to {tables.number(high)}).")]  # fmt: skip
    out: list[tuple[str, str]] = []
    for variant in found.variants:
        rows = [r for r in found.rows if r.variant == variant]
        lead = next((r for r in rows if r.metric == main), None)
        said = []
        if lead is not None and lead.verdict == NOT_SHOWN:
            said.append(f"no difference shown in {main} ({tables.number(lead.difference, signed=True)}, {tables.number(lead.low, signed=True)} to {tables.number(lead.high, signed=True)})")  # fmt: skip
        for verdict, cost, words in _WORDS:
            hits = sorted((r for r in rows if r.verdict == verdict and (r.metric in COSTS) == cost), key=lambda r: r.metric != main)  # fmt: skip
            if hits:
                said.append(f"{words} {', '.join(f'{r.metric} ({tables.number(r.difference, signed=True)})' for r in hits)}")  # fmt: skip
        open_ = sum(r.verdict == NOT_SHOWN and not r.same for r in rows if r.metric != main)
        if open_:
            said.append(f"no difference shown in {open_} other {'metric' if open_ == 1 else 'metrics'}")
        out.append((f"{variant} against {found.baseline}:", f"{'; '.join(said)}."))
    return out


def _variant(index: int, label: str, run: Run, runs: Sequence[Run]) -> dict[str, Any]:
    variant, meta = run.meta["variant"], run.meta
    settings = [r.meta["variant"].get("settings") or {} for r in runs]
    own = variant.get("settings") or {}
    differ = {k: v for k, v in own.items() if len(runs) == 1 or any(s.get(k) != v for s in settings)}
    prompts = ", ".join(f"{task} {ref}" for task, ref in (variant.get("prompts") or {}).items())
    facts = {
        "model": variant.get("model"), "adapter": variant.get("adapter"), "engine": variant.get("engine"), "prompts": prompts,
        "settings": ", ".join(f"{k}={v}" for k, v in differ.items()), "requests": meta.get("requests"), "failed": meta.get("errors") or None,
        "tokens": f"{meta['tokens'].get('prompt', 0):,} read, {meta['tokens'].get('completion', 0):,} written" if meta.get("tokens") else None,
        "time": f"{meta['wall_s']:.0f} s" if meta.get("wall_s") else None, "made": meta.get("created"),
        "versions": ", ".join(f"{k} {v}" for k, v in (meta.get("versions") or {}).items()),
        "machine": ", ".join(f"{k} {v}" for k, v in (meta.get("hardware") or {}).items() if v is not None),
        "folder": run.path.name,
    }  # fmt: skip
    return {"index": index, "name": label, "baseline": index == 0 and len(runs) > 1, "facts": {k: str(v) for k, v in facts.items() if v not in (None, "")}}  # fmt: skip


def _kind(row: ComparedMetric) -> str:
    return {"better": "better", "worse": "worse", NOT_SHOWN: "open"}.get(row.verdict, "other")


def _differences(found: Comparison) -> list[dict[str, Any]]:
    out = []
    for metric in dict.fromkeys(r.metric for r in found.rows):
        rows = [r for r in found.rows if r.metric == metric]
        if all(r.same for r in rows):
            continue
        axis = plots.bounds([v for r in rows for v in (r.difference, r.low, r.high)], zero=True)
        out.append({"metric": metric, "better": direction(metric), "rows": [_difference(r, axis) for r in rows]})
    return out


def _difference(row: ComparedMetric, axis: tuple[float, float], name: str | None = None) -> dict[str, Any]:
    text = tables.number(row.difference, signed=True)
    if np.isfinite(row.low):
        text += f" ({tables.number(row.low, signed=True)} to {tables.number(row.high, signed=True)})"
    said = f"{row.metric}, {name or row.variant}: {text}, {row.verdict}"
    return {
        "name": name or row.variant, "text": text, "verdict": row.verdict, "kind": _kind(row), "n": row.n,
        "plot": plots.track(row.difference, row.low, row.high, axis, said, _kind(row), zero=True),
    }  # fmt: skip


def _means(metric: str, found: Sequence[tuple[float, float, float]], labels: Sequence[str]) -> dict[str, Any]:
    axis = plots.bounds([v for three in found for v in three], zero=False)
    rows = []
    for i, (label, (mean, low, high)) in enumerate(zip(labels, found, strict=True)):
        text = f"{tables.number(mean)} ({tables.number(low)} to {tables.number(high)})"
        rows.append({"name": label, "text": text, "plot": plots.track(mean, low, high, axis, f"{metric}, {label}: {text}", f"c{i % 6}", zero=False) if np.isfinite(mean) else Markup("")})  # fmt: skip
    return {"metric": metric, "unit": unit(metric), "better": direction(metric), "rows": rows}


def _scatters(values: Sequence[RunTable], quality: Sequence[tuple[float, float, float]], labels: Sequence[str], main: str) -> list[Markup]:  # fmt: skip
    costs = {"tokens a request": ("tokens_prompt", "tokens_completion"), "milliseconds a request": ("latency_ms",)}
    out = []
    for name, parts in costs.items():
        if not all(any(p in t.values for p in parts) for t in values):
            continue
        at = [sum(float(np.nanmean(t.values[p])) for p in parts if p in t.values and not np.isnan(t.values[p]).all()) for t in values]  # fmt: skip
        points = [plots.Point(i, label, x, *q) for i, (label, x, q) in enumerate(zip(labels, at, quality, strict=True)) if np.isfinite(q[0])]  # fmt: skip
        if points and any(p.x > 0 for p in points):
            out.append(plots.scatter(points, name, main))
    return out


def _stages(runs: Sequence[Run], labels: Sequence[str]) -> dict[str, Any] | None:
    means: list[dict[str, float]] = []
    for run in runs:
        timings = [json.loads(t) for t in run.answers["timings"]]
        stages = dict.fromkeys(k for t in timings for k in t if k != "total")
        means.append({s: float(np.mean([t.get(s, 0.0) for t in timings])) for s in stages})
    every = list(dict.fromkeys(s for m in means for s in m))
    whole = max((sum(m.values()) for m in means), default=0.0)
    if not every or whole <= 0:
        return None
    rows = [{"name": label, "text": f"{tables.number(sum(m.values()))} ms", "plot": plots.stacked([(s, m.get(s, 0.0)) for s in every], whole, f"{label}: " + ", ".join(f"{s} {tables.number(m.get(s, 0.0))} ms" for s in every))} for label, m in zip(labels, means, strict=True)]  # fmt: skip
    return {"names": every, "rows": rows}


def _figures(runs: Sequence[Run], labels: Sequence[str]) -> list[tuple[str, list[str]]]:
    held = [run.meta.get("figures") or {} for run in runs]
    every = tables.figure_names(name for figures in held for name in figures)
    return [(name, [tables.figure(figures, name) for figures in held]) for name in every]


def _slices(runs: Sequence[Run], first: RunTable, main: str) -> list[dict[str, Any]]:
    """The main metric within each value of each column that has a few of them."""
    out = []
    for column, values in first.columns.items():
        if not 1 < len(slices(values)) <= _COLUMN_VALUES:
            continue
        found = compare(runs, metrics=[main], by=column)
        rows = list(found.rows)
        if len({r.slice for r in rows}) < 2:
            continue
        axis = plots.bounds([v for r in rows for v in (r.difference, r.low, r.high)], zero=True)
        several = len(found.variants) > 1
        drawn = [_difference(r, axis, f"{(r.slice or '').partition(' = ')[2]}{f', {r.variant}' if several else ''} ({counted(r.n)})") for r in rows]  # fmt: skip
        out.append({"column": column, "rows": drawn})
    return out


def _own_slices(first: RunTable, main: str) -> list[dict[str, Any]]:
    """The means of a single run's main metric within each value of each column that has a few of them."""
    out = []
    values = first.values[main]
    for column, cells in first.columns.items():
        found = []
        for label, rows in slices(cells).items():
            known = [i for i in rows if not np.isnan(values[i])]
            figure = mean_of([float(values[i]) for i in known], [first.groups[i] for i in known], shares=is_share(main))
            if figure is not None:
                low, high = (float("nan") if v is None else v for v in (figure.low, figure.high))
                found.append((f"{label} ({counted(figure.n)})", figure.value, low, high))
        if not 1 < len(found) <= _COLUMN_VALUES:
            continue
        axis = plots.bounds([v for _, *three in found for v in three], zero=False)
        drawn = [_drawn(f"{main}, {label}", label, three, axis) for label, *three in found]
        out.append({"column": column, "rows": drawn})
    return out


def _drawn(said: str, label: str, three: Sequence[float], axis: tuple[float, float]) -> dict[str, Any]:
    mean, low, high = three
    text = tables.number(mean)
    if np.isfinite(low):
        text += f" ({tables.number(low)} to {tables.number(high)})"
    return {"name": label, "text": text, "plot": plots.track(mean, low, high, axis, f"{said}: {text}", "c0", zero=False)}  # fmt: skip


def _requests(runs: Sequence[Run], values: Sequence[RunTable], shared: Sequence[str], main: str, most: int) -> dict[str, Any]:  # fmt: skip
    """The table of requests; the values of all metrics go along as JSON for the script to show."""
    texts = dict(zip(runs[0].answers["id"], runs[0].answers["request"], strict=True))
    columns = values[0].columns
    kept = range(min(most, len(values[0].ids)))
    rows = []
    for i in kept:
        cells = [_plain(columns[c][i]) for c in columns]
        shown = [float(t.values[main][i]) for t in values]
        rows.append({"id": values[0].ids[i], "text": clean(str(texts[values[0].ids[i]])), "cells": cells, "values": [tables.number(v) for v in shown]})  # fmt: skip
    data = {m: [[None if np.isnan(v) else round(float(v), 6) for v in t.values[m][: len(kept)]] for t in values] for m in shared}  # fmt: skip
    better = {m: direction(m) for m in shared}
    choices = {c: sorted({_plain(v) for v in columns[c]}) for c in columns}
    return {
        "requests": rows,
        "request_columns": list(columns),
        "choices": {c: v for c, v in choices.items() if 1 < len(v) <= _COLUMN_VALUES},
        "metrics": list(shared),
        "left_out": len(values[0].ids) - len(kept),
        "data": _safe_json({"values": data, "better": better}),
    }


def _plain(value: Any) -> str:
    return "" if value is None or (isinstance(value, float) and np.isnan(value)) else clean(f"{value:g}" if isinstance(value, float) else str(value))  # fmt: skip


def _safe_json(value: Any) -> Markup:
    """JSON that cannot leave the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  escaped here

"""A comparison as text: the cells, headings and footnotes that the terminal, Markdown and the report share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from shelftalk.evaluate.compare import NOT_SHOWN, ComparedMetric, Comparison, counted
from shelftalk.evaluate.metrics import unit
from shelftalk.evaluate.power import POWER, rounded
from shelftalk.render import escape_markdown

COLUMNS = ("metric", "baseline", "variant", "difference", "95% interval", "p", "p (Holm)", "win/tie/loss", "can show", "verdict")  # fmt: skip


ENDS = (".low", ".high", ".n")

# More requests than this are no advice.
_MOST = 100_000


def number(value: float | None, *, signed: bool = False) -> str:
    """A figure with as many places as its size deserves; "-" where there is none."""
    if value is None or not np.isfinite(value):
        return "-"
    value = 0.0 if abs(value) < 1e-12 else value  # what is left of sums that cancel
    places = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3
    # A zero has no sign, and what would round to zero keeps its first digits.
    if value and abs(value) < 0.0005:
        return f"{value:+.1e}" if signed else f"{value:.1e}"
    return f"{value:+,.{places}f}" if signed and value else f"{value:,.{places}f}"


def p_value(p: float) -> str:
    """A p-value to two digits, "-" where there is none."""
    return "-" if np.isnan(p) else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def cells(row: ComparedMetric) -> tuple[str, ...]:
    """The cells of a row, in the order of COLUMNS."""
    interval = "-" if np.isnan(row.low) else f"{number(row.low, signed=True)} to {number(row.high, signed=True)}"
    return (
        row.metric, number(row.baseline_mean), number(row.variant_mean), number(row.difference, signed=True), interval,
        p_value(row.p), p_value(row.p_holm), f"{row.wins}/{row.ties}/{row.losses}", number(row.detectable), verdict(row),
    )  # fmt: skip


def verdict(row: ComparedMetric) -> str:
    """The verdict in words; an open question says how many requests it would take."""
    if row.verdict != NOT_SHOWN or row.needed is None or row.needed <= row.groups or row.needed > _MOST:
        return row.verdict
    return f"{NOT_SHOWN} (needs about {rounded(row.needed):,} requests)"


def sections(found: Comparison) -> Iterator[tuple[str, list[ComparedMetric]]]:
    """The rows in tables: by variant, and by slice where there are slices; each with its title."""
    for part in dict.fromkeys(row.slice for row in found.rows):
        for variant in found.variants:
            every = [r for r in found.rows if r.slice == part and r.variant == variant]
            # Metrics that differ on no request are named in one line; a slice keeps them, or it would be missing.
            rows = every if part is not None else [r for r in every if r.metric not in same(found)]
            if rows:
                where = f", {part} ({counted(max(r.n for r in rows))})" if part is not None else ""
                yield f"{variant} against {found.baseline}{where}", rows


def same(found: Comparison) -> list[str]:
    """The metrics that have the same value on every request under every variant."""
    every = dict.fromkeys(r.metric for r in found.rows)
    return [m for m in every if all(r.same for r in found.rows if r.metric == m)]


def figures(found: Comparison) -> list[tuple[str, ...]]:
    """Rows of the figures that exist for whole runs: the name, then the baseline's and each variant's."""
    labels = (found.baseline, *found.variants)
    by_label = [{name: values[label] for name, values in found.figures.items() if label in values} for label in labels]
    return [(name, *(figure(held, name) for held in by_label)) for name in figure_names(found.figures)]


def figure_names(held: Iterable[str]) -> list[str]:
    """The names of figures, without those of the ends and numbers (NAME.low, NAME.high, NAME.n) that go with others."""
    known = dict.fromkeys(held)
    return [name for name in known if not (name.endswith(ENDS) and name.rpartition(".")[0] in known)]


def figure(held: Mapping[str, float], name: str) -> str:
    """A whole run's figure with its interval where it has one, "-" where there is none."""
    low, high = held.get(f"{name}.low"), held.get(f"{name}.high")
    spread = f" ({number(low)} to {number(high)})" if low is not None and high is not None else ""
    return number(held.get(name)) + spread


def heading(found: Comparison) -> str:
    """What was compared, in a sentence with everything that is part of the figures."""
    suite = found.suite
    facts = [f"{counted(found.requests)} of {suite.get('name')} {suite.get('version') or ''}".strip()]
    facts += [f"{key} {suite[key]}" for key in ("k", "gains", "pool", "unjudged") if suite.get(key) is not None]
    return "; ".join(facts)


def footnotes(found: Comparison) -> list[str]:
    """How to read the tables, then what was left out."""
    tested = sum(not row.same for row in found.rows)
    over = f"corrected after Holm over the {tested} comparison{'' if tested == 1 else 's'} here in which some request differs"
    holm = over if tested else "here no request differs in any metric"
    lines = [
        f"Paired by request. Interval: {found.resamples:,} bootstrap resamples of requests (seed {found.seed}). p: randomisation "
        f"test of sign flips; {holm}. can show: the "
        f"smallest difference that this many requests show {POWER:.0%} of the time; that and the number of requests needed are "
        f"uncorrected.",
    ]
    if any(row.groups < row.n for row in found.rows):
        lines.append("Variations of one request were resampled together.")
    if timed := [m for m in dict.fromkeys(r.metric for r in found.rows) if unit(m) == "ms"]:
        lines.append(
            f"{', '.join(timed)}: how these runs went. What else the machine was doing differs between runs, not between "
            "requests, so the test cannot see it: time variants on an idle machine, and twice."
        )
    if alike := same(found):
        lines.append(f"The same on every request: {', '.join(alike)}.")
    return lines + list(found.notes)


def markdown(found: Comparison) -> str:
    """The comparison as Markdown tables that hold no markup of a suite's or a variant's making."""
    lines = [escape_markdown(heading(found)), ""]
    for title, rows in sections(found):
        lines += [f"### {escape_markdown(title)}", "", f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
        lines += [f"| {' | '.join(_plain(c) for c in cells(row))} |" for row in rows]
        lines.append("")
    if whole := figures(found):
        names = [escape_markdown(n) for n in (found.baseline, *found.variants)]
        lines += ["### Figures of the whole run, not tested", "", f"| figure | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]  # fmt: skip
        lines += [*(f"| {' | '.join(_plain(c) for c in row)} |" for row in whole), ""]
    lines += [f"- {escape_markdown(line)}" for line in footnotes(found)]
    return "\n".join(lines)


def _plain(cell: str) -> str:
    """A cell: figures stay readable, everything else is escaped."""
    return cell if all(c in "0123456789+-.,/ toe" for c in cell) else escape_markdown(cell)

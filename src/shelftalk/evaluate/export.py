"""Takes a run out to other tools: a TREC run, a CSV of values by request."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from shelftalk.errors import UsageError
from shelftalk.evaluate.files import write_whole

if TYPE_CHECKING:
    from shelftalk.evaluate.runfolder import Run

# A cell that begins so is read as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_trec(run: Run, path: Path) -> int:
    """Lines written to a TREC run: the first repeat's rankings, as the run folder keeps them. UsageError if there are none."""
    source = run.path / "run.trec"
    if not source.is_file():
        raise UsageError(f"{source}: missing; run `shelftalk eval run` again with the same --out")
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    if not lines:
        raise UsageError(f"{source}: this run ranked nothing, so there is no TREC run to write")
    write_whole(path, lambda out: out.writelines(lines))
    return len(lines)


def export_csv(run: Run, path: Path) -> int:
    """Rows written: one a request and repeat, with its columns, its request, what was ranked first, and each metric's value."""
    answers, scores = run.answers.set_index(["id", "repeat"]), run.scores
    slices = [c for c in scores.columns if not c.startswith("m:") and c not in ("id", "repeat")]
    metrics = [c for c in scores.columns if c.startswith("m:")]

    def rows(out: TextIO) -> None:
        writer = csv.writer(out)
        head = ["id", "repeat", "request", *slices, "ranking", "error", *(m[2:] for m in metrics)]
        writer.writerow([_cell(c) for c in head])
        for row in scores.to_dict("records"):
            answer = answers.loc[(row["id"], row["repeat"])]
            cells = [
                row["id"], row["repeat"], answer["request"], *(row[c] for c in slices), " ".join(answer["ranking"]),
                answer["error"], *(row[m] for m in metrics),
            ]  # fmt: skip
            writer.writerow([_cell(c) for c in cells])

    write_whole(path, rows)
    return len(scores)


def _cell(value: Any) -> Any:
    """The value; a text that a spreadsheet would run gets a leading apostrophe, a missing one is empty."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  NaN
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

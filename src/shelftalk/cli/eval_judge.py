"""`shelftalk eval judge`: a language model grades a run's answers, or compares two runs; nothing else asks one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from shelftalk.evaluate.judge import Agreement, Judge
    from shelftalk.evaluate.runfolder import Run


def judge(
    run: Annotated[Path, typer.Argument(help="Folder of the run whose answers are judged.")],
    out: Annotated[Path, typer.Option("--out", help="Verdicts to write, JSON Lines.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="Another run: compare the two, each pair asked both ways round.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", help='People\'s labels, JSON Lines: {"id", "grade"} or {"id", "winner"}.'),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="logprobs, or text for servers that report no probabilities.")
    ] = "logprobs",
    rubric: Annotated[
        str | None, typer.Option("--rubric", help="Another rubric: judge/NAME or judge/NAME@VERSION.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many answers.")] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Let a language model judge answers, and say how far it agrees with people.

    The judge should be a larger model than the one that answers, such as one behind --server. Runs of the task "answer" can
    be judged; the first repeat is.
    """
    if by not in ("logprobs", "text"):
        raise UsageError(f"--by {by!r}: it is logprobs or text")
    from rich.progress import Progress

    from shelftalk.engines import load_engine
    from shelftalk.evaluate.judge import Item, Judge, Pair, read_labels
    from shelftalk.evaluate.runfolder import RunFolder

    common.quiet()
    kind = "winner" if against else "grade"
    people = read_labels(labels, kind) if labels else {}  # type: ignore[arg-type]
    mine = _answers(RunFolder.read(run))
    theirs = _answers(RunFolder.read(against)) if against else {}
    ids = [i for i in mine if not against or i in theirs][:limit]
    if not ids:
        raise UsageError(f"{run} and {against}: no request in common; run both over the same suite and split")
    loaded = load_engine(common.settings_from(model, engine, server), batch=True)
    console = common.stderr()
    try:
        rubrics: dict[str, Any] = {("pairwise" if against else "pointwise"): rubric} if rubric else {}
        asked: Judge = Judge(loaded, how=by, **rubrics)  # type: ignore[arg-type]
        with Progress(console=console) as bar:
            task = bar.add_task("judging", total=len(ids) * (2 if against else 1))
            step = lambda done: bar.update(task, completed=done)  # noqa: E731
            if against:
                pairs = [Pair(i, mine[i][0], mine[i][1], theirs[i][1]) for i in ids]
                rows = [
                    {"id": p.id, "winner": p.winner, "consistent": p.consistent} for p in asked.compare(pairs, step)
                ]
            else:
                items = [Item(i, *mine[i]) for i in ids]
                rows = [
                    {"id": g.id, "grade": g.grade, "expected": round(g.expected, 4)} for g in asked.grade(items, step)
                ]
        name = {"model": loaded.model, "rubric": asked.prompts["pairwise" if against else "pointwise"]}
    finally:
        loaded.close()
    out.write_text("".join(json.dumps({**row, **name}, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    _tell(rows, kind, people)


def _answers(run: Run) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The request and the answer's lines of the first repeat, by id."""
    from shelftalk.evaluate.judge import answer_lines

    found = {}
    for row in run.answers[run.answers["repeat"] == 0].itertuples():
        if isinstance(row.answer, str):
            found[str(row.id)] = (str(row.request), answer_lines(json.loads(row.answer)))
    if not found:
        raise UsageError(f"{run.path}: holds no answers (task {run.meta['suite']['task']}); judge a run of task answer")
    return found


def _tell(rows: list[dict[str, Any]], kind: str, people: dict[str, str]) -> None:
    from shelftalk.evaluate.judge import agreement

    console = common.stdout()
    if kind == "grade":
        grades = [float(row["expected"]) for row in rows]
        console.print(f"{len(rows)} answers, mean grade {sum(grades) / len(grades):.2f} of 3")
    else:
        share = {w: sum(row["winner"] == w for row in rows) / len(rows) for w in ("first", "second", "tie")}
        swayed = sum(not row["consistent"] for row in rows) / len(rows)
        console.print(
            f"{len(rows)} pairs: first better {share['first']:.0%}, second better {share['second']:.0%}, tie "
            f"{share['tie']:.0%}; the places decided {swayed:.0%} (counted as ties)"
        )
    if people:
        found = agreement({str(r["id"]): str(r[kind]) for r in rows}, people, ordinal=kind == "grade")
        console.print(_agreed(found))
    else:
        console.print("[dim]no labels of people were given, so nothing is known of the judge's worth[/dim]")


def _agreed(found: Agreement) -> str:
    text = f"agreement with people on {found.n} requests: {found.equal:.0%} equal"
    text += f", Cohen's kappa {found.kappa:.2f}" if found.kappa is not None else ", kappa undefined (one label only)"
    return text + (f", weighted {found.weighted:.2f}" if found.weighted is not None else "")

"""`shelftalk eval judge`: a language model grades a run's answers, or compares two runs; nothing else asks one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common, show
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from shelftalk.evaluate.judge import Agreement, Judge
    from shelftalk.evaluate.runfolder import Run


def judge(
    run: Annotated[Path, typer.Argument(help="Folder of the run whose answers are judged.")],
    out: Annotated[Path, typer.Option("--out", help="File for the verdicts (JSON Lines).")],
    against: Annotated[
        Path | None, typer.Option("--against", help="Another run: compare the two, judging each pair in both orders.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", help='People\'s labels, JSON Lines: {"id", "grade"} or {"id", "winner"}.'),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="logprobs, or text for servers that report no probabilities.")
    ] = "logprobs",
    rubric: Annotated[
        str | None, typer.Option("--rubric", help="Another rubric: judge/NAME, judge/NAME@VERSION or a .jinja file.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only this many answers, from the first.")] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore cached verdicts.")] = False,
) -> None:
    """Let a language model judge answers, and say how far it agrees with people.

    The judge should be a larger model than the one that answers, such as one behind --server. Only runs of the task
    "answer" can be judged, and of repeats only the first. Verdicts are cached like a run's answers: an interrupted command resumes when given again.
    """
    if by not in ("logprobs", "text"):
        raise UsageError(f"--by {by!r}: it is logprobs or text")
    from rich.progress import Progress

    from shelftalk import engines
    from shelftalk.cli.prompts import open_template
    from shelftalk.evaluate.files import check_place, write_whole
    from shelftalk.evaluate.judge import Item, Judge, Pair, read_labels
    from shelftalk.evaluate.models import Engines
    from shelftalk.evaluate.runfolder import RunFolder
    from shelftalk.prompts import PromptLibrary

    common.quiet()
    check_place(out)
    rubrics: dict[str, Any] = {}
    if rubric:
        rubrics = {"pairwise" if against else "pointwise": open_template(rubric)}
    kind = "winner" if against else "grade"
    people = read_labels(labels, kind) if labels else {}  # type: ignore[arg-type]
    mine = _answers(RunFolder.read(run))
    theirs = _answers(RunFolder.read(against)) if against else {}
    ids = [i for i in mine if not against or i in theirs][:limit]
    if not ids:
        raise UsageError(f"{run} and {against}: no request in common; run both over the same suite and split")
    stored = Engines(load=lambda settings: engines.load_engine(settings, batch=True), fresh=fresh)
    console = common.stderr()
    try:
        settings = common.settings_from(model, engine, server)
        loaded = stored.get(settings)
        asked: Judge = Judge(loaded, PromptLibrary.of(settings), how=by, **rubrics)  # type: ignore[arg-type]
        with Progress(console=console) as bar:
            pairs = [Pair(i, mine[i][0], mine[i][1], theirs[i][1]) for i in ids] if against else []
            total = 2 * sum(p.first != p.second for p in pairs) if against else len(ids)
            task = bar.add_task("judging", total=total)
            step = lambda done: bar.update(task, completed=done)  # noqa: E731
            if against:
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
        stored.close()
    lines = [json.dumps({**row, **name}, ensure_ascii=False) + "\n" for row in rows]
    write_whole(out, lambda file: file.writelines(lines))
    _tell(rows, kind, people, sum(p.first == p.second for p in pairs))
    if asked.unread:
        first, said = next(iter(asked.unread.items()))
        console.print(
            f"[yellow]note:[/yellow] {len(asked.unread)} got no verdict that can be read and are left out, such as "
            f"{show.safe(first)}: {show.safe(repr(said[:60]))}",
            soft_wrap=True,
        )


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


def _tell(rows: list[dict[str, Any]], kind: str, people: dict[str, str], equal: int) -> None:
    from shelftalk.evaluate.judge import agreement, preferred
    from shelftalk.evaluate.metrics.intervals import mean

    console = common.stdout()
    if kind == "grade":
        found = mean([float(row["expected"]) for row in rows], range(len(rows)))
        spread = f" ({found.low:.2f} to {found.high:.2f})" if found and found.low is not None else ""
        console.print(f"{len(rows)} answers, mean grade {found.value if found else 0:.2f} of 3{spread}", soft_wrap=True)
    else:
        share = {w: sum(row["winner"] == w for row in rows) / len(rows) for w in ("first", "second", "tie")}
        swayed = sum(not row["consistent"] for row in rows) / max(1, len(rows) - equal)
        console.print(
            f"{len(rows)} pairs: first better {share['first']:.0%}, second better {share['second']:.0%}, tie "
            f"{share['tie']:.0%}; the places decided {swayed:.0%} of the {len(rows) - equal} asked (counted as ties), and "
            f"{equal} had equal answers (ties, not asked)",
            soft_wrap=True,
        )
        lead = preferred([row["winner"] for row in rows])
        verdict = (
            "no preference shown" if lead.p > 0.05 else f"the {'second' if lead.mean > 0 else 'first'} is preferred"
        )
        console.print(
            f"second minus first: {lead.mean:+.0%} ({lead.low:+.0%} to {lead.high:+.0%}), p {lead.p:.2g}: {verdict}",
            soft_wrap=True,
        )
    if people:
        judged = {str(r["id"]): str(r[kind]) for r in rows}
        console.print(_agreed(agreement(judged, people, ordinal=kind == "grade")), soft_wrap=True)
        if strange := [i for i in people if i not in judged]:
            console.print(
                f"{len(strange)} labelled ids were not judged, such as {show.safe(strange[0])}", soft_wrap=True
            )
    else:
        console.print("[dim]no labels of people were given, so nothing is known of the judge's worth[/dim]")


def _agreed(found: Agreement) -> str:
    text = f"agreement with people on {found.n} requests: {found.equal:.0%} equal"
    text += f", Cohen's kappa {found.kappa:.2f}" if found.kappa is not None else ", kappa undefined (one label only)"
    text += f", weighted {found.weighted:.2f}" if found.weighted is not None else ""
    return text + (f" ({found.low:.2f} to {found.high:.2f})" if found.low is not None else "")

"""What the difference between two prompts does on a suite: both are run, then compared request by request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shelftalk.cli import common
from shelftalk.cli.prompts_stages import modes_of, strategy_of
from shelftalk.errors import UsageError
from shelftalk.evaluate.runfolder import RunFolder
from shelftalk.prompts.library import Template
from shelftalk.settings import Settings

# The task of a suite whose path asks with prompts of each task.
_SUITES = {"understand": ("answer", "rank"), "rank": ("answer", "rank"), "explain": ("answer",), "suit": ("suits",)}


def compare_on_suite(
    suite: str, a: Template, b: Template, *, out: Path, split: str | None = None, data: Path | None = None,
    limit: int | None = None, model: str | None = None,
) -> None:  # fmt: skip
    """Runs the suite with each prompt (what was answered before is taken from the cache) and prints the comparison.

    The path is set to ask with them: with their ranking strategy, the model reading or wording. UsageError for prompts
    that this suite never asks with, and where the two are prompts of different tasks, or one and the same file.
    """
    from shelftalk.cli.eval_compare import compare
    from shelftalk.cli.show import safe
    from shelftalk.evaluate.models import Engines
    from shelftalk.evaluate.runner import run_suite
    from shelftalk.evaluate.suite import load_suite
    from shelftalk.variants import PROMPTS, PathVariant

    if a.task != b.task:
        raise UsageError(f"{a.ref} and {b.ref} are prompts of different tasks; a suite compares prompts of one")
    key = f"prompt.{a.task}"
    if key not in PROMPTS:
        raise UsageError(f"no suite runs prompts of the task {a.task!r}; there is: {', '.join(PROMPTS)}")
    if a.path.resolve() == b.path.resolve():
        raise UsageError(f"{a.path} is given twice; a suite compares two prompts")
    common.quiet()
    settings = common.settings_from(model)
    chosen = load_suite(suite, data or settings.data)
    if chosen.task not in _SUITES[a.task]:
        raise UsageError(
            f"suite {chosen.name} (task {chosen.task}) never asks with prompts of {a.task}/; take one of the task "
            f"{' or '.join(_SUITES[a.task])} (`shelftalk eval list`)"
        )
    cases = chosen.load(split=split, limit=limit)
    engines, runs = Engines(), []
    console = common.stderr()
    try:
        for template in (a, b):
            more = _asking(template, settings)
            shown = f"{template.name}@{template.version}" if a.ref != b.ref else str(template.path)
            variant = PathVariant(f"{key}={shown}", {**more, key: str(template.path)})
            with console.status(f"running {chosen.name} with {template.ref}") as status:
                done = run_suite(
                    chosen, variant, out, settings=settings, limit=limit, cases=cases, engines=engines,
                    progress=lambda now, ref=template.ref: status.update(f"{ref}: {now.stage} {now.done}/{now.total}"),  # type: ignore[misc]
                )  # fmt: skip
            runs.append(Path(done.folder.path))
            said = ", ".join(f"{name}={value}" for name, value in more.items())
            console.print(
                f"{safe(template.ref)}{f' with {said}' if said else ''}: {_asked(done.folder, a.task)}", soft_wrap=True
            )
    finally:
        engines.close()
    compare(runs, by=None, metric=None, as_json=False, markdown=False, resamples=10_000, seed=0)


def _asking(template: Template, settings: Settings) -> Mapping[str, str]:
    """What a variant must set so that the path asks with this template at all; {} where it does so by itself."""
    if template.task == "rank" and settings.rank.strategy != strategy_of(template):
        return {"strategy": strategy_of(template)}
    if template.task == "understand":
        modes = modes_of(template)
        return {} if settings.understand.mode in modes else {"mode": modes[0]}
    if template.task == "explain":
        return {"explain": "model"}
    return {}


def _asked(folder: RunFolder, task: str) -> str:
    """How often the model was asked with prompts of the task, and what that means where it never was."""
    prompts = RunFolder.read(folder.path).prompts
    count = int((prompts["task"] == task).sum())
    requests = prompts[prompts["task"] == task]["id"].nunique()
    if not count:
        return "[yellow]no request of the suite made the path ask with it, so it has no effect here[/yellow]"
    return f"asked {count} times, for {requests} requests"

"""What the difference between two prompts does on a suite: both are run, then compared request by request."""

from __future__ import annotations

from pathlib import Path

from shelftalk.cli import common
from shelftalk.errors import UsageError
from shelftalk.prompts.library import Template


def compare_on_suite(
    suite: str, a: Template, b: Template, *, out: Path, split: str | None = None, data: Path | None = None,
    limit: int | None = None, model: str | None = None,
) -> None:  # fmt: skip
    """Runs the suite with each prompt (what was answered before is taken from the cache) and prints the comparison.

    UsageError for a task that no suite runs, and where the two are prompts of different tasks.
    """
    from shelftalk.cli.eval_compare import compare
    from shelftalk.evaluate.runner import Engines, run_suite
    from shelftalk.evaluate.suite import load_suite
    from shelftalk.evaluate.variants import PROMPTS, Variant

    if a.task != b.task:
        raise UsageError(f"{a.ref} and {b.ref} are prompts of different tasks; a suite compares prompts of one")
    key = f"prompt.{a.task}"
    if key not in PROMPTS:
        raise UsageError(f"no suite runs prompts of the task {a.task!r}; there is: {', '.join(PROMPTS)}")
    common.quiet()
    settings = common.settings_from(model)
    chosen = load_suite(suite, data or settings.data)
    cases = chosen.load(split=split, limit=limit)
    engines, runs = Engines(), []
    console = common.stderr()
    try:
        for template in (a, b):
            variant = Variant(f"{key}={template.name}@{template.version}", {key: str(template.path)})
            with console.status(f"running {chosen.name} with {template.ref}") as status:
                done = run_suite(
                    chosen, variant, out, settings=settings, limit=limit, cases=cases, engines=engines,
                    progress=lambda now, ref=template.ref: status.update(f"{ref}: {now.stage} {now.done}/{now.total}"),  # type: ignore[misc]
                )  # fmt: skip
            runs.append(Path(done.folder.path))
    finally:
        engines.close()
    compare(runs, by=None, metric=None, as_json=False, markdown=False, resamples=10_000, seed=0)

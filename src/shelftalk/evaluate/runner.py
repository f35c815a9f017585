"""Runs a suite with a variant: batch by batch through the path, kept as it goes, measured at the end.

Each batch is answered together, so that the model is busy; then each request again alone, from the kept answers, so that
what was asked, written and spent is known by request and does not depend on its neighbours. Times are those of the path
alone plus the model's share of the batch that each prompt was asked in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, cast

from shelftalk.catalog import Catalog
from shelftalk.engines.base import Engine
from shelftalk.errors import UsageError
from shelftalk.evaluate import identity
from shelftalk.evaluate.answering import CaseAnswerer
from shelftalk.evaluate.cache import STRIDE
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.catalogs import Catalogs, check_judged, overlay_key
from shelftalk.evaluate.models import Engines
from shelftalk.evaluate.runfolder import ANSWERS, FORMAT, ModelCall, RunFolder
from shelftalk.evaluate.runfolder import PROMPTS as RECORDED
from shelftalk.evaluate.suite import Suite, SuiteCases
from shelftalk.evaluate.summary import summary
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import Settings
from shelftalk.values import Product, Tokens
from shelftalk.variants import PROMPTS, PathVariant, effective

log = logging.getLogger(__name__)

State = Literal["ran", "went on", "measured anew", "unchanged"]


# What has to be so for a prompt of each task to be used.
_ASKED_WITH = {
    "rank": "set strategy to listwise, pointwise, generated or graded",
    "understand": "set mode to model or both (for wishes and kinds to wishes)",
    "explain": "set explain=model, in a suite of the task answer",
    "suit": "take a suite of the task suits",
}


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: "indexing", "answering" or "measuring", how much is done and of how many (0: unknown)."""

    stage: str
    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is finished: its folder, its run.json, what was done for it, and, where an earlier run stood there that
    this one replaced, what had changed since ("prompts", "settings", ...). `notes` say what a reader of the figures should
    know: rows of a feed left out, a prompt that is given but not used."""

    folder: RunFolder
    meta: Mapping[str, Any]
    state: State
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def run_suite(
    suite: Suite,
    variant: PathVariant,
    out: Path | str,
    *,
    settings: Settings | None = None,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    repeats: int = 1,
    batch: int = 16,
    cases: SuiteCases | None = None,
    engines: Engines | None = None,
    progress: Callable[[RunProgress], None] = lambda now: None,
) -> Done:
    """The finished run of a variant in `out`/SLUG: answered as far as it was not yet, and measured.

    `settings` are those in force beneath the suite's and the variant's; `cases` are the suite's, where they are loaded
    already. An interrupted run resumes; one that stands there unchanged is only read, and where only metrics or judgments
    changed, only they are computed. Raises UsageError for a wrong suite, variant or metric, EngineError when the model is
    gone (what was answered is kept).
    """
    from shelftalk.evaluate.metrics import find

    for name in suite.metrics:
        find(name)
    if repeats < 1 or batch < 1:
        raise UsageError(f"repeats is {repeats} and batch {batch}; both must be 1 or more")
    loaded = cases or suite.load(split=split, limit=limit, seed=seed)
    run = _Run(suite, variant, loaded, Path(out), settings, seed, repeats, limit, batch, engines or Engines(), progress)
    try:
        return run.finish()
    finally:
        if engines is None:
            run.engines.close()


class _Run:
    """One run in progress."""

    def __init__(
        self,
        suite: Suite,
        variant: PathVariant,
        loaded: SuiteCases,
        out: Path,
        settings: Settings | None,
        seed: int,
        repeats: int,
        limit: int | None,
        batch: int,
        engines: Engines,
        progress: Callable[[RunProgress], None],
    ) -> None:
        self.suite, self.variant, self.loaded, self.engines, self.progress = suite, variant, loaded, engines, progress
        self.seed, self.repeats, self.limit, self.batch = seed, repeats, limit or suite.limit, batch
        from shelftalk.evaluate.metrics import check_names

        check_names(suite.metrics)
        self.settings = suite.in_force(variant, settings)
        self.prompts: PromptLibrary = variant.library(PromptLibrary.of(self.settings))
        self.templates = identity.templates(self.settings, suite.task, self.prompts)
        self.engine = engines.get(self.settings) if self.templates else None
        self.catalogs = Catalogs(
            loaded.feeds, self.settings, lambda text, done: progress(RunProgress("indexing", done, 0, text))
        )
        self.by_id = {case.id: case for case in loaded.cases}
        self.folder = RunFolder(out / variant.slug)
        if len(self.by_id) < len(loaded.cases):
            ids = [case.id for case in loaded.cases]
            raise UsageError(f"suite {suite.name}: id {next(i for i in ids if ids.count(i) > 1)!r} comes twice")
        self.answering = CaseAnswerer(suite, self.engine, self.settings.k if "k" in variant.given else None)

    def finish(self) -> Done:
        """Whatever is still to be done, and what it was."""
        parts = self._identity()
        answers, measures = identity.sha256_of(parts), self._measures()
        found = self.folder.finished()
        before, damaged = found or {}, self.folder.damaged(found)
        self._another(before)
        held = before.get("identity", {})
        if not damaged and held.get("answers") == answers and held.get("measures") == measures:
            return Done(self.folder, before, "unchanged", notes=self._notes(before))
        with self.folder.alone():
            if {ANSWERS, RECORDED} & set(damaged):  # what was answered, and what was asked for it, is only there
                held.pop("answers", None)
            done = self._made(before, parts, answers, measures)
        told = (
            (f"damaged or missing in the run that stood there, and made anew: {', '.join(damaged)}",) if damaged else ()
        )
        return replace(done, notes=(*told, *done.notes))

    def _made(self, before: dict[str, Any], parts: dict[str, Any], answers: str, measures: str) -> Done:
        """The run, answered and measured as far as it is not; `before` is the run.json of the one that stands there."""
        held = before.get("identity", {})
        if held.get("answers") == answers:
            for key in sorted({catalog for catalog, _ in self.loaded.judged}):
                self._check_products(self.catalogs.open(key), key)
            self.progress(RunProgress("measuring", 0, len(self.by_id)))
            meta = {k: v for k, v in before.items() if k not in ("metrics", "figures")}
            meta["suite"] = self._suite_meta()
            return self._measured(meta, self.folder.outcomes(), None, "measured anew", answers, measures)
        cut = self.folder.left()
        old = cut.get("parts") or held.get("parts") or parts
        replaced = () if cut.get("identity") == answers else tuple(identity.changed(old, parts))
        kept, asked = self.folder.resume(answers, parts)
        started, fresh = time.perf_counter(), not kept
        counted = (self.engine.hits, self.engine.misses) if self.engine else (0, 0)
        outcomes = self._answered(kept, asked)
        meta = self._meta(outcomes, time.perf_counter() - started, parts, counted)
        done = self._measured(meta, outcomes, asked, "ran" if fresh else "went on", answers, measures)
        return replace(done, changed=replaced)

    def _another(self, before: Mapping[str, Any]) -> None:
        """Raises UsageError where the folder holds a run of another suite or split: only a like one may be replaced."""
        there = before.get("suite")
        if there and (there["name"], there.get("split")) != (self.suite.name, self.loaded.split):
            split = f", split {there['split']}" if there.get("split") else ""
            raise UsageError(
                f"{self.folder.path} holds a run of suite {there['name']}{split}; give another --out, or a 'name=' to the variant"
            )

    # What a run depends on

    def _identity(self) -> dict[str, Any]:
        prompts = {task: [t.ref, identity.hash_of(t)] for task, t in self.templates.items()}
        spoken = identity.spoken(self.suite.task, self.prompts)
        prompts |= {t.ref: [t.ref, identity.hash_of(t)] for t in spoken}
        return {
            "requests": self.loaded.asked(),
            "settings": effective(self.settings),
            "prompts": prompts,
            "model": self.engine.identity if self.engine else None,
            "code": identity.path_code(),
            "version": identity.versions()["shelftalk"],
            "seed": self.seed,
            "repeats": self.repeats,
        }

    def _measures(self) -> str:
        return identity.sha256_of(
            [self.loaded.known(), self.suite.metrics, self.suite.unjudged, identity.metric_code(), FORMAT]
        )

    # Answers

    def _answered(self, kept: list[Outcome], asked: list[ModelCall]) -> list[Outcome]:
        """The outcomes of all cases and repeats, in order; `asked` gains what the model was asked for the new ones."""
        found = {(o.id, o.repeat): o for o in kept}
        total = len(self.loaded.cases) * self.repeats
        self.progress(RunProgress("answering", len(found), total))
        for repeat in range(self.repeats):
            if self.engine is not None:
                self.engine.seed = self.seed + STRIDE * repeat
            left = [case for case in self.loaded.cases if (case.id, repeat) not in found]
            left.sort(key=_place)
            for _, group in groupby(left, key=_place):
                together = list(group)
                with self._shelf(together[0]) as shelf:
                    self._check_products(shelf.catalog, together[0].catalog)
                    for at in range(0, len(together), self.batch):
                        done = list(self.answering.batch(shelf, together[at : at + self.batch], repeat))
                        self.folder.append(done)
                        found.update({(o.id, repeat): o for o, _ in done})
                        asked += [a for _, some in done for a in some]
                        self.progress(RunProgress("answering", len(found), total))
        if self.engine is not None:
            self.engine.flush()
        return [found[case.id, repeat] for repeat in range(self.repeats) for case in self.loaded.cases]

    def _shelf(self, case: Case) -> Shelf:
        engine = cast(Engine | None, self.engine)
        return Shelf(self.catalogs.open(case.catalog, case.overlay), self.settings, self.prompts, engine)

    def _check_products(self, catalog: Catalog, key: str) -> None:
        check_judged(self.loaded.judged, key, catalog.get_many)

    # Measuring

    def _measured(
        self,
        meta: dict[str, Any],
        outcomes: list[Outcome],
        asked: list[ModelCall] | None,
        state: State,
        answers: str,
        measures: str,
    ) -> Done:
        from shelftalk.evaluate.metrics import MetricContext, score_case, score_run
        from shelftalk.evaluate.perturb.plot import plot_positions

        self.progress(RunProgress("measuring", 0, len(outcomes)))
        context = MetricContext(
            products=self._product,
            catalogue=lambda key: self.catalogs.open(key).products() if key in self.loaded.feeds else (),
            interactions=self.loaded.interactions,
            new_items=self.loaded.new_items,
            unjudged=self.suite.unjudged,
            wall_s=sum(o.latency_ms for o in outcomes) / 1000,
        )
        values = [score_case(self.suite.metrics, self.by_id[o.id], o, context) for o in outcomes]
        meta["metrics"] = summary(self.by_id, outcomes, values, self.seed)
        meta["figures"] = score_run(self.suite.metrics, self.by_id, outcomes, context)
        meta["identity"] = {**meta.get("identity", {}), "answers": answers, "measures": measures}
        self.folder.write(meta, self.loaded.cases, outcomes, values, asked)
        plot_positions(self.folder.path, meta["figures"])
        self.progress(RunProgress("measuring", len(outcomes), len(outcomes)))
        return Done(self.folder, meta, state, notes=self._notes(meta))

    def _notes(self, meta: Mapping[str, Any]) -> tuple[str, ...]:
        feeds = [
            f"{count} row{'' if count == 1 else 's'} of the feed of catalogue {key!r} could not be read and {'is' if count == 1 else 'are'} "
            f"left out; the reasons: {where}"
            for key, (count, where) in (meta.get("rejected") or {}).items()
        ]  # fmt: skip
        asked = {t.ref for t in self.templates.values()}
        unused = [
            f"{key}={value} is given, but no model is asked with it: {_ASKED_WITH[PROMPTS[key][0]]}"
            for key, value in self.variant.given.items()
            if key in PROMPTS and self.prompts.get(self.variant.prompt(key)).ref not in asked
        ]
        first = meta.get("first_error")
        failed = [f"the first that failed is {first[0]!r}: {first[1]} (all stand in answers.parquet)"] if first else []
        return (*feeds, *unused, *failed)

    def _product(self, catalog: str, product_id: str) -> Product | None:
        if not hasattr(self, "_known"):
            self._known: dict[str, dict[str, Product]] = {}
        if catalog not in self._known:
            added = {p.id: p for case in self.loaded.cases if case.catalog == catalog for p in case.overlay}
            known = {p.id: p for p in self.catalogs.open(catalog).products()} if catalog in self.loaded.feeds else {}
            self._known[catalog] = {**added, **known}
        return self._known[catalog].get(product_id)

    def _suite_meta(self) -> dict[str, Any]:
        suite = self.suite
        return {
            "name": suite.name,
            "version": suite.version,
            "task": suite.task,
            "hash": identity.sha256_of([self.loaded.asked(), self.loaded.known()]),
            "split": self.loaded.split,
            "k": suite.k,
            "depth": suite.depth,
            "gains": suite.gains,
            "pool": suite.pool,
            "unjudged": suite.unjudged,
            "perturb": suite.perturb,
            "metrics": list(suite.metrics),
        }

    def _meta(
        self, outcomes: Sequence[Outcome], wall: float, parts: Mapping[str, Any], before: tuple[int, int]
    ) -> dict[str, Any]:
        tokens = sum((Tokens(*o.tokens) for o in outcomes), Tokens())
        engine = self.engine
        adapter = self.settings.adapter_in_force
        return {
            "format": FORMAT,
            "suite": self._suite_meta(),
            "variant": {
                "name": self.variant.name,
                "given": dict(self.variant.given),
                "settings": effective(self.settings),
                "prompts": {task: t.ref for task, t in self.templates.items()},
                "prompt_hashes": {task: identity.hash_of(t) for task, t in self.templates.items()},
                "model": engine.model if engine else None,
                "adapter": str(adapter) if adapter and engine else None,
                "engine": engine.name if engine else None,
            },
            "seed": self.seed,
            "repeats": self.repeats,
            "limit": self.limit,
            "batch": self.batch,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": identity.versions(),
            "hardware": identity.hardware(),
            "requests": len(self.loaded.cases),
            "errors": sum(o.error is not None for o in outcomes),
            "first_error": next(([o.id, o.error] for o in outcomes if o.error is not None), None),
            "wall_s": round(wall, 3),
            "tokens": {"prompt": tokens.prompt, "completion": tokens.completion},
            "rejected": {key: list(found) for key, found in self.catalogs.rejected.items()},
            "cache": {
                "hits": engine.hits - before[0] if engine else 0,
                "misses": engine.misses - before[1] if engine else 0,
            },
            "identity": {"parts": dict(parts)},
        }


def _place(case: Case) -> tuple[str, str]:
    return case.catalog, overlay_key(case.overlay)

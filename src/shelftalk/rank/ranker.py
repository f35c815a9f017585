"""The rank stage: a strategy scores the best candidates, and its scores are mixed with retrieval's.

Where the intent asks for a superlative the database has ordered already, and no model touches that order: a language
model compares no prices. Candidates beyond `depth` keep their retrieval order behind the rest.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shelftalk.engines.base import Engine
from shelftalk.errors import NoLogprobs, UsageError
from shelftalk.facts.availability import sold_out
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.rank.card import card
from shelftalk.rank.generated import Generated
from shelftalk.rank.graded import Graded, Grades
from shelftalk.rank.listwise import Listwise
from shelftalk.rank.pointwise import Pointwise
from shelftalk.rank.strategy import Scores, Strategy, Window
from shelftalk.rank.windows import Asked, Scored, ordering, scale
from shelftalk.settings import RankSettings
from shelftalk.values import Candidate, Facets, Intent, Ranking, Retrieval, Tokens

if TYPE_CHECKING:
    from shelftalk.catalog.standing import Scope

UNGRADED = "The language model gives no log-probabilities: the order is that of criteria and retrieval."
logger = logging.getLogger(__name__)

STRATEGIES: dict[str, Callable[[Engine, Template, int], Strategy]] = {
    "listwise": Listwise,
    "pointwise": Pointwise,
    "generated": Generated,
}


@dataclass(frozen=True, slots=True)
class RankJob:
    """One request's candidates, as understood and retrieved; `facets` and `scope` (what fits) are what cards are made from,
    `k` is how many will be shown, `own` what products share with the shopper's own history, by product id."""

    request: str
    intent: Intent
    retrieval: Retrieval
    facets: Facets = Facets()
    scope: Scope | None = None
    k: int = 3
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Run:
    job: RankJob
    cards: list[str]
    steps: Generator[Asked, Scored, list[float]]
    asked: Asked
    tokens: Tokens
    notes: set[str]
    scores: list[float] | None = None


class Ranker:
    """Orders candidates by the strategy that the settings name. `prompt` is its template's ref, None for "none"."""

    def __init__(self, engine: Engine | None, prompts: PromptLibrary, settings: RankSettings, seed: int = 0) -> None:
        self._settings, self._seed = settings, seed
        self._strategy: Strategy | None = None
        self._graded: Graded | None = None
        if settings.strategy != "none":
            if engine is None:
                raise UsageError(f"ranking strategy {settings.strategy!r} needs a language model")
            template = prompts.named("rank", settings.prompt or settings.strategy, "rank.prompt")
            if settings.strategy == "graded":
                self._graded = Graded(engine, template, settings.temperature)
            else:
                self._strategy = STRATEGIES[settings.strategy](engine, template, settings.token_budget)

    @property
    def prompt(self) -> str | None:
        """The template in use, as task/name@version."""
        return self._strategy.prompt if self._strategy else self._graded.prompt if self._graded else None

    def rank(self, intent: Intent, request: str, retrieval: Retrieval) -> Ranking:
        """The candidates in their final order."""
        return self.rank_many([RankJob(request, intent, retrieval)])[0]

    def rank_many(self, jobs: Sequence[RankJob]) -> list[Ranking]:
        """One Ranking a job, in order; the prompts of all jobs share the engine's batches."""
        if self._graded is not None:
            return self._grade(self._graded, jobs)
        runs = [self._start(job) for job in jobs]
        strategy = self._strategy
        while strategy and (open_runs := [run for run in runs if run and run.scores is None]):
            windows = [
                Window(run.job.request, tuple(run.cards[i] for i in group)) for run in open_runs for group in run.asked
            ]
            answers = iter(strategy.score(windows))
            for run in open_runs:
                self._advance(run, [next(answers) for _ in run.asked])
        return [self._finish(job, run) for job, run in zip(jobs, runs, strict=True)]

    def _grade(self, graded: Graded, jobs: Sequence[RankJob]) -> list[Ranking]:
        """The first candidates of each job by their grades and what they had before together."""
        shown = [self._undecided(job) for job in jobs]
        asked = [
            (job.request, job.intent, [c.product for c in some], job.facets, job.scope, job.own)
            for job, some in zip(jobs, shown, strict=True)
        ]
        try:
            grades = graded.grade(asked)
        except NoLogprobs as error:
            logger.warning("nothing is graded: %s", error)
            return [
                Ranking(tuple(_by_criteria(list(job.retrieval.candidates), job.k)), "none", notes=(UNGRADED,))
                for job in jobs
            ]
        return [self._by_grade(job, some, found) for job, some, found in zip(jobs, shown, grades, strict=True)]

    def _undecided(self, job: RankJob) -> tuple[Candidate, ...]:
        """The candidates worth a grade: none under a superlative, or where there is nothing to choose, none that the best grade
        could not lift among the `k` that are shown, and where criteria decide only those that they leave equal."""
        shown = job.retrieval.candidates[: self._settings.depth]
        if job.intent.sort is not None or len(shown) < 2 or not self._settings.grade_weight:
            return ()
        best = sorted((c.score for c in shown), reverse=True)  # those asked about come in another order
        last = best[min(job.k, len(shown)) - 1] - self._settings.grade_weight
        near = [c for c in shown if c.score >= last]
        alike = Counter(map(_standing, near))
        return tuple(c for c in near if alike[_standing(c)] > 1)

    def _by_grade(self, job: RankJob, shown: Sequence[Candidate], grades: Grades) -> Ranking:
        """A grade settles what criteria leave equal: those share out their places by grade and what they had before together."""
        candidates = job.retrieval.candidates
        if not shown:
            return Ranking(tuple(_by_criteria(list(candidates), job.k)), "none")
        weight = self._settings.grade_weight
        grade = {c.product.id: g for c, g in zip(shown, grades.scores, strict=True)}
        head = [c for c in candidates[: self._settings.depth] if c.product.id not in grade]
        like: dict[float | None, list[Candidate]] = {}
        for c in sorted(shown, key=lambda c: -c.score):
            like.setdefault(_standing(c), []).append(c)
        for group in like.values():
            best = sorted(group, key=lambda c: -c.score - weight * grade[c.product.id])
            head += [
                replace(c, score=place.score, scores={**c.scores, "grade": 3 * grade[c.product.id]})
                for c, place in zip(best, group, strict=True)
            ]
        head.sort(key=lambda c: -c.score)
        head = _by_criteria(head, job.k)
        rest = candidates[self._settings.depth :]
        below = [replace(c, score=-float(i + 1)) for i, c in enumerate(rest)]
        return Ranking((*head, *below), "graded", grades.tokens, self.prompt)

    def _start(self, job: RankJob) -> _Run | None:
        shown = job.retrieval.candidates[: self._settings.depth]
        if self._strategy is None or job.intent.sort is not None or len(shown) < 2:
            return None
        window = min(self._settings.window, self._strategy.largest) if self._strategy.largest else None
        permutations = self._settings.permutations if self._strategy.order_matters else 1
        steps = ordering(len(shown), window, permutations, self._seed)
        cards = [card(c.product, job.intent) for c in shown]
        return _Run(job, cards, steps, next(steps), Tokens(), set())

    @staticmethod
    def _advance(run: _Run, answers: list[Scores]) -> None:
        run.tokens = sum((a.tokens for a in answers), run.tokens)
        run.notes.update(a.note for a in answers if a.note)
        try:
            run.asked = run.steps.send([a.scores for a in answers])
        except StopIteration as done:
            run.scores = done.value

    def _finish(self, job: RankJob, run: _Run | None) -> Ranking:
        candidates = job.retrieval.candidates
        if run is None or run.scores is None or self._strategy is None:
            return Ranking(candidates, "none")
        return Ranking(
            mix(candidates, run.scores, self._settings.model_weight),
            self._strategy.name,
            run.tokens,
            self.prompt,
            tuple(sorted(run.notes)),
        )


def mix(candidates: Sequence[Candidate], model: Sequence[float], weight: float) -> tuple[Candidate, ...]:
    """The candidates by `weight` times the model's score plus the rest of retrieval's, each scaled to 0..1.

    Only the first len(model) compete; the others follow in their order with scores below. Ties keep retrieval's order.
    """
    head, tail = candidates[: len(model)], candidates[len(model) :]
    retrieval = scale([c.score for c in head])
    mixed = [
        replace(c, score=weight * m + (1 - weight) * r, scores={**c.scores, "model": m})
        for c, m, r in zip(head, scale(list(model)), retrieval, strict=True)
    ]
    mixed.sort(key=lambda c: -c.score)
    below = [replace(c, score=-float(i + 1)) for i, c in enumerate(tail)]
    return (*mixed, *below)


def _standing(candidate: Candidate) -> float | None:
    """How well it does by the criteria, to two places; None where there are none."""
    useful = candidate.scores.get("criteria")
    return None if useful is None else round(useful, 2)


def _by_criteria(candidates: list[Candidate], k: int) -> list[Candidate]:
    """The candidates with the first k in the order of the criteria: what is shown together stands as the shopper wanted it, whatever
    else brought it there. Scores stay with the places. Without criteria, and where stock decides, nothing changes."""
    shown = candidates[:k]
    if len({sold_out(c.product) for c in shown}) > 1:
        return candidates
    ordered = sorted(shown, key=lambda c: -round(c.scores.get("criteria", 0.0), 2))
    placed = [replace(c, score=old.score) for c, old in zip(ordered, shown, strict=True)]
    return [*placed, *candidates[k:]]

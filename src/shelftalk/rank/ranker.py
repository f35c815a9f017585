"""The rank stage: a strategy scores the best candidates, and its scores are mixed with retrieval's.

Where the intent asks for a superlative the database has ordered already, and no model touches that order: a language
model compares no prices. Candidates beyond `depth` keep their retrieval order behind the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from shelftalk.engines.base import Engine
from shelftalk.errors import UsageError
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.rank.card import card
from shelftalk.rank.generated import Generated
from shelftalk.rank.listwise import Listwise
from shelftalk.rank.pointwise import Pointwise
from shelftalk.rank.strategy import Scores, Strategy, Window
from shelftalk.rank.windows import Asked, Scored, ordering, scale
from shelftalk.settings import RankSettings
from shelftalk.values import Candidate, Intent, Ranking, Retrieval, Tokens

STRATEGIES: dict[str, Callable[[Engine, Template, int], Strategy]] = {
    "listwise": Listwise,
    "pointwise": Pointwise,
    "generated": Generated,
}


@dataclass(frozen=True, slots=True)
class RankJob:
    """One request's candidates, as understood and retrieved."""

    request: str
    intent: Intent
    retrieval: Retrieval


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
        if settings.strategy != "none":
            if engine is None:
                raise UsageError(f"ranking strategy {settings.strategy!r} needs a language model")
            template = prompts.get(f"rank/{settings.prompt or settings.strategy}")
            self._strategy = STRATEGIES[settings.strategy](engine, template, settings.token_budget)

    @property
    def prompt(self) -> str | None:
        """The template in use, as task/name@version."""
        return self._strategy.prompt if self._strategy else None

    def rank(self, intent: Intent, request: str, retrieval: Retrieval) -> Ranking:
        """The candidates in their final order."""
        return self.rank_many([RankJob(request, intent, retrieval)])[0]

    def rank_many(self, jobs: Sequence[RankJob]) -> list[Ranking]:
        """One Ranking a job, in order; the prompts of all jobs share the engine's batches."""
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

"""Answers a batch of cases through the path, and each case again alone from the kept answers, so that what was asked,
written and spent is known by case and does not depend on its neighbours."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shelftalk.engines.base import Decoding
from shelftalk.errors import EngineError, UsageError
from shelftalk.evaluate.cache import CachedCall, CachedEngine
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.perturb.orders import ranked_in_order
from shelftalk.evaluate.runfolder import ModelCall
from shelftalk.evaluate.suite import Suite
from shelftalk.pipeline import Shelf
from shelftalk.values import Answer, Message, Prompt, Ranking, Tokens, Verdict

log = logging.getLogger(__name__)

_STAGES = {"understand": "understand", "rank": "rank", "explain": "explain", "suit": "suits"}


class CaseAnswerer:
    """Puts cases of one suite to a shelf, by the suite's task. `engine` is None where no model takes part."""

    def __init__(self, suite: Suite, engine: CachedEngine | None, k: int | None = None) -> None:
        """`k` is the number of picks asked for where a case says nothing; by default the suite's."""
        self.suite, self.engine, self.k = suite, engine, k or suite.k

    def batch(self, shelf: Shelf, cases: Sequence[Case], repeat: int) -> Iterator[tuple[Outcome, list[ModelCall]]]:
        """The outcomes of one batch; where it fails as a whole, each case alone, so that one spoils no other."""
        try:
            if len(cases) > 1:
                self._fresh(shelf)
                outcomes = self._together(shelf, cases, repeat)
                if self.engine is None or not self.engine.take():
                    yield from ((outcome, []) for outcome in outcomes)
                    return
        except (UsageError, EngineError) as error:
            log.info("a batch failed as a whole, its cases are asked alone: %s", error)
            self._alive(error)
        for case in cases:
            yield self._alone(shelf, case, repeat)

    def _alone(self, shelf: Shelf, case: Case, repeat: int) -> tuple[Outcome, list[ModelCall]]:
        self._fresh(shelf)
        try:
            outcome = self._together(shelf, [case], repeat)[0]
        except (UsageError, EngineError) as error:
            self._alive(error)
            return Outcome(case.id, error=str(error), repeat=repeat), []
        records = self.engine.take() if self.engine is not None else []
        return _with_model(outcome, records), [_asked(case.id, repeat, r) for r in records]

    def _fresh(self, shelf: Shelf) -> None:
        """Nothing that an earlier request left behind may help the next."""
        shelf.forget_wordings()
        if self.engine is not None:
            self.engine.take()

    def _alive(self, error: Exception) -> None:
        """Raises the error again where the model answers nothing at all any more, or cannot be loaded."""
        if isinstance(error, EngineError) and self.engine is not None:
            try:
                self.engine.inner.generate([Prompt((Message("user", "Hello"),))], Decoding(max_tokens=1))
            except EngineError:
                raise error from None

    def _together(self, shelf: Shelf, cases: Sequence[Case], repeat: int) -> list[Outcome]:
        if self.suite.task == "suits":
            return self._judged(shelf, cases, repeat)
        if self.suite.task == "rank" and all("order" in case.meta for case in cases):
            return [
                self._ranked(case, ranking, timings, repeat)
                for case, (ranking, timings) in zip(cases, ranked_in_order(shelf, cases), strict=True)
            ]
        if self.suite.task == "rank":
            requests = [replace(case.request, k=None) for case in cases]
            return [
                self._ranked(case, ranking, timings, repeat)
                for case, (ranking, timings) in zip(
                    cases, shelf.order_many(requests, k=self.suite.depth), strict=True
                )
            ]  # fmt: skip
        requests = [replace(c.request, k=c.request.k or self.k) for c in cases]
        answers = shelf.ask_ranked(requests)
        return [
            self._told(case, answer, ranking, repeat) for case, (answer, ranking) in zip(cases, answers, strict=True)
        ]

    def _ranked(self, case: Case, ranking: Ranking, timings: Mapping[str, float], repeat: int) -> Outcome:
        kept = ranking.candidates[: self.suite.depth]
        spent = {**timings, "total": sum(timings.values())}
        return Outcome(
            case.id, tuple(c.product.id for c in kept), tuple(float(c.score) for c in kept), latency_ms=spent["total"],
            timings_ms=spent, repeat=repeat,
        )  # fmt: skip

    def _told(self, case: Case, answer: Answer, ranking: Ranking, repeat: int) -> Outcome:
        kept = ranking.candidates[: self.suite.depth] if answer.intent.shopping else ()
        timings = {name: spent for name, spent in answer.timings_ms.items() if name != "load"}
        return Outcome(
            case.id, tuple(c.product.id for c in kept), tuple(float(c.score) for c in kept), answer.to_dict(),
            latency_ms=timings.get("total", 0.0), timings_ms=timings, repeat=repeat,
        )  # fmt: skip

    def _judged(self, shelf: Shelf, cases: Sequence[Case], repeat: int) -> list[Outcome]:
        missing = next((case.id for case in cases if case.product is None), None)
        if missing is not None:
            raise UsageError(
                f"suite {self.suite.name}: case {missing!r} names no product to judge; give it a 'product'"
            )
        started = time.perf_counter()
        pairs = [(case.request.request, case.product or "") for case in cases]
        verdicts: list[Verdict] = shelf.suits_many(pairs)
        spent = (time.perf_counter() - started) * 1000 / len(cases)
        return [
            Outcome(
                case.id, verdict=v.suits, probability=v.probability, latency_ms=spent,
                timings_ms={"suits": spent, "total": spent}, repeat=repeat,
            )
            for case, v in zip(cases, verdicts, strict=True)
        ]  # fmt: skip


def _with_model(outcome: Outcome, records: Sequence[CachedCall]) -> Outcome:
    """The outcome with the tokens of what was asked, and with the model's time for answers that were kept."""
    timings = dict(outcome.timings_ms)
    for record in records:
        if record.kept:
            stage = _stage(record.prompt.template)
            timings[stage] = timings.get(stage, 0.0) + record.ms
            timings["total"] = timings.get("total", 0.0) + record.ms
    tokens = sum((record.tokens for record in records), Tokens())
    return replace(
        outcome, timings_ms=timings, latency_ms=timings.get("total", 0.0), tokens=(tokens.prompt, tokens.completion)
    )


def _stage(template: str) -> str:
    task = template.partition("/")[0]
    return _STAGES.get(task, task)


def _asked(identity: str, repeat: int, record: CachedCall) -> ModelCall:
    text = "\n\n".join(f"[{m.role}]\n{m.content}" for m in record.prompt.messages)
    template = record.prompt.template
    return ModelCall(identity, template.partition("/")[0], template, text, record.reply, repeat)

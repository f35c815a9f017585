"""The pipeline as it is called, end to end: ask, stream, why, suits, each for a thread that waits or for an event loop.

The steps of a request are written once (`_steps`). A stream takes them in the caller's thread, one when it is advanced; it holds
nothing in between, so that any thread may go on with it or close it. A task (`begin`, `astream`) takes them on the workers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.engines.base import Engine
from shelftalk.engines.call import Call, current
from shelftalk.errors import CatalogError, UsageError
from shelftalk.explain import WhyAnswer
from shelftalk.pipeline.foryou import answered, listed
from shelftalk.pipeline.stages import Pipeline
from shelftalk.pipeline.state import Event, PipelineState, explained
from shelftalk.pipeline.stream import EventStream
from shelftalk.pipeline.task import ROOM, RequestTask, call_off_with, on_workers
from shelftalk.pipeline.workers import shared_workers
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Suits
from shelftalk.settings import Settings, load_settings
from shelftalk.shoppers.profiles import Corrections, Offers
from shelftalk.values import (
    Answer,
    Context,
    Explanation,
    Interaction,
    Product,
    Ranking,
    Request,
    Shopper,
    Turn,
    Verdict,
)


class Shelf(Pipeline):
    """A catalogue that can be asked. Safe to share between threads: what they ask the language model at once shares its batches."""

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        settings: Settings | None = None,
        engine: Engine | None = None,
        prompts: PromptLibrary | None = None,
        batch: bool = False,
    ) -> Shelf:
        """The shelf over the catalogue in that folder (by default the setting `catalog`).

        The language model is loaded when it is first needed; `batch` lets the choice of engine favour throughput.
        Raises CatalogError where there is no catalogue or it is damaged.
        """
        settings = settings or load_settings()
        catalog = Catalog.open(Path(path or settings.catalog), home=settings.home_folder)
        if settings.embedder not in ("default", catalog.embedder.name):
            raise UsageError(
                f"setting embedder is {settings.embedder!r}, but {catalog.path} was made with {catalog.embedder.name!r}; "
                "import the feed into a new folder to use another"
            )
        shelf = cls(catalog, settings, prompts or PromptLibrary.of(settings), engine)
        shelf._batch = batch
        return shelf

    def ask(
        self,
        request: str | Request,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        candidates: Sequence[str] | None = None,
    ) -> Answer:
        """The answer to one request. Raises UsageError for a request that is empty or too long."""
        asked = self._request(request, history, k, candidates)
        return next(self.ask_many([asked], batch=1))

    def ask_many(self, requests: Sequence[Request], *, batch: int = 16) -> Iterator[Answer]:
        """One Answer a request, in order, as each batch of `batch` requests is done."""
        for at in range(0, len(requests), batch):
            yield from self._answer(requests[at : at + batch])

    def ask_ranked(self, requests: Sequence[Request]) -> list[tuple[Answer, Ranking]]:
        """The answers to one batch, each with the whole ranking that its picks were taken from."""
        return [(self._finish(state), state.ranking) for state in self._explained(requests)]

    def stream(
        self,
        request: str | Request,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        candidates: Sequence[str] | None = None,
    ) -> EventStream:
        """The answer as it comes into being: what was understood first, then picks, then each reason once checked.

        Asking for the next event does the work for it; any thread may ask, or close the stream. The first raises UsageError for a
        request that is empty or too long.
        """

        def steps() -> Iterator[tuple[Event, ...]]:
            yield from self._steps(self._request(request, history, k, candidates))

        return EventStream(steps())

    def begin(
        self, request: Request, call: Call, *, room: int = ROOM, saw: Callable[[Event], None] = lambda event: None
    ) -> RequestTask:
        """The request as a task of the running loop, on behalf of `call`; `room` is how many events may wait for their reader, and `saw`
        is told of each. Raises UsageError for a request that is empty or too long."""
        return RequestTask(self._steps(self._checked(request)), shared_workers(), call, room=room, saw=saw)

    async def aask(self, request: str | Request, **options: Any) -> Answer:
        """`ask` without blocking the event loop. Cancelling it calls the work off."""
        return await on_workers(shared_workers(), lambda: self.ask(request, **options))

    async def aask_many(self, requests: Sequence[Request], *, batch: int = 16) -> AsyncIterator[Answer]:
        """`ask_many` without blocking the event loop."""
        for at in range(0, len(requests), batch):
            some = requests[at : at + batch]
            for answer in await on_workers(shared_workers(), lambda some=some: self._answer(some)):  # type: ignore[misc]
                yield answer

    async def astream(
        self,
        request: str | Request,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        candidates: Sequence[str] | None = None,
    ) -> AsyncIterator[Event]:
        """`stream` without blocking the event loop. The work waits for a reader that is slow, and is called off for one that leaves."""
        with call_off_with(current()) as call:
            task = self.begin(self._request(request, history, k, candidates), call)
            try:
                async for event in task:
                    yield event
            finally:
                task.leave()

    def _steps(self, request: Request) -> Iterator[tuple[Event, ...]]:
        """The events of one request, those of a step together; each step is the work of `next`."""
        state = self._begin([request])[0]
        yield (Event("understood", state.intent),)
        self._find(state)
        yield (Event("candidates", state.retrieval),)
        self._order([state])
        bare = state.bare(self.settings.k)
        if bare:
            yield tuple(Event("pick", pick) for pick in bare)
            self._load(state)
        reasons = self._reasons(state)
        first = self._explained_next(state, reasons, 1)
        if first:
            spent = (time.perf_counter() - state.started) * 1000
            state.timings["first_reason"] = spent - state.timings.get("load", 0.0)
            yield (Event("reason", explained(bare[0], first[0])),)
        if rest := self._explained_next(state, reasons, len(bare)):
            yield tuple(Event("reason", explained(p, e)) for p, e in zip(bare[1:], rest, strict=True))
        yield (Event("answer", self._finish(state)),)

    def _reasons(self, state: PipelineState) -> Iterator[Explanation]:
        told = self._told(state)
        yield from told if told is not None else state.snapshot.explain.iterate(self._explain_job(state))

    def _explained_next(self, state: PipelineState, reasons: Iterator[Explanation], most: int) -> list[Explanation]:
        """The next reasons, at most so many; what they take is the stage's time."""
        began = time.perf_counter()
        some = [explanation for _, explanation in zip(range(most), reasons, strict=False)]
        state.explanations += some
        spent = (time.perf_counter() - began) * 1000
        state.timings["explain"] = state.timings.get("explain", 0.0) + spent
        return some

    def for_you(self, shopper: Shopper, *, k: int | None = None) -> Answer:
        """A list without a request: what suits the shopper, or where nothing is known of them, what sells here now and what is new."""
        return self.for_you_many([shopper], k or self.settings.k)[0]

    def for_you_many(self, shoppers: Sequence[Shopper], k: int) -> list[Answer]:
        """One list a shopper, in order; the reasons of all are worded in one batch. Raises UsageError for a k out of range."""
        if not 1 <= k <= 50:
            raise UsageError(f"k is {k}; it must be from 1 to 50")
        now = self._current()
        jobs = [listed(self.knowing.completed(now, shopper), k, now, self.suggestions) for shopper in shoppers]
        if self.settings.explain.mode == "model" and any(job.candidates for job in jobs):
            _ = self.engine
        explanations = now.explain.explain_many([job.explain for job in jobs]) if jobs else []
        model = self.loaded
        return [
            answered(job, told, model.model if model else None, model.name if model else None, now.explain.prompt)
            for job, told in zip(jobs, explanations, strict=True)
        ]

    def known(
        self,
        user: str,
        interactions: Sequence[Interaction],
        *,
        session: str = "",
        corrections: Corrections | None = None,
        context: Context | None = None,
    ) -> Shopper:
        """What answers may know of a shopper, from what they did; `session` is the one at hand."""
        return self.knowing.shopper(
            self._current(), user, interactions, session=session, corrections=corrections, context=context
        )

    def offers(self) -> Offers:
        """What the catalogue offers, by which a shopper's taste is told from chance; counted once a version, for answers and profiles."""
        return self.knowing.counted.of(self.catalog.products, self.catalog.facets())

    def why(self, request: str | Request, product_id: str) -> WhyAnswer:
        """Why that product is picked for the request, or why it is not. Raises CatalogError for an unknown product."""
        product = self.catalog.get(product_id)
        if product is None:
            raise CatalogError(f"no product {product_id!r} in the catalogue {self.catalog.path}")
        return self._why(self._begin([self._request(request, (), None, None)])[0], product)

    def begun(self, request: Request) -> PipelineState:
        """The request as it is understood, to be `judged`. Raises UsageError for one that is empty or too long."""
        return self._begin([self._checked(request)])[0]

    def judged(self, state: PipelineState, product: Product) -> WhyAnswer:
        """`why` for a request that is begun; the state then holds what was found and its order."""
        return self._why(state, product)

    def suits(self, question: str, product_ids: Sequence[str]) -> list[Verdict]:
        """Whether each product suits the need, by the language model. Raises CatalogError for an unknown product."""
        return self.suits_many([(question, product_id) for product_id in product_ids])

    def suits_many(self, pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
        """One Verdict a (question, product id) pair, in order. Raises CatalogError for an unknown product."""
        known = self.catalog.get_many(sorted({product_id for _, product_id in pairs}))
        for question, product_id in pairs:
            self.check(Request(question))
            if product_id not in known:
                raise CatalogError(f"no product {product_id!r} in the catalogue {self.catalog.path}")
        judge = Suits(self.engine, self.prompts, self.settings.rank.suits_prompt)
        asked = {question: self._scrubbed(Request(question)).request for question, _ in pairs}
        return judge.judge([(asked[question], known[product_id]) for question, product_id in pairs])

    def order_only(self, request: Request, *, k: int, strategy: str | None = None) -> Ranking:
        """Understand, retrieve and rank, without reasons; with `request.candidates` exactly those are ranked."""
        return self.order_many([request], k=k, strategy=strategy)[0][0]

    def order_many(
        self, requests: Sequence[Request], *, k: int, strategy: str | None = None
    ) -> list[tuple[Ranking, dict[str, float]]]:
        """`order_only` for many requests in one batch: each ranking with its share of each stage's milliseconds."""
        states = self._begin([self._checked(replace(request, k=None)) for request in requests])
        for state in states:
            if not state.intent.shopping:
                state.understood = replace(state.understood, intent=replace(state.intent, shopping=True))
            self._find(state, k=k)
        self._order(states, strategy)
        return [(state.ranking, state.timings) for state in states]

    def tap(self, wrap: Callable[[Engine], Engine]) -> None:
        """Puts something between this shelf and its loaded language model that sees what is asked."""
        with self._loading, self._opening:
            if self._engine is not None:
                self._engine, self._snapshot, self._rankers = wrap(self._engine), None, {}

    def forget_wordings(self) -> None:
        """Drop the wishes and wordings kept for reuse, so that the next answer is read and worded anew (for measurements)."""
        now = self._snapshot
        if now is not None:
            now.explain.forget()
            if now.understand.wanting is not None:
                now.understand.wanting.forget()

    def close(self) -> None:
        """Free the language model that this shelf loaded; one that was given stays open."""
        with self._loading, self._opening:
            engine, self._snapshot, self._rankers = self._engine, None, {}
            if self._owns_engine:
                self._engine = None
        if engine is not None and self._owns_engine:
            engine.close()

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

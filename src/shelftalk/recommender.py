"""The path of a request, end to end, as it is called: ask, stream, why, suits. What it calls are the stages of `pipeline.py`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.engines.base import Engine
from shelftalk.errors import CatalogError, UsageError
from shelftalk.explain import WhyAnswer
from shelftalk.pipeline import Pipeline
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Suits
from shelftalk.settings import Settings, load_settings
from shelftalk.values import (
    Answer,
    Ranking,
    Request,
    Turn,
    Verdict,
)
from shelftalk.work import Event, explained, timed


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
        shelf = cls(catalog, settings, prompts or PromptLibrary.default(), engine)
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
        return [(self._finish(work), work.ranking) for work in self._explained(requests)]

    def stream(
        self,
        request: str | Request,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        candidates: Sequence[str] | None = None,
    ) -> Iterator[Event]:
        """The answer as it comes into being: what was understood first, then picks, then each reason once checked."""
        asked = self._request(request, history, k, candidates)
        work = self._begin([asked])[0]
        yield Event("understood", work.intent)
        self._find(work)
        yield Event("candidates", work.retrieval)
        self._order([work])
        bare = work.bare(self.settings.k)
        for pick in bare:
            yield Event("pick", pick)
        if bare:
            self._load(work)
        with timed(work.timings, "explain"):
            told = self._told(work)
            for i, explanation in enumerate(told or work.snapshot.explain.iterate(self._explain_job(work))):
                if i == 0:
                    spent = (time.perf_counter() - work.started) * 1000
                    work.timings["first_reason"] = spent - work.timings.get("load", 0.0)
                work.explanations.append(explanation)
                yield Event("reason", explained(bare[i], explanation))
        yield Event("answer", self._finish(work))

    async def aask(self, request: str | Request, **options: Any) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, request, **options)

    async def aask_many(self, requests: Sequence[Request], *, batch: int = 16) -> AsyncIterator[Answer]:
        """`ask_many` without blocking the event loop."""
        for at in range(0, len(requests), batch):
            for answer in await asyncio.to_thread(self._answer, requests[at : at + batch]):
                yield answer

    async def astream(self, request: str | Request, **options: Any) -> AsyncIterator[Event]:
        """`stream` without blocking the event loop; one thread runs the whole of it."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        cancelled = threading.Event()

        def work() -> None:
            end: BaseException | None = None
            try:
                for event in self.stream(request, **options):
                    if cancelled.is_set():
                        break
                    loop.call_soon_threadsafe(queue.put_nowait, event)
            except BaseException as error:  # handed to the consumer, whatever it is
                end = error
            if not cancelled.is_set():
                loop.call_soon_threadsafe(queue.put_nowait, end)

        task = loop.run_in_executor(None, work)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
            await task
        finally:
            cancelled.set()

    def why(self, request: str | Request, product_id: str) -> WhyAnswer:
        """Why that product is picked for the request, or why it is not. Raises CatalogError for an unknown product."""
        product = self.catalog.get(product_id)
        if product is None:
            raise CatalogError(f"no product {product_id!r} in the catalogue {self.catalog.path}")
        return self._why(self._begin([self._request(request, (), None, None)])[0], product)

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
        return judge.judge([(question, known[product_id]) for question, product_id in pairs])

    def order_only(self, request: Request, *, k: int, strategy: str | None = None) -> Ranking:
        """Understand, retrieve and rank, without reasons; with `request.candidates` exactly those are ranked."""
        return self.order_many([request], k=k, strategy=strategy)[0][0]

    def order_many(
        self, requests: Sequence[Request], *, k: int, strategy: str | None = None
    ) -> list[tuple[Ranking, dict[str, float]]]:
        """`order_only` for many requests in one batch: each ranking with its share of each stage's milliseconds."""
        works = self._begin([self._checked(replace(request, k=None)) for request in requests])
        for work in works:
            if not work.intent.shopping:
                work.understood = replace(work.understood, intent=replace(work.intent, shopping=True))
            self._find(work, k=k)
        self._order(works, strategy)
        return [(work.ranking, work.timings) for work in works]

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

"""The path of a request, end to end: understand, retrieve, rank, explain, answer. It opens what the stages are given."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shelftalk.asked import comparison, in_order, named, verdict
from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.engines import load_engine
from shelftalk.engines.base import Engine
from shelftalk.errors import CatalogError, UsageError
from shelftalk.explain import Explainer, ExplainJob, WhyAnswer, answer_question
from shelftalk.explain import why as explain_why
from shelftalk.facts.availability import to_come
from shelftalk.facts.card import wanted_value
from shelftalk.facts.facts import humanise
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Ranker, RankJob, Suits
from shelftalk.readings import follow_up, spread
from shelftalk.retrieve import Retriever, Shelves
from shelftalk.settings import Settings, load_settings
from shelftalk.text import clean, shorten
from shelftalk.understand import Understander, Understood
from shelftalk.understand.matching import Matchers, load_matchers
from shelftalk.values import (
    Answer,
    Explanation,
    Intent,
    Product,
    Ranking,
    Request,
    Retrieval,
    Turn,
    Verdict,
)
from shelftalk.work import Event, Work, check, explained, said_so_far, timed, without


@dataclass(frozen=True)
class _Stages:
    version: int
    understand: Understander
    retrieve: Retriever
    explain: Explainer


class Shelf:
    """A catalogue that can be asked. Safe to share between threads: calls to the language model take turns."""

    def __init__(self, catalog: Catalog, settings: Settings, prompts: PromptLibrary, engine: Engine | None) -> None:
        self.catalog, self.settings, self.prompts = catalog, settings, prompts
        self._engine = engine
        self._owns_engine = engine is None
        self._batch = False
        self._lock = threading.RLock()
        self._stages: _Stages | None = None
        self._rankers: dict[str, Ranker] = {}
        self._matchers: Matchers | None = None
        self._matching = False
        # told of every answer with the explanations behind it, for those who count what becomes of claims
        self.finished: Callable[[Answer, Sequence[Explanation]], None] | None = None

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

    # The stages, each to be called alone -----------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The language model, loaded now if it was not yet. Raises EngineError."""
        with self._lock:
            if self._engine is None:
                self._engine = load_engine(self.settings, batch=self._batch)
            return self._engine

    @property
    def loaded(self) -> Engine | None:
        """The language model if it is loaded already, else None."""
        return self._engine

    def tap(self, wrap: Callable[[Engine], Engine]) -> None:
        """Puts something between this shelf and its loaded language model that sees what is asked."""
        with self._lock:
            if self._engine is not None:
                self._engine, self._stages, self._rankers = wrap(self._engine), None, {}

    def understand(self, request: str | Request) -> Understood:
        """The request's Intent, with notes on what was doubtful."""
        with self._lock:
            return self._current().understand.understand(self._checked(request))

    def retrieve(self, intent: Intent, *, k: int | None = None, only: Sequence[str] | None = None) -> Retrieval:
        """Candidates for an intent, best first; `only` restricts them to these product ids."""
        with self._lock:
            return self._current().retrieve.retrieve(intent, k=k, only=only)

    def rank(self, intent: Intent, request: str, retrieval: Retrieval, *, strategy: str | None = None) -> Ranking:
        """The candidates in their final order, by the settings' strategy or the one named."""
        with self._lock:
            scope = self._current().retrieve.scope(intent, retrieval.relaxed)
            job = RankJob(request, intent, retrieval, self.catalog.facets(), scope, self.settings.k)
            return self._ranker(strategy).rank_many([job])[0]

    def explain(self, request: str, intent: Intent, products: Sequence[Product]) -> list[Explanation]:
        """A reason for each product, in order."""
        with self._lock:
            return self._current().explain.explain(ExplainJob(request, intent, tuple(products)))

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
        with self._lock:
            judge = Suits(self.engine, self.prompts, self.settings.rank.suits_prompt)
            return judge.judge([(question, known[product_id]) for question, product_id in pairs])

    # The whole path ----------------------------------------------------------------------------------------------

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
        with self._lock:
            self._current()
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
                for i, explanation in enumerate(told or self._current().explain.iterate(self._explain_job(work))):
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
        with self._lock:
            return self._why(self._begin([self._request(request, (), None, None)])[0], product)

    def forget_wordings(self) -> None:
        """Drop the wishes and wordings kept for reuse, so that the next answer is read and worded anew (for measurements)."""
        with self._lock:
            if self._stages is not None:
                self._stages.explain.forget()
                if self._stages.understand.wanting is not None:
                    self._stages.understand.wanting.forget()

    def close(self) -> None:
        """Free the language model that this shelf loaded; one that was given stays open."""
        with self._lock:
            if self._engine is not None and self._owns_engine:
                self._engine.close()
                self._engine = None
            self._stages, self._rankers = None, {}

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Questions about what was shown ------------------------------------------------------------------------------

    def _why(self, work: Work, product: Product) -> WhyAnswer:
        self._find(work)
        self._order([work])
        picked = work.chosen(self.settings.k)
        explanation = None
        if product.id in {c.product.id for c in picked}:
            explanation = self.explain(work.request.request, work.intent, [product])[0]
        return explain_why(
            work.intent,
            work.retrieval,
            work.ranking,
            product,
            k=len(picked),
            explanation=explanation,
            facets=self.catalog.facets(),
            request=said_so_far(work.request),
        )

    def _told(self, work: Work) -> list[Explanation] | None:
        """What the record says to a question about products shown; None where reasons are wanted."""
        asked, products = work.understood.asked, [c.product for c in work.chosen(self.settings.k)]
        if asked is None or not products:
            return None
        before = replace(work.understood, intent=work.understood.before, asked=None)
        if asked.kind == "why":
            return [verdict(self._why(Work(work.request, before, {}), product)) for product in products]
        if asked.kind == "fact":
            sort = work.intent.sort
            # "which is lighter?" asks for a field that it does not name
            text = f"{work.request.request} {humanise(sort.field)}" if sort else work.request.request
            told = [answer_question(text, p, self.catalog.facets()) for p in products]
            if len(told) == 1 or any(e.claims for e in told):
                return told
        return self.explain(said_so_far(work.request), before.intent, products)

    # Inside -------------------------------------------------------------------------------------------------------

    def check(self, request: Request) -> None:
        """Raises UsageError that says what is wrong with a request, if anything is."""
        check(request, self.settings.max_request_chars)

    def _checked(self, request: str | Request) -> Request:
        return check(Request(request) if isinstance(request, str) else request, self.settings.max_request_chars)

    def _request(
        self, request: str | Request, history: Sequence[Turn], k: int | None, candidates: Sequence[str] | None
    ) -> Request:
        if isinstance(request, Request):
            return self._checked(request)
        only = None if candidates is None else tuple(candidates)
        return self._checked(Request(request, history=tuple(history), k=k, candidates=only))

    def _current(self) -> _Stages:
        version = self.catalog.version
        if self._stages is None or self._stages.version != version:
            settings, facets = self.settings, self.catalog.facets()
            retriever, shelves = Retriever(self.catalog, settings.retrieve), Shelves(self.catalog, settings.retrieve)
            self._stages = _Stages(
                version,
                Understander(
                    facets,
                    lambda: self.engine,
                    self.prompts,
                    settings.understand,
                    self.catalog.get,
                    shelves.kinds,
                    self._loaded_matchers,
                    shelves.held,
                    shelves.titled,
                ),
                retriever,
                Explainer(facets, lambda: self.engine, self.prompts, settings.explain),
            )
        return self._stages

    def _loaded_matchers(self) -> Matchers | None:
        """What orders the fields of a wish and the kinds for a need, loaded once; None where that cannot be."""
        if not self._matching:
            self._matchers, self._matching = load_matchers(self.settings.home_folder), True
        return self._matchers

    def _ranker(self, strategy: str | None = None) -> Ranker:
        name = strategy or self.settings.rank.strategy
        if name not in self._rankers:
            settings = self.settings.rank.model_copy(update={"strategy": name})
            self._rankers[name] = Ranker(None if name == "none" else self.engine, self.prompts, settings)
        return self._rankers[name]

    def _begin(self, requests: Sequence[Request]) -> list[Work]:
        started = time.perf_counter()
        understood = self._current().understand.understand_many(requests)
        spent = (time.perf_counter() - started) * 1000 / max(1, len(requests))
        return [
            Work(r, without(named(u, self.catalog), r.exclude), {"understand": spent}, started=started)
            for r, u in zip(requests, understood, strict=True)
        ]

    def _find(self, work: Work, k: int | None = None) -> None:
        with timed(work.timings, "retrieve"):
            if work.intent.shopping:
                asked = [p.id for p in work.understood.asked.about] if work.understood.asked else []
                only = asked if asked and not work.request.candidates else work.request.candidates
                found = self._current().retrieve.retrieve(work.intent, k=k, only=only)
                if asked and work.intent.sort is None:
                    found = in_order(found, asked)
                if work.request.candidates is not None and k is None and found.matching:
                    # of the given candidates those that fit come first; the others are no picks
                    found = replace(found, candidates=found.candidates[: found.matching])
                work.retrieval = found

    def _order(self, work: Sequence[Work], strategy: str | None = None) -> None:
        started = time.perf_counter()
        facets = self.catalog.facets()
        # products shown that are asked about keep the order in which they are
        jobs = [
            RankJob(w.request.request, w.intent, w.retrieval, facets, self._scope(w), w.request.k or self.settings.k)
            for w in work
            if w.understood.asked is None
        ]
        ranked = iter(self._ranker(strategy).rank_many(jobs) if jobs else [])
        rankings = [
            next(ranked) if w.understood.asked is None else Ranking(w.retrieval.candidates, "none") for w in work
        ]
        spent = (time.perf_counter() - started) * 1000 / max(1, len(work))
        for w, ranking in zip(work, rankings, strict=True):
            # kinds chosen for a need, or "a tent or a lantern"
            several = (w.understood.chosen or len(w.intent.named_kinds) > 1) and not w.retrieval.no_match
            several = several and w.intent.sort is None and w.request.candidates is None
            w.ranking = spread(ranking, w.intent.named_kinds) if several else ranking
            w.timings["rank"] = spent

    def _scope(self, work: Work) -> Scope:
        """The products among which the facts of this answer have their standing."""
        if work.scope is None:
            work.scope = self._current().retrieve.scope(work.intent, work.retrieval.relaxed)
        return work.scope

    def _load(self, work: Work) -> None:
        """Loads the language model that words the reasons if it was not yet, so that no stage is charged with it."""
        if self.settings.explain.mode == "model" and self._engine is None:
            with timed(work.timings, "load"):
                _ = self.engine

    def _explain_job(self, work: Work) -> ExplainJob:
        products = tuple(c.product for c in work.chosen(self.settings.k))
        scope = self._scope(work)
        return ExplainJob(work.request.request, work.intent, products, relaxed=work.retrieval.relaxed, scope=scope)

    def ask_ranked(self, requests: Sequence[Request]) -> list[tuple[Answer, Ranking]]:
        """The answers to one batch, each with the whole ranking that its picks were taken from."""
        return [(self._finish(work), work.ranking) for work in self._explained(requests)]

    def _answer(self, requests: Sequence[Request]) -> list[Answer]:
        return [self._finish(work) for work in self._explained(requests)]

    def _explained(self, requests: Sequence[Request]) -> list[Work]:
        for request in requests:
            self.check(request)
        with self._lock:
            self._current()
            works = self._begin(requests)
            for work in works:
                self._find(work)
            self._order(works)
            if any(work.chosen(self.settings.k) for work in works):
                self._load(works[0])
            started = time.perf_counter()
            told = [self._told(work) for work in works]
            jobs = [self._explain_job(w) for w, t in zip(works, told, strict=True) if t is None]
            reasons = iter(self._current().explain.explain_many(jobs))
            explained = [next(reasons) if t is None else t for t in told]
            spent = (time.perf_counter() - started) * 1000 / max(1, len(works))
            for work, explanations in zip(works, explained, strict=True):
                work.explanations, work.timings["explain"] = explanations, spent
            return works

    def _finish(self, work: Work) -> Answer:
        engine = self._engine
        answer = work.answer(
            self.settings.k,
            currency=self.catalog.facets().currency,
            explain=self._current().explain.prompt if work.explanations else None,
            model=engine.model if engine else None,
            engine=engine.name if engine else None,
        )
        answer = self._framed(work, answer)
        asked = work.understood.asked
        if asked is not None and asked.kind == "compare" and len(answer.picks) > 1:
            answer = replace(answer, comparison=comparison([p.product for p in answer.picks]))
        if self.finished is not None:
            self.finished(answer, work.explanations)
        return answer

    def _framed(self, work: Work, answer: Answer) -> Answer:
        """The answer with the sentence over all picks, their labels, and the question back; a question about shown products has
        none of them."""
        if not answer.picks or work.understood.asked is not None:
            return answer
        job = self._explain_job(work)
        explain = self._current().explain
        labels = explain.labels(job)
        picks = tuple(replace(pick, label=label) for pick, label in zip(answer.picks, labels, strict=True))
        back = follow_up(work.request.request, work.understood, work.retrieval, self.prompts)
        relaxed = work.retrieval.relaxed if work.retrieval is not None else ()
        lacking = self._current().retrieve.lacking(work.intent, relaxed)
        later = [shorten(clean(p.product.title), 60) for p in picks if to_come(p.product)]
        notes = (
            *answer.notes,
            *(f'Nothing that fits is listed as "{wanted_value(c)}".' for c in lacking),
            *(f"Not in the shop yet, to be ordered ahead: {title}." for title in later),
        )
        return replace(answer, picks=picks, opening=explain.opening(job), follow_up=back, notes=notes)

    def order_only(self, request: Request, *, k: int, strategy: str | None = None) -> Ranking:
        """Understand, retrieve and rank, without reasons; with `request.candidates` exactly those are ranked."""
        return self.order_many([request], k=k, strategy=strategy)[0][0]

    def order_many(
        self, requests: Sequence[Request], *, k: int, strategy: str | None = None
    ) -> list[tuple[Ranking, dict[str, float]]]:
        """`order_only` for many requests in one batch: each ranking with its share of each stage's milliseconds."""
        with self._lock:
            works = self._begin([self._checked(replace(request, k=None)) for request in requests])
            for work in works:
                if not work.intent.shopping:
                    work.understood = replace(work.understood, intent=replace(work.intent, shopping=True))
                self._find(work, k=k)
            self._order(works, strategy)
            return [(work.ranking, work.timings) for work in works]

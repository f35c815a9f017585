"""The stages of the pipeline in their order over one catalogue: understand, retrieve, rank, explain. It opens what they are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.conversation import (
    best_first,
    comparison,
    in_order,
    named,
    verdict,
    which_is_best,
)
from shelftalk.engines import load_engine, shared_engine
from shelftalk.engines.base import Engine
from shelftalk.engines.call import current
from shelftalk.explain import Explainer, ExplainJob, WhyAnswer
from shelftalk.explain import why as explain_why
from shelftalk.facts.facts import humanise
from shelftalk.pipeline import logs
from shelftalk.pipeline.about import told_of_the_shop
from shelftalk.pipeline.arranging import Arranging
from shelftalk.pipeline.currencies import kept_apart
from shelftalk.pipeline.framing import framed
from shelftalk.pipeline.inlanguage import in_language
from shelftalk.pipeline.knowing import Knowing
from shelftalk.pipeline.loosening import within_reach
from shelftalk.pipeline.personal import personal
from shelftalk.pipeline.spoken import spoken
from shelftalk.pipeline.state import (
    PipelineState,
    Snapshot,
    asked_for,
    check,
    said_so_far,
    seen_already,
    timed,
    without,
)
from shelftalk.pipeline.suggesting import Suggestions
from shelftalk.pipeline.workers import shared_workers
from shelftalk.privacy.pii import scrub_request
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Ranker, RankJob
from shelftalk.retrieve import Retriever, Shelves
from shelftalk.retrieve.variants import standing_for
from shelftalk.settings import Settings
from shelftalk.understand import Understander, Understood
from shelftalk.understand.languages import covers
from shelftalk.understand.model import Matchers, ready_matchers, shared_matchers
from shelftalk.values import (
    Answer,
    Explanation,
    Intent,
    Product,
    Ranking,
    Request,
    Retrieval,
    Turn,
)

FEW = 3  # fewer in stock than this within a limit from comparing are next to nothing


class Pipeline:
    """The stages, opened when first needed, and the steps that take a request's state through them. Safe to share between threads: each
    request has a snapshot, and no lock is held while anything works."""

    def __init__(
        self, catalog: Catalog, settings: Settings, prompts: PromptLibrary, engine: Engine | None, *, waits: bool = True
    ) -> None:
        self.catalog, self.settings, self.prompts = catalog, settings, prompts
        # whether requests wait for encoders that are not loaded yet, and for what these read of descriptions for the first time
        self.waits, self._asked_for_matchers = waits, False
        self._engine = engine
        self._owns_engine = engine is None
        self._batch = False
        # held while something is opened or loaded, never while it states
        self._opening, self._loading = threading.Lock(), threading.Lock()
        self._snapshot: Snapshot | None = None
        self._rankers: dict[str, Ranker] = {}
        self.service, self.about = told_of_the_shop(catalog, settings)
        self.arranging = Arranging(catalog, settings, prompts)
        self.suggestions, self.knowing = Suggestions(catalog, prompts), Knowing(settings, prompts)
        self._known: dict[str, bool] = {}  # languages, and whether the embedder knows each
        # told of every answer with the explanations behind it, for those who count what becomes of claims
        self.finished: Callable[[Answer, Sequence[Explanation]], None] | None = None

    @property
    def engine(self) -> Engine:
        """The language model, loaded now if it was not yet. Raises EngineError."""
        with self._loading:
            if self._engine is None:
                self._engine = shared_engine(load_engine(self.settings, batch=self._batch))
            return self._engine

    @property
    def loaded(self) -> Engine | None:
        """The language model if it is loaded already, else None."""
        return self._engine

    def understand(self, request: str | Request) -> Understood:
        """The request's Intent, with notes on what was doubtful."""
        return self._current().understand.understand(self._scrubbed(self._checked(request)))

    def retrieve(self, intent: Intent, *, k: int | None = None, only: Sequence[str] | None = None) -> Retrieval:
        """Candidates for an intent, best first; `only` restricts them to these product ids."""
        return self._current().retrieve.retrieve(intent, k=k, only=only)

    def rank(self, intent: Intent, request: str, retrieval: Retrieval, *, strategy: str | None = None) -> Ranking:
        """The candidates in their final order, by the settings' strategy or the one named."""
        now = self._current()
        scope = now.retrieve.scope(intent, retrieval.relaxed)
        job = RankJob(self._scrubbed(Request(request)).request, intent, retrieval, now.facets, scope, self.settings.k)
        return self._ranker(strategy).rank_many([job])[0]

    def explain(self, request: str, intent: Intent, products: Sequence[Product]) -> list[Explanation]:
        """A reason for each product, in order."""
        return self._current().explain.explain(
            ExplainJob(self._scrubbed(Request(request)).request, intent, tuple(products))
        )

    def _why(self, state: PipelineState, product: Product) -> WhyAnswer:
        state.counted = False
        self._find(state)
        state.retrieval = standing_for(state.retrieval, product, state.intent.constraints)
        self._order([state])
        picked = state.chosen(self.settings.k)
        explanation = None
        if product.id in {c.product.id for c in picked}:
            job = ExplainJob(state.request.request, state.intent, (product,))
            explanation = state.snapshot.explain.explain(job)[0]
        return explain_why(
            state.intent,
            state.retrieval,
            state.ranking,
            product,
            k=len(picked),
            explanation=explanation,
            facets=state.snapshot.facets,
            request=said_so_far(state.request),
            voice=state.snapshot.explain.record,
        )

    def _told(self, state: PipelineState) -> list[Explanation] | None:
        """What the record says to a question about products shown; None where reasons are wanted."""
        asked, products = state.understood.follow_up, [c.product for c in state.chosen(self.settings.k)]
        if asked is None or not products:
            return None
        before = replace(state.understood, intent=state.understood.before, follow_up=None)
        if asked.kind == "why":
            return [
                verdict(self._why(PipelineState(state.snapshot, state.request, before, {}, id=state.id), product))
                for product in products
            ]
        if asked.kind == "fact":
            sort = state.intent.sort
            # "which is lighter?" asks for a field that it does not name
            text = f"{state.request.request} {humanise(sort.field)}" if sort else state.request.request
            told = [
                state.snapshot.explain.answer(text, p, asked.purpose, asked.asks, self._scope(state)) for p in products
            ]
            if len(told) == 1 or any(e.claims for e in told):
                return told
        if asked.kind == "best" and before.intent.criteria:
            job = ExplainJob(said_so_far(state.request), before.intent, tuple(products), scope=self._scope(state))
        else:
            job = ExplainJob(said_so_far(state.request), before.intent, tuple(products))
        return state.snapshot.explain.explain(job)

    def check(self, request: Request) -> None:
        """Raises UsageError that says what is wrong with a request, if anything is."""
        check(request, self.settings.max_request_chars)

    def _checked(self, request: str | Request) -> Request:
        return check(Request(request) if isinstance(request, str) else request, self.settings.max_request_chars)

    def _scrubbed(self, request: Request) -> Request:
        """The request as it may be stored, logged and prompted."""
        return scrub_request(request) if self.settings.privacy.scrub else request

    def _request(
        self, request: str | Request, history: Sequence[Turn], k: int | None, candidates: Sequence[str] | None
    ) -> Request:
        if isinstance(request, Request):
            return self._checked(request)
        only = None if candidates is None else tuple(candidates)
        return self._checked(Request(request, history=tuple(history), k=k, candidates=only))

    def _current(self) -> Snapshot:
        """The snapshot of the catalogue's version now; stages are opened anew where it changed."""
        version = self.catalog.version
        with self._opening:
            if self._snapshot is None or self._snapshot.catalog.version != version:
                self._snapshot = self._opened(self.catalog.pinned())
            return self._snapshot

    def _opened(self, catalog: Catalog) -> Snapshot:
        settings, facets = self.settings, catalog.facets()
        near = self._near if settings.understand.reads_wishes and self.waits else None
        shelves = Shelves(catalog, settings.retrieve)
        return Snapshot(
            catalog,
            facets,
            Understander(
                facets,
                lambda: self.engine,
                self.prompts,
                settings.understand,
                catalog.get,
                shelves.kinds,
                self._loaded_matchers,
                shelves.held,
                shelves.titled,
                self._covers,
                shelves.called,
                shelves.numbered,
                self.service.asks,
                self.service.remark,
            ),
            Retriever(catalog, settings.retrieve, near),
            Explainer(facets, lambda: self.engine, self.prompts, settings.explain, near),
        )

    def _loaded_matchers(self) -> Matchers | None:
        """What orders the fields of a wish and the kinds for a need; None where that cannot be loaded, and of a shelf that does not wait
        while it is not loaded yet."""
        which = self.settings.home_folder, self.settings.understand.encoders == "both"
        if self.waits:
            return shared_matchers(*which)
        found = ready_matchers(*which)
        if found is None and not self._asked_for_matchers:
            self._asked_for_matchers = True
            shared_workers().submit(lambda: shared_matchers(*which))
        return found

    def _covers(self, language: str) -> bool:
        """Whether the catalogue's embedder knows a language, told once for each."""
        if language not in self._known:
            self._known[language] = covers(self.catalog.embedder.encode_query, language)
        return self._known[language]

    def _near(self, kinds: Sequence[str], told: str, sentences: Sequence[str]) -> Sequence[float] | None:
        """How near each sentence stands to what was said; None without the encoder that tells."""
        matchers = self._loaded_matchers()
        if matchers is None or matchers.texts is None:
            return None
        return [float(n) for n in matchers.texts.nearness(kinds, [told], sentences)[0]]

    def _ranker(self, strategy: str | None = None) -> Ranker:
        name = strategy or self.settings.rank.strategy
        engine = None if name == "none" else self.engine
        with self._opening:
            if name not in self._rankers:
                settings = self.settings.rank.model_copy(update={"strategy": name})
                self._rankers[name] = Ranker(engine, self.prompts, settings)
            return self._rankers[name]

    def _begin(self, requests: Sequence[Request]) -> list[PipelineState]:
        started, now = time.perf_counter(), self._current()
        requests = [self._scrubbed(request) for request in requests]
        understood = now.understand.understand_many(requests)
        spent = (time.perf_counter() - started) * 1000 / max(1, len(requests))
        return [self._entered(now, r, u, spent, started) for r, u in zip(requests, understood, strict=True)]

    def _entered(
        self, now: Snapshot, request: Request, understood: Understood, spent: float, started: float
    ) -> PipelineState:
        """The state of a request that was understood, with what is known of the shopper brought to bear on it."""
        read = kept_apart(named(understood, now.catalog), now.facets, request)
        who, own = request.shopper, None
        if who is not None:
            weight, scored = self.settings.shoppers.weight, self.suggestions.scored
            known = self.knowing.completed(now, who)
            own = personal(known, read.intent, now.catalog, now.facets, weight, scored, request, read.earlier)
        read = without(read, request.exclude)
        state = PipelineState(now, request, read, {"understand": spent}, started=started, personal=own)
        logs.understood(state)
        return state

    def _find(self, state: PipelineState, k: int | None = None) -> None:
        current().check()
        with timed(state.timings, "retrieve"):
            if state.intent.shopping:
                asked = [p.id for p in state.understood.follow_up.about] if state.understood.follow_up else []
                only = asked if asked and not state.request.candidates else state.left(state.request.candidates)
                found = state.snapshot.retrieve.retrieve(state.intent, k=k, only=only, **asked_for(state))
                if only is None:
                    found = within_reach(state, found, k, min(FEW, state.request.k or self.settings.k))
                if asked and state.intent.sort is None:
                    found = best_first(found, asked) if state.intent.criteria else in_order(found, asked)
                if state.request.candidates is not None and k is None and found.matching:
                    # of the given candidates those that fit come first; the others are no picks
                    found = replace(found, candidates=found.candidates[: found.matching])
                if found.no_match and not found.unlike and only is None:
                    found = replace(found, seen=seen_already(state))
                state.retrieval = state.asked_about(found)
        logs.retrieved(state)

    def _order(self, states: Sequence[PipelineState], strategy: str | None = None) -> None:
        current().check()
        started, depth = time.perf_counter(), self.settings.rank.depth
        # products shown that are asked about keep the order in which they are
        jobs = [
            RankJob(
                w.request.request,
                w.intent,
                w.retrieval,
                w.snapshot.facets,
                self._scope(w),
                w.request.k or self.settings.k,
                w.beside([c.product for c in w.retrieval.candidates[:depth]], self.prompts),
            )
            for w in states
            if w.graded
        ]
        ranked = iter(self._ranker(strategy).rank_many(jobs) if jobs else [])
        rankings = [next(ranked) if w.graded else Ranking(w.retrieval.candidates, "none") for w in states]
        spent = (time.perf_counter() - started) * 1000 / max(1, len(states))
        for w, ranking in zip(states, rankings, strict=True):
            w.ranking = self.arranging.arrange(w, ranking)
            w.timings["rank"] = spent
            logs.ranked(w)

    def _scope(self, state: PipelineState) -> Scope:
        """The products among which the facts of this answer have their standing."""
        if state.scope is None:
            state.scope = state.snapshot.retrieve.scope(state.intent, state.retrieval.relaxed)
        return state.scope

    def _load(self, state: PipelineState) -> None:
        """Loads the language model that words the reasons if it was not yet, so that no stage is charged with it."""
        if self.settings.explain.mode == "model" and self._engine is None:
            with timed(state.timings, "load"):
                _ = self.engine

    def _explain_job(self, state: PipelineState) -> ExplainJob:
        if state.job is None:
            products = state.told([c.product for c in state.chosen(self.settings.k)])
            # no sentence can be held against words that nothing here reads
            request = "" if state.understood.unread else state.request.request
            state.job = ExplainJob(
                request,
                state.intent,
                products,
                relaxed=state.retrieval.relaxed,
                scope=self._scope(state),
                own=state.own(products),
                context=state.context(self.prompts),
            )
        return state.job

    def _answer(self, requests: Sequence[Request]) -> list[Answer]:
        return [self._finish(state) for state in self._explained(requests)]

    def _explained(self, requests: Sequence[Request]) -> list[PipelineState]:
        for request in requests:
            self.check(request)
        states = self._begin(requests)
        for state in states:
            self._find(state)
        self._order(states)
        if any(state.chosen(self.settings.k) for state in states):
            self._load(states[0])
        started = time.perf_counter()
        told = [self._told(state) for state in states]
        jobs = [self._explain_job(w) for w, t in zip(states, told, strict=True) if t is None]
        reasons = iter(states[0].snapshot.explain.explain_many(jobs) if jobs else [])
        explained = [next(reasons) if t is None else t for t in told]
        spent = (time.perf_counter() - started) * 1000 / max(1, len(states))
        for state, explanations in zip(states, explained, strict=True):
            state.explanations, state.timings["explain"] = explanations, spent
        return states

    def _finish(self, state: PipelineState) -> Answer:
        engine = self._engine
        state.voice = self.suggestions.of_answer
        answer = state.answer(
            self.settings.k,
            currency=state.snapshot.facets.currency,
            explain=state.snapshot.explain.prompt if state.explanations else None,
            model=engine.model if engine else None,
            engine=engine.name if engine else None,
        )
        answer = spoken(in_language(answer, state.understood, self.prompts), state, self.prompts, self.about)
        answer = framed(state, answer, self._explain_job, self.prompts)
        asked = state.understood.follow_up
        if asked is not None and asked.kind == "best" and answer.picks:
            told = which_is_best([p.product for p in answer.picks], state.intent, state.snapshot.facets)
            answer = replace(answer, opening=told)
        if asked is not None and asked.kind == "compare" and len(answer.picks) > 1:
            answer = replace(answer, comparison=comparison([p.product for p in answer.picks]))
        logs.explained(state, answer)
        if self.finished is not None:
            self.finished(answer, state.explanations)
        return answer

"""The stages of a request in their order over one catalogue: understand, retrieve, rank, explain. It opens what they are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from shelftalk.asked import best_first, comparison, in_order, named, verdict, which_is_best
from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope, superlatives
from shelftalk.engines import load_engine, shared_engine
from shelftalk.engines.base import Engine
from shelftalk.explain import Explainer, ExplainJob, WhyAnswer, answer_question
from shelftalk.explain import why as explain_why
from shelftalk.facts.availability import sold_out, to_come
from shelftalk.facts.card import plain_name, wanted_value
from shelftalk.facts.facts import humanise
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Ranker, RankJob
from shelftalk.readings import follow_up, spread
from shelftalk.retrieve import Retriever, Shelves
from shelftalk.retrieve.near import nearest
from shelftalk.retrieve.relax import KIND_FIELDS, names_kind
from shelftalk.retrieve.stock import last, placed
from shelftalk.settings import Settings
from shelftalk.text import clean, shorten
from shelftalk.understand import Understander, Understood
from shelftalk.understand.model import Matchers, shared_matchers
from shelftalk.understand.turns import loosened
from shelftalk.values import (
    Answer,
    Constraint,
    Explanation,
    Intent,
    Product,
    Ranking,
    Request,
    Retrieval,
    Sort,
    Turn,
)
from shelftalk.work import Snapshot, Work, check, said, said_so_far, timed, without

FEW = 3  # fewer in stock than this within a limit from comparing are next to nothing


class Pipeline:
    """The stages, opened when first needed, and the steps that take a request's work through them. Safe to share between threads: each
    request works on its own snapshot, and no lock is held while anything works."""

    def __init__(self, catalog: Catalog, settings: Settings, prompts: PromptLibrary, engine: Engine | None) -> None:
        self.catalog, self.settings, self.prompts = catalog, settings, prompts
        self._engine = engine
        self._owns_engine = engine is None
        self._batch = False
        # held while something is opened or loaded, never while it works
        self._opening, self._loading = threading.Lock(), threading.Lock()
        self._snapshot: Snapshot | None = None
        self._rankers: dict[str, Ranker] = {}
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
        return self._current().understand.understand(self._checked(request))

    def retrieve(self, intent: Intent, *, k: int | None = None, only: Sequence[str] | None = None) -> Retrieval:
        """Candidates for an intent, best first; `only` restricts them to these product ids."""
        return self._current().retrieve.retrieve(intent, k=k, only=only)

    def rank(self, intent: Intent, request: str, retrieval: Retrieval, *, strategy: str | None = None) -> Ranking:
        """The candidates in their final order, by the settings' strategy or the one named."""
        now = self._current()
        scope = now.retrieve.scope(intent, retrieval.relaxed)
        job = RankJob(request, intent, retrieval, now.facets, scope, self.settings.k)
        return self._ranker(strategy).rank_many([job])[0]

    def explain(self, request: str, intent: Intent, products: Sequence[Product]) -> list[Explanation]:
        """A reason for each product, in order."""
        return self._current().explain.explain(ExplainJob(request, intent, tuple(products)))

    def _why(self, work: Work, product: Product) -> WhyAnswer:
        self._find(work)
        self._order([work])
        picked = work.chosen(self.settings.k)
        explanation = None
        if product.id in {c.product.id for c in picked}:
            job = ExplainJob(work.request.request, work.intent, (product,))
            explanation = work.snapshot.explain.explain(job)[0]
        return explain_why(
            work.intent,
            work.retrieval,
            work.ranking,
            product,
            k=len(picked),
            explanation=explanation,
            facets=work.snapshot.facets,
            request=said_so_far(work.request),
        )

    def _told(self, work: Work) -> list[Explanation] | None:
        """What the record says to a question about products shown; None where reasons are wanted."""
        asked, products = work.understood.asked, [c.product for c in work.chosen(self.settings.k)]
        if asked is None or not products:
            return None
        before = replace(work.understood, intent=work.understood.before, asked=None)
        if asked.kind == "why":
            return [verdict(self._why(Work(work.snapshot, work.request, before, {}), product)) for product in products]
        if asked.kind == "fact":
            sort = work.intent.sort
            # "which is lighter?" asks for a field that it does not name
            text = f"{work.request.request} {humanise(sort.field)}" if sort else work.request.request
            told = [answer_question(text, p, work.snapshot.facets) for p in products]
            if len(told) == 1 or any(e.claims for e in told):
                return told
        if asked.kind == "best" and before.intent.criteria:
            job = ExplainJob(said_so_far(work.request), before.intent, tuple(products), scope=self._scope(work))
        else:
            job = ExplainJob(said_so_far(work.request), before.intent, tuple(products))
        return work.snapshot.explain.explain(job)

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

    def _current(self) -> Snapshot:
        """The snapshot of the catalogue's version now; stages are opened anew where it changed."""
        version = self.catalog.version
        with self._opening:
            if self._snapshot is None or self._snapshot.catalog.version != version:
                self._snapshot = self._opened(self.catalog.pinned())
            return self._snapshot

    def _opened(self, catalog: Catalog) -> Snapshot:
        settings, facets = self.settings, catalog.facets()
        near = self._near if settings.understand.mode == "wishes" else None
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
            ),
            Retriever(catalog, settings.retrieve, near),
            Explainer(facets, lambda: self.engine, self.prompts, settings.explain, near),
        )

    def _loaded_matchers(self) -> Matchers | None:
        """What orders the fields of a wish and the kinds for a need; None where that cannot be loaded."""
        return shared_matchers(self.settings.home_folder, self.settings.understand.encoders == "both")

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

    def _begin(self, requests: Sequence[Request]) -> list[Work]:
        started, now = time.perf_counter(), self._current()
        understood = now.understand.understand_many(requests)
        spent = (time.perf_counter() - started) * 1000 / max(1, len(requests))
        return [
            Work(now, r, without(named(u, now.catalog), r.exclude), {"understand": spent}, started=started)
            for r, u in zip(requests, understood, strict=True)
        ]

    def _find(self, work: Work, k: int | None = None) -> None:
        with timed(work.timings, "retrieve"):
            if work.intent.shopping:
                asked = [p.id for p in work.understood.asked.about] if work.understood.asked else []
                only = asked if asked and not work.request.candidates else work.request.candidates
                found = work.snapshot.retrieve.retrieve(work.intent, k=k, only=only, said=said(work))
                if only is None:
                    found = self._loosened(work, found, k)
                if asked and work.intent.sort is None:
                    found = best_first(found, asked) if work.intent.criteria else in_order(found, asked)
                if work.request.candidates is not None and k is None and found.matching:
                    # of the given candidates those that fit come first; the others are no picks
                    found = replace(found, candidates=found.candidates[: found.matching])
                work.retrieval = found

    def _loosened(self, work: Work, found: Retrieval, k: int | None) -> Retrieval:
        """What was found, or more where next to nothing in stock keeps a limit that came from comparing with what was shown: the wish
        stands, what comes nearest to it is shown, and a note says so."""
        wanted, notes = min(FEW, work.request.k or self.settings.k), work.understood.notes
        steps = loosened(work.intent)
        for intent, gone in steps:
            left = _in_stock(found)
            # who asks for cheaper ones is shown no dearer one beside the only one
            if left >= wanted or (left and all(c.field == "price" for c in gone)):
                break
            more = work.snapshot.retrieve.retrieve(intent, k=k, said=said(work))
            if _in_stock(more) > left:
                told = (*notes, self._cheapest(work, gone, intent, left) or _beyond(gone, intent, left))
                work.understood = replace(work.understood, intent=intent, notes=told)
                # without a kind named, what is nearest to the limit may be no such thing at all
                if gone == steps[-1][1] and names_kind(intent.constraints):
                    order = nearest(more.candidates, gone)
                    more = replace(more, candidates=last(placed([(c.product, c.scores) for c in order]), ())[0])
                found = more
        return found

    def _cheapest(self, work: Work, gone: Sequence[Constraint], intent: Intent, left: int) -> str:
        """The note that nothing in stock is cheaper, with what the cheapest costs; "" where it was about something else."""
        if left or any((c.field, c.operator) != ("price", "<") for c in gone):
            return ""
        order = replace(intent, sort=Sort("price", "asc"), criteria=())
        found = work.snapshot.retrieve.retrieve(order).candidates
        first = next((c.product for c in found if c.product.price is not None and not sold_out(c.product)), None)
        if first is None or first.price is None:
            return ""
        price = f"{first.price} {first.currency or ''}".strip()
        return f"Nothing in stock that fits is lower in price than what was shown; the cheapest is {shorten(clean(first.title), 60)} at {price}."

    def _order(self, work: Sequence[Work], strategy: str | None = None) -> None:
        started = time.perf_counter()
        # products shown that are asked about keep the order in which they are
        jobs = [
            RankJob(
                w.request.request,
                w.intent,
                w.retrieval,
                w.snapshot.facets,
                self._scope(w),
                w.request.k or self.settings.k,
            )
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
            chosen = w.understood.chosen
            w.ranking = spread(ranking, w.intent.named_kinds, chosen=chosen) if several else ranking
            w.timings["rank"] = spent

    def _scope(self, work: Work) -> Scope:
        """The products among which the facts of this answer have their standing."""
        if work.scope is None:
            work.scope = work.snapshot.retrieve.scope(work.intent, work.retrieval.relaxed)
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

    def _answer(self, requests: Sequence[Request]) -> list[Answer]:
        return [self._finish(work) for work in self._explained(requests)]

    def _explained(self, requests: Sequence[Request]) -> list[Work]:
        for request in requests:
            self.check(request)
        works = self._begin(requests)
        for work in works:
            self._find(work)
        self._order(works)
        if any(work.chosen(self.settings.k) for work in works):
            self._load(works[0])
        started = time.perf_counter()
        told = [self._told(work) for work in works]
        jobs = [self._explain_job(w) for w, t in zip(works, told, strict=True) if t is None]
        reasons = iter(works[0].snapshot.explain.explain_many(jobs) if jobs else [])
        explained = [next(reasons) if t is None else t for t in told]
        spent = (time.perf_counter() - started) * 1000 / max(1, len(works))
        for work, explanations in zip(works, explained, strict=True):
            work.explanations, work.timings["explain"] = explanations, spent
        return works

    def _finish(self, work: Work) -> Answer:
        engine = self._engine
        answer = work.answer(
            self.settings.k,
            currency=work.snapshot.facets.currency,
            explain=work.snapshot.explain.prompt if work.explanations else None,
            model=engine.model if engine else None,
            engine=engine.name if engine else None,
        )
        answer = self._framed(work, answer)
        asked = work.understood.asked
        if asked is not None and asked.kind == "best" and answer.picks:
            told = which_is_best([p.product for p in answer.picks], work.intent, work.snapshot.facets)
            answer = replace(answer, opening=told)
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
        explain = work.snapshot.explain
        labels = explain.labels(job)
        picks = tuple(replace(pick, label=label) for pick, label in zip(answer.picks, labels, strict=True))
        back = follow_up(work.request.request, work.understood, work.retrieval, self.prompts)
        relaxed = work.retrieval.relaxed if work.retrieval is not None else ()
        retriever = work.snapshot.retrieve
        lacking, fieldless = retriever.lacking(work.intent, relaxed), retriever.fieldless(work.intent, relaxed)
        kinds = ", ".join(map(clean, work.intent.named_kinds))
        limits = [c for c in work.intent.constraints if c.field not in KIND_FIELDS]
        strange = retriever.fieldless(work.intent, limits) if fieldless and kinds else ()  # none of the kinds has it
        later = [shorten(clean(p.product.title), 60) for p in picks if to_come(p.product)]
        notes = (
            *answer.notes,
            *(f'Nothing that fits is listed as "{wanted_value(c)}".' for c in lacking),
            *(
                f'No product {f"of these kinds ({kinds})" if c in strange else "that fits"} has the field "{plain_name(c.field)}".'
                for c in fieldless
            ),
            *(f"Not in the shop yet, to be ordered ahead: {title}." for title in later),
        )
        return replace(answer, picks=picks, opening=explain.opening(job), follow_up=back, notes=notes)


def _in_stock(found: Retrieval) -> int:
    """How many of what was found can be had; none where nothing keeps the limits."""
    return 0 if found.no_match else sum(not sold_out(c.product) for c in found.candidates)


def _beyond(gone: Sequence[Constraint], intent: Intent, left: int) -> str:
    """The note on limits from comparing that were given up, `left` products in stock keep: "Only one in stock is lower in weight ..." """
    lower = {c.field: c.operator == "<" for c in gone}
    how = " and ".join(f"{'lower' if less else 'higher'} in {plain_name(field)}" for field, less in lower.items())
    first = ", ".join(superlatives(c.field)[c.want == "high"] for c in intent.criteria if c.field in lower)
    few = "Only one in stock is" if left == 1 else f"Only {left} in stock are" if left else "Nothing in stock is"
    told = f"the {first} of what fits otherwise come first" if first else "what fits otherwise stands beside it"
    return f"{few} {how} than what was shown; {told}."

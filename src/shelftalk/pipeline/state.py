"""The pipeline state of one request: the snapshot it works on, what each stage adds, its events, and the answer it becomes."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from shelftalk.catalog import Catalog, sql
from shelftalk.catalog.rows import search_text
from shelftalk.catalog.standing import Scope
from shelftalk.engines.call import current
from shelftalk.errors import UsageError
from shelftalk.explain import Explainer, ExplainJob, taken_as
from shelftalk.facts.availability import sold_out
from shelftalk.pipeline.personal import Personal
from shelftalk.pipeline.refusing import asked_by_name
from shelftalk.privacy.pii import note_of
from shelftalk.prompts import PromptLibrary
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.criteria import answering
from shelftalk.retrieve.stock import LEFT_FOR_LAST, NAMED
from shelftalk.retrieve.variants import named_in, siblings, variants_of, varying
from shelftalk.shoppers.exposure import Reordered
from shelftalk.text import clean, shorten, shown
from shelftalk.understand import Understander, Understood
from shelftalk.understand.rules import liked
from shelftalk.understand.turns import CLEARED
from shelftalk.values import (
    Answer,
    Candidate,
    Claim,
    Context,
    Explanation,
    Facets,
    Intent,
    Pick,
    PickSource,
    Product,
    Ranking,
    Request,
    Retrieval,
    Slate,
)
from shelftalk.words.stems import stems

NOT_SHOPPING = "This asks for no product, so none is shown. Say what you are looking for whenever you like."
NOTHING_FITS = "Nothing in the catalogue fits what was asked."
_WORD = re.compile(r"\w{4,}")
STAGES = ("understand", "retrieve", "rank", "explain")


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a streamed answer.

    kind "understood" carries an Intent, "candidates" a Retrieval, "pick" a Pick that is ranked but not explained yet
    (reason ""), "reason" the same Pick with its reason and claims, "answer" the whole Answer, always last.
    """

    kind: Literal["understood", "candidates", "pick", "reason", "answer"]
    value: Intent | Retrieval | Pick | Answer


def request_id() -> str:
    """The id of the request that runs, as its server made it; else one of its own."""
    return current().id or uuid.uuid4().hex


@dataclass(frozen=True)
class Snapshot:
    """What one request sees, whatever is written or set meanwhile: one version of the catalogue, its facets, and the stages over them."""

    catalog: Catalog
    facets: Facets
    understand: Understander
    retrieve: Retriever
    explain: Explainer


@dataclass
class PipelineState:
    """One request over one snapshot, with what each stage has added; `timings` are milliseconds by stage, `id` stands in the logs.
    `counted` says whether a shopper is shown the answer, so that the exposure in it counts; `reordered` is what the exposure floor did, `slate` how
    the order was drawn where it was."""

    snapshot: Snapshot
    request: Request
    understood: Understood
    timings: dict[str, float]
    retrieval: Retrieval = field(default_factory=Retrieval)
    ranking: Ranking = field(default_factory=Ranking)
    explanations: list[Explanation] = field(default_factory=list)
    started: float = 0.0
    scope: Scope | None = None
    job: ExplainJob | None = None
    variants: dict[str, list[Product]] = field(default_factory=dict)
    personal: Personal | None = None
    voice: Callable[[Candidate, Intent, Personal | None], tuple[PickSource, ...]] | None = None
    id: str = field(default_factory=request_id)
    counted: bool = True
    reordered: Reordered | None = None
    slate: Slate | None = None

    @property
    def intent(self) -> Intent:
        return self.understood.intent

    @property
    def graded(self) -> bool:
        """Whether the candidates are ranked: products shown that are asked about keep their order, and what is wanted must be readable."""
        return self.understood.follow_up is None and not self.understood.unread

    def places(self, k: int) -> int:
        """How many are shown at most: as many as the request or its words ask for, else `k`."""
        wanted = [n for n in (self.request.k, self.intent.limit) if n]
        return min(wanted) if wanted else k

    def chosen(self, k: int) -> list[Candidate]:
        """The candidates that are shown, `places` of them at most; none that is nothing like what was asked for, nor any that only fills the list (`retrieve.criteria.answering`)."""
        if self.retrieval.unlike:
            return []
        shown = list(self.ranking.candidates[: self.places(k)])
        given = self.intent.limit or self.understood.follow_up is not None or self.request.candidates is not None
        return shown if given or self.retrieval.no_match else answering(shown, self.intent.criteria)

    def bare(self, k: int) -> list[Pick]:
        """The chosen candidates as picks without a reason yet."""
        chosen = self.chosen(k)
        groups = self.groups([c.product for c in chosen])
        told = self.voice if self.understood.follow_up is None else None
        return [
            Pick(
                c.product,
                place,
                c.score,
                "",
                sources=told(c, self.intent, self.personal) if told else (),
                variants=variants_of(groups.get(c.product.item_group_id or "", ()), self.snapshot.facets),
            )
            for place, c in enumerate(chosen, 1)
        ]

    def groups(self, products: Sequence[Product]) -> dict[str, list[Product]]:
        """The variants of the products that belong to a group, by its id; looked up once."""
        wanted = [p for p in products if p.item_group_id is not None and p.item_group_id not in self.variants]
        self.variants |= siblings(self.snapshot.catalog, wanted)
        return self.variants

    def asked_about(self, found: Retrieval) -> Retrieval:
        """What was found with, for a product that a question is about, the variant of which the question speaks."""
        follow_up = self.understood.follow_up
        if follow_up is None or follow_up.kind != "fact":
            return found
        groups = self.groups([c.product for c in found.candidates])
        asked = [
            replace(
                c,
                product=named_in(
                    self.request.request,
                    c.product,
                    groups.get(c.product.item_group_id or "", ()),
                    self.snapshot.facets,
                ),
            )
            for c in found.candidates
        ]
        return replace(found, candidates=tuple(asked))

    def told(self, products: Sequence[Product]) -> tuple[Product, ...]:
        """The products with what reasons may tell: of the fields in which a thing's variants differ those that were asked for, since the
        others are only this variant's."""
        groups, facets = self.groups(products), self.snapshot.facets
        intent = self.intent
        named = [c.field for c in intent.constraints] + [c.field for c in intent.criteria]
        fields = {sql.field_name(field) for field in (*named, intent.sort.field if intent.sort else "")}
        asked = stems(said_so_far(self.request))

        def spoken_of(name: str, value: object) -> bool:
            return name in fields or bool(stems(shown(value)) & asked)

        told = []
        for product in products:
            differing = set(varying(groups.get(product.item_group_id or "", ()), facets))
            kept = {n: v for n, v in product.attributes.items() if n not in differing or spoken_of(n, v)}
            told.append(replace(product, attributes=kept) if len(kept) < len(product.attributes) else product)
        return tuple(told)

    def own(self, products: Sequence[Product]) -> dict[str, Claim]:
        """What products share with the shopper's own history, by id; nothing where no line of the profile bears on the request."""
        who = self.personal
        if who is None or not (who.lines or who.owned) or self.understood.follow_up is not None:
            return {}
        voice = self.snapshot.explain.history
        told = ((p.id, voice.claim(p, who.holding(p), who.shopper, who.known, who.now)) for p in products)
        return {product_id: claim for product_id, claim in told if claim is not None}

    def left(self, candidates: Sequence[str] | None) -> Sequence[str] | None:
        """The candidates that a request gives without what the shopper refused, unknown ids among them; None where it gives none."""
        own = self.personal
        if candidates is None or own is None or not (own.held or own.exclude):
            return candidates
        catalog = self.snapshot.catalog
        known = catalog.get_many(list(candidates))
        kept = set(catalog.scan(sql.where(own.held, own.exclude, list(candidates))))
        return [c for c in candidates if c in kept or c not in known]

    def beside(self, products: Sequence[Product], prompts: PromptLibrary) -> dict[str, str]:
        """What the judgement reads beside the facts, by product id: what it shares with the shopper's history, and the context."""
        own, context = self.own(products), self.context(prompts)
        told = {
            p.id: " ".join([*([own[p.id].text] if p.id in own else []), *([context] if context else [])])
            for p in products
        }
        return {product_id: text for product_id, text in told.items() if text}

    def context(self, prompts: PromptLibrary) -> str:
        """When, where and on what the shopper asks, in words for the prompts; "" where nothing of it is known."""
        known = self.personal.shopper.context if self.personal else Context()
        days = "" if known.within_days is None else str(known.within_days)
        told = {
            "moment": known.moment,
            "season": known.season,
            "place": known.place,
            "device": known.device,
            "days": days,
        }
        return prompts.get("answer/context").render(**told).messages[-1].content if any(told.values()) else ""

    def prompts(self, explain: str | None) -> dict[str, str]:
        """The prompt of each stage that asked the language model; `explain` is the one that words reasons."""
        used = {"understand": self.understood.prompt, "rank": self.ranking.prompt}
        if self.explanations:
            used["explain"] = explain
        return {task: ref for task, ref in used.items() if ref}

    def notes(self, picks: Sequence[Pick], currency: str | None) -> tuple[str, ...]:
        """What the shopper should know beside the picks, in the order of the stages."""
        held = next(
            (str(c.value) for c in self.intent.constraints if c.field == "currency" and c.operator == "="), currency
        )
        taken = taken_as(self.intent, held, self.request.request)
        own = self._of_refusals(picks) if self.intent.shopping else []
        asked = self.understood.follow_up is not None  # about products shown, which need not fit anything
        notes = [
            *([note_of(self.request.taken)] if self.request.taken else ()),
            *self.understood.notes,
            *taken,
            *own,
            *filter(self._would_show, self.retrieval.notes),
            *self.ranking.notes,
        ]
        for explanation in self.explanations:
            notes.extend(note for note in explanation.notes if note not in notes)
        if not self.intent.shopping:
            notes += [NOT_SHOPPING] if CLEARED not in notes else []
        elif self.retrieval.seen:
            notes.append(all_seen(self.retrieval.seen))
        elif not self.retrieval.unlike and (not picks or (self.retrieval.no_match and not asked)):
            notes.append(NOTHING_FITS)
        if picks and self.understood.follow_up is None and self.understood.heard is None:
            notes += [
                f"None of these speaks of '{it}'." for it in liked(self.request.request) if not _spoken(it, picks)
            ]
        return tuple(dict.fromkeys(notes))

    def _of_refusals(self, picks: Sequence[Pick]) -> list[str]:
        """What is left out since the shopper sent it away, where that is more than a product that nobody asked for."""
        if self.personal is None:
            return []
        own, shown = self.personal, [p.product for p in picks]
        has = {r.product_id for r in own.shopper.refused if r.why == "have"}
        return [*own.notes, *asked_by_name(self.request.request, own.gone.values(), shown, has)]

    def _would_show(self, note: str) -> bool:
        """Whether a note is no note on products out of stock, or one of these would be shown if it could be had: it meets the wishes that
        those shown meet."""
        if not note.startswith(LEFT_FOR_LAST):
            return True
        shown = [c for c in self.retrieval.candidates if not sold_out(c.product)][:1]
        gone = [
            c
            for c in self.retrieval.candidates
            if sold_out(c.product) and shorten(clean(c.product.title), NAMED) in note
        ]
        return not gone or any(c in answering([*shown, c], self.intent.criteria) for c in gone)

    def answer(
        self, k: int, *, currency: str | None, explain: str | None, model: str | None, engine: str | None
    ) -> Answer:
        """The Answer, once every stage is through. `currency` is the shop's; a model is named only where it was asked."""
        picks = tuple(explained(pick, e) for pick, e in zip(self.bare(k), self.explanations, strict=True))
        prompts = self.prompts(explain)
        self.timings["total"] = sum(self.timings[stage] for stage in STAGES)
        return Answer(
            id=self.request.id,
            request=self.request.request,
            intent=self.intent,
            picks=picks,
            relaxed=self.retrieval.relaxed,
            no_match=self.intent.shopping and (self.retrieval.no_match or not picks),
            notes=self.notes(picks, currency or next((p.product.currency for p in picks), None)),
            model=model if prompts else None,
            engine=engine if prompts else None,
            prompts=prompts,
            timings_ms=self.timings,
            slate=self.slate,
            tokens=sum((e.tokens for e in self.explanations), self.understood.tokens + self.ranking.tokens),
            exposure=None if self.reordered is None or not self.reordered.placed else self.reordered.to_dict(),
        )


def _spoken(words: str, picks: Sequence[Pick]) -> bool:
    """Whether the text of a pick holds one of the words, or a word that one of them begins with ("dino" for "dinosaurs")."""
    held = {w for pick in picks for w in _WORD.findall(search_text(pick.product).lower())}
    return any(w in held or any(w.startswith(h) or h.startswith(w) for h in held) for w in _WORD.findall(words.lower()))


def check(request: Request, limit: int) -> Request:
    """The request itself. Raises UsageError that says what is wrong with it; `limit` is in characters."""
    if not clean(request.request):
        raise UsageError("the request is empty; say what to look for")
    if len(request.request) > limit:
        raise UsageError(
            f"the request has {len(request.request)} characters, more than the {limit} allowed; shorten it or raise "
            "the setting max_request_chars"
        )
    for i, turn in enumerate(request.history):
        if len(turn.content) > 4 * limit:
            raise UsageError(f"turn {i + 1} of the history has {len(turn.content)} characters, more than {4 * limit}")
    if request.k is not None and not 1 <= request.k <= 50:
        raise UsageError(f"k is {request.k}; it must be from 1 to 50")
    return request


def in_stock(found: Retrieval) -> int:
    """How many of what was found can be had; none where nothing keeps the limits."""
    return 0 if found.no_match else sum(not sold_out(c.product) for c in found.candidates)


def without(understood: Understood, product_ids: Sequence[str]) -> Understood:
    """What was understood, with these products excluded as well."""
    if not product_ids:
        return understood
    exclude = tuple(dict.fromkeys((*understood.intent.exclude, *product_ids)))
    return replace(understood, intent=replace(understood.intent, exclude=exclude))


def said(state: PipelineState) -> str:
    """What the shopper said of the wish that stands, over the turns that still count."""
    understood = state.understood
    return clean(" ".join((*understood.earlier, understood.said or state.request.request)))


def asked_for(state: PipelineState) -> dict[str, Any]:
    """What retrieval is told beside the intent: what the shopper said, and how a request in another language is searched for."""
    heard, own = state.understood.heard, state.personal
    asked: dict[str, Any] = {"said": said(state)}
    if heard is not None:
        asked |= {"words": heard.words, "dense": heard.dense}
    if own is not None:
        asked |= {"held": own.held, "exclude": own.exclude, "lean": own.lean if own.leans else None}
    return asked


def said_so_far(request: Request) -> str:
    """What the shopper said, over all turns."""
    return " ".join([*(t.content for t in request.history if t.role == "user"), request.request])


def seen_already(state: PipelineState) -> int:
    """How many things fit but were shown or sent away before, where no other does."""
    own, intent, catalog = state.personal, state.intent, state.snapshot.catalog
    limits = (*intent.constraints, *(own.held if own else ()))
    hidden = catalog.get_many([*intent.exclude, *(own.exclude if own else ())])
    return catalog.distinct(sql.where(limits)) if limits and hidden else 0


def all_seen(number: int) -> str:
    """The note that nothing is left of what fits."""
    told = "The only one that fits was" if number == 1 else f"All {number} that fit were"
    return f"{told} shown or sent away already."


def explained(pick: Pick, explanation: Explanation) -> Pick:
    """The pick with its reason and claims."""
    return replace(pick, reason=explanation.reason, claims=explanation.claims)


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Writes the milliseconds spent inside to `timings[stage]`."""
    started = time.perf_counter()
    try:
        yield
    finally:
        timings[stage] = (time.perf_counter() - started) * 1000

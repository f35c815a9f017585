"""The stage itself: the model says why over the facts of each card, what holds is shown, and the record fills what is missing."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from shelftalk.catalog.standing import Scope
from shelftalk.engines.base import Engine
from shelftalk.errors import PromptError
from shelftalk.explain.check import Check
from shelftalk.explain.history import FIELD, HistoryVoice
from shelftalk.explain.job import ExplainJob
from shelftalk.explain.opening import labels, opening
from shelftalk.explain.places import wrong_place
from shelftalk.explain.question import answer_question
from shelftalk.explain.record import RecordExplainer, absences, answered, meets, misses, ranges, said
from shelftalk.explain.suits import Clause, Wish
from shelftalk.explain.vocabulary import Vocabulary, praised
from shelftalk.explain.write import Writer, WrittenReason
from shelftalk.facts.card import CardFact, Nearness, card_facts, nearest_clause, without_clauses
from shelftalk.facts.facts import Fact
from shelftalk.facts.sentences import Near
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import ExplainSettings
from shelftalk.text import clean
from shelftalk.values import Claim, Evidence, Explanation, Facets, Intent, Product
from shelftalk.words.stems import stems

_VARIABLES = frozenset({"request", "wants", "product", "facts"})
CONTEXT = "context"  # the field of a fact that is when, where and on what somebody asks
MOST_KINDS = 64  # vocabularies kept
CARD, MOST_FACTS = 5, 32  # the facts of a card that the model reads, and that the record chooses from
NEAR_KEPT = 4096  # texts whose nearness to a request is kept
# How much higher the cosines of the encoder that reads sentences stand than those of the catalogue's: at .4 (texts of dev, n=378) it keeps
# .78 of the sentences that answer and .09 of the others of their kind.
ABOVE = 0.2
MOST_ASKED = 3  # how many facts that were asked for the record tells where it speaks alone
_STATES = "suitable for, recommended from, guaranteed for"  # what a shop says by these words is a statement
ENOUGH = 2  # from so many on it adds nothing that was not


class Explainer:
    """Explains picks. `prompt` is the ref of the template used, None where the record speaks alone.

    `engine` may be a function that gives the engine: it is called when the first reason is to be written, so that a model
    which takes seconds to load is not waited for before.
    `near` reads which of a product's sentences answers the request; without it the catalogue's embedder tells.
    The record speaks alone in mode "record" and where there is no engine. PromptError where a template is missing.
    """

    def __init__(
        self,
        facets: Facets,
        engine: Engine | Callable[[], Engine] | None,
        prompts: PromptLibrary,
        settings: ExplainSettings | None = None,
        near: Near | None = None,
    ) -> None:
        self.facets = facets
        self._read = near
        self.settings = settings or ExplainSettings()
        self.prompt: str | None = None
        self.record = RecordExplainer(prompts)
        self.history = HistoryVoice(prompts)
        self._opening = prompts.get("explain/opening")
        self._writer: Writer | None = None
        self._near: dict[tuple[str, str, str], float] = {}
        self._vocabularies: dict[tuple[str, ...], Vocabulary] = {}
        if engine is not None and self.settings.mode == "model":
            template = prompts.named("explain", self.settings.prompt, "explain.prompt")
            if set(template.variables) != _VARIABLES:
                raise PromptError(
                    f"{template.ref} is no prompt for reasons: it must take {', '.join(sorted(_VARIABLES))}"
                )
            self.prompt = template.ref
            self._writer = Writer(engine if callable(engine) else lambda: engine, template, self.settings)

    def explain(self, job: ExplainJob) -> list[Explanation]:
        """One Explanation a product, in order; all reasons are written in one batch."""
        return self.explain_many([job])[0]

    def explain_many(self, jobs: Sequence[ExplainJob]) -> list[list[Explanation]]:
        """The Explanations of each job; the reasons of all jobs are written in one batch."""
        checks = [self._checks(job) for job in jobs]
        written = iter(self._write([check for of_job in checks for check in of_job]))
        return [
            [self._explanation(job, check, next(written), _met(of_job)) for check in of_job]
            for job, of_job in zip(jobs, checks, strict=True)
        ]

    def iterate(self, job: ExplainJob) -> Iterator[Explanation]:
        """The same Explanations: the first as soon as its own reason is written, the rest in one batch after it."""
        checks = self._checks(job)
        for part in (checks[:1], checks[1:]):
            for check, written in zip(part, self._write(part), strict=True):
                yield self._explanation(job, check, written, _met(checks))

    def answer(self, text: str, product: Product, purpose: str, asks: Intent, scope: Scope | None) -> Explanation:
        """What the record says to a question about a product that was shown: `purpose` is what it is to be good for ("" for no such
        question), `asks` what the question wants, read as a request is. No model is asked."""
        near = self._nearness(ExplainJob(purpose or text, asks, (product,), scope=scope))
        told = without_clauses(product.description, _unproven)
        nearest = nearest_clause(replace(product, description=told), near) if near else None
        clause = Clause(*nearest) if nearest is not None else None
        wish = Wish(purpose=purpose, intent=asks, clause=clause)
        return answer_question(text, product, self.facets, self.record, wish)

    def opening(self, job: ExplainJob) -> str:
        """One sentence over all picks of a job, true by construction; "" for one pick, or where nothing holds for all."""
        return opening(job, self._cards(job), self._opening)

    def labels(self, job: ExplainJob) -> list[str]:
        """For each pick what it is the best of what fits in ("lightest"), "" for nothing."""
        return labels(self._cards(job))

    def forget(self) -> None:
        """Forget what was written for earlier answers, so that the model is asked anew (for measuring)."""
        if self._writer is not None:
            self._writer.forget()

    def _cards(self, job: ExplainJob) -> list[tuple[CardFact, ...]]:
        """The cards of the picks, made once for the reasons, the opening and the labels of a job."""
        if "cards" not in job.worked_out:
            job.worked_out["cards"] = self._made_cards(job)
        cards: list[tuple[CardFact, ...]] = job.worked_out["cards"]
        return cards

    def _made_cards(self, job: ExplainJob) -> list[tuple[CardFact, ...]]:
        nearness = self._nearness(job)
        most = CARD if self._writer is not None else MOST_FACTS
        told = [
            replace(product, description=without_clauses(product.description, _unproven)) for product in job.products
        ]
        cards = [card_facts(product, self.facets, job.intent, job.scope, most, nearness) for product in told]
        return [
            tuple(_of_record(card, product) for card in its) for its, product in zip(cards, job.products, strict=True)
        ]

    def _nearness(self, job: ExplainJob) -> Nearness | None:
        """How near texts stand to the request in meaning; None without a catalogue to ask, or without a request: a profile asks no text
        anything, and what a shop writes first says best what a thing is."""
        scope, request = job.scope, clean(job.request)[:300]
        if scope is None or not request or job.listed:
            return None

        def near(texts: Sequence[str], kind: str) -> list[float]:
            held = {t: score for t in texts if (score := self._near.get((request, kind, t))) is not None}
            fresh = [t for t in dict.fromkeys(texts) if t not in held]
            read = self._read([kind], request, fresh) if self._read is not None and fresh else None
            if read is not None:
                held |= zip(fresh, (score - ABOVE for score in read), strict=True)
            else:
                held |= zip(fresh, scope.nearness(request, fresh, kind) if fresh else (), strict=True)
            if len(self._near) + len(fresh) > NEAR_KEPT:
                self._near = {}  # anew: another thread may still read the old one
            self._near.update({(request, kind, t): score for t, score in held.items()})
            return [held[t] for t in texts]

        return near

    def _checks(self, job: ExplainJob) -> list[Check]:
        titles = [clean(p.title) for p in job.products]
        return [
            Check(
                product,
                self._vocabulary(product),
                job.intent,
                job.request,
                (*cards, *_own(job, product)) if self._writer is not None else cards,
                tuple(t for t in titles if t != titles[i]),
                self.settings.closed,
            )
            for i, (product, cards) in enumerate(zip(job.products, self._cards(job), strict=True))
        ]

    def _vocabulary(self, product: Product) -> Vocabulary:
        """The words of the product's kinds, read from the facets once for each."""
        key = product.categories
        if self._writer is None:
            return Vocabulary()
        if key not in self._vocabularies:
            if len(self._vocabularies) >= MOST_KINDS:
                self._vocabularies.clear()
            self._vocabularies[key] = Vocabulary.of(self.facets, product)
        return self._vocabularies[key]

    def _write(self, checks: Sequence[Check]) -> list[WrittenReason]:
        if self._writer is None or not checks:
            return [WrittenReason() for _ in checks]
        return self._writer.write(checks)

    def _explanation(
        self, job: ExplainJob, check: Check, written: WrittenReason, better: frozenset[str]
    ) -> Explanation:
        """The reason of one pick: what it misses, what holds of the model's words, and what the record adds."""
        product = check.product
        claims = [
            Claim(one.text, _evidence(cited), next(filter(None, map(answered, cited)), None), True, "model")
            for one, cited in written.held
        ]
        claims = [*misses(job, product, self.facets, self.record), *claims]
        told = {e.field for c in claims for e in c.evidence}
        if not written.held:
            record = [card for card in check.cards if card.fact.field not in (FIELD, CONTEXT)]
            claims = self._alone(claims, product, record, better)
        elif missing := _main(check.cards, told):
            claims.insert(0, self.record.card(missing))
        if product.id in job.own and FIELD not in told:
            claims.insert(0 if job.listed else len(claims), job.own[product.id])
        claims = claims or [self.record.general(product)]
        lacking = () if job.listed else absences(job, product, self.facets)  # nobody asked for what a list lacks
        silent = [self.record.silent(field) for field in lacking][:1]
        reason = " ".join([*(c.text for c in claims), *silent])
        return Explanation(
            product.id,
            reason,
            tuple(claims),
            written.tokens,
            written.dropped,
            int(written.tries > 1),
        )

    def _alone(
        self, claims: list[Claim], product: Product, cards: Sequence[CardFact], better: frozenset[str]
    ) -> list[Claim]:
        """The claims of a record that speaks alone: what criteria, limits and the sort touch, what is met first, none twice; then what
        stands near to the request, what was turned down, then what was asked for and goes without saying; one fact more where there
        is nothing of these. A wish that is not met is told as such in fields that another pick does `better` in."""
        found = list(claims)
        told = {e.field for c in found for e in c.evidence}
        words: set[str] = set()

        def tell(claim: Claim) -> None:
            found.append(claim)
            told.update(e.field for e in claim.evidence)
            words.update([claim.answers] if claim.answers else [])

        ends = {id(one): pair for pair in ranges(cards) for one in pair}
        wished = [c for c in cards if c.criterion is not None or c.constraints or c.sorted]
        wished.sort(key=lambda c: not meets(c))
        title = stems(product.title)
        known = [c for c in wished if _evident(c, title)]
        rest = sorted((c for c in cards if not c.asked), key=lambda c: c.fact.field == "price")
        for some, most in (
            ([c for c in wished if c not in known], MOST_ASKED),
            ([c for c in cards if c.touched and not _again(c, wished)], ENOUGH),
            ([c for c in known if _kept_out(c)], MOST_ASKED),
            ([c for c in rest[:1] if c.fact.kind == "mention"], 1),
            (known, ENOUGH),
            (rest, 1),
        ):
            for card in some:
                if len(found) < most and card.fact.field not in told:
                    pair = ends.get(id(card))
                    tell(
                        self.record.within(*pair) if pair else self.record.card(card, words, card.fact.field in better)
                    )
        return found


def _own(job: ExplainJob, product: Product) -> tuple[CardFact, ...]:
    """What a pick shares with the shopper's history, and the context, as more facts that the model may cite."""
    claim = job.own.get(product.id)
    told = [] if claim is None else [(FIELD, "history", claim.text, claim.evidence[-1].value)]
    told += [(CONTEXT, "context", job.context, job.context)] if job.context else []
    return tuple(
        CardFact(Fact(0, field, value, "text", name, text, parts=(text,)), None, text)
        for field, name, text, value in told
    )


def _of_record(card: CardFact, product: Product) -> CardFact:
    """The card with the record's own text as the value of what is quoted from it: evidence is never an excerpt."""
    if card.fact.kind != "mention":
        return card
    return replace(card, fact=replace(card.fact, value=product.value(card.fact.field)))


def _met(checks: Sequence[Check]) -> frozenset[str]:
    """The fields of the wishes that some pick of an answer meets."""
    return frozenset(c.fact.field for check in checks for c in check.cards if c.criterion is not None and meets(c))


def _evident(card: CardFact, title: Container[str]) -> bool:
    """Whether a limit on a named value only lets through what the product's title says already, or keeps out what it is not."""
    fact = card.fact
    if fact.amount is not None or fact.truth is not None or not card.constraints or card.criterion is not None:
        return False
    return _kept_out(card) or all(s in title for s in stems(said(fact)))


def _again(card: CardFact, wished: Sequence[CardFact]) -> bool:
    """Whether the shop's own words only say a yes/no fact again that was asked for: "a USB socket is built in" beside "USB port: yes"."""
    if card.fact.kind != "mention":
        return False
    words = set(stems(said(card.fact)))
    return any(c.fact.truth is not None and words & set(stems(c.fact.name)) for c in wished)


def _kept_out(card: CardFact) -> bool:
    """Whether all limits on a field turn values of it down: "not white"."""
    return bool(card.constraints) and all(c.operator in ("!=", "not in") for c in card.constraints)


@lru_cache(maxsize=NEAR_KEPT)
def _unproven(clause: str) -> bool:
    """Whether a shop's own words praise, or set the product above others, which its record cannot prove: never quoted."""
    return bool(praised(clause, (_STATES,)) or wrong_place(clause, ()))


def _main(cards: Sequence[CardFact], told: set[str]) -> CardFact | None:
    """The fact of the first criterion, or where there is none of the first limit or the sort, unless it was told."""
    asked = [c for c in cards if c.criterion is not None] or [c for c in cards if c.constraints or c.sorted]
    return asked[0] if asked and asked[0].fact.field not in told else None


def _evidence(cited: Sequence[CardFact]) -> tuple[Evidence, ...]:
    """The facts as an answer shows them: field and the record's own value."""
    return tuple(Evidence(card.fact.field, card.fact.value) for card in cited)

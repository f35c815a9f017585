"""The stage itself: the model says why over the facts of each card, what holds is shown, and the record fills what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from shelftalk.engines.base import Engine
from shelftalk.errors import PromptError
from shelftalk.explain.check import Check
from shelftalk.explain.job import ExplainJob
from shelftalk.explain.opening import labels, opening
from shelftalk.explain.record import Record, absences, answered, misses
from shelftalk.explain.vocabulary import Vocabulary
from shelftalk.explain.write import Writer, Written
from shelftalk.facts.card import CardFact, Nearest, card_facts
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import ExplainSettings
from shelftalk.text import clean
from shelftalk.values import Claim, Evidence, Explanation, Facets, Product

_VARIABLES = frozenset({"request", "wants", "product", "facts"})
MOST_KINDS = 64  # vocabularies kept
QUOTES_KEPT = 512
RECORD_CLAIMS = 2  # how many facts the record tells where it speaks alone


class Explainer:
    """Explains picks. `prompt` is the ref of the template used, None where the record speaks alone.

    `engine` may be a function that gives the engine: it is called when the first reason is to be written, so that a model
    which takes seconds to load is not waited for before.
    The record speaks alone in mode "record" and where there is no engine. PromptError where a template is missing.
    """

    def __init__(
        self,
        facets: Facets,
        engine: Engine | Callable[[], Engine] | None,
        prompts: PromptLibrary,
        settings: ExplainSettings | None = None,
    ) -> None:
        self.facets = facets
        self.settings = settings or ExplainSettings()
        self.prompt: str | None = None
        self._record = Record(prompts)
        self._opening = prompts.get("explain/opening")
        self._writer: Writer | None = None
        self._quotes: dict[tuple[str, tuple[str, ...]], str] = {}
        self._vocabularies: dict[tuple[str, ...], Vocabulary] = {}
        if engine is not None and self.settings.mode == "model":
            template = prompts.get(self.settings.prompt)
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
            [self._explanation(job, check, next(written)) for check in of_job]
            for job, of_job in zip(jobs, checks, strict=True)
        ]

    def iterate(self, job: ExplainJob) -> Iterator[Explanation]:
        """The same Explanations: the first as soon as its own reason is written, the rest in one batch after it."""
        checks = self._checks(job)
        for part in (checks[:1], checks[1:]):
            for check, written in zip(part, self._write(part), strict=True):
                yield self._explanation(job, check, written)

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
        nearest = self._nearest(job)
        return [card_facts(product, self.facets, job.intent, job.scope, nearest=nearest) for product in job.products]

    def _nearest(self, job: ExplainJob) -> Nearest | None:
        """What chooses the clause to quote: the one nearest to the request in meaning; None without a catalogue to ask."""
        scope, request = job.scope, clean(job.request)[:300]
        if scope is None or not request:
            return None

        def choose(clauses: Sequence[str]) -> str:
            key = (request, tuple(clauses))
            if key not in self._quotes:
                while len(self._quotes) >= QUOTES_KEPT:
                    self._quotes.pop(next(iter(self._quotes)), None)
                self._quotes[key] = scope.nearest(request, clauses)
            return self._quotes[key]

        return choose

    def _checks(self, job: ExplainJob) -> list[Check]:
        titles = [clean(p.title) for p in job.products]
        return [
            Check(
                product,
                self._vocabulary(product),
                job.intent,
                job.request,
                cards,
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

    def _write(self, checks: Sequence[Check]) -> list[Written]:
        if self._writer is None or not checks:
            return [Written() for _ in checks]
        return self._writer.write(checks)

    def _explanation(self, job: ExplainJob, check: Check, written: Written) -> Explanation:
        """The reason of one pick: what it misses, what holds of the model's words, and what the record adds."""
        product = check.product
        claims = [
            Claim(one.text, _evidence(cited), next(filter(None, map(answered, cited)), None), True, "model")
            for one, cited in written.held
        ]
        claims = [*misses(job, product, self.facets, self._record), *claims]
        told = {e.field for c in claims for e in c.evidence}
        if missing := _main(check.cards, told):
            claims.insert(0, self._record.card(missing, job.request))
        if not written.held:
            claims = self._filled(claims, check.cards, job.request)
        claims = claims or [self._record.general(product)]
        silent = [self._record.silent(field) for field in absences(job, product, self.facets)][:1]
        reason = " ".join([*(c.text for c in claims), *silent])
        return Explanation(
            product.id,
            reason,
            tuple(claims),
            written.tokens,
            written.dropped,
            int(written.tries > 1),
        )

    def _filled(self, claims: list[Claim], cards: Sequence[CardFact], request: str) -> list[Claim]:
        """The claims of a record that speaks alone: what was asked for, none twice; where nothing was, the first facts."""
        told = {e.field for c in claims for e in c.evidence}
        rest = [c for c in cards if c.fact.field not in told and (c.asked or not (told or any(o.asked for o in cards)))]
        rest.sort(key=lambda c: not (c.asked or c.fact.kind == "mention"))
        more = [self._record.card(c, request) for c in rest]
        return [*claims, *more[: max(0, RECORD_CLAIMS - len(claims))]]


def _main(cards: Sequence[CardFact], told: set[str]) -> CardFact | None:
    """The fact of the first criterion, or where there is none of the first limit or the sort, unless it was told."""
    asked = [c for c in cards if c.criterion is not None] or [c for c in cards if c.constraints or c.sorted]
    return asked[0] if asked and asked[0].fact.field not in told else None


def _evidence(cited: Sequence[CardFact]) -> tuple[Evidence, ...]:
    """The facts as an answer shows them: field and the record's own value."""
    return tuple(Evidence(card.fact.field, card.fact.value) for card in cited)

"""The stage itself: points are selected, worded, checked, and joined into the reason of each pick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from shelftalk.engines.base import Engine
from shelftalk.explain.check import check
from shelftalk.explain.job import ExplainJob, Point
from shelftalk.explain.phrase import boolean, sentence, sentences
from shelftalk.explain.select import absences, points_of
from shelftalk.explain.wishes import unspoken
from shelftalk.explain.write import Wording, Writer
from shelftalk.facts.facts import Fact, facts_of, humanise, safe
from shelftalk.facts.units import split_unit
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import ExplainSettings
from shelftalk.values import Claim, Evidence, Explanation, Facets, Product, Tokens

_SILENT = Wording(None)


class Explainer:
    """Explains picks. `prompt` is the ref of the template used, None where the record speaks alone.

    `engine` may be a function that gives the engine: it is called when the first claim is to be worded, so that a model
    which takes seconds to load is not waited for before.
    The record speaks alone in mode "record" and where there is no engine. PromptError where the template is missing.
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
        self._writer: Writer | None = None
        if engine is not None and self.settings.mode == "model":
            template = prompts.get(self.settings.prompt)
            self.prompt = template.ref
            self._writer = Writer(engine if callable(engine) else lambda: engine, template, self.settings)

    def explain(self, job: ExplainJob) -> list[Explanation]:
        """One Explanation a product, in order; all claims are worded in one batch."""
        return self.explain_many([job])[0]

    def explain_many(self, jobs: Sequence[ExplainJob]) -> list[list[Explanation]]:
        """The Explanations of each job; the claims of all jobs are worded in shared batches."""
        chosen = [self._points(job) for job in jobs]
        wordings = iter(self._word([p for points in chosen for of_pick in points for p in of_pick]))
        return [
            self._noted(
                job,
                [
                    explanation(job, product, points, [next(wordings) for _ in points])
                    for product, points in zip(job.products, of_job, strict=True)
                ],
            )
            for job, of_job in zip(jobs, chosen, strict=True)
        ]

    def iterate(self, job: ExplainJob) -> Iterator[Explanation]:
        """The same Explanations: the first as soon as its own claims are worded, the rest in one batch after it."""
        chosen = self._points(job)
        if not chosen:
            return
        yield from self._noted(job, [explanation(job, job.products[0], chosen[0], self._word(chosen[0]))])
        wordings = iter(self._word([p for of_pick in chosen[1:] for p in of_pick]))
        for product, points in zip(job.products[1:], chosen[1:], strict=True):
            yield explanation(job, product, points, [next(wordings) for _ in points])

    def forget(self) -> None:
        """Forget the wordings of earlier answers, so that the model is asked anew (for measuring)."""
        if self._writer is not None:
            self._writer.forget()

    def _noted(self, job: ExplainJob, found: list[Explanation]) -> list[Explanation]:
        """The first explanation carries the note on wishes that no pick's record speaks of."""
        notes = unspoken(job, [facts_of(product, self.facets) for product in job.products])
        return [replace(found[0], notes=(*notes, *found[0].notes)), *found[1:]] if notes else found

    def _points(self, job: ExplainJob) -> list[tuple[Point, ...]]:
        chosen = points_of(job, self.facets, self.settings.claims)
        return [
            points or (last_resort(product),) for product, points in zip(job.products, chosen, strict=True)
        ]  # fmt: skip

    def _word(self, points: Sequence[Point]) -> list[Wording]:
        if self._writer is None or not points:
            return [_SILENT] * len(points)
        return self._writer.word(points)


def explanation(job: ExplainJob, product: Product, points: Sequence[Point], wordings: Sequence[Wording]) -> Explanation:
    """The reason of one pick: each point in the model's words where they hold, else in the record's."""
    claims: list[Claim] = []
    for point, wording in zip(points, wordings, strict=True):
        claim = _claim(point, wording)
        if claim is not None and all(claim.text != other.text for other in claims):
            claims.append(claim)
    if not claims:
        point = last_resort(product)
        claims.append(Claim(sentence(point), _evidence(point.facts), None, True, "record"))
    regenerated = sum(w.tries > 1 for w in wordings)
    dropped = sum(bool(w.refused) and w.text is None for w in wordings)
    notes = (f"{dropped} wordings of the model did not hold and were dropped",) if dropped else ()
    if dropped == 1:
        notes = ("1 wording of the model did not hold and was dropped",)
    tokens = sum((w.tokens for w in wordings), Tokens())
    reason = " ".join([*(c.text for c in claims), *_absent(job, product)])
    return Explanation(product.id, reason, tuple(claims), tokens, dropped, regenerated, notes)


def _claim(point: Point, wording: Wording) -> Claim | None:
    if wording.text is not None:
        return Claim(wording.text, _evidence(wording.cited), point.answers, True, "model")
    for text in (sentence(point), *sentences(point)):
        verdict = check(text, point)
        if verdict.ok:
            return Claim(text, _evidence(verdict.cited), point.answers, True, "record")
    return None


def _evidence(facts: Sequence[Fact]) -> tuple[Evidence, ...]:
    """The facts as an answer shows them: field and the record's own value."""
    return tuple(Evidence(fact.field, fact.value) for fact in facts)


def _absent(job: ExplainJob, product: Product) -> list[str]:
    """What the record does not say about a wish: no claim, since there is nothing to cite, but the shopper must know."""
    for constraint in absences(job, product):
        bare = isinstance(constraint.value, (int, float, Decimal, tuple)) and not isinstance(constraint.value, bool)
        name = humanise(split_unit(constraint.field)[0] if bare else constraint.field)
        if not safe(name):
            continue
        if not isinstance(constraint.value, bool):
            return [f"The catalogue does not give its {name}."]
        told = boolean(name, True)[0].removeprefix("It ")
        return [f"The catalogue does not say whether it {told}."]
    return []


def last_resort(product: Product) -> Point:
    """What can be said of a record that holds no speakable fact: that it is in the catalogue."""
    return Point("general", (Fact(1, "id", product.id, "text", "number", f"number: {product.id}", parts=(product.id,)),))  # fmt: skip

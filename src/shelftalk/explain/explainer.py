"""The stage itself: points are selected, worded, checked, and joined into the reason of each pick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shelftalk.engines.base import Engine
from shelftalk.explain.check import check
from shelftalk.explain.facts import Fact, humanise
from shelftalk.explain.job import ExplainJob, Point
from shelftalk.explain.phrase import sentence
from shelftalk.explain.select import absences, points_of
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import ExplainSettings
from shelftalk.values import Claim, Evidence, Explanation, Facets, Product


class Explainer:
    """Explains picks. `prompt` is the template used, None where the record speaks alone."""

    def __init__(
        self, facets: Facets, engine: Engine | None, prompts: PromptLibrary, settings: ExplainSettings | None = None
    ) -> None:
        self.facets = facets
        self.engine = engine
        self.prompts = prompts
        self.settings = settings or ExplainSettings()
        self.prompt: str | None = None

    def explain(self, job: ExplainJob) -> list[Explanation]:
        """One Explanation a product, in order."""
        return self.explain_many([job])[0]

    def explain_many(self, jobs: Sequence[ExplainJob]) -> list[list[Explanation]]:
        """The Explanations of each job."""
        return [list(self.iterate(job)) for job in jobs]

    def iterate(self, job: ExplainJob) -> Iterator[Explanation]:
        """The same Explanations one after the other, each as soon as it is ready."""
        for product, points in zip(job.products, points_of(job, self.facets, self.settings.claims), strict=True):
            said = points or (last_resort(product),)
            claims = [
                Claim(sentence(p), evidence(p), p.answers, True, "record") for p in said if check(sentence(p), p).ok
            ]
            yield join(job, product, claims)


def evidence(point: Point) -> tuple[Evidence, ...]:
    """The facts of a point as an answer shows them: field and the record's own value."""
    return tuple(Evidence(fact.field, fact.value) for fact in point.facts)


def last_resort(product: Product) -> Point:
    """What can be said of a record that holds no speakable fact: that it is in the catalogue."""
    return Point("general", (Fact(1, "id", product.id, "text", "number", f"number: {product.id}", parts=(product.id,)),))  # fmt: skip


def join(job: ExplainJob, product: Product, claims: Sequence[Claim]) -> Explanation:
    """The reason made of the claims, and of what the record does not say about a wish."""
    texts = [claim.text for claim in claims]
    texts += [f"The catalogue does not give its {humanise(c.field)}." for c in absences(job, product)[:1]]
    return Explanation(product.id, " ".join(texts), tuple(claims))

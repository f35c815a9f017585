"""Lists without a request: what candidate sources find for a shopper, explained by what they rest on and by the facts that the profile is
about. With no history the sources that need none (what sells here now, what is new) make the list."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shelftalk.catalog import sql
from shelftalk.catalog.standing import Scope
from shelftalk.explain import ExplainJob
from shelftalk.explain.history import keeps
from shelftalk.facts.availability import sold_out, to_come
from shelftalk.pipeline.knowing import sent_away
from shelftalk.pipeline.personal import Personal, personal
from shelftalk.pipeline.state import Snapshot, explained, request_id
from shelftalk.pipeline.suggesting import Suggestions, Told
from shelftalk.retrieve.audience import SURE, not_for_others
from shelftalk.retrieve.variants import one_each
from shelftalk.values import Answer, Candidate, Criterion, Explanation, Intent, Pick, Product, ProfileLine, Shopper

__all__ = ["ListJob", "answered", "listed"]

POOL = (
    8  # times as many are looked at as are shown, so that what is sold out or too much of one kind can be passed over
)
FEWER = 1 / 3  # the same of a kind of which something was bought, but not so often that it is bought again and again
AGAIN = 3
TAKEN = ("purchase", "cart", "like")
SHARE = 0.5  # of a list at most so much is of one kind, rounded up
CRITERIA = 3  # lines of the profile whose facts a reason may tell


@dataclass
class ListJob:
    """One shopper's list in the making."""

    who: Personal
    candidates: tuple[Candidate, ...]
    told: tuple[Told, ...]
    explain: ExplainJob
    began: float


def listed(shopper: Shopper, k: int, now: Snapshot, sources: Suggestions) -> ListJob:
    """What a shopper's list holds and what its reasons are to be made of. Products that were refused, those of refused brands, those that
    cannot be had, and what was bought already stay out of it, and what was sent away does however long ago: nobody asked for it."""
    began = time.perf_counter()
    who = personal(shopper, Intent(), now.catalog, now.facets, 0.0)
    gone = (*who.exclude, *who.owned, *sent_away(shopper.history))
    found = {f.product_id: f for f in sources.found(shopper, now.catalog, gone, POOL * k)}
    ids = list(found)
    if who.held and ids:
        kept = set(now.catalog.scan(sql.where(who.held, only_ids=ids)))
        ids = [i for i in ids if i in kept]
    products = now.catalog.get_many(ids)
    here = [Candidate(products[i], found[i].score, found[i].sources) for i in ids if i in products]
    known = _chosen(who)
    here = [c for c in here if not_for_others(c.product, known)]
    ready = [c for c in here if not sold_out(c.product) and not to_come(c.product)]
    ready = (
        ready if len(ready) >= k else [c for c in here if not sold_out(c.product)]
    )  # what is to come fills a list alone
    # what breaks a range that was stated, or is for others than the one thing that was chosen, fills a list alone
    ready.sort(key=lambda c: (_beyond(c.product, who.lines), not not_for_others(c.product, known, sure=1)))
    chosen = _mixed(one_each(ready), k, _served(who))
    told = tuple(sources.told(found[c.product.id], c.product, who) for c in chosen)
    voice = now.explain.history
    own = {}
    for candidate, one in zip(chosen, told, strict=True):
        product = candidate.product
        claim = one.claim or voice.claim(product, who.holding(product), shopper, who.known, who.now)
        if claim is not None:
            own[product.id] = claim
    kinds = tuple(dict.fromkeys(c.product.categories[-1] for c in chosen if c.product.categories))
    criteria = _criteria(who.lines)
    scope = Scope(now.catalog, (), (), kinds)
    job = ExplainJob(
        shopper.text,
        Intent(criteria=criteria, kinds=kinds),
        tuple(c.product for c in chosen),
        scope=scope,
        own=own,
        listed=True,
    )
    return ListJob(who, tuple(chosen), told, job, began)


def answered(
    job: ListJob, explanations: Sequence[Explanation], model: str | None, engine: str | None, prompt: str | None
) -> Answer:
    """The list as an answer, without a request."""
    picks = tuple(
        explained(Pick(c.product, rank, c.score, "", sources=told.sources), explanation)
        for rank, (c, told, explanation) in enumerate(zip(job.candidates, job.told, explanations, strict=True), 1)
    )
    return Answer(
        id=request_id(),
        request="",
        intent=Intent(),
        picks=picks,
        no_match=not picks,
        notes=job.who.notes,
        model=model if prompt else None,
        engine=engine if prompt else None,
        prompts={"explain": prompt} if prompt else {},
        timings_ms={"total": (time.perf_counter() - job.began) * 1000},
    )


def _chosen(who: Personal) -> list[Product]:
    """What the shopper took or liked, by which it is told for whom they choose; all that they met where that is too little to tell."""
    ids = {i.product_id for i in who.shopper.history if i.kind in TAKEN}
    taken = [product for product_id, product in who.known.items() if product_id in ids]
    return taken if len(taken) >= SURE else list(who.known.values())


def _beyond(product: Product, lines: Sequence[ProfileLine]) -> bool:
    """Whether a product breaks a range or a refusal that the shopper stated for its kind: "power banks under 30", "no leather shoes"."""
    limits = [line for line in lines if line.span is not None or line.criterion.want == "not"]
    stated = [line for line in limits if line.source in ("stated", "corrected")]
    of_kind = [line for line in stated if not line.category or line.category in product.categories]
    return any(product.value(line.criterion.field) is not None and not keeps(product, line) for line in of_kind)


def _served(who: Personal) -> frozenset[str]:
    """The kinds of which the shopper bought something, but does not buy again and again."""
    done = Counter(
        p.categories[-1]
        for i in who.shopper.history
        if i.kind == "purchase" and (p := who.known.get(i.product_id)) is not None and p.categories
    )
    return frozenset(kind for kind, times in done.items() if times < AGAIN)


def _mixed(found: Sequence[Candidate], k: int, served: frozenset[str] = frozenset()) -> list[Candidate]:
    """The first k of which at most a share is of one kind, a smaller one of those `served`, while there are others."""
    kinds: Counter[str] = Counter()
    front: list[Candidate] = []
    rest: list[Candidate] = []
    for candidate in found:
        kind = candidate.product.categories[-1] if candidate.product.categories else candidate.product.id
        most = -(-k * (FEWER if kind in served else SHARE) // 1)
        (front if kinds[kind] < most else rest).append(candidate)
        kinds[kind] += 1
    return sorted([*front, *rest][:k], key=lambda c: -c.score)


def _criteria(lines: Sequence[ProfileLine]) -> tuple[Criterion, ...]:
    """What reasons tell the facts of: the surest lines of fields that stand to others."""
    told = [line for line in sorted(lines, key=lambda one: -one.weight) if line.criterion.want in ("low", "high")]
    return tuple(dict.fromkeys(replace(line.criterion, importance=1) for line in told[:CRITERIA]))

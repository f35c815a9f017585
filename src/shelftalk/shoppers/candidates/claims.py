"""What a source says to the shopper: one sentence with the evidence it rests on, made only where it holds.

`because_claim` words it, `because_holds` checks it against history, catalogue and behaviour anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.candidates.alike import UNLIKE
from shelftalk.shoppers.candidates.behaviour import Behaviour
from shelftalk.shoppers.candidates.feedback import moment
from shelftalk.shoppers.candidates.rank import Sourced
from shelftalk.values import Claim, Context, Evidence, Interaction, Product, ProfileLine

TEMPLATE = "answer/because"
DID = {
    "purchase": "bought", "like": "liked", "rating": "rated", "review": "reviewed", "cart": "put in the basket",
    "click": "looked at", "dwell": "looked at", "view": "looked at",
}  # fmt: skip
# Popularity is told by the smallest of these numbers that the product is within.
RANKS = (10, 20, 50, 100)
# The day is told of what was done in the last so many days, the year of what is older than so many.
RECENT, LONG_AGO = 21, 330
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True)
class Because:
    """Why a product is there: the source, one sentence, and what it rests on."""

    source: str
    text: str
    evidence: tuple[Evidence, ...]

    @property
    def claim(self) -> Claim:
        """The sentence as a claim of an answer."""
        return Claim(self.text, self.evidence, verified=True, source="record")


@dataclass(frozen=True)
class Telling:
    """What claims are made from and checked against."""

    history: Sequence[Interaction]
    catalog: Catalog
    behaviour: Behaviour | None = None
    lines: Sequence[ProfileLine] = ()
    context: Context = field(default_factory=Context)

    @property
    def at(self) -> datetime:
        """The moment of the list."""
        return moment(self.context.at) if self.context.at else datetime.now(UTC)

    def interaction(self, named: str) -> Interaction | None:
        """The interaction of that id; of a product's id, the latest with it."""
        by_id = next((i for i in self.history if i.id and i.id == named), None)
        of = [i for i in self.history if i.product_id == named and i.kind in DID]
        return by_id or max(of, key=lambda i: moment(i.at), default=None)


def because_claim(sourced: Sourced, telling: Telling, prompts: PromptLibrary) -> Because | None:
    """What the product's strongest source that has something true to say says; None where none has.

    Evidence is of the fields `interaction` (an id), `product_id` (what that was with), `released_at`, `review_count`, `popularity_rank`
    and `profile_line` (the id of one).
    """
    return next(because_claims(sourced, telling, prompts), None)


def because_claims(sourced: Sourced, telling: Telling, prompts: PromptLibrary) -> Iterator[Because]:
    """The same of every source of the product, the strongest first."""
    template = prompts.get(TEMPLATE)
    for source in sourced.sources:
        said = _said(source, sourced, telling)
        if said is not None:
            words, evidence = said
            blank = {"title": "", "did": "", "when": "", "place": "", "rank": 0, "line": ""}
            text = template.render(**{**blank, "source": source, **words}).messages[0].content
            yield Because(source, text, evidence)


_Said = tuple[dict[str, object], tuple[Evidence, ...]]


def _said(source: str, sourced: Sourced, telling: Telling) -> _Said | None:
    product_id = sourced.product_id
    if source in ("bought_together", "liked", "again"):
        return _of_history(source, sourced.evidence.get(source, ()), product_id, telling)
    if source == "new":
        return _new(product_id, telling)
    if source == "popular":
        return _popular(product_id, telling)
    return _taste(sourced.evidence.get(source, ()), telling)


def _of_history(source: str, named: Sequence[str], product_id: str, telling: Telling) -> _Said | None:
    """What was done with the surest product that the source names; with one of the same kind, where it names one, which says more."""
    product = telling.catalog.get(product_id)
    found = [
        (i, about)
        for name in named
        if (i := telling.interaction(name)) and (about := telling.catalog.get(i.product_id))
    ]
    for i, about in sorted(found, key=lambda pair: not _of_one_kind(pair[1], product)):
        if i.kind not in DID or not _related(source, i.product_id, product_id, telling):
            continue
        did, when = (DID[i.kind], _when(i.at, telling.at)) if i.dated else ("chose", "")
        words: dict[str, object] = {"title": about.title, "did": did, "when": when}
        named_by = (Evidence("interaction", i.id),) if i.id else ()
        return words, (*named_by, Evidence("product_id", i.product_id))
    return None


def _of_one_kind(one: Product, other: Product | None) -> bool:
    return other is not None and bool(one.categories) and one.categories[-1:] == other.categories[-1:]


def _related(source: str, known: str, product_id: str, telling: Telling) -> bool:
    """Whether what a source says of the two products holds."""
    if source == "again":
        return known == product_id
    if source == "liked":
        vectors = telling.catalog.vectors_of([known, product_id])
        return len(vectors) == 2 and float(np.dot(vectors[known], vectors[product_id])) > UNLIKE
    return telling.behaviour is not None and linked(telling.behaviour, known, product_id)


def linked(behaviour: Behaviour, a: str, b: str) -> bool:
    """Whether the same people take both, as learnt."""
    return any(behaviour.index.get(y, -1) in behaviour.linked(x)[0] for x, y in ((a, b), (b, a)))


def _new(product_id: str, telling: Telling) -> _Said | None:
    product = telling.catalog.get(product_id)
    try:
        day = date.fromisoformat(((product and product.released_at) or "")[:10])
    except ValueError:
        return None
    if day > telling.at.date():
        return None
    said = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return {"when": said}, (Evidence("released_at", product.released_at if product else ""),)


def _popular(product_id: str, telling: Telling) -> _Said | None:
    behaviour = telling.behaviour
    if behaviour is None:
        product = telling.catalog.get(product_id)
        count = (product.review_count if product else 0) or 0
        return ({"source": "reviewed", "rank": count}, (Evidence("review_count", count),)) if count > 1 else None
    rank = popularity_rank(behaviour, product_id, telling.context.place)
    within = next((r for r in RANKS if rank is not None and rank <= r), None)
    if within is None:
        return None
    place = telling.context.place if telling.context.place in behaviour.places else ""
    return {"rank": within, "place": place}, (Evidence("popularity_rank", rank),)


def popularity_rank(behaviour: Behaviour, product_id: str, place: str = "") -> int | None:
    """The product's place by popularity, 1 for the most popular; None where nobody takes it."""
    n = behaviour.index.get(product_id)
    shares = behaviour.popularity(place)
    if n is None or shares[n] <= 0:
        return None
    return int((shares > shares[n]).sum()) + 1


def _taste(named: Sequence[str], telling: Telling) -> _Said | None:
    for line in telling.lines:
        if line.text and (line.id in named or set(line.evidence) & set(named)):
            return {"line": line.text.rstrip(".")}, (
                Evidence("profile_line", line.id),
                *(Evidence("interaction", i) for i in line.evidence),
            )
    return None


def _when(at: datetime, now: datetime) -> str:
    """ "on 3 May", "in May", "in May 2025", by how long ago it was."""
    ago = (now - moment(at)).days
    month = _MONTHS[at.month - 1]
    if ago <= RECENT:
        return f"on {at.day} {month}"
    return f"in {month}" if ago <= LONG_AGO else f"in {month} {at.year}"


def because_holds(because: Because, product_id: str, telling: Telling) -> bool:
    """Whether what it cites is there and says so of this product: the interactions are the shopper's own, the products are linked
    or alike, the record was released that day, the rank is the product's. What cites nothing does not hold."""
    cited: dict[str, list[object]] = {}
    for e in because.evidence:
        cited.setdefault(e.field, []).append(e.value)
    if not cited or not {i.id for i in telling.history} >= set(cited.get("interaction", ())):
        return False
    if "product_id" in cited:
        known = str(cited["product_id"][0])
        own = any(i.product_id == known for i in telling.history)
        return own and _related(because.source, known, product_id, telling)
    product = telling.catalog.get(product_id)
    if "profile_line" in cited:
        return {line.id for line in telling.lines} >= set(cited["profile_line"])
    if "popularity_rank" in cited:
        ranked = telling.behaviour and popularity_rank(telling.behaviour, product_id, telling.context.place)
        return cited["popularity_rank"] == [ranked]
    return product is not None and all(
        [getattr(product, name, None)] == values for name, values in cited.items() if name != "interaction"
    )

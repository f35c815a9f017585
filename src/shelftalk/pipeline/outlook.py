"""What a product suits before anyone has seen it: requests with its place in each, what stands before it, shoppers, what its record lacks.

No language model is asked, and nothing is counted as shown: the answers are those of the path without one and without the exposure floor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from shelftalk.catalog import Catalog, sql
from shelftalk.catalog.standing import Scope, superlatives
from shelftalk.errors import CatalogError
from shelftalk.explain import WhyAnswer
from shelftalk.facts.card import plain_name, wanted_value
from shelftalk.pipeline.exploring import relevance
from shelftalk.pipeline.personal import SUITS
from shelftalk.pipeline.shelf import Shelf
from shelftalk.pipeline.state import PipelineState
from shelftalk.retrieve.criteria import satisfaction
from shelftalk.settings import Settings
from shelftalk.shoppers.profiles import Corrections
from shelftalk.text import clean, shorten, shown
from shelftalk.values import Constraint, Criterion, Facets, Intent, Interaction, Product, ProfileLine, Request
from shelftalk.words.comparable import number

Source = Literal["past", "file", "written"]
MOST_REQUESTS = 50
MOST_SHOPPERS = 20
_FIELDS = 8  # wishes are written for so many fields of the kind
_OF_KIND = 500  # products of the kind that tell which fields it has
_COMMON = 0.5  # a field that so many of them have is missed where this one lacks it
_NEAR = 0.5  # of the best's relevance, from which on a product of no named kind suits
_MET = SUITS  # a profile's line is met from this satisfaction on
_NO_WISH = frozenset({"availability", "stock", "list_price", "review_count", "categories", "released_at", "title"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the product may suit: its words, where they are from, and how often it was made."""

    request: Request
    source: Source = "past"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Stand:
    """A field that a request wishes for: the product's value ("" for none) with its standing among what fits ("2nd lightest of 37", "" for
    none), and the values of those shown."""

    field: str
    value: str
    standing: str
    shown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The standing as JSON holds it."""
        return {"field": self.field, "value": self.value, "standing": self.standing, "shown": list(self.shown)}

    def __str__(self) -> str:
        own = f"{self.value or 'not given'}{f' ({self.standing})' if self.standing else ''}"
        return f"{plain_name(self.field)}: {own}; of those shown {', '.join(v or 'not given' for v in self.shown)}"


@dataclass(frozen=True, slots=True)
class Place:
    """The product's place for one request, and why or why not. `kind` says that it is of a kind that the request asks for, `relevance` how
    well the search finds it beside the best (0 to 1), `stands` where it stands in what was wished, `lacks` which fields the request asks for and the record does not hold."""

    asked: Asked
    why: WhyAnswer
    kind: bool = False
    relevance: float = 0.0
    stands: tuple[Stand, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        return self.why.verdict == "picked"

    @property
    def suits(self) -> bool:
        """Whether it fits what was asked for, shown or not: it keeps the limits, and is of the kind or found near to the best."""
        return self.shown or (self.why.verdict == "outranked" and (self.kind or self.relevance >= _NEAR))

    def to_dict(self) -> dict[str, Any]:
        """The place as JSON holds it."""
        found = self.why.to_dict()
        return {
            "request": self.asked.request.request,
            "source": self.asked.source,
            "times": self.asked.times,
            **{name: found[name] for name in ("verdict", "rank", "summary", "claims")},
            "stands": [s.to_dict() for s in self.stands],
            "in_front": [] if self.shown else found["above"],
            "lacks": list(self.lacks),
        }


@dataclass(frozen=True, slots=True)
class SuitedShopper:
    """A shopper (by pseudonym) whose profile the product meets: the lines that it meets and those that speak against it."""

    user: str
    weight: float
    met: tuple[str, ...]
    against: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The shopper as JSON holds it."""
        return {
            "user": self.user,
            "weight": round(self.weight, 3),
            "met": list(self.met),
            "against": list(self.against),
        }


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that the record lacks: how many of the requests ask for it, and the share of its kind that have it."""

    field: str
    requests: int
    share: float

    def to_dict(self) -> dict[str, Any]:
        """The field as JSON holds it."""
        return {"field": self.field, "requests": self.requests, "share_of_kind": round(self.share, 3)}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a product suits. `places` are the requests that it fits, those that show it first; `others` how many it does not fit,
    `unread` how many ask for no product. `since` is the day from which its age counts, None where none is known."""

    product: Product
    new: bool
    since: date | None
    places: tuple[Place, ...]
    near: tuple[Place, ...]
    others: int
    unread: int
    shoppers: tuple[SuitedShopper, ...]
    missing: tuple[MissingField, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return {
            "product_id": self.product.id,
            "title": self.product.title,
            "new": self.new,
            "since": self.since.isoformat() if self.since else None,
            "requests": {
                "asked": len(self.places) + len(self.near) + self.others + self.unread,
                "shown": sum(p.shown for p in self.places),
                "fits": [p.to_dict() for p in self.places],
                "near": [p.to_dict() for p in self.near],
                "others": self.others,
                "no_request": self.unread,
            },
            "shoppers": [s.to_dict() for s in self.shoppers],
            "missing": [m.to_dict() for m in self.missing],
        }


def plain_shelf(shelf: Shelf, *, waits: bool = True) -> Shelf:
    """A shelf over the same catalogue that asks no language model, lifts nothing and draws nothing."""
    settings: Settings = shelf.settings
    mode = "encoders" if settings.understand.reads_wishes else "rules"
    update = {
        "explain": settings.explain.model_copy(update={"mode": "record"}),
        "rank": settings.rank.model_copy(update={"strategy": "none", "diversity": "none"}),
        "understand": settings.understand.model_copy(update={"mode": mode}),
        "exposure": settings.exposure.model_copy(update={"share": 0.0}),
    }
    return Shelf(shelf.catalog, settings.model_copy(update=update), shelf.prompts, None, waits=waits)


def found_in(catalog: Catalog, product_id: str) -> Product:
    """The product of that id. Raises CatalogError where there is none."""
    product = catalog.get(product_id)
    if product is None:
        raise CatalogError(
            f"no product {product_id!r} in the catalogue {catalog.path}; check the id, or put the product there first with "
            "`shelftalk catalog import`"
        )
    return product


def outlook(
    shelf: Shelf,
    product_id: str,
    asked: Sequence[Asked] = (),
    histories: Iterable[tuple[str, Sequence[Interaction]]] = (),
    corrections: Callable[[str], Corrections | None] = lambda user: None,
) -> Outlook:
    """The outlook of a product over these requests, or where there are none over requests written from its kind's fields; `histories`
    are shoppers with what they did, `corrections` what they corrected. Raises CatalogError where there is no such product."""
    product = found_in(shelf.catalog, product_id)
    path, newness = plain_shelf(shelf, waits=shelf.waits), shelf.arranging.newness()
    facets = shelf.catalog.facets()
    asked = list(asked)[:MOST_REQUESTS] or written(product, facets)
    found = [place(path, one, product) for one in asked]
    fits = sorted((p for p in found if p is not None and p.suits), key=lambda p: (p.why.rank or 0, -p.asked.times))
    rest = [p for p in found if p is not None and not p.suits]
    near = [p for p in rest if p.kind]
    return Outlook(
        product,
        newness(product),
        newness.day(product),
        tuple(fits),
        tuple(near),
        len(rest) - len(near),
        sum(p is None for p in found),
        tuple(suited(product, _profiles(path, histories, corrections), Scope(shelf.catalog, _kind_limit(product)))),
        tuple(missing(shelf.catalog, product, [*fits, *near])),
    )


def place(shelf: Shelf, asked: Asked, product: Product) -> Place | None:
    """The product's place for one request; None where that asks for no product."""
    state = shelf.begun(asked.request)
    if not state.intent.shopping:
        return None
    why = shelf.judged(state, product)
    kind = any(name in product.categories for name in state.intent.named_kinds)
    stands = _stands(shelf, state, product)
    return Place(asked, why, kind, relevance(state.ranking).get(product.id, 0.0), stands, _lacks(state, product))


def _stands(shelf: Shelf, state: PipelineState, product: Product) -> tuple[Stand, ...]:
    """Where the product stands in each field that is wished for or sorted by."""
    intent = state.intent
    fields = dict.fromkeys([c.field for c in intent.criteria] + ([intent.sort.field] if intent.sort else []))
    scope = state.snapshot.retrieve.scope(intent, state.retrieval.relaxed).of(product)
    others = [c.product for c in state.chosen(shelf.settings.k) if c.product.id != product.id]
    found = []
    for field in fields:
        held = number(product.value(field))
        standing = scope.place(field, held).words(field) if held is not None else ""
        found.append(Stand(field, _shown(product, field), standing, tuple(_shown(p, field) for p in others)))
    return tuple(found)


def _shown(product: Product, field: str) -> str:
    value = product.value(field)
    return "" if value in (None, ()) else shorten(shown(value), 40)


def written(product: Product, facets: Facets) -> list[Asked]:
    """Requests that shoppers of its kind may make: what the kind's commonest fields let them wish for, and its price. Each carries what it
    means, so that nothing has to be read from words."""
    limits = _kind_limit(product)
    kind = str(limits[0].value) if limits else ""
    named = f"{clean(kind)}: " if kind else ""
    found = [Asked(Request(f"{named}anything", intent=Intent(limits, query=kind)), "written")] if kind else []
    for facet in facets:
        if len(found) > 2 * _FIELDS:
            break
        if facet.field in _NO_WISH or (facet.categories and kind and kind not in facet.categories):
            continue
        for wish in _wishes(product, facet.field, facet.kind):
            text = f"{named}{_worded(wish)}"
            found.append(Asked(Request(text, intent=Intent(limits, criteria=(wish,), query=kind)), "written"))
    return found


def _wishes(product: Product, field: str, kind: str) -> Iterator[Criterion]:
    value = product.value(field)
    if kind in ("money", "number"):
        yield from (Criterion(field, "low"), Criterion(field, "high"))
    elif kind == "boolean":
        yield Criterion(field, "is", True)
    elif isinstance(value, str) and field != "description":
        yield Criterion(field, "is", value)
    elif isinstance(value, tuple) and value:
        yield Criterion(field, "is", value[0])


def _worded(wish: Criterion) -> str:
    if wish.want in ("low", "high"):
        return f"{superlatives(wish.field)[wish.want == 'high']} ({plain_name(wish.field)})"
    return wanted_value(wish)


def missing(catalog: Catalog, product: Product, places: Sequence[Place]) -> list[MissingField]:
    """The fields that the record lacks, those that most requests ask for first, then those that most of its kind have."""
    asked = Counter(field for p in places for field in p.lacks)
    ids = [i for i in catalog.scan(sql.where(_kind_limit(product)), limit=_OF_KIND) if i != product.id]
    others = list(catalog.get_many(ids).values())
    held = Counter(name for p in others for name, value in p.attributes.items() if value not in (None, "", ()))
    share = {name: count / len(others) for name, count in held.items()}
    common = {name for name, part in share.items() if part >= _COMMON and product.value(name) is None}
    found = [MissingField(name, asked[name], share.get(name, 0.0)) for name in {*asked, *common}]
    return sorted(found, key=lambda m: (-m.requests, -m.share, m.field))


def suited(
    product: Product, profiles: Iterable[tuple[str, Sequence[ProfileLine]]], scope: Scope, most: int = MOST_SHOPPERS
) -> list[SuitedShopper]:
    """The shoppers whose profile's lines the product meets more than it goes against, the surest first. A line counts with its weight; one
    of another category not at all."""
    found = []
    for user, lines in profiles:
        met: list[ProfileLine] = []
        against: list[ProfileLine] = []
        for line in lines:
            if line.category and line.category not in product.categories:
                continue
            value = product.value(line.criterion.field)
            if value is not None and value != ():
                (met if _meets(product, line, scope) else against).append(line)
        weight = sum(line.weight for line in met) - sum(line.weight for line in against)
        if weight > 0 and any(line.criterion.want != "not" for line in met):  # to lack what was refused is no merit
            found.append(SuitedShopper(user, weight, _texts(met), _texts(against)))
    return sorted(found, key=lambda s: (-s.weight, s.user))[:most]


def _texts(lines: Sequence[ProfileLine]) -> tuple[str, ...]:
    ordered = sorted(lines, key=lambda line: -line.weight)
    return tuple(line.text or f"{plain_name(line.criterion.field)} {line.criterion.want}" for line in ordered)


def _meets(product: Product, line: ProfileLine, scope: Scope) -> bool:
    if line.span is not None:
        held = number(product.value(line.criterion.field))
        return held is not None and float(line.span[0]) <= held <= float(line.span[1])
    return satisfaction(product, line.criterion, scope) >= _MET


def _profiles(
    shelf: Shelf,
    histories: Iterable[tuple[str, Sequence[Interaction]]],
    corrections: Callable[[str], Corrections | None],
) -> Iterator[tuple[str, Sequence[ProfileLine]]]:
    for user, did in histories:
        yield user, shelf.known(user, did, corrections=corrections(user)).lines


def _kind_limit(product: Product) -> tuple[Constraint, ...]:
    return (Constraint("categories", "=", product.categories[-1]),) if product.categories else ()


def _lacks(state: PipelineState, product: Product) -> tuple[str, ...]:
    intent = state.intent
    fields = [c.field for c in intent.constraints] + [c.field for c in intent.criteria]
    names = dict.fromkeys(sql.field_name(f) for f in (*fields, *([intent.sort.field] if intent.sort else [])))
    return tuple(
        name for name in names if name not in ("id", "title", "categories") and product.value(name) in (None, ())
    )


def merged(asked: Iterable[Asked]) -> list[Asked]:
    """The requests with like ones (the same words but for case and spaces) counted together, the commonest first."""
    found: dict[str, Asked] = {}
    for one in asked:
        key = " ".join(one.request.request.casefold().split())
        found[key] = replace(found[key], times=found[key].times + one.times) if key in found else one
    return sorted(found.values(), key=lambda a: -a.times)


def lines(found: Outlook, most: int = 10) -> Iterator[str]:
    """The report as lines of plain text; `most` requests of each sort."""
    yield f"{clean(found.product.title)} ({found.product.id})"
    since = f", since {found.since}" if found.since else ""
    asked = len(found.places) + len(found.near) + found.others
    picked = sum(p.shown for p in found.places)
    yield f"{'New' if found.new else 'Not new'}{since}. Of {asked} requests it fits {len(found.places)} and is shown for {picked}."
    for each in found.places[:most]:
        yield from _told(each)
    if found.near:
        yield f"Of its kind, but it does not fit or is not found ({len(found.near)}):"
        for each in found.near[:most]:
            yield from _told(each)
    if found.others:
        yield f"Requests that ask for other things: {found.others}."
    if found.missing:
        yield "What its record lacks:"
        yield from (f"- {m.field}: {m.requests} of these requests ask for it, {m.share:.0%} of its kind have it" for m in found.missing[:most])  # fmt: skip
    if found.shoppers:
        yield "Shoppers whose profile it meets:"
        yield from (f"- {s.user}: {'; '.join(map(clean, s.met))}" + (f"; against: {'; '.join(map(clean, s.against))}" if s.against else "") for s in found.shoppers[:most])  # fmt: skip


def _told(each: Place) -> Iterator[str]:
    times = f" ({each.asked.times} times)" if each.asked.times > 1 else ""
    yield f"- {clean(each.asked.request.request)}{times}: {each.why.summary}"
    yield from (f"   {claim.text}" for claim in each.why.claims if not each.shown)
    if not each.shown:
        yield from (f"   {stand}" for stand in each.stands)
        decided = not each.stands  # what was wished decides, where something was
        yield from (
            f"   {a.rank}. {clean(a.title)} ({a.product_id}) {a.decided if decided else ''}".rstrip()
            for a in each.why.above[:3]
        )


__all__ = ["Asked", "MissingField", "Outlook", "Place", "Stand", "SuitedShopper", "found_in", "lines", "merged", "outlook", "plain_shelf", "suited", "written"]  # fmt: skip

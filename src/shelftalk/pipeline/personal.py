"""What is known of the shopper, brought to bear on one request, within what it allows: refusals and the context become limits that are never
given up, the profile orders what answers the request equally well, and what the request itself says goes before both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.explain.history import keeps
from shelftalk.facts.holds import same
from shelftalk.pipeline import circumstances
from shelftalk.pipeline.refusing import limits
from shelftalk.retrieve.audience import for_another
from shelftalk.retrieve.criteria import satisfaction
from shelftalk.shoppers.candidates import Sourced
from shelftalk.shoppers.profiles.corrections import contradicts, holding
from shelftalk.values import (
    Candidate,
    Constraint,
    Facets,
    Intent,
    Product,
    ProfileLine,
    Request,
    Shopper,
)
from shelftalk.words.comparable import number
from shelftalk.words.stems import stems

__all__ = ["LOOKS", "Personal", "personal"]

# What the fields are called that say how a product looks.
LOOKS = ("colour", "color", "pattern", "style", "finish", "design", "shape")
# What the candidate sources say of given products, by id.
Scored = Callable[[Shopper, Catalog, Sequence[str]], Mapping[str, Sourced]]
SOME = 5.0  # interactions with different products after which half of the full weight counts
STATED = 3.0  # times as much as what was only read moves what the shopper stated
SUITS = 0.66  # of the others it does better by a low or high
FOR_ANOTHER = "Your own history was left out of this, since it is for somebody else."
LOOK = 0.5  # of the best score, which a product loses that looks the SAME as one that was sent away for its look
SAME = 0.75  # of what is told of two looks, or of the words of two titles of a brand, from which on they are one thing, in another colour say
BEHIND = 1e-6  # so much below the last of its kind stands what the shopper has


@dataclass(frozen=True)
class Personal:
    """A shopper for one request. `held` and `exclude` are what is never shown, `lines` the profile's lines that bear on the request,
    `looks` what was refused by its look, `gone` the products that were
    refused by id, `season` that of
    the place where products name theirs, `weight` (0 to 1, at most `most`) what taste may move, `notes` what the answer says of it; `scored` asks the
    candidate sources, and `sourced` is what they said."""

    shopper: Shopper
    catalog: Catalog
    weight: float = 0.0
    most: float = 0.0
    lines: tuple[ProfileLine, ...] = ()
    held: tuple[Constraint, ...] = ()
    exclude: tuple[str, ...] = ()
    looks: tuple[Product, ...] = ()
    notes: tuple[str, ...] = ()
    gone: Mapping[str, Product] = field(default_factory=dict)
    season: ProfileLine | None = None
    scored: Scored | None = None
    sourced: dict[str, Sourced] = field(default_factory=dict)

    @property
    def leans(self) -> bool:
        """Whether it may move anything."""
        known = self.lines or self.looks or self.owned or self.shopper.history or self.season
        return bool(self.most and known)

    @cached_property
    def owned(self) -> frozenset[str]:
        """What the shopper has: bought once, since who buys a thing again and again wants it again."""
        if self.shopper.owned is not None:
            return self.shopper.owned
        bought = Counter(i.product_id for i in self.shopper.history if i.kind == "purchase")
        return frozenset(product_id for product_id, times in bought.items() if times == 1)

    def lean(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with what the shopper's taste says added to their scores, best first. A product of which it says nothing stays."""
        if not candidates or not self.leans:
            return list(candidates)
        best = max(c.score for c in candidates)
        scopes: dict[str, Scope] = {}
        if self.scored is not None and self.shopper.history:
            self.sourced.update(self.scored(self.shopper, self.catalog, [c.product.id for c in candidates]))
        top = max((s.score for s in self.sourced.values()), default=0.0)
        moved = []
        for candidate in candidates:
            taste = self.taste(candidate.product, scopes)
            found = self.sourced.get(candidate.product.id)
            if found is not None and top:
                taste = (taste + found.score / top) / 2
            by = self.weight * taste - (LOOK if self.alike(candidate.product) >= SAME else 0.0)
            if not by:
                moved.append(candidate)
                continue
            scores = {**candidate.scores, "taste": round(taste, 4)}
            moved.append(replace(candidate, score=candidate.score + best * by, scores=scores))
        return sorted(self._owned_behind(moved), key=lambda c: -c.score)

    def _owned_behind(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates, what the shopper has with a score below all others of its kind: who has it mostly wants another."""
        least: dict[str, float] = {}
        for c in candidates:
            if c.product.id not in self.owned:
                least[_kind(c.product)] = min(c.score, least.get(_kind(c.product), c.score))
        return [
            replace(c, score=min(c.score, least[_kind(c.product)] - BEHIND))
            if c.product.id in self.owned and _kind(c.product) in least
            else c
            for c in candidates
        ]

    def taste(self, product: Product, scopes: dict[str, Scope]) -> float:
        """How well a product suits the shopper's taste, -1 to 1; 0 where nothing is known."""
        told = weights = 0.0
        for line in (*self.holding(product), *((self.season,) if self.season else ())):
            value = product.value(line.criterion.field)
            if value is None or value == () or (line.category and line.category not in product.categories):
                continue
            told += line.weight * (2 * self._kept(product, line, scopes) - 1)
            weights += line.weight
        # that of the one it is most like: another that was sent away, and looks otherwise, makes it no better
        alike = self.alike(product)
        if alike:
            told, weights = told - alike, weights + 1.0
        return told / (1.0 + weights)

    def alike(self, product: Product) -> float:
        """How much a product looks like the one of those sent away for their look that it is most like, 0 to 1."""
        return max((_alike(product, refused) for refused in self.looks), default=0.0)

    def holding(self, product: Product) -> list[ProfileLine]:
        """The lines that hold for a product: an exception that the shopper made for its kind takes the place of what holds elsewhere."""
        return holding(self.lines, product, self.facets)

    @cached_property
    def facets(self) -> Facets:
        """The fields of the catalogue."""
        return self.catalog.facets()

    def suits(self, product: Product, line: ProfileLine) -> bool:
        """Whether a product does what a line of the profile says, and may be told so; a line of no value is of its category alone."""
        if line not in holding((*self.shopper.lines, line), product, self.facets):
            return False
        if product.value(line.criterion.field) in (None, ()):
            return False
        return self._kept(product, line, {}) >= SUITS

    def _kept(self, product: Product, line: ProfileLine, scopes: dict[str, Scope]) -> float:
        if line.criterion.want not in ("low", "high") or line.span is not None:
            return float(keeps(product, line))
        if number(product.value(line.criterion.field)) is None:
            return 0.5
        if line.category not in scopes:
            within = (Constraint("categories", "=", line.category),) if line.category else ()
            scopes[line.category] = Scope(self.catalog, within)
        return satisfaction(product, line.criterion, scopes[line.category])

    @cached_property
    def known(self) -> Mapping[str, Product]:
        """The products of the shopper's history by id, those that the catalogue still has."""
        ids = list(dict.fromkeys(i.product_id for i in self.shopper.history if i.product_id))
        return self.catalog.get_many(ids) if ids else {}

    @property
    def now(self) -> datetime:
        """The moment of the request; that of the last interaction where it is not known."""
        if self.shopper.context.at is not None:
            return self.shopper.context.at
        return max((i.at for i in self.shopper.history), default=datetime.now().astimezone())


def personal(
    shopper: Shopper,
    intent: Intent,
    catalog: Catalog,
    facets: Facets,
    weight: float,
    scored: Scored | None = None,
    request: Request | None = None,
    earlier: Sequence[str] = (),
) -> Personal:
    """What of a shopper bears on a request, read as `intent`. `weight` is the most that taste may move; `earlier` the turns that still
    count."""
    told = " ".join((*earlier, request.request)) if request else ""
    another = for_another(told)
    if another:
        own = shopper.lines or shopper.history
        here = tuple(r for r in shopper.refused if r.session)
        shopper = replace(shopper, lines=(), history=(), text="", owned=frozenset(), refused=here)
    gone = catalog.get_many(list(dict.fromkeys(r.product_id for r in shopper.refused))) if shopper.refused else {}
    held, notes = limits(shopper.refused, gone, intent, request)
    if another and own:
        notes.append(FOR_ANOTHER)
    around, said = circumstances.limits(shopper.context, intent, facets)
    held, notes = [*held, *around], [*notes, *said]
    lines = tuple(line for line in shopper.lines if _bears(line, intent))
    held += [
        Constraint(c.field, "!=", c.value)
        for c in (
            line.criterion for line in lines if _ruled_out(line, intent) and not _excepted(line, lines, intent, facets)
        )
        if c.value is not None
    ]
    looks = tuple(gone[r.product_id] for r in shopper.refused if r.why == "look" and r.product_id in gone)
    different = len({i.product_id for i in shopper.history if i.product_id})
    season = circumstances.season_line(shopper.context, intent, facets)
    stated = any(line.source in ("stated", "corrected") for line in lines)
    grown = 1.0 if stated or looks or season else different / (different + SOME)
    return Personal(
        shopper,
        catalog,
        min(1.0, weight * grown * (STATED if stated else 1.0)),
        weight,
        lines,
        tuple(held),
        tuple(dict.fromkeys(r.product_id for r in shopper.refused)),
        looks,
        tuple(notes),
        gone,
        season,
        scored,
    )


def _ruled_out(line: ProfileLine, intent: Intent) -> bool:
    """Whether the shopper said in so many words that they do not want something, of the kinds in question."""
    said = line.source in ("stated", "corrected") and line.criterion.want == "not"
    return said and (not line.category or intent.named_kinds == (line.category,))


def _excepted(line: ProfileLine, lines: Sequence[ProfileLine], intent: Intent, facets: Facets) -> bool:
    """Whether the shopper made an exception from a line that may concern the kinds in question: then it orders, product by product."""
    kinds = intent.named_kinds
    own = (one for one in lines if one.category and not line.category and one.source in ("stated", "corrected"))
    return any((not kinds or one.category in kinds) and contradicts(one, line, facets) for one in own)


def _bears(line: ProfileLine, intent: Intent) -> bool:
    """Whether a line is of the kinds in question and of a field that the request leaves open."""
    kinds = intent.named_kinds
    if line.category and kinds and line.category not in kinds:
        return False
    asked = {c.field for c in intent.constraints} | {c.field for c in intent.criteria}
    return line.criterion.field not in asked and line.criterion.field != "categories"


def _kind(product: Product) -> str:
    return product.categories[-1] if product.categories else ""


def _alike(product: Product, refused: Product) -> float:
    """How much of the refused product's look a product shares, 0 to 1; nothing of another kind: who wants no red lamp may want a red tent."""
    if refused.categories and not set(refused.categories) & set(product.categories):
        return 0.0
    fields = [n for n in refused.attributes if n.lower() in LOOKS]
    shared = [n for n in fields if product.value(n) is not None and same(product.value(n), refused.value(n))]
    share = len(shared) / len(fields) if fields else 0.0
    return max(share, SAME) if _one_thing(product, refused) else share


def _one_thing(one: Product, other: Product) -> bool:
    """Whether two titles of a brand name one thing, which differs in its colour or size at most."""
    titles = [stems(p.title) for p in (one, other)]
    return bool(one.brand) and one.brand == other.brand and len(titles[0] & titles[1]) >= SAME * min(map(len, titles))

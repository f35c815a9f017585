"""Trade-offs around the picks, each with the number of products that it leads to: "cheaper (14)", "lighter but dearer (3)".

Critiquing: a shopper says what to change about what is shown. Single steps go beyond all picks in one field; compound ones
are the pairs of steps that occur among the products that still fit (dynamic critiquing: J. Reilly, K. McCarthy, L. McGinty,
B. Smyth, "Dynamic Critiquing", ECCBR 2004; there found by Apriori, here pairs alone, by counting). Every count is the
database's own, of the very limits that a tap sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from shelftalk.catalog import Catalog, sql
from shelftalk.facts.card import plain_name
from shelftalk.retrieve.exclude import Unwanted
from shelftalk.retrieve.relax import names_kind
from shelftalk.retrieve.variants import distinct, siblings
from shelftalk.understand.understand import undirected
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Operator, Product
from shelftalk.words.comparable import number

# Products looked at for pairs, and those with unwanted words told apart one by one.
_POOL = 2000
_FIELDS, _SINGLES, _PAIRS = 8, 4, 3
# By a word of the field's name: how less and more of it is called, and which of the two shoppers mostly want.
_WORDS: dict[str, tuple[str, str, str]] = {
    "price": ("cheaper", "dearer", "<"),
    "rating": ("worse rated", "better rated", ">"),
    "battery": ("with a shorter battery life", "with a longer battery life", ">"),
    "recharge": ("quicker to charge", "slower to charge", "<"),
    "weight": ("lighter", "heavier", "<"),
    "capacity": ("smaller", "roomier", ">"),
    "volume": ("smaller", "larger", ">"),
    "persons": ("for fewer people", "for more people", ">"),
    "brightness": ("dimmer", "brighter", ">"),
    "power": ("less powerful", "more powerful", ">"),
    "output": ("less powerful", "more powerful", ">"),
    "warranty": ("with a shorter warranty", "with a longer warranty", ">"),
    "noise": ("quieter", "louder", "<"),
    "height": ("lower", "taller", ">"),
    "length": ("shorter", "longer", ">"),
    "width": ("narrower", "wider", ">"),
}
# What a shopper wishes stands above what shoppers mostly want.
_WISHED: dict[str, str] = {"low": "<", "high": ">"}
_OPPOSITE: dict[str, str] = {"<": ">", ">": "<"}


@dataclass(frozen=True, slots=True)
class CritiqueStep:
    """Less ("<") or more (">") of a field than any pick has; `good` where that is what shoppers mostly want."""

    field: str
    operator: Operator
    value: Any
    label: str
    good: bool

    def constraint(self) -> Constraint:
        """The limit that the step sets."""
        return Constraint(self.field, self.operator, self.value)


@dataclass(frozen=True, slots=True)
class Critique:
    """One trade-off: its name, how many products it leads to, and the intent that asks for them."""

    label: str
    count: int
    steps: tuple[CritiqueStep, ...]
    intent: Intent

    def to_dict(self) -> dict[str, Any]:
        """The trade-off as JSON holds it."""
        return {
            "label": self.label,
            "count": self.count,
            "steps": [s.constraint().to_dict() for s in self.steps],
            "intent": self.intent.to_dict(),
        }


def critiques(catalog: Catalog, intent: Intent, picks: Sequence[str]) -> list[Critique]:
    """Up to four single steps and three pairs around the picks, only such as some product meets; [] without picks.

    Where no limit says what kind of thing is wanted, the kinds chosen for the need do, else the categories of the picks.
    """
    known = catalog.get_many(picks)
    shown = list(known.values())
    facets = catalog.facets()
    if not shown:
        return []
    base = _with_kind(intent, shown, facets)
    currency = shown[0].currency if len(facets.currencies) > 1 else None
    counting = _Counting(catalog, base)
    steps = _steps(base, shown, facets)
    found = []
    for step in [s for s in steps if s.good][:_SINGLES]:
        if count := counting.of(limits := _tightened(base, (step,), currency)):
            found.append(Critique(step.label, count, (step,), _towards(base, limits, (step,))))
    for pair in _pairs(steps, counting.pool(), set(known)):
        if sum(len(c.steps) == 2 for c in found) == _PAIRS:
            break
        if count := counting.of(limits := _tightened(base, pair, currency)):
            joint = "and" if pair[0].good == pair[1].good else "but"
            label = f"{pair[0].label} {joint} {pair[1].label}"
            found.append(Critique(label, count, pair, _towards(base, limits, pair)))
    return found


class _Counting:
    def __init__(self, catalog: Catalog, intent: Intent) -> None:
        held = catalog.get_many(intent.exclude) if intent.exclude else {}
        others = siblings(catalog, held.values()).values()  # a variant that is dismissed takes the others with it
        self._catalog, self._intent = catalog, intent
        self._ids = list(dict.fromkeys([*held, *(p.id for group in others for p in group)]))
        self._unwanted = Unwanted([word for word in intent.exclude if word not in held])

    def of(self, constraints: Sequence[Constraint]) -> int:
        where = sql.where(constraints, self._ids)
        return distinct(self._products(where)) if self._unwanted else self._catalog.distinct(where)

    def pool(self) -> list[Product]:
        return self._products(sql.where(self._intent.constraints, self._ids))

    def _products(self, where: str | None) -> list[Product]:
        found = self._catalog.get_many(self._catalog.scan(where, limit=_POOL)).values()
        return [p for p in found if not self._unwanted.carried_by(p)]


def _with_kind(intent: Intent, shown: Sequence[Product], facets: Facets) -> Intent:
    facet = facets.get("categories")
    if names_kind(intent.constraints) or facet is None:
        return intent
    names = tuple(dict.fromkeys(intent.kinds or _kinds_of(shown, facet)))
    if not names:
        return intent
    kind = Constraint("categories", "=", names[0]) if len(names) == 1 else Constraint("categories", "in", names)
    return replace(intent, constraints=(kind, *intent.constraints), kinds=())


def _kinds_of(shown: Sequence[Product], facet: Facet) -> list[str]:
    """The narrowest category of each pick; none where a pick has none."""
    counts = {str(value): count for value, count in facet.values}
    kinds = [min(p.categories, key=lambda c: counts.get(c, 0)) for p in shown if p.categories]
    return kinds if len(kinds) == len(shown) else []


def _steps(intent: Intent, shown: Sequence[Product], facets: Facets) -> list[CritiqueStep]:
    """Both steps of each field that can be named and that all picks have, price first, then what the request speaks of."""
    pinned = {c.field for c in intent.constraints if c.operator in ("=", "in")}
    wanted = {c.field: c.want for c in intent.criteria}
    spoken = {c.field for c in intent.constraints} | ({intent.sort.field} if intent.sort else set()) | wanted.keys()
    names = [f.field for f in facets if f.kind in ("money", "number") and f.field not in pinned | {"list_price"}]
    names.sort(key=lambda n: (n != "price", n not in spoken, n != "rating"))
    steps: list[CritiqueStep] = []
    for name in names:
        words = _named(name, name in spoken)
        values = [number(v) for p in shown if (v := p.value(name)) is not None]
        numbers = [v for v in values if v is not None]
        if name == "price" and len({p.currency for p in shown}) > 1:
            continue  # prices of two currencies are not compared
        if words is None or len(numbers) < len(shown) or len(steps) >= 2 * _FIELDS:
            continue
        less, more, good = words
        good = _WISHED.get(wanted.get(name, ""), good)
        if name != "rating":  # nobody asks for worse rated ones
            steps.append(CritiqueStep(name, "<", _exact(min(numbers)), less, good == "<"))
        steps.append(CritiqueStep(name, ">", _exact(max(numbers)), more, good == ">"))
    return steps


def _named(field: str, spoken: bool) -> tuple[str, str, str] | None:
    words = field.removeprefix("attributes.").lower().split("_")
    found = next((named for word, named in _WORDS.items() if word in words), None)
    if found is None and spoken:
        name = plain_name(field)
        found = (f"with less {name}", f"with more {name}", ">")
    return found


def _exact(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _pairs(
    steps: Sequence[CritiqueStep], pool: Sequence[Product], picks: set[str]
) -> list[tuple[CritiqueStep, CritiqueStep]]:
    """Pairs that products of the pool make, gains in both fields first, then trade-offs; each field leads once.

    Among equals, those that fewer products make come first: they narrow the choice most (Reilly et al., section 4).
    """
    support: Counter[tuple[CritiqueStep, CritiqueStep]] = Counter()
    for product in pool:
        if product.id in picks:
            continue
        met = [s for s in steps if _meets(product, s)]
        support.update(p for p in combinations(met, 2) if p[0].field != p[1].field and (p[0].good or p[1].good))
    ordered = [(a, b) if a.good else (b, a) for a, b in sorted(support, key=lambda p: _rank(p, support[p]))]
    out: list[tuple[CritiqueStep, CritiqueStep]] = []
    taken: set[tuple[str, bool]] = set()
    for a, b in ordered:
        lead = (a.field, a.good and b.good)
        if lead not in taken:
            taken.add(lead)
            out.append((a, b))
    gains = [p for p in out if p[0].good and p[1].good][:1]
    return [*gains, *(p for p in out if not (p[0].good and p[1].good))]


def _rank(pair: tuple[CritiqueStep, CritiqueStep], support: int) -> tuple[bool, bool, int]:
    return "price" not in (pair[0].field, pair[1].field), support < 2, support


def _meets(product: Product, step: CritiqueStep) -> bool:
    value = product.value(step.field)
    held = number(value) if value is not None else None
    return held is not None and (held < step.value if step.operator == "<" else held > step.value)


def _towards(intent: Intent, limits: tuple[Constraint, ...], steps: Sequence[CritiqueStep]) -> Intent:
    """The intent with these limits, and what goes furthest the way of the steps first; of prices the limit is enough."""
    fields = {s.field for s in steps} - {"price"}
    wishes = [Criterion(s.field, "low" if s.operator == "<" else "high", None, 3) for s in steps if s.field in fields]
    others = [c for c in intent.criteria if c.field not in fields]
    sort = None if intent.sort is not None and intent.sort.field in fields else intent.sort
    return undirected(replace(intent, constraints=limits, sort=sort, criteria=(*wishes, *others)))


def _tightened(intent: Intent, steps: Sequence[CritiqueStep], currency: str | None = None) -> tuple[Constraint, ...]:
    """The intent's limits with the steps' in the place of looser ones of the same field and direction; a step in price is held within
    the `currency` of the picks where the shop has several."""
    out: list[Constraint] = []
    changed = {s.field: s for s in steps}
    for limit in intent.constraints:
        step = changed.get(limit.field)
        if step is None or limit.operator not in ("<", "<=", ">", ">=", "between"):
            out.append(limit)
        elif limit.operator == "between" and isinstance(limit.value, tuple):
            low, high = limit.value
            out.append(
                Constraint(limit.field, ">=", low) if step.operator == "<" else Constraint(limit.field, "<=", high)
            )
        elif limit.operator[0] == _OPPOSITE[step.operator]:
            out.append(limit)
    if currency and any(s.field == "price" for s in steps) and all(c.field != "currency" for c in out):
        out.append(Constraint("currency", "=", currency))
    return (*out, *(s.constraint() for s in steps))

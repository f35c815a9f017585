"""A shopper's interactions as lines: lasting taste, the intent of the session at hand, prices paid, sizes bought, and what was sent away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shelftalk.catalog import sql
from shelftalk.facts.facts import attribute_fact, safe
from shelftalk.settings import ProfileSettings
from shelftalk.shoppers.profiles import signals
from shelftalk.shoppers.profiles.chance import narrow, tail
from shelftalk.shoppers.profiles.choices import Choice, by_shelf, choices, ids_of
from shelftalk.shoppers.profiles.family import Finding, findings
from shelftalk.shoppers.profiles.offers import Offers, thing
from shelftalk.values import Criterion, Interaction, Product, ProfileLine, Scalar
from shelftalk.values.shopper import Source

__all__ = ["History", "line_id", "lines_of"]

_BOUGHT = 0.7  # a cart or more: what prices and sizes are read from
_LOW, _HIGH = 0.1, 0.9  # the quantiles of prices that a range spans
_MOSTLY = 0.6  # of what was bought with a size, so much is of one
_LEAST_SIZED = 2
_LEAST_TOO_DEAR = 2


@dataclass(frozen=True, slots=True)
class History:
    """A shopper's interactions, tidied, with their visits; `current` is the visit under way, "" for none."""

    interactions: Sequence[Interaction]
    products: Mapping[str, Product]
    offers: Offers
    visit_of: Mapping[str, str]
    current: str
    now: datetime
    settings: ProfileSettings

    @classmethod
    def of(
        cls,
        interactions: Sequence[Interaction],
        products: Mapping[str, Product],
        offers: Offers,
        now: datetime,
        settings: ProfileSettings,
        session: str = "",
    ) -> History:
        """Of interactions that are tidy (signals.tidy). `session` is the session at hand where the caller knows it."""
        gap = timedelta(minutes=settings.visit_minutes)
        visit_of = signals.visits(interactions, gap)
        current = f"session {session}" if session else signals.newest(interactions, visit_of, now, gap)
        return cls(interactions, products, offers, visit_of, current, now, settings)

    def chosen(self, least: float, interactions: Iterable[Interaction] | None = None) -> list[Choice]:
        """The things for which an interaction speaks so much, without those that were sent away since."""
        found = self._choices(signals.speaks_for, least, interactions)
        refused = {thing(c.product): c.interactions[-1].at for c in self.refused()}
        return [c for c in found if refused.get(thing(c.product), c.interactions[-1].at) <= c.interactions[-1].at]

    def refused(self, interactions: Iterable[Interaction] | None = None) -> list[Choice]:
        """The things that were sent away for what they are, or rated low."""
        return self._choices(signals.against, signals.AGAINST, interactions)

    def lasting(self, ids: Iterable[str]) -> bool:
        """Whether the interactions come from so many visits that they tell more than one of them."""
        return len({self.visit_of[i] for i in ids}) >= self.settings.least_visits

    def during(self) -> list[Interaction]:
        """The interactions of the visit under way."""
        return [one for one in self.interactions if self.current and self.visit_of[one.id] == self.current]

    def _choices(self, worth, least: float, interactions: Iterable[Interaction] | None) -> list[Choice]:  # type: ignore[no-untyped-def]
        held = self.interactions if interactions is None else interactions
        return choices(held, self.products, self.offers, worth, least, self.now, self.settings.half_life_days)


def line_id(criterion: Criterion, category: str) -> str:
    """The id of a line that says this of a category: the same however much of it there is, or between which prices."""
    value = "" if criterion.value is None else sql.canonical(criterion.value)
    said = "\x1f".join((category.casefold(), criterion.field, criterion.want, value))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def lines_of(history: History) -> list[ProfileLine]:
    """The lines that the interactions support, the surest first, lasting taste before the session's; each says one thing once."""
    lasting = [
        *_tastes(history),
        *_sizes(history),
        *_price_ranges(history),
        *_refusals(history),
        *_refused_by_name(history),
        *_too_dear(history),
    ]
    session = _session(history)
    found: dict[str, ProfileLine] = {}
    for line in (*_surest(lasting, history.settings.most_lines), *_surest(session, history.settings.most_lines)):
        found.setdefault(line.id, line)
    return list(found.values())


def _surest(lines: Iterable[ProfileLine], most: int) -> list[ProfileLine]:
    return sorted(lines, key=lambda line: (-line.weight, line.id))[:most]


def _line(
    criterion: Criterion, category: str, weight: float, held: Sequence[Choice], source: Source = "history"
) -> ProfileLine:
    evidence = ids_of(held)
    return ProfileLine(line_id(criterion, category), criterion, category, min(1.0, weight), evidence, source)


def _of_finding(finding: Finding, history: History, source: Source, *, refused: bool = False) -> ProfileLine | None:
    if finding.value is not None and not _speakable(finding.field, finding.value, history.offers):
        return None
    importance = 3 if finding.weight >= 0.7 else 2 if finding.weight >= 0.35 else 1
    want = "not" if refused else finding.want
    criterion = Criterion(finding.field, want, finding.value, importance)
    return _line(criterion, finding.shelf, finding.weight, finding.hits, source)


def _speakable(field: str, value: Scalar, offers: Offers) -> bool:
    """Whether a value is a fact that can be told: no code, no link, no instruction to a reader."""
    if field in ("brand", "categories"):
        return safe(str(value))
    return attribute_fact(field, value, offers.facets) is not None


def _tastes(history: History) -> list[ProfileLine]:
    """What stands out among all that was chosen."""
    settings = history.settings
    chosen = history.chosen(signals.CHOSEN)
    found = findings(chosen, history.offers, settings, settings.least_things, history.lasting)
    return _said_once([line for f in found if (line := _of_finding(f, history, "history")) is not None], chosen)


def _said_once(lines: list[ProfileLine], chosen: Sequence[Choice]) -> list[ProfileLine]:
    """A brand is said of the whole shop where it was chosen on two shelves or more, and of its shelf else."""
    shelves = {one.id: c.shelf for c in chosen for one in c.interactions}
    wide = {
        line.criterion.value: len({shelves[i] for i in line.evidence}) > 1
        for line in lines
        if line.criterion.field == "brand" and not line.category
    }
    by_name = {line.criterion.value for line in lines if line.criterion.field == "brand" and line.category}
    kept = []
    for line in lines:
        value = line.criterion.value
        if line.criterion.field == "brand" and (
            (line.category and wide.get(value)) or (not line.category and not wide[value] and value in by_name)
        ):
            continue
        kept.append(line)
    return kept


def _session(history: History) -> list[ProfileLine]:
    """What stands out among all that was looked at in the visit under way."""
    looked = history.chosen(signals.VIEWED, history.during())
    found = findings(looked, history.offers, history.settings, history.settings.least_session, lambda held: True)
    return _said_once([line for f in found if (line := _of_finding(f, history, "session")) is not None], looked)


def _refusals(history: History) -> list[ProfileLine]:
    """What stands out among what was sent away, and is not chosen all the same."""
    settings = history.settings
    found = findings(history.refused(), history.offers, settings, settings.least_things, history.lasting, numbers=False)
    liked = {line_id(Criterion(f.field, "is", f.value), f.shelf) for f in _also_chosen(found, history)}
    lines = []
    for finding in found:
        line = _of_finding(finding, history, "history", refused=True)
        same = line_id(Criterion(finding.field, "is", finding.value), finding.shelf)
        if line is not None and finding.field != "categories" and same not in liked:
            lines.append(line)
    return lines


def _also_chosen(found: Sequence[Finding], history: History) -> list[Finding]:
    """Those whose value the things chosen hold as often as the shelf does, or more."""
    chosen = history.chosen(signals.CHOSEN)
    also = []
    for finding in found:
        held = [c for c in chosen if not finding.shelf or finding.shelf in c.product.categories]
        values = [v for c in held if (v := history.offers.values(c.product, finding.field))]
        hits = sum(sql.canonical(finding.value) in v for v in values)
        if values and hits / len(values) >= finding.base:
            also.append(finding)
    return also


def _refused_by_name(history: History) -> list[ProfileLine]:
    """The brands that were sent away as such ("not for me: the brand") and not bought, put in a basket or liked since."""
    lines = []
    brands: dict[str, list[Interaction]] = {}
    for one in history.interactions:
        product = history.products.get(one.product_id)
        if one.kind == "dismiss" and one.why == "brand" and product is not None and product.brand:
            brands.setdefault(sql.canonical(product.brand), []).append(one)
    for found in brands.values():
        brand = history.products[found[-1].product_id].brand or ""
        since = (
            sql.canonical((history.products[i.product_id].brand) or "") == sql.canonical(brand)
            for i in history.interactions
            if i.at > found[-1].at and i.product_id in history.products and i.kind in ("purchase", "cart", "like")
        )
        if safe(brand) and not any(since):
            weight = signals.fading(found[-1].at, history.now, history.settings.half_life_days)
            criterion = Criterion("brand", "not", brand, 3)
            lines.append(ProfileLine(line_id(criterion, ""), criterion, "", weight, tuple(i.id for i in found)))
    return lines


def _too_dear(history: History) -> list[ProfileLine]:
    """Low prices, on shelves of which several things were sent away for their price."""
    offers = history.offers
    dear = history._choices(lambda one: float(one.kind == "dismiss" and one.why == "price"), signals.AGAINST, None)
    lines = []
    for shelf, held in by_shelf(dear, offers).items():
        if len(held) >= _LEAST_TOO_DEAR and shelf:
            strength = sum(c.strength for c in held)
            lines.append(_line(Criterion("price", "low"), shelf, strength / (strength + history.settings.prior), held))
    return lines


def _price_ranges(history: History) -> list[ProfileLine]:
    """Between which prices things were bought or put in a basket, by shelf, in the catalogue's own currency; where these lie closer together
    than chance brings, the shelves taken together (Bonferroni)."""
    lines = []
    settings, offers = history.settings, history.offers
    shelves = {}
    for name, held in by_shelf(history.chosen(_BOUGHT), offers).items():
        paid = [(c, *found) for c in held if (found := _paid(c, offers.facets.currency)) is not None]
        if offers.get(name) is not None and len(paid) >= settings.least_things:
            shelves[name] = paid
    for name, paid in shelves.items():
        prices = [price for _, _, price in paid]
        low, high = _quantile(prices, _LOW), _quantile(prices, _HIGH)
        within = [(c, one.id) for c, one, price in paid if low <= price <= high]
        ids = tuple(i for _, i in within)
        shelf = offers.get(name)
        offered = shelf.fields.get("price") if shelf is not None else None
        share = 1.0 if offered is None else offered.within(float(low), float(high))
        chance = narrow(len(within), len(paid), share)
        if (
            len(within) < settings.least_things
            or chance > settings.by_chance / len(shelves)
            or not history.lasting(ids)
        ):
            continue
        strength = sum(c.strength for c, _ in within)
        criterion, weight = Criterion("price", "is"), strength / (strength + settings.prior)
        lines.append(ProfileLine(line_id(criterion, name), criterion, name, weight, ids, span=(low, high)))
    return lines


def _paid(choice: Choice, currency: str | None) -> tuple[Interaction, Decimal] | None:
    """The last interaction with the product and what one piece cost then, or costs now where it names no price; None in another
    currency."""
    last, product = choice.own[-1], choice.product
    if last.price is not None:
        return (last, last.price) if last.currency in (None, currency) else None
    return (last, product.price) if product.price is not None and product.currency == currency else None


def _quantile(values: Sequence[Decimal], share: float) -> Decimal:
    """The value below or at which so much of them lies (the inverse of their distribution): always one of the values."""
    ordered = sorted(values)
    at = -(-round(share * 1000) * len(ordered) // 1000)
    return ordered[max(0, min(len(ordered), at) - 1)]


def _sizes(history: History) -> list[ProfileLine]:
    """The size in which most was bought of what a shelf sells in sizes."""
    lines = []
    offers = history.offers
    for name, held in by_shelf(history.chosen(_BOUGHT), offers).items():
        shelf = offers.get(name)
        for field in sorted(offers.sizes) if shelf is not None and name else ():
            offered = shelf.fields.get(field) if shelf is not None else None
            sized = [(c, v[0]) for c in held if (v := offers.values(c.product, field))]
            for value in dict.fromkeys(v for _, v in sized):
                hits = [c for c, v in sized if v == value]
                if (
                    offered is None
                    or len(hits) < max(_LEAST_SIZED, _MOSTLY * len(sized))
                    or not history.lasting(ids_of(hits))
                ):
                    continue
                base = offered.holding[value] / offered.known if offered.known else 1.0
                if tail(len(hits), len(sized), offered.holding[value], offered.known) <= history.settings.by_chance:
                    share = len(hits) / len(sized)
                    criterion = Criterion(field, "is", offered.shown[value], 3)
                    lines.append(_line(criterion, name, max(0.0, (share - base) / (1 - base)), hits))
    return lines
